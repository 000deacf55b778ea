//! The contract compiled for one dialect: what a server of that dialect enforces. The struct and
//! its accessors are here; the submodules compile it, check requests, find refusals, answer what no
//! schema expresses, and compare dialects.

mod check;
mod compile;
mod meaning;
mod reading;
mod refusal;

use crate::body::Body;
use crate::clause::Clause;
use crate::contract::Contract;
use crate::dialect::{Dialect, Knobs};
use crate::endpoint::Endpoint;
use crate::resolve;
use crate::rule::Rule;
use crate::vocabulary::{Flow, ParameterSite};
use crate::wording::Wording;
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock, RwLock};

/// Cached remedies: by endpoint and clause, then by parameter.
type Remedies = FxHashMap<(Option<Endpoint>, &'static str), FxHashMap<String, Arc<str>>>;

/// The contract compiled for one dialect.
pub struct Rulebook {
    contract: &'static Contract,
    dialect: Dialect,
    active: BTreeSet<&'static str>,
    rules: Vec<bool>,
    requests: BTreeMap<Endpoint, Body>,
    responses: BTreeMap<Endpoint, Body>,
    error_body: Body,
    sites: OnceLock<HashMap<String, Vec<ParameterSite>>>,
    pub(crate) wording: OnceLock<Wording>,
    pub(crate) remedies: RwLock<Remedies>,
    flows: [(Flow, regex::Regex); 3],
    langs: regex::Regex,
}

impl std::fmt::Debug for Rulebook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rulebook({})", self.dialect.name)
    }
}

impl Rulebook {
    /// The contract it was compiled from.
    pub fn contract(&self) -> &'static Contract {
        self.contract
    }

    /// The dialect it was compiled for.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// The dialect's answers that code uses.
    pub fn knobs(&self) -> &Knobs {
        &self.dialect.knobs
    }

    /// Whether a rule holds.
    pub fn enforces(&self, rule: Rule) -> bool {
        self.rules[rule as usize]
    }

    /// Whether the dialect has this endpoint at all.
    pub fn serves(&self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::Token => true,
            endpoint => self.enforces(endpoint.foundation()),
        }
    }

    /// Whether a clause holds in this dialect.
    pub fn is_active(&self, clause: &str) -> bool {
        self.active.contains(clause)
    }

    /// The clauses that hold, in the contract's order.
    pub fn clauses(&self) -> impl Iterator<Item = &'static Clause> {
        self.contract
            .clauses
            .iter()
            .filter(|clause| self.is_active(&clause.id))
    }

    /// The flow that a spelling means.
    pub fn flow(&self, text: &str) -> Option<Flow> {
        let spelled = |(_, regex): &&(Flow, regex::Regex)| regex.is_match(text);
        self.flows.iter().find(spelled).map(|(flow, _)| *flow)
    }

    /// Where a request clause applies.
    pub fn sites(&self, clause: &str) -> &[ParameterSite] {
        let sites = self.sites.get_or_init(|| self.find_sites());
        sites.get(clause).map_or(&[], Vec::as_slice)
    }

    fn find_sites(&self) -> HashMap<String, Vec<ParameterSite>> {
        let mut found: HashMap<String, Vec<ParameterSite>> = HashMap::new();
        for (endpoint, body) in &self.requests {
            for (tag, param) in resolve::sites(&body.schema) {
                let endpoint = *endpoint;
                let sites = found.entry(tag).or_default();
                let site = ParameterSite { endpoint, param };
                if !sites.contains(&site) {
                    sites.push(site);
                }
            }
        }
        found
    }

    /// The JSON Schema of an endpoint's request in this dialect.
    pub fn request_schema(&self, endpoint: Endpoint) -> Option<&Value> {
        self.requests.get(&endpoint).map(|body| &body.schema)
    }

    /// The JSON Schema of an endpoint's answer in this dialect.
    pub fn response_schema(&self, endpoint: Endpoint) -> Option<&Value> {
        self.responses.get(&endpoint).map(|body| &body.schema)
    }

    /// The JSON Schema of a refusal in this dialect.
    pub fn error_schema(&self) -> &Value {
        &self.error_body.schema
    }
}
