//! The tables of errors.

use super::document::{Block, Cell, Inline, Text, cell, code, is_guess, link, plain, prose, table};
use crate::clause::{Asserts, Check, Clause};
use crate::endpoint::Endpoint;
use crate::error::Msg;
use crate::rulebook::Rulebook;

/// The refusals of endpoints. Those about one parameter are in the table of parameters; here they
/// have one row for each word of `field_errors`.
pub(super) fn table_of(rulebook: &Rulebook, endpoints: &[Endpoint], families: &[&str]) -> Block {
    let is_here = |clause: &&Clause| {
        clause.asserts == Asserts::Refusal
            && (families.contains(&super::clauses::family(clause)))
            && endpoints.iter().any(|endpoint| clause.covers(*endpoint))
    };
    let refusals: Vec<&Clause> = rulebook.clauses().filter(is_here).collect();
    let mut rows = Vec::new();
    for msg in [Msg::Required, Msg::Type, Msg::Invalid, Msg::Length] {
        let about_parameter = |clause: &&&Clause| {
            rulebook.msg_of(&clause.id) == Some(msg) && clause.check == Check::Request
        };
        if let Some(clause) = refusals.iter().find(about_parameter) {
            rows.extend(shared(rulebook, clause, msg));
        }
    }
    for clause in refusals {
        let shared = clause.msg.is_some() && clause.check == Check::Request;
        if !shared {
            rows.extend(row(rulebook, clause));
        }
    }
    let head = [
        "status",
        "`error`",
        "message",
        "when",
        "what to send instead",
    ];
    table(&head.map(|name| name.trim_matches('`')), rows)
}

fn shared(rulebook: &Rulebook, clause: &Clause, msg: Msg) -> Option<Vec<Cell>> {
    let refusal = rulebook.refusal_of(&clause.id)?;
    let when = match msg {
        Msg::Required => "A mandatory parameter is missing",
        Msg::Type => "A parameter has the wrong type",
        Msg::Invalid => "A value has the wrong form, or is not one of the allowed ones",
        Msg::Length => "A value is too long or too precise",
    };
    let when = format!(
        "{when}: `msg` is `{}`. See the table of parameters.",
        msg.as_str()
    );
    Some(vec![
        cell(&refusal.status.as_u16().to_string()),
        vec![vec![code(refusal.error)]],
        cell(&refusal.message),
        vec![prose(&when)],
        cell("What the table of parameters allows."),
    ])
}

fn row(rulebook: &Rulebook, clause: &Clause) -> Option<Vec<Cell>> {
    let refusal = rulebook.refusal_of(&clause.id)?;
    let mut name: Text = vec![link(format!("clause-{}", clause.id), clause.id.clone())];
    if is_guess(clause.evidence) {
        name.extend([plain(" "), Inline::Badge(clause.evidence)]);
    }
    let param = rulebook
        .sites(&clause.id)
        .first()
        .map_or("", |place| place.param.as_str());
    Some(vec![
        cell(&refusal.status.as_u16().to_string()),
        vec![vec![code(refusal.error)]],
        cell(&refusal.message),
        vec![prose(&clause.requirement), name],
        cell(&rulebook.remedy(&clause.id, param)),
    ])
}
