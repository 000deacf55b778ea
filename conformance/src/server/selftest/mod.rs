//! How well the runner judges: take one clause away from the mock, and see whether the runner
//! names that clause and no other.

pub mod random;

use super::report::{ClauseRow, Power, Status};
use super::run::{self, Options, Reading, Waivers};
use super::wire::{Credentials, Target};
use flexiti_contract::{Contract, Dialect, ErrorShape, LoadError, Rulebook};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use serde_json::json;
use std::sync::Arc;

/// A clause to take away, and the dialect in which it holds.
#[derive(Debug, Clone)]
pub struct Sabotage {
    /// The clause.
    pub clause: &'static str,
    /// A dialect that has it.
    pub dialect: Dialect,
}

/// What came of a self-test.
#[derive(Debug)]
pub struct Outcome {
    /// The figures.
    pub power: Power,
}

impl Default for Outcome {
    fn default() -> Self {
        let power = Power {
            sabotages: 0,
            killed: 0,
        };
        Self { power }
    }
}

impl Outcome {
    /// Counts one sabotage, and whether it alone was named.
    pub fn add(&mut self, sabotage: &Sabotage, named: &[String]) {
        self.power.sabotages += 1;
        self.power.killed += usize::from(named == [sabotage.clause]);
    }
}

/// Every clause once, in the first shipped dialect that has it; in the one dialect if one is
/// given. A clause that no shipped dialect has is tried in `documented` with the answers that
/// it waits for.
pub fn sabotages(dialect: Option<&str>) -> Result<Vec<Sabotage>, LoadError> {
    let contract = Contract::shipped();
    let names = match dialect {
        Some(name) => vec![name],
        None => contract.dialect_names(),
    };
    let mut rulebooks = Vec::new();
    for name in names {
        rulebooks.push(Rulebook::compile(contract, contract.dialect(name)?)?);
    }
    let mut sabotages = Vec::new();
    for clause in &contract.clauses {
        let shipped = rulebooks
            .iter()
            .find(|rulebook| rulebook.is_active(&clause.id));
        let found = match shipped {
            Some(rulebook) => Some(rulebook.dialect().clone()),
            None if dialect.is_none() => Some(answering(contract, clause)?),
            None => None,
        };
        let found = found
            .map(|dialect| tellable(contract, clause, dialect))
            .transpose()?;
        sabotages.extend(found.map(|dialect| Sabotage {
            clause: &clause.id,
            dialect,
        }));
    }
    Ok(sabotages)
}

/// A refusal of the shape `doc` does not say which of two clauses about a parameter it is for:
/// those clauses are tried in the shape that does.
fn tellable(
    contract: &Contract,
    clause: &flexiti_contract::Clause,
    dialect: Dialect,
) -> Result<Dialect, LoadError> {
    if clause.msg.is_some() && dialect.knobs.error_shape == ErrorShape::Doc {
        return dialect.with_answer("error_shape", json!("union"), contract.sources());
    }
    Ok(dialect)
}

fn answering(contract: &Contract, clause: &flexiti_contract::Clause) -> Result<Dialect, LoadError> {
    let mut dialect = contract.dialect("documented")?;
    for (knob, answers) in &clause.when {
        if let Some(answer) = answers.first() {
            dialect = dialect.with_answer(knob, answer.clone(), contract.sources())?;
        }
    }
    Ok(dialect)
}

/// Runs against a mock without the clause; gives the clauses that were named.
pub fn run(sabotage: &Sabotage, seed: u64, cases: u32) -> anyhow::Result<Vec<String>> {
    let contract = Contract::shipped();
    let dialect = sabotage.dialect.clone();
    let mock = Mock::sabotaged(&Settings::default(), dialect, sabotage.clause)?;
    let target = Target::connect(&mock.base_url(), demo(), None)?;
    let rulebook = Arc::new(Rulebook::compile(contract, sabotage.dialect.clone())?);
    let options = Options {
        seed,
        cases,
        ..Options::default()
    };
    let reading = Reading::by(&rulebook);
    let report = run::server(&target, &reading, &options, &Waivers::default(), &mut [])?;
    let named = |row: &&ClauseRow| [Status::Failed, Status::Otherwise].contains(&row.status);
    let named = report.clauses.iter().filter(named);
    Ok(named.map(|row| row.id.clone()).collect())
}

/// The mock's demo account.
pub fn demo() -> Credentials {
    let demo = MerchantConfig::demo();
    Credentials {
        client_id: demo.client_id,
        client_secret: demo.client_secret,
        user: demo.username.zip(demo.password),
    }
}
