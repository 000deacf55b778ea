//! A report as a document: what every format shows.

use super::contents::Report;
use super::rows::{Row, Status, line};
use crate::formats::{About, Case, Document, Finding, Outcome};
use crate::merchant::certificate::text::rank;
use std::time::Duration;

impl Report<'_> {
    /// The document for all formats: a row for each scenario and each rule of the review, in each
    /// dialect.
    pub fn as_document(&self) -> Document {
        let several = self.certificate.results.len() > 1;
        let id = |row: &Row| {
            if several {
                format!("{} ({})", row.id, row.dialect)
            } else {
                row.id.clone()
            }
        };
        let failed = self.rows.iter().filter(|row| row.status.has_failed());
        Document {
            title: "Flexiti integration of a shop".to_owned(),
            about: self.about(),
            rows: self.rows.iter().map(|row| shown(row, id(row))).collect(),
            findings: failed.map(|row| finding(row, id(row))).collect(),
            notes: self.notes(),
            exit_code: self.exit_code(),
            ..Document::default()
        }
    }

    fn about(&self) -> Vec<About> {
        let dialects = self.certificate.results.iter();
        let dialects: Vec<&str> = dialects.map(|results| results.dialect.as_str()).collect();
        [
            ("level", rank(self.certificate.level).to_owned()),
            ("dialect", dialects.join(", ")),
            ("seed", self.certificate.seed.to_string()),
            ("version", self.certificate.runner.clone()),
        ]
        .map(|(name, value)| About { name, value })
        .into()
    }

    /// Further notes for the reader.
    pub fn notes(&self) -> Vec<String> {
        let skipped = self.skipped().into_iter();
        let skipped = skipped.filter(|(_, skipped)| !skipped.is_empty());
        let skipped = skipped.map(|(dialect, skipped)| {
            format!(
                "dialect `{dialect}`: {} scenarios were not played, which lowers the level",
                skipped.len()
            )
        });
        let mut notes: Vec<String> = skipped.collect();
        let unused = self.unused_waivers.iter();
        notes.extend(
            unused.map(|waiver| {
                format!("waiver not needed: {waiver} did not fail; remove the waiver")
            }),
        );
        if let Some(changes) = &self.changes {
            for (word, checks) in [
                ("no longer fails", &changes.no_longer),
                ("failed in the baseline, not tested now", &changes.not_seen),
            ] {
                if !checks.is_empty() {
                    notes.push(format!("{word}: {}", checks.join(", ")));
                }
            }
        }
        notes
    }
}

fn shown(row: &Row, id: String) -> crate::formats::Row {
    let (outcome, word) = outcome(row.status);
    let cases = row.checks.iter().map(|check| Case {
        id: check.check.clone(),
        outcome: self::outcome(check.status).1.to_owned(),
        because: (check.status != Status::Passed).then(|| check.message.clone()),
    });
    crate::formats::Row {
        id,
        group: row.id.split('.').next().unwrap_or_default().to_owned(),
        outcome,
        word,
        requirement: row.requirement.clone(),
        level: rank(Some(row.level)).to_owned(),
        evidence: String::new(),
        sources: Vec::new(),
        why: row.why.clone(),
        took: Duration::ZERO,
        cases: cases.collect(),
    }
}

fn finding(row: &Row, id: String) -> Finding {
    let broken = row.checks.iter();
    let broken = broken.filter(|check| check.status > Status::Advice);
    let mut broken: Vec<(Status, String)> =
        broken.map(|check| (check.status, line(check))).collect();
    // What counts most comes first.
    broken.sort_by_key(|(status, _)| std::cmp::Reverse(*status));
    let mut lines = broken.into_iter().map(|(_, line)| line);
    Finding {
        row: id.clone(),
        outcome: outcome(row.status).0,
        case: id.clone(),
        cases: 1,
        expected: row.requirement.clone(),
        actual: lines.next().unwrap_or_default(),
        story: lines.collect(),
        command: None,
        path: id,
    }
}

/// A status as an outcome, and its word.
fn outcome(status: Status) -> (Outcome, &'static str) {
    match status {
        Status::Passed => (Outcome::Verified, "passed"),
        Status::Advice => (Outcome::Otherwise, "advice"),
        Status::Failed => (Outcome::Failed, "failed"),
        Status::Known => (Outcome::Known, "known"),
        Status::Waived => (Outcome::Waived, "waived"),
        Status::Inconclusive => (Outcome::NotVerified, "inconclusive"),
        Status::NotTestable => (Outcome::NotTestable, "not testable"),
    }
}
