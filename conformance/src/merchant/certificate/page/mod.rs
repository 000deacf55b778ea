//! A certificate as an HTML page, and its level as a badge.

mod cases;
mod cell;
mod findings;
mod themes;

use super::Certificate;
use super::text::{rank, shown};
use crate::merchant::judge::results::Results;
use crate::merchant::judge::{Judgement, Verdict};
use askama::Template;
use cell::Cell;
use flexiti_contract::scenario::Rank;
use std::collections::BTreeMap;

#[derive(Template)]
#[template(path = "certificate.html")]
struct Page<'c> {
    level: &'static str,
    /// The heading, without the level.
    title: String,
    issued: String,
    expires: String,
    shop: String,
    version: String,
    driver: String,
    signer: String,
    mock: &'c str,
    means: &'static str,
    cases: Vec<cases::Case>,
    away: &'c [String],
    runner: &'c str,
    seed: u64,
    contract: &'c str,
    summary: super::Summary,
    /// Whether everything was played without a finding.
    is_clean: bool,
    findings: Vec<findings::Finding>,
    dialects: Vec<Dialect<'c>>,
    themes: Vec<themes::Theme>,
    review: Vec<Row>,
}

struct Dialect<'c> {
    name: &'c str,
    /// How many scenarios were not played in it.
    skipped: usize,
}

/// A line with a cell for each dialect.
struct Row {
    name: String,
    cells: Vec<Cell>,
}

#[derive(Template)]
#[template(path = "badge.svg", escape = "html")]
struct Badge {
    level: &'static str,
    colour: &'static str,
}

/// The certificate as a self-contained page.
pub fn html(certificate: &Certificate) -> anyhow::Result<String> {
    let results = &certificate.results;
    let review_rows = rows(results, |results| {
        let mut worst: BTreeMap<&str, Verdict> = BTreeMap::new();
        for check in &results.review {
            let verdict = worst.entry(&check.check).or_insert(check.verdict);
            *verdict = (*verdict).max(check.verdict);
        }
        worst.into_iter().collect()
    });
    let dialects: Vec<Dialect<'_>> = results
        .iter()
        .map(|results| Dialect {
            name: &results.dialect,
            skipped: results.skipped.len(),
        })
        .collect();
    let findings = findings::findings(results);
    let named = |text: &Option<String>| text.clone().unwrap_or_else(|| "not named".to_owned());
    let subject = &certificate.subject;
    let page = Page {
        level: certificate
            .level
            .map_or("no level", |level| rank(Some(level))),
        title: subject.shop.as_ref().map_or_else(
            || "Flexiti integration".to_owned(),
            |shop| format!("Flexiti integration of {shop}"),
        ),
        issued: cell::minute(&certificate.issued),
        expires: cell::minute(&certificate.expires),
        shop: named(&subject.shop),
        version: named(&subject.version),
        driver: subject.driver.clone(),
        signer: named(&subject.signer),
        mock: &subject.mock,
        means: means(certificate.level, results),
        cases: cases::cases(results),
        away: results
            .first()
            .map_or(&[], |results| results.declared_away.as_slice()),
        runner: &certificate.runner,
        seed: certificate.seed,
        contract: certificate.contract.get(..12).unwrap_or_default(),
        summary: certificate.summary,
        is_clean: findings.is_empty() && dialects.iter().all(|dialect| dialect.skipped == 0),
        findings,
        dialects,
        themes: themes::themes(certificate),
        review: review_rows,
    };
    Ok(shown(&page.render()?))
}

/// What a level means.
fn means(level: Option<Rank>, results: &[Results]) -> &'static str {
    let is_wrong = |check: &Judgement| check.level == Rank::Basic && !check.verdict.is_fine();
    match level {
        None if results.iter().any(|results| results.checks().any(is_wrong)) => {
            "A requirement of Flexiti's test cases was not verified."
        }
        None => {
            "Some of what Flexiti's test cases ask for was not played, so nothing is attested. What was played was right."
        }
        Some(Rank::Basic) => "The shop passes Flexiti's own test cases.",
        Some(Rank::Robust) => {
            "The shop passes Flexiti's own test cases; and whatever goes wrong, no order is duplicated, shown as paid without payment, or lost once paid."
        }
        Some(Rank::Exemplary) => {
            "The shop passes Flexiti's own test cases; and whatever goes wrong, no order is duplicated, shown as paid without payment, or lost once paid: in every reading of the documentation, and with nothing to object to in what the shop sends."
        }
    }
}

/// The level as a badge (SVG).
pub fn badge(certificate: &Certificate) -> anyhow::Result<String> {
    let badge = Badge {
        level: rank(certificate.level),
        colour: match certificate.level {
            None => "#ac1f1f",
            Some(Rank::Basic) => "#7a5200",
            Some(Rank::Robust) => "#0b5f63",
            Some(Rank::Exemplary) => "#17692f",
        },
    };
    Ok(badge.render()?)
}

/// All names, with the verdict in each dialect.
fn rows<'r>(
    results: &'r [Results],
    verdicts: impl Fn(&'r Results) -> Vec<(&'r str, Verdict)>,
) -> Vec<Row> {
    let columns: Vec<Vec<(&str, Verdict)>> = results.iter().map(verdicts).collect();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in columns.iter().flatten() {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let cell = |column: &Vec<(&str, Verdict)>, name: &str| {
        let found = column.iter().find(|(other, _)| *other == name);
        found.map_or(Cell::empty(""), |(_, verdict)| Cell::of(*verdict))
    };
    let row = |name: &&str| Row {
        name: (*name).to_owned(),
        cells: columns.iter().map(|column| cell(column, name)).collect(),
    };
    names.iter().map(row).collect()
}
