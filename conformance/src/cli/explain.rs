//! `explain`: a clause, its evidence, how dialects differ on it, and requests that keep and break
//! it.

use super::server::rulebook;
use crate::server::run;
use anyhow::bail;
use flexiti_contract::{Clause, Contract, Rulebook};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

/// Maximum number of similar ids to suggest.
const LISTED: usize = 5;

/// Explains a clause of the contract and returns the exit code.
pub fn run(id: &str, dialect: &str) -> anyhow::Result<u8> {
    let contract = Contract::shipped();
    let Some(clause) = contract.clause(id) else {
        bail!("unknown clause `{id}`; {}", alike(contract, id));
    };
    let rulebook = rulebook(contract.dialect(dialect)?)?;
    let mut text = format!("{}\n\n{}\n", clause.id, clause.requirement);
    basis(&mut text, contract, clause);
    consequence(&mut text, &rulebook, clause);
    differences(&mut text, contract, clause)?;
    let [keeps, breaks] = run::examples(&rulebook, &clause.id);
    for (title, example) in [("keeps", keeps), ("breaks", breaks)] {
        if let Some(example) = example {
            let _ = write!(
                text,
                "\nA request that {title} it:\n{}\n",
                example.trim_end()
            );
        }
    }
    // `explain | head` closes the pipe: not an error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(0)
}

/// The most similar ids.
fn alike(contract: &Contract, id: &str) -> String {
    let ids = contract.clauses.iter().map(|clause| clause.id.as_str());
    let mut within: Vec<&str> = ids.clone().filter(|it| it.contains(id)).collect();
    if within.is_empty() || id.is_empty() {
        within = ids.collect();
        within.sort_by(|a, b| strsim::jaro_winkler(b, id).total_cmp(&strsim::jaro_winkler(a, id)));
    }
    within.truncate(LISTED);
    format!("did you mean {}? `list` prints them all", within.join(", "))
}

fn basis(text: &mut String, contract: &Contract, clause: &Clause) {
    let level = serde_json::to_value(clause.level).unwrap_or_default();
    let level = level.as_str().unwrap_or_default();
    let _ = writeln!(
        text,
        "\nLevel: {level}. Evidence: {}.",
        clause.evidence.as_str()
    );
    text.push_str("Sources:\n");
    for key in &clause.source {
        let found = contract.citations.iter().find(|row| row.key == *key);
        let title = found.map_or("", |row| row.title.as_str());
        let _ = writeln!(text, "  {key}: {title}");
        if let Some(url) = found.and_then(|row| row.url.as_ref()) {
            let _ = writeln!(text, "    {url}");
        }
    }
    if let Some(case) = &clause.test_case {
        let _ = writeln!(text, "Flexiti's own test case: {case}");
    }
}

fn consequence(text: &mut String, rulebook: &Rulebook, clause: &Clause) {
    let name = &rulebook.dialect().name;
    if !rulebook.is_active(&clause.id) {
        let _ = writeln!(text, "\nThe dialect `{name}` does not require it.");
    } else if let Some(refusal) = rulebook.refusal_of(&clause.id) {
        let (status, error) = (refusal.status.as_u16(), &refusal.error);
        let _ = writeln!(
            text,
            "\nIn the dialect `{name}`, a violation is answered with {status} {error}."
        );
    }
    if let Some(remedy) = &clause.remedy {
        let _ = writeln!(text, "{remedy}");
    }
}

/// Lists how each shipped dialect answers the questions that the clause depends on.
fn differences(text: &mut String, contract: &Contract, clause: &Clause) -> anyhow::Result<()> {
    let names = contract.dialect_names();
    let dialects: Result<Vec<_>, _> = names.iter().map(|name| contract.dialect(name)).collect();
    let dialects = dialects?;
    for knob in contract.knobs_of(clause) {
        let mut answers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for dialect in &dialects {
            let answer = dialect.answer(knob).to_string();
            answers.entry(answer).or_default().push(&dialect.name);
        }
        let question = contract.knob(knob).map_or("", |row| row.question.as_str());
        let _ = writeln!(text, "\nBy dialect, {knob}: {question}");
        for (answer, dialects) in answers {
            let _ = writeln!(text, "  {answer}: {}", dialects.join(", "));
        }
    }
    Ok(())
}
