//! The clauses, one entry each: the promise, its evidence, and the remedy.

use super::document::{Block, Inline, Target, Text, code, heading, plain, prose};
use crate::clause::{Asserts, Clause, Level};
use crate::contract::Contract;
use crate::rulebook::Rulebook;

/// The first part of a clause's name.
pub(super) fn family(clause: &Clause) -> &str {
    clause.id.split('.').next().unwrap_or_default()
}

/// The entries for the dialect's clauses in some families.
pub(super) fn entries(rulebook: &Rulebook, families: &[&str]) -> Vec<Block> {
    let clauses = rulebook
        .clauses()
        .filter(|clause| families.contains(&family(clause)));
    clauses.flat_map(|clause| entry(rulebook, clause)).collect()
}

fn entry(rulebook: &Rulebook, clause: &Clause) -> Vec<Block> {
    let level = match clause.level {
        Level::Must => "must",
        Level::Should => "should",
        Level::May => "may",
    };
    let mut facts: Text = vec![plain(format!("{level} · ")), Inline::Badge(clause.evidence)];
    if let Some(case) = &clause.test_case {
        facts.extend([plain(" · test case "), code(case.clone())]);
    }
    let mut requirement = prose(&clause.requirement);
    requirement.push(plain(" "));
    requirement.push(plain("("));
    requirement.extend(facts);
    requirement.push(plain(")"));
    let mut items = Vec::new();
    if clause.asserts == Asserts::Refusal
        && let Some(refusal) = rulebook.refusal_of(&clause.id)
    {
        let mut text = prose(&format!(
            "Otherwise: {} `{}`",
            refusal.status.as_u16(),
            refusal.error
        ));
        if let Some(msg) = rulebook.msg_of(&clause.id) {
            text.extend([plain(", "), code("msg"), plain(" "), code(msg.as_str())]);
        }
        items.push(text);
    }
    let remedies = remedies(rulebook, clause);
    items.extend(remedies.iter().map(|remedy| {
        let mut text = prose("Remedy: ");
        text.extend(prose(remedy));
        text
    }));
    items.push(rests_on(rulebook.contract(), &clause.source));
    vec![
        heading(
            4,
            format!("clause-{}", clause.id),
            &format!("`{}`", clause.id),
        ),
        Block::Paragraph(requirement),
        Block::List(items),
    ]
}

/// The remedies; one that names a parameter stands for the others of the same clause.
fn remedies(rulebook: &Rulebook, clause: &Clause) -> Vec<String> {
    let sites = rulebook.sites(&clause.id);
    let Some(first) = sites.first() else {
        return Some(rulebook.remedy(&clause.id, ""))
            .filter(|text| !text.is_empty())
            .into_iter()
            .collect();
    };
    let remedy = rulebook.remedy_at(first.endpoint, &clause.id, &first.param);
    Some(remedy)
        .filter(|text| !text.is_empty())
        .into_iter()
        .collect()
}

/// The titles of the sources.
pub(super) fn rests_on(contract: &Contract, keys: &[String]) -> Text {
    let mut text = prose("Rests on: ");
    for (at, key) in keys.iter().enumerate() {
        if at > 0 {
            text.push(plain("; "));
        }
        text.push(title(contract, key));
    }
    text
}

fn title(contract: &Contract, key: &str) -> Inline {
    let Some(row) = contract.citations.iter().find(|row| row.key == key) else {
        return code(key);
    };
    let words = plain(row.title.replace('`', ""));
    match &row.url {
        Some(url) => Inline::Link(Target::Url(url.clone()), Box::new(words)),
        None => words,
    }
}
