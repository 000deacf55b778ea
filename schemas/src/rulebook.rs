//! The contract compiled for one dialect: what a server of that dialect enforces.

use crate::allowed::Vocabulary;
use crate::body::Body;
use crate::clause::{Check, Clause, Endpoint, Msg, Rule};
use crate::contract::Contract;
use crate::dialect::{Dialect, ErrorShape, Knobs, TokenStyle};
use crate::load::LoadError;
use crate::node::{Flat, FlatNode};
use crate::parameters::Parameters;
use crate::resolve;
use crate::terms::{Flow, Place, Refusal, Violation};
use jsonschema::error::ValidationErrorKind;
use jsonschema::json::{Json as _, Node as _, Object as _};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

/// The contract compiled for one dialect.
pub struct Rulebook {
    contract: &'static Contract,
    dialect: Dialect,
    active: BTreeSet<&'static str>,
    taken_away: Option<Rule>,
    rules: Vec<bool>,
    requests: BTreeMap<Endpoint, Body>,
    responses: BTreeMap<Endpoint, Body>,
    error_body: Body,
    places: OnceLock<HashMap<String, Vec<Place>>>,
    pub(crate) vocabulary: OnceLock<Vocabulary>,
    flows: [(Flow, regex::Regex); 3],
}

impl std::fmt::Debug for Rulebook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rulebook({})", self.dialect.name)
    }
}

impl Rulebook {
    /// Compiles the contract for `dialect`.
    pub fn compile(contract: &'static Contract, dialect: Dialect) -> Result<Self, LoadError> {
        Self::compile_without(contract, dialect, None)
    }

    /// The same with one clause taken away: a server that breaks one promise, to measure
    /// whether the runner notices. Not an option of the programs.
    pub fn compile_without(
        contract: &'static Contract,
        dialect: Dialect,
        sabotaged: Option<&str>,
    ) -> Result<Self, LoadError> {
        let in_dialect = |clause: &Clause| {
            let answers =
                |(knob, allowed): (&String, &Vec<Value>)| allowed.contains(dialect.answer(knob));
            clause.when.iter().all(answers)
        };
        let holds: BTreeSet<&'static str> = contract
            .clauses
            .iter()
            .filter(|clause| in_dialect(clause) && sabotaged != Some(clause.id.as_str()))
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
                // Where its answers make no schema, say so now; otherwise in time.
                request.compile().map_err(|what| {
                    let file = format!("bodies/{}.json", row.request);
                    LoadError::new(file, format!("in dialect {}: {what}", dialect.name))
                })?;
            }
            let response = Body::new(contract, &dialect, &row.response, &here)?;
            // What stands only on a path that the dialect does not have is no clause of it.
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
        };
        let flow = |flow, name: &str| -> Result<(Flow, regex::Regex), LoadError> {
            let pattern = dialect.answer(name).as_str().unwrap_or_default();
            regex::Regex::new(pattern)
                .map(|regex| (flow, regex))
                .map_err(|e| LoadError::new(&dialect.name, format!("{name}: {e}")))
        };
        Ok(Self {
            taken_away: sabotaged.and_then(Rule::from_id),
            rules: Rule::ALL
                .iter()
                .map(|rule| active.contains(rule.id()))
                .collect(),
            places: OnceLock::new(),
            vocabulary: OnceLock::new(),
            error_body: Body::new(contract, &dialect, shape, &|_| true)?,
            flows: [
                flow(Flow::Apply, "flow_values.apply")?,
                flow(Flow::Buy, "flow_values.buy")?,
                flow(Flow::ApplyBuy, "flow_values.apply_buy")?,
            ],
            contract,
            active,
            requests,
            responses,
            dialect,
        })
    }

    /// The contract it was compiled from.
    pub fn contract(&self) -> &'static Contract {
        self.contract
    }

    /// The dialect it was compiled for.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// The answers of the dialect that code reads.
    pub fn knobs(&self) -> &Knobs {
        &self.dialect.knobs
    }

    /// Whether a rule holds.
    pub fn enforces(&self, rule: Rule) -> bool {
        self.rules[rule as usize]
    }

    /// Whether this rule is the one that [`Rulebook::compile_without`] took away: the server
    /// then breaks it, where a dialect without it would merely do the opposite.
    pub fn taken_away(&self, rule: Rule) -> bool {
        self.taken_away == Some(rule)
    }

    /// Whether the dialect has this endpoint at all.
    pub fn serves(&self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::Token => true,
            Endpoint::LearnMore => {
                self.enforces(Rule::LearnMoreServed) || self.taken_away(Rule::LearnMoreGone)
            }
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

    /// What a request breaks: at most one violation for each parameter, in the contract's order.
    /// `request` is the flat object that `bodies/*.request.json` describe.
    pub fn check(&self, endpoint: Endpoint, request: &Value) -> Vec<Violation> {
        self.check_node(endpoint, FlatNode::Json(request))
    }

    /// The same of parameters that were read from a request.
    pub fn check_parameters(
        &self,
        endpoint: Endpoint,
        parameters: &Parameters<'_>,
    ) -> Vec<Violation> {
        self.check_node(endpoint, FlatNode::Parameters(parameters))
    }

    fn check_node(&self, endpoint: Endpoint, request: FlatNode<'_>) -> Vec<Violation> {
        let Some(body) = self.requests.get(&endpoint) else {
            return Vec::new();
        };
        if body.validator().is_valid(request) {
            return Vec::new();
        }
        let mut found: Vec<Violation> = body
            .validator()
            .iter_errors(request)
            .filter_map(|error| self.violation(body, request, &error))
            .collect();
        self.sort(endpoint, &mut found);
        found.dedup_by(|later, earlier| later.param == earlier.param);
        found
    }

    /// Puts violations into the contract's order: that of the parameters, then of the clauses.
    pub fn sort(&self, endpoint: Endpoint, violations: &mut [Violation]) {
        let ranks = self.requests.get(&endpoint).map(|body| &body.ranks);
        violations.sort_by_key(|violation| {
            let param = ranks.and_then(|ranks| ranks.get(&violation.param));
            (param.copied(), violation.rank)
        });
    }

    fn violation(
        &self,
        body: &Body,
        request: FlatNode<'_>,
        error: &jsonschema::ValidationError<'_>,
    ) -> Option<Violation> {
        let tag = resolve::clause_at(&body.schema, error.schema_path().as_str())?;
        let rank = self.contract.clauses.iter().position(|c| c.id == tag)?;
        let clause = &self.contract.clauses[rank];
        let param = if let ValidationErrorKind::Required { property } = error.kind() {
            property.as_str()?.to_owned()
        } else {
            let path = error.instance_path().as_str().trim_start_matches('/');
            path.split('/')
                .next()?
                .replace("~1", "/")
                .replace("~0", "~")
        };
        let object = request.as_object();
        let value = object.and_then(|object| object.get(&Flat::prepare_key(&param)));
        Some(Violation {
            clause: &clause.id,
            msg: clause.msg,
            value: value.map(|value| value.to_value().into_owned()),
            error: self.error_id(clause)?,
            rank,
            param,
        })
    }

    /// The violation that decides the answer: the first of its clauses in the contract's order.
    pub fn decisive(violations: &[Violation]) -> Option<&Violation> {
        violations.iter().min_by_key(|violation| violation.rank)
    }

    /// The clauses that an answer breaks, with what is wrong.
    pub fn check_response(
        &self,
        endpoint: Endpoint,
        answer: &Value,
    ) -> Vec<(&'static str, String)> {
        let Some(body) = self.responses.get(&endpoint) else {
            return Vec::new();
        };
        body.validator()
            .iter_errors(FlatNode::Json(answer))
            .filter_map(|error| {
                let tag = resolve::clause_at(&body.schema, error.schema_path().as_str())?;
                let clause = self.contract.clause(tag)?;
                Some((clause.id.as_str(), error.to_string()))
            })
            .collect()
    }

    /// Why a refusal's body does not have the dialect's shape, if so.
    pub fn check_error_body(&self, answer: &Value) -> Option<String> {
        let error = self
            .error_body
            .validator()
            .iter_errors(FlatNode::Json(answer))
            .next()?;
        Some(error.to_string())
    }

    /// What a violation of `clause` is answered with.
    pub fn refusal_of(&self, clause: &str) -> Option<Refusal> {
        self.refusal(self.error_id(self.contract.clause(clause)?)?)
    }

    /// A row of `errors.json` in the dialect's style.
    pub fn refusal(&self, error: &str) -> Option<Refusal> {
        let row = self.contract.errors.get(error)?;
        let plain = (row.status, &row.error, &row.message);
        let (status, word, message) = match self.knobs().token_style {
            TokenStyle::Nos2 => plain,
            TokenStyle::Nos3 => (
                row.nos3.status.unwrap_or(plain.0),
                row.nos3.error.as_ref().unwrap_or(plain.1),
                row.nos3.message.as_ref().unwrap_or(plain.2),
            ),
        };
        Some(Refusal {
            status,
            error: word.clone(),
            message: message.clone(),
            challenge: row.challenge.clone(),
        })
    }

    /// The row of `errors.json` that a violation of `rule` is answered with.
    pub fn error_id_of(&self, rule: Rule) -> &'static str {
        let clause = self.contract.clause(rule.id());
        clause
            .and_then(|clause| self.error_id(clause))
            .unwrap_or("wrong_inputs")
    }

    /// A violation of `rule` by `param`, for rules that are about parameters.
    pub fn violation_of(
        &self,
        rule: Rule,
        param: String,
        msg: Msg,
        value: Option<Value>,
    ) -> Violation {
        Violation {
            clause: rule.id(),
            param,
            msg: Some(msg),
            value,
            error: self.error_id_of(rule),
            rank: self
                .contract
                .clauses
                .iter()
                .position(|c| c.id == rule.id())
                .unwrap_or(0),
        }
    }

    fn error_id(&self, clause: &'static Clause) -> Option<&'static str> {
        match clause.error.as_ref()? {
            Value::String(id) => Some(id),
            knob => {
                let id = self.dialect.answer(knob["$knob"].as_str()?).as_str()?;
                let (id, _) = self.contract.errors.get_key_value(id)?;
                Some(id)
            }
        }
    }

    /// The flow that a spelling means.
    pub fn flow(&self, text: &str) -> Option<Flow> {
        let spelled = |(_, regex): &&(Flow, regex::Regex)| regex.is_match(text);
        self.flows.iter().find(spelled).map(|(flow, _)| *flow)
    }

    /// Where a request clause applies.
    pub fn places(&self, clause: &str) -> &[Place] {
        let places = self.places.get_or_init(|| self.find_places());
        places.get(clause).map_or(&[], Vec::as_slice)
    }

    fn find_places(&self) -> HashMap<String, Vec<Place>> {
        let mut found: HashMap<String, Vec<Place>> = HashMap::new();
        for (endpoint, body) in &self.requests {
            for (tag, param) in resolve::places(&body.schema) {
                let endpoint = *endpoint;
                let places = found.entry(tag).or_default();
                let place = Place { endpoint, param };
                if !places.contains(&place) {
                    places.push(place);
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

    /// What a clause means in this dialect, in a form that can be compared.
    pub fn meaning(&self, clause: &Clause) -> Value {
        if !self.is_active(&clause.id) {
            return Value::Null;
        }
        let bodies = self.requests.iter().chain(&self.responses);
        let fragments: Vec<Value> = bodies
            .flat_map(|(endpoint, body)| {
                resolve::fragments(&body.schema, &clause.id)
                    .into_iter()
                    .map(|fragment| json!([endpoint.id(), fragment]))
            })
            .collect();
        let knobs: Vec<&Value> = clause
            .knobs
            .iter()
            .map(|k| self.dialect.answer(k))
            .collect();
        json!({"fragments": fragments, "knobs": knobs, "refusal": self.refusal_of(&clause.id).map(|r| (r.status, r.error))})
    }

    /// The clauses that hold here and mean something else, or nothing, in `other`.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        self.clauses()
            .filter(|clause| self.meaning(clause) != other.meaning(clause))
            .map(|clause| clause.id.as_str())
            .collect()
    }
}
