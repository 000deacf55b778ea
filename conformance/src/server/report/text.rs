//! The report as text: findings, and what was not verified.

use super::contents::{Report, Status};
use super::event::{Event, Reporter};
use std::io::{ErrorKind, Write};

/// Writes to `out`.
pub struct Text<W> {
    out: W,
}

impl<W: Write> Text<W> {
    /// A reporter that writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    fn finished(&mut self, report: &Report) -> std::io::Result<()> {
        let out = &mut self.out;
        let circumstances = &report.circumstances;
        if circumstances.is_blocked {
            circumstances.write(out, 0)?;
            return out.flush();
        }
        let explained = |why: &Option<String>| circumstances.explains(why.as_deref());
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
        circumstances.write_setup(out)?;
        for (status, word) in [
            (Status::NotVerified, "not verified"),
            (Status::NotTestable, "not testable"),
        ] {
            for clause in report
                .clauses
                .iter()
                .filter(|clause| clause.status == status && !explained(&clause.why))
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
        let unreached = report
            .clauses
            .iter()
            .filter(|clause| explained(&clause.why));
        circumstances.write(out, unreached.count())?;
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
            Event::Progress { .. } => Ok(()),
            Event::Finished(report) => self.finished(report),
        };
        match written {
            // The reader has seen enough (`| head`); the exit code still carries the verdict.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}
