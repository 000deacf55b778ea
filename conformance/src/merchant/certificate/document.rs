//! A certificate as a document: what every format of a report shows.

use super::Certificate;
use super::text::{rank, word};
use crate::formats::{About, Case, Document, Finding, Outcome, Row};
use crate::merchant::judge::results::Results;
use crate::merchant::judge::{Judgement, Verdict};
use crate::merchant::scenarios;
use flexiti_contract::scenario::Rank;
use std::time::Duration;

/// What every format shows: a row for each scenario and each rule of the review, in each dialect.
pub fn document(certificate: &Certificate, exit_code: u8) -> Document {
    let mut document = Document {
        title: "Flexiti integration of a shop".to_owned(),
        about: about(certificate),
        exit_code,
        ..Document::default()
    };
    let several = certificate.results.len() > 1;
    for results in &certificate.results {
        let suffix = if several {
            format!(" ({})", results.dialect)
        } else {
            String::new()
        };
        rows(&mut document, results, &suffix);
        let skipped = results.skipped.len();
        if skipped > 0 {
            document.notes.push(format!(
                "dialect `{}`: {skipped} scenarios were not played, which lowers the level",
                results.dialect
            ));
        }
    }
    document
}

fn about(certificate: &Certificate) -> Vec<About> {
    let dialects = certificate.results.iter();
    let dialects: Vec<&str> = dialects.map(|results| results.dialect.as_str()).collect();
    [
        ("level", rank(certificate.level).to_owned()),
        ("dialect", dialects.join(", ")),
        ("seed", certificate.seed.to_string()),
        ("version", certificate.runner.clone()),
    ]
    .map(|(name, value)| About { name, value })
    .into()
}

fn rows(document: &mut Document, results: &Results, suffix: &str) {
    for result in &results.scenarios {
        let scenario = result.name.split('/').next().unwrap_or_default();
        let shipped = scenarios::named(scenario);
        let requirement = result.requirement();
        let id = format!("{}{suffix}", result.name);
        // Plans of the fuzzer are of this level.
        let level = rank(Some(shipped.map_or(Rank::Robust, |row| row.level)));
        let group = scenario.split('.').next().unwrap_or_default();
        let row = row(id, group, requirement, level, &result.checks);
        add(document, row, result.verdict, &result.checks);
    }
    for checks in by_name(&results.review) {
        let Some(worst) = checks.iter().max_by_key(|check| check.verdict) else {
            continue;
        };
        let id = format!("review.{}{suffix}", worst.check);
        let level = rank(Some(worst.level));
        let row = row(id, "review", &worst.message, level, &checks);
        add(document, row, worst.verdict, &checks);
    }
}

/// The checks of each rule, in the order of their first ones.
fn by_name(review: &[Judgement]) -> Vec<Vec<Judgement>> {
    let mut rules: Vec<Vec<Judgement>> = Vec::new();
    for check in review {
        let same = |rule: &&mut Vec<Judgement>| rule.iter().any(|it| it.check == check.check);
        match rules.iter_mut().find(same) {
            Some(rule) => rule.push(check.clone()),
            None => rules.push(vec![check.clone()]),
        }
    }
    rules
}

fn row(id: String, group: &str, requirement: &str, level: &str, checks: &[Judgement]) -> Row {
    let cases = checks.iter().map(|check| Case {
        id: check.check.clone(),
        outcome: word(check.verdict).to_lowercase(),
        because: (check.verdict != Verdict::Passed).then(|| check.message.clone()),
    });
    Row {
        id,
        group: group.to_owned(),
        outcome: Outcome::Verified,
        word: "passed",
        requirement: requirement.to_owned(),
        level: level.to_owned(),
        evidence: String::new(),
        sources: Vec::new(),
        why: None,
        took: Duration::ZERO,
        cases: cases.collect(),
    }
}

/// Adds a row with its verdict, and a finding if it failed.
fn add(document: &mut Document, mut row: Row, verdict: Verdict, checks: &[Judgement]) {
    let broken: Vec<String> = checks
        .iter()
        .filter(|check| check.verdict != Verdict::Passed)
        .map(line)
        .collect();
    (row.outcome, row.word) = match verdict {
        Verdict::Passed => (Outcome::Verified, "passed"),
        Verdict::Advice => (Outcome::Otherwise, "advice"),
        Verdict::Failed => (Outcome::Failed, "failed"),
        Verdict::Inconclusive => (Outcome::NotVerified, "inconclusive"),
        Verdict::NotTestable => (Outcome::NotTestable, "not testable"),
    };
    match row.outcome {
        Outcome::Verified => {}
        Outcome::Failed => document.findings.push(Finding {
            row: row.id.clone(),
            outcome: Outcome::Failed,
            case: row.id.clone(),
            cases: 1,
            expected: row.requirement.clone(),
            actual: broken.first().cloned().unwrap_or_default(),
            story: broken.into_iter().skip(1).collect(),
            command: None,
            path: row.id.clone(),
        }),
        _ => row.why = Some(broken.join("; ")),
    }
    document.rows.push(row);
}

fn line(check: &Judgement) -> String {
    let calls: Vec<String> = check.requests.iter().map(u64::to_string).collect();
    let calls = match calls.as_slice() {
        [] => String::new(),
        calls => format!(" (call {})", calls.join(", ")),
    };
    format!("{}: {}{calls}", check.check, check.message)
}
