//! Cases for the clauses about parameters: a valid request for each site of each clause, and the
//! same request with one defect.

use super::broken::{UNSAMPLED, broken_at, case_of, is_request_clause, prepared};
use super::edges;
use super::lacking::Lacking;
use super::made::Broken;
use super::params::{IDENTITY, agreeing, base_with, once, violations, with};
use super::working::{INIT, Working, accepted};
use crate::server::case::requests::request_to;
use crate::server::case::{Case, Encoding, Expect, Kind, Params, RequestTemplate};
use flexiti_contract::{Clause, Endpoint, ParameterSite, Rule, Rulebook};
use serde_json::Value;

/// The cases of a clause.
pub(super) fn cases(rulebook: &Rulebook, clause: &Clause, working: &Working) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for place in rulebook.sites(&clause.id) {
        if place.endpoint != Endpoint::Token && !working.has(place.endpoint) {
            continue;
        }
        let at = |what: &str| format!("{} {} {what}", place.endpoint.id(), place.param);
        for broken in broken_at(rulebook, clause, place, working).iter() {
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
            // The usual request comes first, since a finding shows that one.
            cases.extend(broken_case(rulebook, clause, place, broken, working));
            if broken.value.is_null() {
                cases.extend(edges::left_out(rulebook, clause, place, working, broken));
            }
        }
        if !UNSAMPLED.contains(&place.param.as_str()) && !clause.id.ends_with("required") {
            cases.extend(accepted_samples(rulebook, clause, place, working));
            cases.extend(edges::at_limit(rulebook, clause, place, working));
        }
        let lacking = Lacking {
            rulebook,
            clause,
            place,
            working,
        };
        cases.extend(lacking.cases());
        cases.extend(edges::empty(rulebook, clause, place, working));
        if place.param == "customer_id" {
            cases.extend(edges::identity(rulebook, clause, place, working));
        }
    }
    cases
}

/// The case for a request with a defect.
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

/// The clause that grants a valid request.
fn granted_by(endpoint: Endpoint, params: &Params) -> &'static str {
    let grant = params.iter().find(|(name, _)| name == "grant_type");
    match grant.and_then(|(_, grant)| grant.as_str()) {
        Some("refresh_token") => Rule::GrantRefresh.id(),
        Some("password") => Rule::GrantPassword.id(),
        _ => accepted(endpoint),
    }
}

/// The request in the preferred encoding, or in JSON if no other can carry it.
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
/// the parameter's last clause, the one about its format.
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
    let known = working
        .samples
        .values
        .get(&(place.endpoint, place.param.clone()));
    // Which customers exist is up to the server.
    let is_buyer = IDENTITY.contains(&place.param.as_str());
    let takes_none = known == Some(&None);
    if takes_none && is_buyer {
        return Vec::new();
    }
    let Some(base) = base_with(rulebook, working, place.endpoint, &place.param) else {
        return Vec::new();
    };
    let params = rulebook.contract().params(place.endpoint);
    let samples = params
        .iter()
        .find(|p| p.name == place.param)
        .map(|p| p.samples.clone());
    let mut cases = Vec::new();
    for sample in samples.unwrap_or_default() {
        let value = once(&place.param, &sample);
        let last_name = place.param.rsplit('.').next().unwrap_or_default();
        let contract = rulebook.contract();
        let documented = contract.documentation_of(place.endpoint, &place.param, &sample);
        let (must, clause) = match documented {
            Some((accepted, clause)) => (accepted, clause),
            None => (false, clause),
        };
        if takes_none && !must {
            continue;
        }
        let changed = if takes_none || working.samples.agreeing.contains(last_name) {
            agreeing(&base, &place.param, &value)
        } else {
            with(&base, &place.param, value)
        };
        if !violations(rulebook, place.endpoint, &changed).is_empty() {
            continue;
        }
        let mut forms = vec![(format!("`{sample}`"), changed, must)];
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
