//! A certificate as an HTML page, and its level as a badge.

use super::Certificate;
use super::text::{rank, shown, word};
use crate::merchant::judge::results::Results;
use crate::merchant::judge::{Ground, Judgement, Verdict};
use crate::merchant::scenarios;
use askama::Template;
use flexiti_contract::scenario::Rank;
use std::collections::BTreeMap;

#[derive(Template)]
#[template(path = "certificate.html")]
struct Page<'c> {
    level: &'static str,
    issued: &'c str,
    expires: &'c str,
    shop: String,
    version: String,
    driver: String,
    signer: String,
    mock: &'c str,
    means: &'static str,
    cases: Vec<Row>,
    away: &'c [String],
    runner: &'c str,
    seed: u64,
    contract: &'c str,
    summary: super::Summary,
    dialects: Vec<Dialect<'c>>,
    rows: Vec<Row>,
    review: Vec<Row>,
}

struct Dialect<'c> {
    name: &'c str,
    skipped: usize,
    found: Vec<Found<'c>>,
}

struct Found<'c> {
    name: &'c str,
    requirement: &'c str,
    checks: Vec<Check<'c>>,
}

struct Check<'c> {
    name: &'c str,
    class: String,
    word: &'static str,
    message: &'c str,
}

/// A line with a cell for each dialect.
struct Row {
    name: String,
    cells: Vec<Cell>,
}

struct Cell {
    class: String,
    word: &'static str,
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
    let scenario_rows = rows(results, |results| {
        let scenarios = results.scenarios.iter();
        scenarios
            .map(|result| (result.name.as_str(), result.verdict))
            .collect()
    });
    let review_rows = rows(results, |results| {
        let mut worst: BTreeMap<&str, Verdict> = BTreeMap::new();
        for check in &results.review {
            let verdict = worst.entry(&check.check).or_insert(check.verdict);
            *verdict = (*verdict).max(check.verdict);
        }
        worst.into_iter().collect()
    });
    let named = |text: &Option<String>| text.clone().unwrap_or_else(|| "not named".to_owned());
    let subject = &certificate.subject;
    let page = Page {
        level: rank(certificate.level),
        issued: &certificate.issued,
        expires: &certificate.expires,
        shop: named(&subject.shop),
        version: named(&subject.version),
        driver: subject.driver.clone(),
        signer: named(&subject.signer),
        mock: &subject.mock,
        means: means(certificate.level, results),
        cases: cases(results),
        away: results
            .first()
            .map_or(&[], |results| results.declared_away.as_slice()),
        runner: &certificate.runner,
        seed: certificate.seed,
        contract: certificate.contract.get(..12).unwrap_or_default(),
        summary: certificate.summary,
        dialects: results.iter().map(dialect).collect(),
        rows: scenario_rows,
        review: review_rows,
    };
    Ok(shown(&page.render()?))
}

/// What a level says of a shop.
fn means(level: Option<Rank>, results: &[Results]) -> &'static str {
    let is_wrong = |check: &Judgement| check.level == Rank::Basic && !check.verdict.is_fine();
    match level {
        None if results.iter().any(|results| results.checks().any(is_wrong)) => {
            "Something that Flexiti's test cases ask for was not seen to be right."
        }
        None => {
            "Some of what Flexiti's test cases ask for was not played, so nothing is attested. What was played was right."
        }
        Some(Rank::Basic) => "The shop passes Flexiti's own test cases.",
        Some(Rank::Robust) => {
            "The shop passes Flexiti's own test cases; and whatever goes wrong, no order is doubled, none is paid that is not, and none is lost that is."
        }
        Some(Rank::Exemplary) => {
            "All that, in every reading of the documentation, and nothing to object to in what the shop sends."
        }
    }
}

/// Flexiti's test cases, with the worst verdict on each in each dialect.
fn cases(results: &[Results]) -> Vec<Row> {
    let is_of = |case: &str, scenario: &str, check: &Judgement| {
        let id = scenario.split('/').next().unwrap_or_default();
        let row = scenarios::named(id);
        let of_scenario = row.is_some_and(|row| row.test_case.as_deref() == Some(case));
        let of_check = Ground::of(&check.check)
            .is_some_and(|ground| ground.sentence.starts_with(case) && check.basis == ground.basis);
        of_scenario || of_check
    };
    let cell = |case: &str, results: &Results| {
        let checks = results.named_checks();
        let verdicts = checks.filter(|(scenario, check)| is_of(case, scenario, check));
        let worst = verdicts.map(|(_, check)| check.verdict).max();
        // A test case is passed when all of it was played.
        let is_left_out = results.skipped.iter().any(|name| {
            let row = scenarios::named(name.split('/').next().unwrap_or_default());
            row.is_some_and(|row| row.test_case.as_deref() == Some(case))
        });
        match worst {
            Some(worst) if !(is_left_out && worst.is_fine()) => Cell {
                class: class(worst),
                word: word(worst),
            },
            Some(_) => Cell {
                class: class(Verdict::NotTestable),
                word: "not played in full",
            },
            None => Cell {
                class: String::new(),
                word: "not played",
            },
        }
    };
    let row = |(case, what): &(&str, &str)| Row {
        name: format!("{case}: {what}"),
        cells: results.iter().map(|results| cell(case, results)).collect(),
    };
    CASES.iter().map(row).collect()
}

/// Flexiti's test cases that a runner can see (TC). A-1, the space for Flexiti's pages, takes eyes.
const CASES: &[(&str, &str)] = &[
    (
        "B-1",
        "the flow opens in the language that the customer chose",
    ),
    ("B-2", "success and failure end on a page in that language"),
    ("C-1", "client id, client secret and token are in no page"),
    (
        "C-2",
        "a fresh token for each checkout, used for the whole checkout",
    ),
    (
        "C-3",
        "a token is refreshed while the customer is in checkout (optional)",
    ),
];

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

fn dialect(results: &Results) -> Dialect<'_> {
    let failed = results.scenarios.iter().filter(|r| !r.verdict.is_fine());
    let mut found: Vec<Found<'_>> = failed
        .map(|result| Found {
            name: &result.name,
            requirement: result.requirement(),
            checks: checks(&result.checks),
        })
        .collect();
    let review = checks(&results.review);
    if !review.is_empty() {
        found.push(Found {
            name: "review",
            requirement: "What a reviewer would say over everything that the shop sent and showed.",
            checks: review,
        });
    }
    Dialect {
        name: &results.dialect,
        skipped: results.skipped.len(),
        found,
    }
}

fn checks(checks: &[Judgement]) -> Vec<Check<'_>> {
    let failed = checks.iter().filter(|check| !check.verdict.is_fine());
    failed
        .map(|check| Check {
            name: &check.check,
            class: class(check.verdict),
            word: word(check.verdict),
            message: &check.message,
        })
        .collect()
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
        found.map_or(
            Cell {
                class: String::new(),
                word: "",
            },
            |(_, verdict)| Cell {
                class: class(*verdict),
                word: word(*verdict),
            },
        )
    };
    let row = |name: &&str| Row {
        name: (*name).to_owned(),
        cells: columns.iter().map(|column| cell(column, name)).collect(),
    };
    names.iter().map(row).collect()
}

/// The word for a verdict in the certificate's JSON.
fn class(verdict: Verdict) -> String {
    let value = serde_json::to_value(verdict).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
