//! The whole contract, loaded and checked for consistency.

use crate::citation::{self, Citation};
use crate::clause::{Check, Clause, Endpoint, EndpointRow, Rule};
use crate::dialect::{self, Dialect};
use crate::lint::{LintRow, LintRule};
use crate::load::{LoadError, Sources};
use crate::resolve;
use crate::scenario::Scenario;
use crate::terms::ResponseKey;
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher as _;
use std::path::Path;
use std::sync::OnceLock;

/// What a refusal says: a row of `errors.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRow {
    /// HTTP status.
    pub status: u16,
    /// The `error` word.
    pub error: String,
    /// The sentence beside it.
    pub message: String,
    /// The value of `WWW-Authenticate`.
    pub challenge: Option<String>,
    /// What differs where `token_style` is `nos3`.
    #[serde(default)]
    pub nos3: ErrorOverride,
}

/// The parts of an [`ErrorRow`] that a token style changes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorOverride {
    /// HTTP status.
    pub status: Option<u16>,
    /// The `error` word.
    pub error: Option<String>,
    /// The sentence beside it.
    pub message: Option<String>,
}

/// A parameter of a request, as its body schema describes it.
#[derive(Debug, Clone)]
pub struct Param {
    /// The name in dotted form.
    pub name: String,
    /// That of the name.
    pub(crate) hash: u64,
    /// The position in the contract's order.
    pub(crate) at: usize,
    /// Carried by a header, not by the body.
    pub header: bool,
    /// The JSON types that are read as text.
    pub json: Vec<String>,
    /// An empty value counts as sent.
    pub keeps_empty: bool,
    /// The prefix of other parameters: a JSON object holds them.
    pub group: bool,
    /// Texts to try, good and bad.
    pub samples: Vec<String>,
}

/// The parameters of one endpoint, in order and by name.
#[derive(Debug)]
struct Params {
    list: Vec<Param>,
    index: FxHashMap<String, usize>,
    /// As forms spell them: also `group[field]` for `group.field`.
    form: FxHashMap<String, usize>,
}

/// To tell names apart before they are compared. The names are the contract's own, so nobody can
/// choose ones that collide.
pub(crate) fn name_hash(name: &str) -> u64 {
    FxBuildHasher.hash_one(name)
}

/// Everything the API promises, before a dialect is chosen.
#[derive(Debug)]
pub struct Contract {
    /// The endpoints.
    pub endpoints: Vec<EndpointRow>,
    /// The clauses, in the order in which they decide.
    pub clauses: Vec<Clause>,
    /// The errors by id.
    pub errors: BTreeMap<String, ErrorRow>,
    /// The middle names that decide an application.
    pub response_keys: Vec<ResponseKey>,
    /// What a reviewer looks for in what a shop sent.
    pub lint: Vec<LintRow>,
    /// What the source keys stand for.
    pub citations: Vec<Citation>,
    pub(crate) bodies: BTreeMap<String, Value>,
    params: BTreeMap<Endpoint, Params>,
    sources: Sources,
}

impl Contract {
    /// The contract of this crate's own data files.
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

    /// Loads a contract and checks it; the error names the file and the key that is wrong.
    pub fn load(sources: Sources) -> Result<Self, LoadError> {
        let contract = Self::read(sources)?;
        contract.check_names()?;
        contract.check_tags()?;
        contract.check_knobs()?;
        contract.check_lint()?;
        citation::check(&contract)?;
        Ok(contract)
    }

    fn read(sources: Sources) -> Result<Self, LoadError> {
        let endpoints: Vec<EndpointRow> =
            sources.checked("endpoints.json", "meta/endpoints.schema.json")?;
        let errors = sources.checked("errors.json", "meta/errors.schema.json")?;
        let response_keys =
            sources.checked("response_keys.json", "meta/response_keys.schema.json")?;
        let lint = sources.checked("lint.json", "meta/lint.schema.json")?;
        let citations = sources.checked("sources.json", "meta/sources.schema.json")?;
        let mut clauses: Vec<Clause> = Vec::new();
        for file in sources.in_folder("clauses/") {
            clauses.extend(sources.checked::<Vec<Clause>>(file, "meta/clauses.schema.json")?);
        }
        let mut bodies = BTreeMap::new();
        for path in sources.in_folder("bodies/") {
            let name = path.trim_start_matches("bodies/").trim_end_matches(".json");
            bodies.insert(name.to_owned(), sources.json(path)?);
        }
        let params = endpoints
            .iter()
            .filter_map(|row| Some((row.id, params(bodies.get(&row.request)?))))
            .collect();
        Ok(Self {
            endpoints,
            clauses,
            errors,
            response_keys,
            lint,
            citations,
            bodies,
            params,
            sources,
        })
    }

    /// The texts it was loaded from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// A shipped dialect by name, or one in a file by path.
    pub fn dialect(&self, name_or_path: &str) -> Result<Dialect, LoadError> {
        if let Some(shipped) = Dialect::shipped(name_or_path, &self.sources) {
            return shipped;
        }
        let file = Path::new(name_or_path);
        if file.exists() {
            return Dialect::read_file(file, &self.sources);
        }
        Err(LoadError::new(
            name_or_path,
            format!(
                "no such dialect and no such file; there are {}",
                self.dialect_names().join(", ")
            ),
        ))
    }

    /// A dialect from JSON, for example one that came over the wire.
    pub fn dialect_from_json(&self, value: Value) -> Result<Dialect, LoadError> {
        Dialect::read("dialect", value, &self.sources)
    }

    /// Names of the shipped dialects, the default first.
    pub fn dialect_names(&self) -> Vec<&str> {
        dialect::shipped_names(&self.sources).collect()
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
        self.clauses.iter().find(|clause| clause.id == id)
    }

    /// The row of a reviewer's rule.
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

    /// What a merchant's shop is put through. Servers have no use for it: it is read when it is
    /// asked for.
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
                return fail(format!("scenario `{id}`: the id stands twice"));
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

    /// A digest of the data (SHA-256, hexadecimal): what was judged by other rules has another.
    pub fn digest(&self) -> String {
        self.sources.digest()
    }

    /// The parameters of an endpoint's request, in the contract's order.
    pub fn params(&self, endpoint: Endpoint) -> &[Param] {
        self.params
            .get(&endpoint)
            .map_or(&[], |params| &params.list)
    }

    /// The parameter of that name.
    pub fn param(&self, endpoint: Endpoint, name: &str) -> Option<&Param> {
        let params = self.params.get(&endpoint)?;
        params.index.get(name).map(|at| &params.list[*at])
    }

    /// The parameter that a form calls so: `billing_information[city]` is
    /// `billing_information.city`.
    pub fn form_param(&self, endpoint: Endpoint, name: &str) -> Option<&Param> {
        let params = self.params.get(&endpoint)?;
        params.form.get(name).map(|at| &params.list[*at])
    }

    fn check_names(&self) -> Result<(), LoadError> {
        let mut seen = HashSet::new();
        for clause in &self.clauses {
            let fail = |what: String| {
                Err(LoadError::new(
                    "clauses/",
                    format!("clause `{}`: {what}", clause.id),
                ))
            };
            if !seen.insert(clause.id.as_str()) {
                return fail("the id stands twice".into());
            }
            if clause.check != Check::Request && Rule::from_id(&clause.id).is_none() {
                return fail("no rule of that name is known to the programs".into());
            }
            match clause.error.as_ref().and_then(Value::as_str) {
                Some(error) if !self.errors.contains_key(error) => {
                    return fail(format!("/error: errors.json has no `{error}`"));
                }
                Some("wrong_inputs") if clause.msg.is_none() => {
                    return fail("/msg: missing, and `wrong_inputs` needs one".into());
                }
                _ => {}
            }
        }
        for rule in Rule::ALL {
            let row = self.clause(rule.id());
            if row.is_none_or(|clause| clause.check == Check::Request) {
                return Err(LoadError::new(
                    "clauses/",
                    format!("no row for the rule `{}`", rule.id()),
                ));
            }
        }
        for endpoint in Endpoint::ALL {
            let row = self.endpoints.iter().find(|row| row.id == *endpoint);
            let Some(row) = row else {
                return Err(LoadError::new(
                    "endpoints.json",
                    format!("no row for `{}`", endpoint.id()),
                ));
            };
            for body in [&row.request, &row.response] {
                if !self.bodies.contains_key(body) {
                    return Err(LoadError::new(
                        "endpoints.json",
                        format!("`{}`: no bodies/{body}.json", row.path),
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_tags(&self) -> Result<(), LoadError> {
        let mut tagged = HashSet::new();
        for (name, body) in &self.bodies {
            for tag in resolve::tags(body) {
                if self.clause(tag).is_none() {
                    return Err(LoadError::new(
                        format!("bodies/{name}.json"),
                        format!("x-clause `{tag}` is no clause"),
                    ));
                }
                tagged.insert(tag);
            }
        }
        for clause in &self.clauses {
            if clause.check != Check::Rule && !tagged.contains(clause.id.as_str()) {
                return Err(LoadError::new(
                    "bodies/",
                    format!("no constraint carries the clause `{}`", clause.id),
                ));
            }
        }
        Ok(())
    }

    fn check_knobs(&self) -> Result<(), LoadError> {
        for name in self.dialect_names() {
            self.dialect(name)?;
        }
        let documented = self.dialect("documented")?;
        let known = |knob: &str| {
            documented
                .answers
                .contains_key(knob.split('.').next().unwrap_or(knob))
        };
        for clause in &self.clauses {
            let named = clause.when.keys().chain(&clause.knobs);
            if let Some(knob) = named.into_iter().find(|knob| !known(knob)) {
                return Err(LoadError::new(
                    "clauses/",
                    format!("clause `{}`: no knob `{knob}`", clause.id),
                ));
            }
        }
        for (name, body) in &self.bodies {
            if let Some(knob) = resolve::knobs(body).into_iter().find(|knob| !known(knob)) {
                return Err(LoadError::new(
                    format!("bodies/{name}.json"),
                    format!("no knob `{knob}`"),
                ));
            }
        }
        Ok(())
    }

    fn check_lint(&self) -> Result<(), LoadError> {
        let fail = |what: String| Err(LoadError::new("lint.json", what));
        let mut seen = HashSet::new();
        for row in &self.lint {
            let id = row.id.id();
            if !seen.insert(row.id) {
                return fail(format!("rule `{id}`: the id stands twice"));
            }
            if let Some(clause) = &row.clause
                && self.clause(clause).is_none()
            {
                return fail(format!("rule `{id}`: /clause: no clause `{clause}`"));
            }
        }
        match LintRule::ALL.iter().find(|rule| !seen.contains(*rule)) {
            Some(rule) => fail(format!("no row for the rule `{}`", rule.id())),
            None => Ok(()),
        }
    }
}

fn params(schema: &Value) -> Params {
    let strings = |value: Option<&Value>| -> Vec<String> {
        let list = value.and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect()
    };
    let flag = |row: &Map<String, Value>, key| row.get(key) == Some(&Value::Bool(true));
    let properties = schema.get("properties").and_then(Value::as_object);
    let list: Vec<Param> = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, row)| Some((name, row.as_object()?)))
        .enumerate()
        .map(|(at, (name, row))| Param {
            name: name.clone(),
            hash: name_hash(name),
            at,
            header: row.get("x-in").and_then(Value::as_str) == Some("header"),
            json: match row.get("x-json") {
                None => vec!["string".to_owned()],
                types => strings(types),
            },
            keeps_empty: flag(row, "x-empty"),
            group: flag(row, "x-group"),
            samples: strings(row.get("x-samples")),
        })
        .collect();
    let names = list.iter().map(|param| param.name.clone());
    let index: FxHashMap<String, usize> = names.zip(0..).collect();
    let mut form = index.clone();
    for (name, at) in &index {
        for (dot, _) in name.match_indices('.') {
            form.insert(format!("{}[{}]", &name[..dot], &name[dot + 1..]), *at);
        }
    }
    Params { list, index, form }
}
