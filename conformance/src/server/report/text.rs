//! The text report, for a terminal: what was violated, what was learned, and what could not be
//! determined.

use super::contents::{ClauseRow, Finding, Learned, Report, Status};
use super::shown::shown;
use crate::formats::{command, log_line};
use flexiti_contract::{Contract, Part, Rule};
use std::io::Write;

/// How many findings of each kind are shown in full.
const IN_FULL: usize = 3;
/// How many of the learned answers are shown.
const LEARNED: usize = 12;

/// Clauses that no page documents, but that no server breaks on purpose: a server error, a
/// truncated answer, a secret in an answer, an unusable page.
const SUSPECT: [Rule; 7] = [
    Rule::Robust,
    Rule::NoSecret,
    Rule::RedirectPage,
    Rule::RedirectNoCredentials,
    Rule::RefreshClient,
    Rule::BearerKnown,
    Rule::NotificationOwner,
];

/// Answers to open questions that no page rules out, but that no server should give.
const SUSPECT_ANSWERS: [(&str, &str, &str); 1] = [(
    "foreign_token_error",
    "accepted",
    "a client's token reaches another client's orders",
)];

/// Writes a report to `out`.
struct Text<'o> {
    out: &'o mut dyn Write,
    verbose: bool,
}

/// Writes a report.
pub fn write(report: &Report, verbose: bool, out: &mut dyn Write) -> std::io::Result<()> {
    Text { out, verbose }.finished(report)
}

impl Text<'_> {
    fn finished(&mut self, report: &Report) -> std::io::Result<()> {
        let circumstances = &report.circumstances;
        if circumstances.is_blocked {
            circumstances.write(&mut self.out, 0)?;
            return self.out.flush();
        }
        self.findings(report)?;
        self.suspects(report)?;
        self.learned(report)?;
        let is_shown = |found: &Finding| !is_known(report, found);
        if self.verbose || report.findings.iter().any(is_shown) {
            circumstances.write_setup(&mut self.out)?;
        }
        let explained = |why: &Option<String>| circumstances.explains(why.as_deref());
        for (status, word) in [
            (Status::NotVerified, "not verified"),
            (Status::NotTestable, "not testable"),
        ] {
            let rows = report.clauses.iter();
            let rows = rows.filter(|row| row.status == status && !explained(&row.why));
            self.undecided(word, &rows.collect::<Vec<_>>())?;
        }
        self.changes(report)?;
        let out = &mut self.out;
        if let Some(power) = &report.power {
            let (killed, all, seed) = (power.killed, power.sabotages, power.seed);
            let version = &power.version;
            writeln!(
                out,
                "detection power: {killed} of {all} planted faults named (seed {seed}, version {version})"
            )?;
        }
        let s = report.summary;
        write!(out, "\n{} verified, {} failed", s.verified, s.failed)?;
        for (count, word) in [
            (s.known, "known"),
            (s.otherwise, "answered otherwise"),
            (s.waived, "waived"),
            (s.not_verified, "not verified"),
            (s.not_testable, "not testable"),
        ] {
            if count > 0 {
                write!(out, ", {count} {word}")?;
            }
        }
        writeln!(out)?;
        let unreached = report.clauses.iter().filter(|row| explained(&row.why));
        circumstances.write(out, unreached.count())?;
        out.flush()
    }

    /// The violations by kind: a few in full, the others on one line each.
    fn findings(&mut self, report: &Report) -> std::io::Result<()> {
        let mut kinds: Vec<(&str, Vec<&Finding>)> = Vec::new();
        let shown = |finding: &&Finding| !is_known(report, finding);
        for finding in report.findings.iter().filter(shown) {
            let kind = kind(finding);
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, list)) => list.push(finding),
                None => kinds.push((kind, vec![finding])),
            }
        }
        for (kind, list) in kinds {
            if list.len() > 1 {
                writeln!(self.out, "\n{} clauses: {kind}", list.len())?;
            }
            for (at, finding) in list.iter().enumerate() {
                let row = report.clauses.iter().find(|row| row.id == finding.clause);
                if at < IN_FULL || self.verbose {
                    self.finding(finding, row)?;
                } else {
                    let requirement = row.map_or("", |row| row.requirement.as_str());
                    let word = word(row);
                    writeln!(self.out, "{word} {}: {requirement}", finding.clause)?;
                }
            }
            if list.len() > IN_FULL && !self.verbose {
                writeln!(self.out, "(--verbose shows all of them in full)")?;
            }
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding, row: Option<&ClauseRow>) -> std::io::Result<()> {
        let out = &mut self.out;
        writeln!(out, "\n{} {}", word(row), finding.clause)?;
        if let Some(row) = row {
            let evidence = row.evidence.as_str();
            writeln!(out, "  {} ({evidence})", row.requirement)?;
            for key in &row.source {
                let mut citations = Contract::shipped().citations.iter();
                let citation = citations.find(|citation| citation.key == *key);
                let title = citation.map_or("", |citation| citation.title.as_str());
                writeln!(out, "  source    {key} {title}")?;
            }
        }
        let more = match finding.cases {
            0 | 1 => String::new(),
            cases => format!(" (and {} more)", cases - 1),
        };
        writeln!(out, "  case      {}{more}", finding.case)?;
        writeln!(out, "  expected  {}", log_line(&finding.expected))?;
        writeln!(out, "  actual    {}", log_line(&finding.actual))?;
        if let Some(why) = row.and_then(|row| row.why.as_deref()) {
            writeln!(out, "  remark    {}", log_line(why))?;
        }
        writeln!(out, "  {}", command(&finding.curl))
    }

    /// Known failures, fixed failures, and unused waivers.
    fn changes(&mut self, report: &Report) -> std::io::Result<()> {
        if let Some(changes) = &report.baseline {
            for (word, clauses) in [
                ("known, failed in the baseline too", &changes.known),
                ("no longer fails", &changes.no_longer),
                ("failed in the baseline, not tested now", &changes.not_seen),
            ] {
                if !clauses.is_empty() {
                    writeln!(self.out, "{word}: {}", clauses.join(", "))?;
                }
            }
        }
        for waiver in &report.unused_waivers {
            writeln!(
                self.out,
                "waiver not needed: {waiver} did not fail; remove the waiver"
            )?;
        }
        Ok(())
    }

    /// Findings that are not violations, but should be seen before everything that was learned.
    fn suspects(&mut self, report: &Report) -> std::io::Result<()> {
        let suspects: Vec<&Finding> = report
            .otherwise
            .iter()
            .filter(|it| is_suspect(it))
            .collect();
        let answers: Vec<(&str, &Learned)> = report.learned.iter().filter_map(is_odd).collect();
        if suspects.is_empty() && answers.is_empty() {
            return Ok(());
        }
        let out = &mut self.out;
        writeln!(out, "\nundocumented, but almost certainly a bug:")?;
        for (what, learned) in answers {
            let name = learned.knob.as_deref().unwrap_or_default();
            writeln!(out, "  {name}: {}: {what}", shown(&learned.answer))?;
            writeln!(out, "    {}", command(&learned.exchange.curl))?;
        }
        for found in suspects {
            let (actual, expected) = (log_line(&found.actual), log_line(&found.expected));
            let more = match found.cases {
                0 | 1 => String::new(),
                cases => format!(" (and {} more cases)", cases - 1),
            };
            writeln!(out, "  {}: {actual}{more}", found.clause)?;
            writeln!(out, "    expected  {expected}")?;
            writeln!(out, "    {}", command(&found.curl))?;
        }
        Ok(())
    }

    /// What was learned, one line for each question.
    fn learned(&mut self, report: &Report) -> std::io::Result<()> {
        let mut seen: Vec<(Vec<&str>, &Learned)> = Vec::new();
        let is_told = |learned: &&Learned| {
            let clause = learned.clause.as_deref();
            let mut suspects = report.otherwise.iter().filter(|it| is_suspect(it));
            suspects.any(|suspect| clause == Some(suspect.clause.as_str()))
        };
        for learned in report
            .learned
            .iter()
            .filter(|it| !is_told(it) && is_odd(it).is_none())
        {
            let knob = learned.knob.as_deref();
            let name = knob.or(learned.clause.as_deref()).unwrap_or_default();
            // One line per cause: merge equal answers where the same was expected.
            let is_same = |(names, known): &&mut (Vec<&str>, &Learned)| {
                names.contains(&name) || is_one_answer(known, learned)
            };
            match seen.iter_mut().find(is_same) {
                Some((names, _)) if !self.verbose => {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                _ => seen.push((vec![name], learned)),
            }
        }
        if seen.is_empty() {
            return Ok(());
        }
        let out = &mut self.out;
        writeln!(
            out,
            "\nlearned: {} open questions answered differently from `{}`",
            seen.iter().map(|(names, _)| names.len()).sum::<usize>(),
            report.dialect
        )?;
        let most = if self.verbose { usize::MAX } else { LEARNED };
        for (names, learned) in seen.iter().take(most) {
            let name = names.first().copied().unwrap_or_default();
            let more = match names.len() {
                0 | 1 => String::new(),
                all => format!(" and {} more", all - 1),
            };
            let (answer, expected) = (shown(&learned.answer), shown(&learned.expected));
            writeln!(
                out,
                "  {name}{more}: {} (not {})",
                log_line(&answer),
                log_line(&expected)
            )?;
            if self.verbose {
                writeln!(out, "    {}", command(&learned.exchange.curl))?;
            }
        }
        if seen.len() > most {
            let more = seen.len() - most;
            writeln!(
                out,
                "  and {more} more; --verbose shows all, `probe --out FILE` keeps them"
            )?;
        }
        Ok(())
    }

    /// Clauses without a verdict, by reason.
    fn undecided(&mut self, word: &str, rows: &[&ClauseRow]) -> std::io::Result<()> {
        let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
        for row in rows {
            let why = log_line(row.why.as_deref().unwrap_or_default());
            match reasons.iter_mut().find(|(known, _)| *known == why) {
                Some((_, ids)) => ids.push(&row.id),
                None => reasons.push((why, vec![&row.id])),
            }
        }
        for (why, ids) in reasons {
            let out = &mut self.out;
            match ids.as_slice() {
                [id] => writeln!(out, "{word}: {id} ({why})")?,
                ids if self.verbose || ids.len() <= 4 => {
                    writeln!(out, "{word}: {} ({why})", ids.join(", "))?;
                }
                ids => {
                    let (first, more) = (ids[..3].join(", "), ids.len() - 3);
                    writeln!(out, "{word}: {first} and {more} more ({why})")?;
                }
            }
        }
        Ok(())
    }
}

/// Whether it cannot be intentional, although no page says so.
fn is_suspect(found: &Finding) -> bool {
    let is_listed = |rule| SUSPECT.contains(&rule);
    found.replay.expect.forbids() || Rule::from_id(&found.clause).is_some_and(is_listed)
}

/// What is wrong with an answer to an open question that no server should give.
fn is_odd(learned: &Learned) -> Option<(&'static str, &Learned)> {
    let knob = learned.knob.as_deref()?;
    let mut known = SUSPECT_ANSWERS.iter();
    let found = known.find(|(own, answer, _)| knob == *own && learned.answer == *answer);
    found.map(|(_, _, what)| (*what, learned))
}

/// Whether both were learned from the same answer, rather than from separate knobs.
fn is_one_answer(one: &Learned, other: &Learned) -> bool {
    let is_answer = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    one.answer.as_str().is_some_and(is_answer)
        && one.answer == other.answer
        && one.expected == other.expected
}

/// Whether the baseline has the finding too.
fn is_known(report: &Report, finding: &Finding) -> bool {
    let mut rows = report.clauses.iter();
    rows.any(|row| row.id == finding.clause && row.status == Status::Known)
}

fn word(row: Option<&ClauseRow>) -> &'static str {
    match row {
        Some(row) if row.status == Status::Waived => "WAIVED",
        _ => "FAILED",
    }
}

/// The kind of a violation.
fn kind(finding: &Finding) -> &'static str {
    match finding.part {
        Part::Refused => "what must be refused is accepted",
        Part::Accepted => "what must be accepted is refused",
        Part::Shape => "a refusal has none of the printed shapes",
        _ => "an answer says something else",
    }
}
