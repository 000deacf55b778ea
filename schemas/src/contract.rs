//! The whole contract, loaded.

use crate::citation::Citation;
use crate::clause::Clause;
use crate::dialect::{self, Dialect, KnobRow};
use crate::endpoint::{Endpoint, EndpointRow};
use crate::error::Errors;
use crate::expectation::Expectations;
use crate::lint::{LintRow, LintRule};
use crate::load::{self, LoadError, Sources};
use crate::parameters::param::{Param, Params};
use crate::resolve;
use crate::scenario::Scenario;
use crate::vocabulary::ResponseKey;
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

/// Everything the API promises, before a dialect is chosen.
#[derive(Debug)]
pub struct Contract {
    /// The endpoints.
    pub endpoints: Vec<EndpointRow>,
    /// The rows of the errors.
    pub clauses: Vec<Clause>,
    /// The rows of the errors.
    pub errors: Errors,
    /// The middle names that decide an application.
    pub response_keys: Vec<ResponseKey>,
    /// What a reviewer looks for in a shop's requests.
    pub lint: Vec<LintRow>,
    /// What the source keys stand for.
    pub citations: Vec<Citation>,
    /// The evidence for the parts of an expectation.
    pub expectations: Expectations,
    /// The questions that the documentation leaves open, with their known answers.
    pub knobs: Vec<KnobRow>,
    /// The knobs in the constraints of each clause.
    pub(crate) constraint_knobs: BTreeMap<String, BTreeSet<String>>,
    pub(crate) bodies: BTreeMap<String, Value>,
    /// Indexed by the endpoint's position in `endpoints`.
    params: Vec<Params>,
    /// The positions of the clauses, by id.
    ranks: FxHashMap<String, usize>,
    secrets: BTreeSet<String>,
    sources: Sources,
}

impl Contract {
    /// The contract in the data files of this crate.
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Contract> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            #[expect(
                clippy::expect_used,
                reason = "the files are compiled in, and a test loads and checks each of them"
            )]
            Self::read(Sources::trusted()).expect("the shipped contract loads")
        })
    }

    /// Reads the files without checking them against each other.
    pub(crate) fn read(sources: Sources) -> Result<Self, LoadError> {
        let endpoints: Vec<EndpointRow> =
            sources.checked_rows("endpoints.json", "meta/endpoints.schema.json")?;
        let errors = sources.checked("errors.json", "meta/errors.schema.json")?;
        let response_keys =
            sources.checked("response_keys.json", "meta/response_keys.schema.json")?;
        let lint = sources.checked_rows("lint.json", "meta/lint.schema.json")?;
        let citations = sources.checked("sources.json", "meta/sources.schema.json")?;
        let expectations = sources.checked("expectations.json", "meta/expectations.schema.json")?;
        let knobs = dialect::knob_table(&sources)?;
        let mut clauses: Vec<Clause> = Vec::new();
        for file in load::in_folder("clauses/") {
            clauses.extend(sources.checked_rows::<Clause>(file, "meta/clauses.schema.json")?);
        }
        let mut bodies = BTreeMap::new();
        for path in load::in_folder("bodies/") {
            let name = path.trim_start_matches("bodies/").trim_end_matches(".json");
            bodies.insert(name.to_owned(), sources.json(path)?);
        }
        let mut constraint_knobs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (clause, knob) in bodies.values().flat_map(resolve::tagged_knobs) {
            let known = constraint_knobs.entry(clause.to_owned()).or_default();
            known.insert(knob.to_owned());
        }
        let params = |endpoint: &Endpoint| {
            let row = endpoints.iter().find(|row| row.id == *endpoint);
            let body = row.and_then(|row| bodies.get(&row.request));
            body.map(Params::of).unwrap_or_default()
        };
        let params: Vec<Params> = Endpoint::ALL.iter().map(params).collect();
        let ids = clauses.iter().map(|clause| clause.id.clone());
        let ranks = ids.zip(0..).collect();
        let all = params.iter().flat_map(|params| &params.list);
        let secrets = all.filter(|param| param.secret);
        let secrets = secrets.map(|param| param.name.clone()).collect();
        Ok(Self {
            endpoints,
            clauses,
            errors,
            response_keys,
            lint,
            citations,
            expectations,
            knobs,
            constraint_knobs,
            bodies,
            params,
            ranks,
            secrets,
            sources,
        })
    }

    /// The files it was loaded from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// A shipped dialect by name, or a dialect file by path.
    pub fn dialect(&self, name_or_path: &str) -> Result<Dialect, LoadError> {
        if let Some(shipped) = Dialect::shipped(name_or_path, &self.sources) {
            return self.admitted(shipped?);
        }
        let file = Path::new(name_or_path);
        if file.exists() {
            return self.admitted(Dialect::read_file(file, &self.sources)?);
        }
        Err(LoadError::new(
            name_or_path,
            format!(
                "no such dialect or file; the shipped dialects are {}",
                self.dialect_names().join(", ")
            ),
        ))
    }

    /// A dialect from JSON, for example from a request.
    pub fn dialect_from_json(&self, value: Value) -> Result<Dialect, LoadError> {
        self.admitted(Dialect::read("dialect", value, &self.sources)?)
    }

    fn admitted(&self, dialect: Dialect) -> Result<Dialect, LoadError> {
        self.admits(&dialect)?;
        Ok(dialect)
    }

    /// Rejects a dialect that names a clause without a `msg`, which its schema cannot detect.
    pub(crate) fn admits(&self, dialect: &Dialect) -> Result<(), LoadError> {
        let has_msg = |id: &str| self.clause(id).is_some_and(|clause| clause.msg.is_some());
        match dialect.knobs.msg_words.keys().find(|id| !has_msg(id)) {
            None => Ok(()),
            Some(id) => {
                let what = format!("at /answers/msg_words: no clause `{id}` that has a msg");
                Err(LoadError::new(&dialect.name, what))
            }
        }
    }

    /// Names of the shipped dialects, the default first.
    pub fn dialect_names(&self) -> Vec<&str> {
        dialect::shipped_names().collect()
    }

    /// The row of an endpoint.
    pub fn endpoint(&self, endpoint: Endpoint) -> &EndpointRow {
        #[expect(
            clippy::expect_used,
            reason = "check_names refused a contract without it"
        )]
        self.endpoints
            .iter()
            .find(|row| row.id == endpoint)
            .expect("every endpoint has a row")
    }

    /// The clause with this id.
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.rank(id).map(|rank| &self.clauses[rank])
    }

    /// The position of a clause in the order in which they decide.
    pub(crate) fn rank(&self, id: &str) -> Option<usize> {
        self.ranks.get(id).copied()
    }

    /// The row of a knob.
    pub fn knob(&self, knob: &str) -> Option<&KnobRow> {
        self.knobs.iter().find(|row| row.knob == knob)
    }

    /// The row of a review rule.
    pub fn lint_row(&self, rule: LintRule) -> &LintRow {
        #[expect(
            clippy::expect_used,
            reason = "check_lint refused a contract without it"
        )]
        self.lint
            .iter()
            .find(|row| row.id == rule)
            .expect("every rule has a row")
    }

    /// The scenarios for a merchant's shop. Servers do not need them, so they are read on demand.
    pub fn scenarios(&self) -> Result<Vec<Scenario>, LoadError> {
        let rows: Vec<Scenario> = self
            .sources
            .checked("scenarios.json", "meta/scenarios.schema.json")?;
        let fail = |what: String| Err(LoadError::new("scenarios.json", what));
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let documented = self.dialect("documented")?;
        for (at, row) in rows.iter().enumerate() {
            let id = &row.id;
            if ids[..at].contains(&id.as_str()) {
                return fail(format!("scenario `{id}`: duplicate id"));
            }
            if let Some(control) = &row.control
                && !ids.contains(&control.as_str())
            {
                return fail(format!(
                    "scenario `{id}`: /control: no scenario `{control}`"
                ));
            }
            let unknown = |knob: &&String| !documented.answers.contains_key(*knob);
            if let Some(knob) = row.answers.keys().find(unknown) {
                return fail(format!("scenario `{id}`: /answers: no knob `{knob}`"));
            }
        }
        Ok(rows)
    }

    /// A digest of the data (SHA-256, hexadecimal). Verdicts by other rules have a different
    /// digest.
    pub fn digest(&self) -> String {
        self.sources.digest()
    }

    /// The parameters of an endpoint's request, in the contract's order.
    pub fn params(&self, endpoint: Endpoint) -> &[Param] {
        &self.params[endpoint as usize].list
    }

    /// The parameter with that name.
    pub fn param(&self, endpoint: Endpoint, name: &str) -> Option<&Param> {
        self.params[endpoint as usize].named(name)
    }

    /// The parameter that a form calls `name`: `billing_information[city]` is
    /// `billing_information.city`.
    pub fn form_param(&self, endpoint: Endpoint, name: &str) -> Option<&Param> {
        self.params[endpoint as usize].named_in_form(name)
    }

    /// Whether a parameter of that name, in any case, is a credential on any endpoint.
    pub fn is_secret_param(&self, name: &str) -> bool {
        let same = |secret: &String| secret.eq_ignore_ascii_case(name);
        self.secrets.iter().any(same)
    }
}
