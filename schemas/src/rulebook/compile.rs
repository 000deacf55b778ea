//! Compiles the contract for a dialect: which clauses hold, and the resulting schemas.

use crate::body::Body;
use crate::clause::{Check, Clause};
use crate::contract::Contract;
use crate::dialect::{Dialect, ErrorShape};
use crate::load::LoadError;
use crate::resolve;
use crate::rule::Rule;
use crate::rulebook::Rulebook;
use crate::vocabulary::Flow;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{OnceLock, RwLock};

impl Rulebook {
    /// Compiles the contract for `dialect`.
    pub fn compile(contract: &'static Contract, dialect: Dialect) -> Result<Self, LoadError> {
        Self::compiled(contract, dialect, None)
    }

    /// Compiles the contract without one clause, for a server that does not keep it. Not an option
    /// of the programs.
    pub fn compile_without(
        contract: &'static Contract,
        dialect: Dialect,
        clause: &str,
    ) -> Result<Self, LoadError> {
        Self::compiled(contract, dialect, Some(clause))
    }

    fn compiled(
        contract: &'static Contract,
        dialect: Dialect,
        left_out: Option<&str>,
    ) -> Result<Self, LoadError> {
        contract.admits(&dialect)?;
        let in_dialect = |clause: &Clause| holds_in(clause, &dialect);
        let holds: BTreeSet<&'static str> = contract
            .clauses
            .iter()
            .filter(|clause| in_dialect(clause) && left_out != Some(clause.id.as_str()))
            .map(|clause| clause.id.as_str())
            .collect();
        let mut requests = BTreeMap::new();
        let mut responses = BTreeMap::new();
        let mut tagged = BTreeSet::new();
        for row in &contract.endpoints {
            let here = |id: &str| {
                holds.contains(id) && contract.clause(id).is_some_and(|c| c.covers(row.id))
            };
            let request = Body::new(contract, &dialect, &row.request, &here)?;
            if !dialect.trusted {
                // A user's answers may not make a valid schema: report that now, not on first use.
                request.compile().map_err(|what| {
                    let file = format!("bodies/{}.json", row.request);
                    LoadError::new(file, format!("in dialect {}: {what}", dialect.name))
                })?;
            }
            let response = Body::new(contract, &dialect, &row.response, &here)?;
            // A clause of an endpoint that the dialect does not serve is not active.
            let foundation = contract.clause(row.id.foundation().id());
            let there = foundation.is_some_and(in_dialect);
            for schema in [&request.schema, &response.schema]
                .into_iter()
                .filter(|_| there)
            {
                tagged.extend(resolve::tags(schema).into_iter().map(str::to_owned));
            }
            requests.insert(row.id, request);
            responses.insert(row.id, response);
        }
        let active: BTreeSet<&'static str> = contract
            .clauses
            .iter()
            .filter(|clause| holds.contains(clause.id.as_str()))
            .filter(|clause| clause.check == Check::Rule || tagged.contains(&clause.id))
            .map(|clause| clause.id.as_str())
            .collect();
        let shape = match dialect.knobs.error_shape {
            ErrorShape::Doc => "error.doc",
            ErrorShape::Pos => "error.pos",
            ErrorShape::Union => "error.union",
            ErrorShape::Oauth2 => "error.oauth2",
        };
        let pattern = |name: &str| -> Result<regex::Regex, LoadError> {
            let pattern = dialect.answer(name).as_str().unwrap_or_default();
            regex::Regex::new(pattern)
                .map_err(|e| LoadError::new(&dialect.name, format!("{name}: {e}")))
        };
        Ok(Self {
            rules: Rule::ALL
                .iter()
                .map(|rule| active.contains(rule.id()))
                .collect(),
            sites: OnceLock::new(),
            wording: OnceLock::new(),
            remedies: RwLock::default(),
            error_body: Body::new(contract, &dialect, shape, &|_| true)?,
            flows: [
                (Flow::Apply, pattern("flow_values.apply")?),
                (Flow::Buy, pattern("flow_values.buy")?),
                (Flow::ApplyBuy, pattern("flow_values.apply_buy")?),
            ],
            langs: pattern("lang_values")?,
            contract,
            active,
            requests,
            responses,
            dialect,
        })
    }
}

/// Whether the dialect gives the answers that the clause requires.
fn holds_in(clause: &Clause, dialect: &Dialect) -> bool {
    let answers = |(knob, allowed): (&String, &Vec<Value>)| allowed.contains(dialect.answer(knob));
    clause.when.iter().all(answers)
}
