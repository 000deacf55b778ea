//! Realistic server bugs: each must be noticed, under the clause that it breaks.

use super::{Readings, judged};
use flexiti_contract::{Contract, Dialect, LoadError};
use flexiti_mock::{Bug, Mock, Settings, bugs};

/// A bug, and the dialect in which it shows.
#[derive(Debug, Clone)]
pub struct Planted {
    /// The bug.
    pub bug: Bug,
    /// The dialect, with the answers that the bug requires.
    pub dialect: Dialect,
}

/// Every bug, in `documented` with the answers that it requires.
pub fn planted() -> Result<Vec<Planted>, LoadError> {
    let contract = Contract::shipped();
    let documented = contract.dialect("documented")?;
    let mut list = Vec::new();
    for bug in bugs() {
        let mut dialect = documented.clone();
        for (knob, answer) in bug.answers {
            let answer = serde_json::from_str(answer).unwrap_or_default();
            dialect = dialect.with_answer(knob, answer, contract.sources())?;
        }
        list.push(Planted { bug, dialect });
    }
    Ok(list)
}

/// Judges a mock with this bug, and returns the clauses named.
pub fn run(
    planted: &Planted,
    readings: &Readings,
    seed: u64,
    cases: u32,
) -> anyhow::Result<Vec<String>> {
    let dialect = planted.dialect.clone();
    let mock = Mock::with_bug(&Settings::default(), dialect, planted.bug.name)?;
    judged(&mock, &readings.of(&planted.dialect)?, "", seed, cases)
}
