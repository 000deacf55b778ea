//! Edge cases of clauses about parameters: exactly at the limit, empty, or left out in each flow,
//! grant and encoding.

use super::broken::{
    UNSAMPLED, breaks_only, left_out as without_it, lengthened, longest, prepared,
};
use super::made::Broken;
use super::params::{IDENTITY, base_with, bases, violations, with};
use super::working::{INIT, Working};
use crate::server::case::requests::request_to;
use crate::server::case::{Case, Encoding, Expect, Kind, Params};
use flexiti_contract::{Clause, Endpoint, Flow, ParameterSite, Rule, Rulebook};
use serde_json::json;

/// Parameters that may never be empty, whatever an empty value means.
const NEVER_EMPTY: [&str; 5] = [
    "client_id",
    "client_secret",
    "lang",
    "flow",
    "amount_requested",
];

/// The encodings to use for an endpoint.
pub(super) fn encodings(endpoint: Endpoint, working: &Working) -> Vec<Encoding> {
    if INIT.contains(&endpoint) {
        working.encodings.clone()
    } else {
        vec![Encoding::FormDotted]
    }
}

/// The kind of request that these parameters make: its flow or grant.
pub(super) fn kind_of(rulebook: &Rulebook, params: &Params) -> String {
    let text = |name: &str| {
        let found = params.iter().find(|(param, _)| param == name);
        found.and_then(|(_, value)| value.as_str())
    };
    let flow: Option<Flow> = text("flow").and_then(|flow| rulebook.flow(flow));
    match (flow, text("grant_type")) {
        (Some(flow), _) => format!("{flow:?}"),
        (None, Some(grant)) => grant.to_owned(),
        (None, None) => "any".to_owned(),
    }
}

/// A documented parameter left out in each flow or grant that needs it, in each encoding, except
/// for the combination that every defect is tried in.
pub(super) fn left_out(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    working: &Working,
    broken: &Broken,
) -> Vec<Case> {
    let mut cases = Vec::new();
    let tried = (kind_of(rulebook, &broken.params), working.preferred());
    for base in bases(rulebook, working, place.endpoint) {
        let params = without_it(clause, place, &base);
        if !breaks_only(rulebook, clause, place, &params) {
            continue;
        }
        let kind = kind_of(rulebook, &base);
        for encoding in encodings(place.endpoint, working) {
            if (kind.clone(), encoding) == tried {
                continue;
            }
            let Some(request) = request_to(place.endpoint, &params, encoding) else {
                continue;
            };
            let name = format!(
                "{} {} left out, {kind} as {encoding:?}",
                place.endpoint.id(),
                place.param
            );
            let expect = Expect::Refused {
                param: clause.msg.map(|_| place.param.clone()),
                header: None,
            };
            let case = Case::of_request(&clause.id, &name, Kind::Negative, request, expect);
            cases.push(prepared(case.held_to(rulebook.contract(), clause), &params));
        }
    }
    cases
}

/// A required parameter sent empty: however that is read, the request is invalid.
pub(super) fn empty(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    working: &Working,
) -> Vec<Case> {
    if !clause.id.ends_with(".required") || !NEVER_EMPTY.contains(&place.param.as_str()) {
        return Vec::new();
    }
    let Some(base) = bases(rulebook, working, place.endpoint).into_iter().next() else {
        return Vec::new();
    };
    let params = with(&base, &place.param, json!(""));
    let mut cases = Vec::new();
    for encoding in encodings(place.endpoint, working) {
        let request = request_to(place.endpoint, &params, encoding);
        // If the dialect treats an empty value as a value, another clause refuses it.
        let is_broken = rulebook.is_active(Rule::EmptyAbsent.id())
            && breaks_only(rulebook, clause, place, &without_it(clause, place, &base));
        if let Some(request) = request.filter(|_| is_broken) {
            let name = format!(
                "{} {} empty as {encoding:?}",
                place.endpoint.id(),
                place.param
            );
            let case = Case::of_request(
                &clause.id,
                &name,
                Kind::Negative,
                request,
                Expect::NotGranted,
            );
            cases.push(case.held_to(rulebook.contract(), clause));
        }
    }
    cases
}

/// A value exactly at the limit, which must be accepted.
pub(super) fn at_limit(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    working: &Working,
) -> Vec<Case> {
    let contract = rulebook.contract();
    let param = contract.param(place.endpoint, &place.param);
    let sample = param.and_then(|param| working.samples.of(place.endpoint, param));
    let (Some(sample), Some(limit)) = (sample, longest(rulebook, place)) else {
        return Vec::new();
    };
    // The format of a trace id is the subject of another clause.
    let is_header = param.is_some_and(|param| param.header);
    if is_header || !clause.id.ends_with(".length") || UNSAMPLED.contains(&place.param.as_str()) {
        return Vec::new();
    }
    // No page says whom a server knows: anyone may apply.
    let is_buyer = IDENTITY.contains(&place.param.as_str());
    let own = bases(rulebook, working, place.endpoint);
    let apply = own.iter().find(|base| {
        let is_apply = kind_of(rulebook, base) == "Apply";
        is_apply && base.iter().any(|(name, _)| *name == place.param)
    });
    let is_bound = !is_buyer || apply.is_some();
    let base = match apply.filter(|_| is_buyer) {
        Some(apply) => Some(apply.clone()),
        None => base_with(rulebook, working, place.endpoint, &place.param),
    };
    let Some(base) = base else {
        return Vec::new();
    };
    let params = with(&base, &place.param, json!(lengthened(sample, limit)));
    if !violations(rulebook, place.endpoint, &params).is_empty() {
        return Vec::new();
    }
    let mut cases = Vec::new();
    for encoding in encodings(place.endpoint, working) {
        if let Some(request) = request_to(place.endpoint, &params, encoding) {
            let name = format!(
                "{} {} of {limit} characters as {encoding:?}",
                place.endpoint.id(),
                place.param
            );
            let expect = Expect::Granted;
            let case = Case::of_request(&clause.id, &name, Kind::Positive, request, expect);
            let mut case = case.held_to(contract, clause);
            // Whether this encoding carries everything is a separate question.
            case.must &= is_bound && encoding == working.preferred();
            cases.push(case);
        }
    }
    cases
}

/// Either of the two parameters that identify the buyer is enough.
pub(super) fn identity(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    working: &Working,
) -> Vec<Case> {
    if !clause.id.ends_with(".identity") {
        return Vec::new();
    }
    let contract = rulebook.contract();
    let sample = |name: &str| {
        let param = contract.param(place.endpoint, name)?;
        working.samples.of(place.endpoint, param)
    };
    // What these parameters may hold, and whom the server knows, is open: only a value that it
    // accepted before in this flow binds it.
    let is_taken = |base: &Params, name: &str| {
        let known = &working.samples.values;
        let is_known = matches!(known.get(&(place.endpoint, name.to_owned())), Some(Some(_)));
        is_known && base.iter().any(|(own, _)| own == name)
    };
    let mut cases = Vec::new();
    for base in bases(rulebook, working, place.endpoint) {
        // A flow that needs neither shows nothing.
        if !breaks_only(rulebook, clause, place, &without_it(clause, place, &base)) {
            continue;
        }
        for name in IDENTITY {
            let Some(sample) = sample(name) else {
                continue;
            };
            let params = with(&without_it(clause, place, &base), name, json!(sample));
            let is_valid = violations(rulebook, place.endpoint, &params).is_empty();
            let request = request_to(place.endpoint, &params, working.preferred());
            if let Some(request) = request.filter(|_| is_valid) {
                let kind = kind_of(rulebook, &base);
                let param = name;
                let name = format!("{} {param} alone, {kind}", place.endpoint.id());
                let expect = Expect::Granted;
                let case = Case::of_request(&clause.id, &name, Kind::Positive, request, expect);
                let mut case = case.held_to(contract, clause);
                case.must &= is_taken(&base, param);
                cases.push(case);
            }
        }
    }
    cases
}
