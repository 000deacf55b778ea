//! Cases of the clauses that constrain parameters: for each place of each clause, a valid request
//! and the same request with one defect.

use super::edges;
use super::params::{bases, minimal, once, replaced, violations, with, without};
use super::working::{INIT, Working, accepted};
use crate::server::case::requests::{request_to, token_request};
use crate::server::case::{Account, Case, Encoding, Expect, Kind, Params, RequestTemplate, Step};
use flexiti_contract::{Check, Clause, Endpoint, Flow, ParameterSite, Rule, Rulebook};
use serde_json::{Value, json};

/// Parameters whose samples do not work by themselves, or require other parameters.
pub(super) const UNSAMPLED: &[&str] = &[
    "flow",
    "client_id",
    "clientId",
    "client_secret",
    "refresh_token",
    "username",
    "password",
];

const TOO_LONG: &str = "one character too long";

/// A request with exactly one defect.
#[derive(Debug, Clone)]
pub struct Broken {
    /// A name for the defect.
    pub name: String,
    /// The valid request it was made from.
    pub base: Params,
    /// The request.
    pub params: Params,
    /// The value of the broken parameter; null if it was removed.
    pub value: Value,
    /// The value is wrong by its length alone.
    pub too_long: bool,
}

/// The cases of a clause.
pub(super) fn cases(rulebook: &Rulebook, clause: &Clause, working: &Working) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for place in rulebook.sites(&clause.id) {
        if place.endpoint != Endpoint::Token && !working.has(place.endpoint) {
            continue;
        }
        let at = |what: &str| format!("{} {} {what}", place.endpoint.id(), place.param);
        for broken in broken_at(rulebook, clause, place, working) {
            let sibling = cases.iter().any(|case| {
                case.kind == Kind::Positive
                    && case.id.contains(&format!("/{} ", place.endpoint.id()))
            });
            if !sibling {
                let expect = Expect::Granted;
                if let Some(request) = encodable(place.endpoint, &broken.base, working) {
                    let mut case = Case::of_request(
                        &clause.id,
                        &at("as it should be"),
                        Kind::Positive,
                        request,
                        expect,
                    );
                    case.blame = Some(granted_by(place.endpoint, &broken.base).to_owned());
                    cases.push(prepared(case, &broken.base));
                }
            }
            if broken.value.is_null() {
                cases.extend(edges::left_out(rulebook, clause, place, working, &broken));
            }
            cases.extend(broken_case(rulebook, clause, place, &broken, working));
        }
        if !UNSAMPLED.contains(&place.param.as_str()) && !clause.id.ends_with("required") {
            cases.extend(accepted_samples(rulebook, clause, place, working));
            cases.extend(edges::at_limit(rulebook, clause, place, working));
        }
        cases.extend(edges::empty(rulebook, clause, place, working));
        if place.param == "customer_id" {
            cases.extend(edges::identity(rulebook, clause, place, working));
        }
    }
    cases
}

/// The parameters without one; without both where either of two is enough.
pub(super) fn left_out(clause: &Clause, place: &ParameterSite, base: &Params) -> Params {
    if clause.id.ends_with(".identity") {
        return without(&without(base, "customer_id"), "vcc");
    }
    replaced(base, &place.param, &Value::Null)
}

/// The case of a request with a defect.
pub fn broken_case(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    broken: &Broken,
    working: &Working,
) -> Option<Case> {
    let request = encodable(place.endpoint, &broken.params, working)?;
    let name = format!("{} {} {}", place.endpoint.id(), place.param, broken.name);
    Some(case_of(rulebook, clause, place, broken, request, &name))
}

/// The case of this request, which carries the defect.
pub(super) fn case_of(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    broken: &Broken,
    request: RequestTemplate,
    name: &str,
) -> Case {
    let expect = Expect::Refused {
        param: clause.msg.map(|_| place.param.clone()),
        header: None,
    };
    let contract = rulebook.contract();
    let case = Case::of_request(&clause.id, name, Kind::Negative, request, expect);
    let mut case = case.held_to(contract, clause);
    // The documentation speaks of the clause; of this value it may say nothing.
    match &broken.value {
        Value::String(text) if !broken.too_long => {
            let documented = contract.documented_value(place.endpoint, &place.param, text);
            case.must = documented == Some(false);
        }
        Value::Number(_) | Value::Bool(_) => {
            case.must = false;
            case.knob = Some("json_scalars".to_owned());
        }
        _ => {}
    }
    // Apply needs no addresses: a server may ignore them.
    let flow = broken.params.iter().find(|(name, _)| name == "flow");
    let flow = flow.and_then(|(_, flow)| rulebook.flow(flow.as_str()?));
    if flow == Some(Flow::Apply) && place.param.contains('.') {
        case.must = false;
    }
    prepared(case, &broken.params)
}

/// The clause that grants a valid request.
fn granted_by(endpoint: Endpoint, params: &Params) -> &'static str {
    let grant = params.iter().find(|(name, _)| name == "grant_type");
    match grant.and_then(|(_, grant)| grant.as_str()) {
        Some("refresh_token") => Rule::GrantRefresh.id(),
        Some("password") => Rule::GrantPassword.id(),
        _ => accepted(endpoint),
    }
}

/// Adds what the parameters presuppose: a token to refresh, an account whose user is known.
pub(super) fn prepared(mut case: Case, params: &Params) -> Case {
    let presupposes = |placeholder: &str| {
        let texts = params.iter().filter_map(|(_, value)| value.as_str());
        texts.into_iter().any(|text| text.starts_with(placeholder))
    };
    if presupposes("{{0/") {
        case.steps.insert(0, Step::Send(token_request()));
    }
    if presupposes("{{0/") || presupposes("{{username}}") {
        case.account = Account::Own;
    }
    case
}

/// In the preferred encoding, or in JSON if only JSON can express it.
fn encodable(endpoint: Endpoint, params: &Params, working: &Working) -> Option<RequestTemplate> {
    if !INIT.contains(&endpoint) {
        return request_to(endpoint, params, Encoding::FormDotted);
    }
    let json = || {
        let carried = working.carries(Encoding::Json);
        carried
            .then(|| request_to(endpoint, params, Encoding::Json))
            .flatten()
    };
    request_to(endpoint, params, working.preferred()).or_else(json)
}

/// Every sample of a parameter that the dialect allows must be accepted. A refusal counts against
/// the last clause of the parameter, the one about its form.
fn accepted_samples(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    working: &Working,
) -> Vec<Case> {
    let about_form = |clause: &&Clause| {
        is_request_clause(clause)
            && !clause.id.ends_with("required")
            && rulebook.sites(&clause.id).contains(place)
    };
    if rulebook
        .clauses()
        .filter(about_form)
        .last()
        .map(|last| &last.id)
        != Some(&clause.id)
    {
        return Vec::new();
    }
    let Some(base) = bases(rulebook, working, place.endpoint).into_iter().next() else {
        return Vec::new();
    };
    let params = rulebook.contract().params(place.endpoint);
    let samples = params
        .iter()
        .find(|p| p.name == place.param)
        .map(|p| p.samples.clone());
    let mut cases = Vec::new();
    for sample in samples.unwrap_or_default() {
        let changed = with(&base, &place.param, once(&place.param, &sample));
        if !violations(rulebook, place.endpoint, &changed).is_empty() {
            continue;
        }
        let contract = rulebook.contract();
        let documented = contract.documented_value(place.endpoint, &place.param, &sample);
        let mut forms = vec![(format!("`{sample}`"), changed, documented == Some(true))];
        let typed: Option<Value> = serde_json::from_str(&sample).ok();
        if let Some(value) = typed.filter(|value| value.is_number() || value.is_boolean()) {
            // Also as a JSON number or boolean, if the type allows one.
            let changed = with(&base, &place.param, value);
            if violations(rulebook, place.endpoint, &changed).is_empty() {
                forms.push((format!("{sample} in JSON"), changed, false));
            }
        }
        for (what, params, must) in forms {
            let name = format!("{} {} {what}", place.endpoint.id(), place.param);
            if let Some(request) = encodable(place.endpoint, &params, working) {
                let expect = Expect::Granted;
                let case = Case::of_request(&clause.id, &name, Kind::Positive, request, expect);
                cases.push(Case {
                    must,
                    ..case.held_to(contract, clause)
                });
            }
        }
    }
    cases
}

/// Requests that break `clause` at `place` and nothing else, made from valid ones.
pub fn broken_at(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    working: &Working,
) -> Vec<Broken> {
    let contract = rulebook.contract();
    let Some(param) = contract.param(place.endpoint, &place.param) else {
        return Vec::new();
    };
    let limit = longest(rulebook, place);
    let long = param
        .samples
        .first()
        .map(|sample| lengthened(sample, limit.unwrap_or(0).saturating_add(1)));
    let mut values: Vec<(String, Value)> = vec![("left out".to_owned(), Value::Null)];
    values.extend(
        param
            .samples
            .iter()
            .map(|text| (format!("`{text}`"), json!(text))),
    );
    values.extend(long.map(|text| (TOO_LONG.to_owned(), json!(text))));
    if !param.header && INIT.contains(&place.endpoint) {
        values.push(("a JSON array".to_owned(), json!(["a"])));
        values.push(("a JSON object".to_owned(), json!({"a": "b"})));
        values.push(("a JSON number".to_owned(), json!(7)));
        values.push(("a JSON boolean".to_owned(), json!(true)));
    }
    let bases = bases(rulebook, working, place.endpoint);
    values
        .into_iter()
        .filter_map(|(name, value)| {
            bases.iter().find_map(|base| {
                let params = match value {
                    Value::Null => left_out(clause, place, base),
                    _ => replaced(base, &place.param, &value),
                };
                if !breaks_only(rulebook, clause, place, &params) {
                    return None;
                }
                let gone = |name: &String| !params.iter().any(|(known, _)| known == name);
                let kept: Params = base
                    .iter()
                    .filter(|(name, _)| *name == place.param || gone(name))
                    .cloned()
                    .collect();
                let mend = |less: &Params| {
                    let bare = without(less, &place.param);
                    kept.iter().fold(bare, |params, (name, value)| {
                        with(&params, name, value.clone())
                    })
                };
                let grants = |params: &Params| params.iter().any(|(name, _)| name == "grant_type");
                let params = minimal(&params, |less| {
                    // Leaving out `grant_type` is a clause of its own.
                    grants(less) == grants(&params)
                        && breaks_only(rulebook, clause, place, less)
                        && violations(rulebook, place.endpoint, &mend(less)).is_empty()
                });
                Some(Broken {
                    too_long: name == TOO_LONG,
                    name: name.clone(),
                    base: mend(&params),
                    params,
                    value: value.clone(),
                })
            })
        })
        .collect()
}

/// The maximum length of a parameter.
pub(super) fn longest(rulebook: &Rulebook, place: &ParameterSite) -> Option<u64> {
    let properties = rulebook.request_schema(place.endpoint)?.get("properties")?;
    let constraints = properties.get(&place.param)?.get("allOf")?.as_array()?;
    let limits = constraints
        .iter()
        .filter_map(|one| one["maxLength"].as_u64());
    limits.min()
}

/// Whether a request breaks `clause` at `place`, and nothing else.
pub(crate) fn breaks_only(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    params: &Params,
) -> bool {
    let found = violations(rulebook, place.endpoint, params);
    // One clause may name two parameters.
    found.iter().any(|one| one.param == place.param)
        && found.iter().all(|one| one.clause == clause.id)
        && (found.len() == 1 || clause.id.ends_with(".identity"))
}

/// A sample repeated at its end until it has so many characters.
pub(super) fn lengthened(sample: &str, length: u64) -> String {
    let length = usize::try_from(length).unwrap_or(0);
    let missing = length.saturating_sub(sample.chars().count());
    let filler = sample.chars().last().unwrap_or('a');
    sample
        .chars()
        .chain(std::iter::repeat_n(filler, missing))
        .collect()
}

/// Whether the clause's predicate is a constraint on parameters.
pub fn is_request_clause(clause: &Clause) -> bool {
    clause.check == Check::Request
}
