//! Generated cases: valid requests in every encoding, valid requests with one defect, and garbage.
//! Failures are shrunk to a minimal request.

mod playing;
mod sources;

pub use playing::{Player, Smaller};
pub use sources::{Sources, drawn, rng};

use super::case::{
    Case, Encoding, Expect, FORM, Kind, Params, Payload, RequestTemplate, To, requests,
};
use super::course::{self, World};
use super::plan::{self, Broken, Working};
use flexiti_contract::{Clause, Endpoint, ParameterSite, Rulebook};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::TestRng;
use serde_json::{Value, json};
use std::sync::Arc;

/// Characters of generated text: scripts and symbols that commonly break form handling.
const LETTERS: &[char] = &[
    'a', 'b', 'Z', '0', '9', ' ', '-', '.', '\'', '"', '&', '=', '+', '%', '<', ';', '/', '\\',
    '#', '{', '[', 'é', 'Ç', 'œ', '’', '語', 'Ω', '\u{200f}', '🧾',
];

/// Every answer of a course must follow from the moves before it. Returns the shortest course that
/// violates this.
pub fn course(
    world: &World<'_>,
    cases: u32,
    rng: TestRng,
    player: &mut dyn Player,
) -> Option<Case> {
    // Shrunk as moves, since a step's references change with the steps before it.
    let strategy = course::moves().prop_map(|moves| course::case(world, &moves));
    playing::run(&strategy, cases, rng, player)
}

/// Valid requests in one encoding must succeed. Returns the minimal one that does not.
pub fn valid(
    rulebook: &Arc<Rulebook>,
    working: &Working,
    endpoint: Endpoint,
    encoding: Encoding,
    cases: u32,
    rng: TestRng,
    player: &mut dyn Player,
) -> Option<Case> {
    let clause = plan::accepted(endpoint);
    let strategy = valid_params(rulebook, working, endpoint)
        .prop_filter_map("the encoding cannot carry it", move |params| {
            let request = requests::request_to(endpoint, &params, encoding)?;
            let name = format!("generated {} {encoding:?}", endpoint.id());
            let mut case =
                Case::of_request(clause, &name, Kind::Positive, request, Expect::Granted);
            if plan::INIT.contains(&endpoint) {
                case.blame = Some(encoding.clause().to_owned());
            }
            Some(case)
        })
        .boxed();
    playing::run(&strategy, cases, rng, player)
}

/// Valid requests with one clause broken must be refused with its error. Returns the minimal one
/// that is not; requests that shrinking makes valid, or broken in another way, are discarded.
pub fn broken(
    rulebook: &Arc<Rulebook>,
    clause: &Clause,
    place: &ParameterSite,
    working: &Working,
    cases: u32,
    rng: TestRng,
    player: &mut dyn Player,
) -> Option<Case> {
    let known = plan::broken_at(rulebook, clause, place, working);
    let playable =
        |one: &Broken| plan::broken_case(rulebook, clause, place, one, working).is_some();
    if !known.iter().any(playable) {
        return None;
    }
    let bad = bad_values(&known)?;
    let bases = plan::bases(rulebook, working, place.endpoint);
    let (clause, place, working) = (clause.clone(), place.clone(), working.clone());
    let judge = Arc::clone(rulebook);
    let strategy = (
        select(bases),
        proptest::collection::vec(any::<bool>(), 40),
        bad,
    )
        .prop_filter_map("it breaks something else", move |(base, keep, value)| {
            let changed = plan::replaced(&base, &place.param, &value);
            let thinned = plan::thinned(&changed, &place.param, &keep);
            let params = [thinned, changed]
                .into_iter()
                .find(|params| plan::breaks_only(&judge, &clause, &place, params))?;
            let name = "generated".to_owned();
            let broken = Broken {
                name,
                base,
                params,
                value,
                too_long: false,
            };
            plan::broken_case(&judge, &clause, &place, &broken, &working)
        })
        .boxed();
    playing::run(&strategy, cases, rng, player)
}

/// No request may lead to a 5xx. Returns the minimal one that does.
pub fn garbage(cases: u32, rng: TestRng, player: &mut dyn Player) -> Option<Case> {
    let paths = vec![
        "/oauth/token",
        "/online/v2/client-id/{{client_id}}/systems/init",
        "/online/client-id/{{client_id}}/systems/init",
        "/online/client-id/%00%ff/systems/init",
        "/online/client-id/a/notifications/order-id/1",
        "/online/client-id/{{client_id}}/notifications/merchant-order-id/%00%ff",
        "/online/v2/client-id/{{client_id}}/systems/payment-calculator",
        "/",
    ];
    let types = vec![
        Some(FORM),
        Some("application/json"),
        Some("application/json; charset=utf-16"),
        Some("multipart/form-data; boundary=x"),
        Some("text/;=;"),
        None,
    ];
    let methods = vec![
        "POST", "POST", "POST", "GET", "PUT", "HEAD", "OPTIONS", "TRACE",
    ];
    let bearer = vec![
        "Bearer {{token}}",
        "Bearer {{token}}",
        "Bearer",
        "bearer x",
        "Basic !!",
        "Basic QQ==",
    ];
    let body = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300),
        text(200).prop_map(String::into_bytes),
        text(60).prop_map(|text| format!("{{\"lang\":\"fr\",\"flow\":{text}").into_bytes()),
        text(60).prop_map(
            |text| format!("flow=apply&lang={text}&amount_requested[]=1&=&%").into_bytes()
        ),
    ];
    let strategy = (
        select(paths),
        select(types),
        select(methods),
        select(bearer),
        body,
    )
        .prop_map(|(path, media_type, method, bearer, body)| {
            let mut request = RequestTemplate {
                method: method.to_owned(),
                to: To::Path(path.to_owned()),
                ..RequestTemplate::post("", Payload::Bytes(body))
            }
            .header("authorization", bearer)
            .header(requests::REFERENCE_ID, "{{reference_id}}");
            if let Some(media_type) = media_type {
                request = request.header("content-type", media_type);
            }
            Case::of_request(
                "http.robust",
                "generated",
                Kind::Negative,
                request,
                Expect::Alive,
            )
        })
        .boxed();
    playing::run(&strategy, cases, rng, player)
}

fn text(longest: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(select(LETTERS), 1..longest)
        .prop_map(|letters| letters.into_iter().collect())
}

/// Valid parameters: a flow's full request with optional parameters removed at random, using
/// samples, or free text where allowed.
fn valid_params(
    rulebook: &Arc<Rulebook>,
    working: &Working,
    endpoint: Endpoint,
) -> BoxedStrategy<Params> {
    let contract = rulebook.contract();
    let bases: Vec<Params> = if endpoint == Endpoint::Token {
        vec![requests::token_params()]
    } else {
        plan::bases(rulebook, working, endpoint)
    };
    let allowed = |name: &str, value: &str| {
        let sent = json!({ name: value });
        let violations = rulebook.check(endpoint, &sent);
        !violations.iter().any(|v| v.param == name)
    };
    let fixed = [
        "flow",
        "client_id",
        "clientId",
        "client_secret",
        "grant_type",
    ];
    let values: Vec<(String, Vec<String>, bool)> = contract
        .params(endpoint)
        .iter()
        .filter(|param| !param.group && !fixed.contains(&param.name.as_str()))
        .map(|param| {
            let name = param.name.as_str();
            let samples = param
                .samples
                .iter()
                .filter(|text| allowed(name, text))
                .cloned()
                .collect();
            let free = ["Xy z", "é", "7 %&=+", "語"]
                .iter()
                .all(|text| allowed(name, text));
            (param.name.clone(), samples, free && !param.header)
        })
        .filter(|(_, samples, _): &(String, Vec<String>, bool)| !samples.is_empty())
        .collect();
    let judge = Arc::clone(rulebook);
    let picks: Vec<BoxedStrategy<(String, Value)>> = values
        .into_iter()
        .map(|(name, samples, free)| {
            let sample = select(samples);
            let value = if free {
                prop_oneof![sample, text(30)].boxed()
            } else {
                sample.boxed()
            };
            value
                .prop_map(move |text| (name.clone(), plan::once(&name, &text)))
                .boxed()
        })
        .collect();
    (
        select(bases),
        picks,
        proptest::collection::vec(any::<bool>(), 40),
    )
        .prop_map(move |(base, picks, keep)| {
            let known: Vec<(String, Value)> = picks
                .into_iter()
                .filter(|(name, _)| base.iter().any(|(param, _)| param == name))
                .collect();
            let full = known.into_iter().fold(base, |params, (name, value)| {
                plan::replaced(&params, &name, &value)
            });
            // Required parameters stay, and one may require another. Leaving out `grant_type` is a
            // clause of its own.
            let mut params = plan::thinned(&full, "grant_type", &keep);
            loop {
                let missing = plan::violations(&judge, endpoint, &params);
                let wanted = |name: &str| {
                    params.iter().any(|(param, _)| param == name)
                        || missing.iter().any(|violation| violation.param == name)
                };
                let more: Params = full
                    .iter()
                    .filter(|(name, _)| wanted(name))
                    .cloned()
                    .collect();
                if more.len() == params.len() {
                    // Either of two parameters may be required, whichever the refusal names.
                    let valid = plan::violations(&judge, endpoint, &params).is_empty();
                    return if valid { params } else { full };
                }
                params = more;
            }
        })
        .boxed()
}

/// Values that break a parameter: the known ones, and free text.
fn bad_values(known: &[Broken]) -> Option<BoxedStrategy<Value>> {
    let values: Vec<Value> = known.iter().map(|broken| broken.value.clone()).collect();
    if values.is_empty() {
        return None;
    }
    let takes_text = values.iter().any(Value::is_string);
    let known = select(values);
    Some(if takes_text {
        prop_oneof![3 => known, 1 => text(40).prop_map(Value::from)].boxed()
    } else {
        known.boxed()
    })
}
