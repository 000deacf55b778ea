//! Requests with exactly one defect, made from valid ones.

use super::made::{Base, Broken};
use super::params::{made, minimal, replaced, violations, with, without};
use super::typed::JsonTypes;
use super::working::{INIT, Working};
use crate::server::case::requests::token_request;
use crate::server::case::{Account, Case, Expect, Kind, Params, Payload, RequestTemplate, Step};
use flexiti_contract::{Check, Clause, Flow, ParameterSite, Rulebook};
use serde_json::{Value, json};
use std::sync::Arc;

/// Parameters whose samples do not work alone, or require other parameters.
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

/// Requests that break `clause` at `place` and nothing else, made from valid ones.
pub fn broken_at(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    working: &Working,
) -> Arc<[Broken]> {
    let made = &working.made;
    made.broken(rulebook, clause, place, || {
        made_of_valid(rulebook, clause, place, working).into()
    })
}

fn made_of_valid(
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
    let made = made(rulebook, working, place.endpoint);
    values
        .into_iter()
        .filter_map(|(name, value)| {
            made.iter().find_map(|Base { full: base, bare }| {
                let changed = |params: &Params| match value {
                    Value::Null => left_out(clause, place, params),
                    _ => replaced(params, &place.param, &value),
                };
                let params = changed(base);
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
                let is_meant = |less: &Params| {
                    // Leaving out `grant_type` is a clause of its own.
                    grants(less) == grants(&params)
                        && breaks_only(rulebook, clause, place, less)
                        && violations(rulebook, place.endpoint, &mend(less)).is_empty()
                };
                // Usually the defect needs no other parameters than the valid request does. But a
                // server that takes the flow for another one expects that one's parameters as well.
                let few = Some(changed(bare)).filter(is_meant);
                let params = match few {
                    _ if place.param == "flow" && !value.is_null() => params.clone(),
                    Some(few) => few,
                    None => minimal(&params, is_meant),
                };
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

/// The parameters without one; without both if either of two is enough.
pub(super) fn left_out(clause: &Clause, place: &ParameterSite, base: &Params) -> Params {
    if clause.id.ends_with(".identity") {
        return without(&without(base, "customer_id"), "vcc");
    }
    replaced(base, &place.param, &Value::Null)
}

/// The case for this request with a defect.
pub(super) fn case_of(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    broken: &Broken,
    request: RequestTemplate,
    name: &str,
) -> Case {
    // In JSON, text also has the wrong type if another type is required.
    let is_text = matches!(request.payload, Payload::Json(_)) && broken.value.is_string();
    let is_mistyped = is_text && JsonTypes::of(rulebook).wants(&place.param);
    let expect = Expect::Refused {
        param: clause
            .msg
            .filter(|_| !is_mistyped)
            .map(|_| place.param.clone()),
        header: None,
    };
    let contract = rulebook.contract();
    let case = Case::of_request(&clause.id, name, Kind::Negative, request, expect);
    let mut case = case.held_to(contract, clause);
    // The clause is documented, but this value may not be.
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
    // Apply needs no addresses, so a server may ignore them.
    let flow = broken.params.iter().find(|(name, _)| name == "flow");
    let flow = flow.and_then(|(_, flow)| rulebook.flow(flow.as_str()?));
    if flow == Some(Flow::Apply) && place.param.contains('.') {
        case.must = false;
    }
    prepared(case, &broken.params)
}

/// Adds what the parameters depend on: a token to refresh, an account with a known user.
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

/// The maximum length of a parameter.
pub(super) fn longest(rulebook: &Rulebook, place: &ParameterSite) -> Option<u64> {
    let properties = rulebook.request_schema(place.endpoint)?.get("properties")?;
    let constraints = properties.get(&place.param)?.get("allOf")?.as_array()?;
    let limits = constraints
        .iter()
        .filter_map(|one| one["maxLength"].as_u64());
    limits.min()
}

/// A sample padded at the end to this many characters.
pub(super) fn lengthened(sample: &str, length: u64) -> String {
    let length = usize::try_from(length).unwrap_or(0);
    let missing = length.saturating_sub(sample.chars().count());
    let filler = sample.chars().last().unwrap_or('a');
    sample
        .chars()
        .chain(std::iter::repeat_n(filler, missing))
        .collect()
}

/// Whether a request breaks `clause` at `place`, and nothing else.
pub(crate) fn breaks_only(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    params: &Params,
) -> bool {
    let found = violations(rulebook, place.endpoint, params);
    // One clause may be about two parameters.
    found.iter().any(|one| one.param == place.param)
        && found.iter().all(|one| one.clause == clause.id)
        && (found.len() == 1 || clause.id.ends_with(".identity"))
}

/// Whether the clause's predicate is a constraint on parameters.
pub fn is_request_clause(clause: &Clause) -> bool {
    clause.check == Check::Request
}
