//! Servers of dialects that are in no file: a shipped one with other answers, or with a clause
//! taken away.

use flexiti_contract::{Contract, Rulebook};
use flexiti_mock::{Mock, Settings};
use serde_json::Value;
use std::sync::Arc;

/// A server of `dialect` with these answers.
pub fn with(settings: &Settings, dialect: &str, answers: &[(&str, Value)]) -> Mock {
    let contract = Contract::shipped();
    let mut chosen = contract.dialect(dialect).unwrap();
    for (knob, answer) in answers {
        chosen = chosen
            .with_answer(knob, answer.clone(), contract.sources())
            .unwrap();
    }
    let rulebook = Rulebook::compile(contract, chosen).unwrap();
    Mock::with_rulebook(settings, Arc::new(rulebook)).unwrap()
}

/// The documented server with these answers.
pub fn documented(answers: &[(&str, Value)]) -> Mock {
    with(&Settings::default(), "documented", answers)
}

/// The documented server that breaks one clause.
pub fn without(clause: &str) -> Mock {
    let contract = Contract::shipped();
    let dialect = contract.dialect("documented").unwrap();
    Mock::sabotaged(&Settings::default(), dialect, clause).unwrap()
}
