//! The report as text: progress, findings, and what was not verified.

use super::contents::{Report, Status};
use super::event::{Event, Reporter};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{ErrorKind, Write};

/// Writes to `out`; progress goes to standard error where that is a terminal.
pub struct Text<W> {
    out: W,
    bar: ProgressBar,
}

impl<W: Write> Text<W> {
    /// A reporter that writes to `out`.
    pub fn new(out: W) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        Self { out, bar }
    }

    fn finished(&mut self, report: &Report) -> std::io::Result<()> {
        self.bar.finish_and_clear();
        let out = &mut self.out;
        for finding in &report.findings {
            let clause = report
                .clauses
                .iter()
                .find(|clause| clause.id == finding.clause);
            let waived = clause.is_some_and(|clause| clause.status == Status::Waived);
            writeln!(
                out,
                "\n{} {}",
                if waived { "WAIVED" } else { "FAILED" },
                finding.clause
            )?;
            if let Some(clause) = clause {
                let evidence = clause.evidence.as_str();
                writeln!(
                    out,
                    "  {} ({evidence}: {})",
                    clause.requirement,
                    clause.source.join(", ")
                )?;
            }
            writeln!(out, "  case      {}", finding.case)?;
            writeln!(out, "  expected  {}", finding.expected)?;
            writeln!(out, "  actual    {}", finding.actual)?;
            writeln!(out, "  {}", finding.curl)?;
        }
        for (status, word) in [
            (Status::NotVerified, "not verified"),
            (Status::NotTestable, "not testable"),
        ] {
            for clause in report
                .clauses
                .iter()
                .filter(|clause| clause.status == status)
            {
                let why = clause.why.as_deref().unwrap_or_default();
                writeln!(out, "{word}: {} ({why})", clause.id)?;
            }
        }
        for clause in &report.unused_waivers {
            writeln!(
                out,
                "waiver not needed: {clause} did not fail; remove the waiver"
            )?;
        }
        let s = report.summary;
        write!(out, "\n{} verified, {} failed", s.verified, s.failed)?;
        for (count, word) in [
            (s.waived, "waived"),
            (s.not_verified, "not verified"),
            (s.not_testable, "not testable"),
        ] {
            if count > 0 {
                write!(out, ", {count} {word}")?;
            }
        }
        writeln!(out)?;
        out.flush()
    }
}

impl<W: Write> Reporter for Text<W> {
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        let written = match event {
            Event::Started {
                target,
                dialect,
                seed,
            } => {
                writeln!(self.out, "{target}, dialect `{dialect}`, seed {seed}")
            }
            Event::Progress { done, total } => {
                self.bar
                    .set_length(u64::try_from(*total).unwrap_or(u64::MAX));
                self.bar
                    .set_position(u64::try_from(*done).unwrap_or(u64::MAX));
                Ok(())
            }
            Event::Finished(report) => self.finished(report),
        };
        match written {
            // The reader has seen enough (`| head`); the exit code still carries the verdict.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}
