//! A self-contained HTML page that can be filtered and printed, in light and dark.

use super::document::{Document, Finding, Outcome, Row};
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::io::Write;

/// Optional: adds a search, and opens collapsed sections before printing.
const SCRIPT: &str = include_str!("../../templates/report.js");

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'d> {
    document: &'d Document,
    verdict: &'static str,
    counts: Vec<Count>,
    findings: Vec<Found<'d>>,
    groups: Vec<Group<'d>>,
    script: &'static str,
    /// CSP hash of the script, the only one that the browser may run.
    script_hash: String,
}

/// The number of rows with an outcome.
struct Count {
    class: &'static str,
    word: &'static str,
    number: usize,
}

/// A finding with its row.
struct Found<'d> {
    class: &'static str,
    word: &'static str,
    finding: &'d Finding,
    row: Option<&'d Row>,
}

/// The rows of a group.
struct Group<'d> {
    name: &'d str,
    cells: Vec<Count>,
    rows: Vec<(&'static str, &'d Row)>,
}

/// Writes a document.
pub fn write(document: &Document, out: &mut dyn Write) -> anyhow::Result<()> {
    let counts = document.counts();
    let mut findings: Vec<Found<'_>> = document
        .findings
        .iter()
        .map(|finding| {
            let row = document.row(&finding.row);
            let word = match finding.outcome {
                Outcome::Otherwise => "answered otherwise",
                _ => row.map_or("failed", |row| row.word),
            };
            Found {
                class: class(finding.outcome),
                word,
                finding,
                row,
            }
        })
        .collect();
    findings.sort_by_key(|found| found.finding.outcome);
    let groups = document.groups().into_iter().map(|(name, rows)| {
        let number = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
        let cells = counts.iter().map(|(outcome, word, _)| Count {
            class: class(*outcome),
            word,
            number: number(*outcome),
        });
        Group {
            name,
            cells: cells.collect(),
            rows: rows.iter().map(|row| (class(row.outcome), *row)).collect(),
        }
    });
    let page = Page {
        document,
        verdict: document.verdict(),
        findings,
        groups: groups.collect(),
        script: SCRIPT,
        script_hash: format!("sha256-{}", STANDARD.encode(Sha256::digest(SCRIPT))),
        counts: counts
            .iter()
            .map(|(outcome, word, number)| Count {
                class: class(*outcome),
                word,
                number: *number,
            })
            .collect(),
    };
    page.write_into(&mut std::io::BufWriter::new(out))?;
    Ok(())
}

fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "verified",
        Outcome::Failed => "failed",
        Outcome::Known => "known",
        Outcome::Waived => "waived",
        Outcome::Otherwise => "otherwise",
        Outcome::NotVerified => "not_verified",
        Outcome::NotTestable => "not_testable",
    }
}
