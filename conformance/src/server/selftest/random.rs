//! Servers with random answers to the open questions: no violation may be reported, and each answer
//! that calls can show must be found.

use super::demo;
use crate::server::case::{Encoding, Kind};
use crate::server::generate;
use crate::server::plan::{self, Working};
use crate::server::report::{Learned, Status};
use crate::server::run::{self, Options, Reading, Waivers};
use crate::server::wire::Target;
use flexiti_contract::{Asserts, Check, Contract, Dialect, LoadError, Rulebook};
use flexiti_mock::{Mock, Settings};
use proptest::prelude::Rng as _;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The result of judging one server in an unknown dialect.
#[derive(Debug, Default)]
pub struct Unknown {
    /// The documented clauses that it was reported to violate.
    pub violations: Vec<String>,
    /// The questions that were misread: the knob, its actual answer, and the one found.
    pub misread: Vec<(String, Value, Value)>,
    /// How many questions were answered.
    pub told: usize,
    /// How many calls the probe took.
    pub calls: u64,
    /// The clauses that were answered differently; a probed server should have none.
    pub otherwise: Vec<String>,
}

/// A random dialect of known answers that contradict no documented sentence.
pub fn dialect(seed: u64) -> Result<Dialect, LoadError> {
    let contract = Contract::shipped();
    let mut rng = generate::rng(seed, "dialect");
    let mut answers = Map::new();
    for row in &contract.knobs {
        let fair = row.alternatives.iter();
        let fair: Vec<&Value> = fair
            .filter(|known| known.contradicts.is_empty())
            .map(|known| &known.answer)
            .collect();
        let drawn = usize::try_from(rng.next_u32()).unwrap_or(0) % fair.len().max(1);
        if let Some(answer) = fair.get(drawn) {
            answers.insert(row.knob.clone(), (*answer).clone());
        }
    }
    contract.dialect_from_json(json!({
        "name": format!("random-{seed}"),
        "description": "Drawn from the known answers.",
        "extends": "documented",
        "answers": answers,
    }))
}

/// The documented clauses of a dialect whose removal calls can show: one of their cases must come
/// out differently, and no other clause may refuse its request too.
pub fn binding(dialect: &Dialect) -> Result<Vec<&'static str>, LoadError> {
    let contract = Contract::shipped();
    let rulebook = Rulebook::compile(contract, dialect.clone())?;
    let mut working = Working::everything(&rulebook);
    let json = rulebook.is_active(Encoding::Json.clause());
    let forms = rulebook.is_active(Encoding::FormDotted.clause());
    let read = |encoding: &Encoding| {
        if *encoding == Encoding::Json {
            json
        } else {
            forms
        }
    };
    working.encodings.retain(read);
    let mut cases = plan::token_cases();
    cases.extend(plan::init_cases(&rulebook, &working));
    cases.extend(plan::cases(&rulebook, &working));
    let mut binding = Vec::new();
    for clause in rulebook.clauses().filter(|clause| contract.is_must(clause)) {
        // Another refusal of the token endpoint takes over.
        if MASKED.contains(&clause.id.as_str()) {
            continue;
        }
        let mut own = cases
            .iter()
            .filter(|case| case.must && case.clause == clause.id);
        let shows = match (clause.check, clause.asserts) {
            (Check::Response, _) => true,
            (Check::Request, _) => {
                let left = Rulebook::compile_without(contract, dialect.clone(), &clause.id)?;
                rulebook.sites(&clause.id).iter().any(|site| {
                    let broken = plan::broken_at(&rulebook, clause, site, &working);
                    broken.iter().any(|broken| {
                        let case = plan::broken_case(&rulebook, clause, site, broken, &working);
                        let passes = plan::violations(&left, site.endpoint, &broken.params);
                        case.is_some_and(|case| case.must) && passes.is_empty()
                    })
                })
            }
            (Check::Rule, Asserts::Refusal) => own.any(|case| case.kind == Kind::Negative),
            (Check::Rule, _) => own.next().is_some(),
        };
        if shows {
            binding.push(clause.id.as_str());
        }
    }
    Ok(binding)
}

/// Clauses whose requests another rule of the token endpoint refuses too (no client id has 101
/// characters), and one whose sabotage yields the other printed lifetime.
const MASKED: [&str; 4] = [
    "token.response.expires_in",
    "token.refresh_token.required",
    "token.client_id.length",
    "token.client_secret.length",
];

/// What is learned about a mock in this dialect with the dialect itself as the yardstick; nothing
/// if all is well. Each question has the answer found and the actual one.
pub fn learned_of_itself(dialect: &Dialect) -> anyhow::Result<Vec<(String, Value, Value)>> {
    let contract = Contract::shipped();
    let rulebook = Rulebook::compile(contract, dialect.clone())?;
    let mock = Mock::with_rulebook(&Settings::default(), Arc::new(rulebook))?;
    let target = Target::connect(&mock.base_url(), demo(), None)?;
    let probed = run::probe(&target, dialect, &mut Options::default())?;
    let learned = probed.learned(contract).into_iter();
    let row = |row: Learned| Some((row.knob?, row.answer, row.expected));
    Ok(learned.filter_map(row).collect())
}

/// Probes and judges a mock in this dialect, with `documented` as the yardstick. If a clause is
/// given, the mock does not keep it.
pub fn judge(
    dialect: &Dialect,
    without: Option<&str>,
    seed: u64,
    cases: u32,
) -> anyhow::Result<Unknown> {
    let contract = Contract::shipped();
    let settings = Settings::default();
    let mock = if let Some(clause) = without {
        Mock::sabotaged(&settings, dialect.clone(), clause)?
    } else {
        let rulebook = Rulebook::compile(contract, dialect.clone())?;
        Mock::with_rulebook(&settings, Arc::new(rulebook))?
    };
    let target = Target::connect(&mock.base_url(), demo(), None)?;
    let mut options = Options {
        seed,
        cases,
        selection: super::without_conversations(without.unwrap_or_default())?,
        ..Options::default()
    };
    let yardstick = contract.dialect("documented")?;
    let probed = run::probe(&target, &yardstick, &mut options)?;
    let reading = Reading::of(&probed, &yardstick)?;
    let report = run::server(&target, &reading, &options, &Waivers::default(), &mut [])?;
    let failed = report.with_status(Status::Failed).into_iter();
    let told = probed.answers.iter().filter_map(|row| {
        let known = |answer: &Value| match &row.told {
            // If the answer is an object, only the determined entries count.
            Some(told) => {
                let entry = |name: &String| Some((name.clone(), answer.get(name)?.clone()));
                told.iter().filter_map(entry).collect::<Map<_, _>>().into()
            }
            None => answer.clone(),
        };
        let answer = known(row.answer.as_ref()?);
        Some((row.knob.clone(), known(&dialect.answers[&row.knob]), answer))
    });
    let told: Vec<(String, Value, Value)> = told.collect();
    Ok(Unknown {
        violations: failed.map(str::to_owned).collect(),
        otherwise: report
            .otherwise
            .iter()
            .map(|f| format!("{}: expected {}, actual {}", f.case, f.expected, f.actual))
            .collect(),
        told: told.len(),
        misread: told
            .into_iter()
            .filter(|(_, given, found)| given != found)
            .collect(),
        calls: probed.calls,
    })
}
