//! How well the runner judges: removes one clause from the mock, and checks that the runner names
//! that clause and no other.

pub mod bugs;
pub mod random;

use super::report::{ClauseRow, Status};
use super::run::{self, Options, Reading, Selection, Waivers};
use super::wire::{Credentials, Owner, Target};
use flexiti_contract::{Contract, Dialect, ErrorShape, LoadError, Rule, Rulebook};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A clause to remove, and a dialect that has it.
#[derive(Debug, Clone)]
pub struct Sabotage {
    /// The clause.
    pub clause: &'static str,
    /// A dialect that has it.
    pub dialect: Dialect,
}

/// Applies `work` to each item on several threads; the results are in the order of the list.
pub fn each<T: Sync, R: Send>(list: &[T], jobs: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let worker = || {
        while let Some((at, item)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            list.get(at).map(|item| (at, item))
        } {
            let result = work(item);
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((at, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(worker);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Every clause once, in the first shipped dialect that has it, or in the given one. A clause that
/// no shipped dialect has is tried in `documented` with the answers that it requires.
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

/// A refusal of shape `doc` does not show which of two clauses about a parameter it is for, so such
/// clauses are tried in a shape that does.
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

fn answering(
    contract: &'static Contract,
    clause: &flexiti_contract::Clause,
) -> Result<Dialect, LoadError> {
    let mut dialect = contract.dialect("documented")?;
    for (knob, answers) in &clause.when {
        if let Some(answer) = answers.first() {
            dialect = dialect.with_answer(knob, answer.clone(), contract.sources())?;
        }
    }
    if !clause.when.is_empty() {
        return Ok(dialect);
    }
    // Its schema requires a non-null answer.
    for row in &contract.knobs {
        for known in &row.alternatives {
            let answer = known.answer.clone();
            let other = dialect.with_answer(&row.knob, answer, contract.sources())?;
            let rulebook = Rulebook::compile(contract, other)?;
            if rulebook.is_active(&clause.id) {
                return Ok(rulebook.dialect().clone());
            }
        }
    }
    Ok(dialect)
}

/// Caches the reading of each dialect, however many servers speak it.
#[derive(Debug, Default)]
pub struct Readings(Mutex<Vec<(Value, Reading)>>);

impl Readings {
    fn of(&self, dialect: &Dialect) -> Result<Reading, LoadError> {
        let key = dialect.to_json();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, reading)) = known.iter().find(|(read, _)| *read == key) {
            return Ok(reading.clone());
        }
        let rulebook = Rulebook::compile(Contract::shipped(), dialect.clone())?;
        let reading = Reading::by(&Arc::new(rulebook));
        known.push((key, reading.clone()));
        Ok(reading)
    }
}

/// Runs against a mock without the clause, and returns the clauses named.
pub fn run(
    sabotage: &Sabotage,
    readings: &Readings,
    seed: u64,
    cases: u32,
) -> anyhow::Result<Vec<String>> {
    let dialect = sabotage.dialect.clone();
    let mock = Mock::sabotaged(&Settings::default(), dialect, sabotage.clause)?;
    let about = sabotage.clause;
    judged(&mock, &readings.of(&sabotage.dialect)?, about, seed, cases)
}

/// Leaves out the raw conversations, unless they are the subject: they wait half a second on each
/// server, and are the same in every dialect.
fn without_conversations(about: &str) -> anyhow::Result<Selection> {
    let rule = Rule::Message.id();
    let mut selection = Selection::default();
    if about != rule {
        selection
            .skip
            .push(rule.parse().map_err(anyhow::Error::msg)?);
    }
    Ok(selection)
}

/// The clauses that a mock is found to break, given its dialect.
fn judged(
    mock: &Mock,
    reading: &Reading,
    about: &str,
    seed: u64,
    cases: u32,
) -> anyhow::Result<Vec<String>> {
    let target = Target::connect(&mock.base_url(), demo(), None)?;
    let options = Options {
        seed,
        cases,
        selection: without_conversations(about)?,
        ..Options::default()
    };
    let report = run::server(&target, reading, &options, &Waivers::default(), &mut [])?;
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
        owner: Owner::Main,
    }
}
