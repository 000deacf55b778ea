//! The questions about tokens.

use crate::server::case::requests::{REFERENCE_ID, token_params, token_request};
use crate::server::case::{Encoding, FORM, Params, Payload, RequestTemplate, encode, requests};
use crate::server::plan::replaced;
use crate::server::probe::heard::Heard;
use crate::server::probe::prober::Prober;
use crate::server::probe::questions::values::fit;
use crate::server::wire::Stopped;
use flexiti_contract::Endpoint;
use serde_json::{Value, json};

/// The members of a token answer, as the reference prints them.
const MEMBERS: [&str; 5] = [
    "token_type",
    "access_token",
    "expires_in",
    "refresh_token",
    "scope",
];

/// A token request with other values; null removes a parameter.
fn with(changes: &[(&str, Value)]) -> (Params, RequestTemplate) {
    let params = changes
        .iter()
        .fold(token_params(), |params, (name, value)| {
            replaced(&params, name, value)
        });
    let request = requests::request_to(Endpoint::Token, &params, Encoding::FormDotted);
    (params, request.unwrap_or_else(token_request))
}

fn refresh(token: &str) -> RequestTemplate {
    with(&[
        ("grant_type", json!("refresh_token")),
        ("refresh_token", json!(token)),
    ])
    .1
}

/// Sends a token request with one defect.
fn defect(prober: &mut Prober<'_, '_>, changes: &[(&str, Value)]) -> Result<Heard, Stopped> {
    let (params, request) = with(changes);
    prober.defect(Endpoint::Token, params, request)
}

/// Whether a token is deliberately something other than 40 hexadecimal digits. A few digits
/// missing, or upper case, are a mistake.
fn is_opaque(token: &str) -> bool {
    let is_hex = token.bytes().all(|byte| byte.is_ascii_hexdigit());
    token.bytes().all(|byte| byte.is_ascii_graphic()) && (!is_hex || token.len() >= 64)
}

/// The first token, on which everything depends. False if there is none.
pub fn first(prober: &mut Prober<'_, '_>) -> Result<bool, Stopped> {
    let heard = prober.ask(token_request())?;
    if !heard.granted() || !heard.json()["access_token"].is_string() {
        return Ok(false);
    }
    let body = heard.json();
    if let Some(kind) = body["token_type"].as_str() {
        prober.note("token_type", kind, &heard);
    }
    if let Some(seconds) = body["expires_in"].as_u64() {
        prober.note("token_ttl", seconds, &heard);
    }
    let tokens = ["access_token", "refresh_token"].map(|name| body[name].as_str());
    let shape = if tokens.into_iter().flatten().any(is_opaque) {
        "opaque"
    } else {
        "hex40"
    };
    prober.note("token_shape", shape, &heard);
    let stored = heard.header("cache-control");
    let no_store = stored.is_some_and(|value| value.contains("no-store"));
    prober.note("no_store", no_store, &heard);
    let names: Vec<&String> = body
        .as_object()
        .into_iter()
        .flat_map(|o| o.keys())
        .collect();
    let known: Vec<&str> = names
        .iter()
        .map(|name| name.as_str())
        .filter(|name| MEMBERS.contains(name))
        .collect();
    let more = known.len() < names.len();
    let unknown = names
        .iter()
        .filter(|name| !MEMBERS.contains(&name.as_str()));
    prober.undocumented = unknown.map(|name| (*name).clone()).collect();
    prober.note(
        "response_members",
        if more { "more" } else { "documented" },
        &heard,
    );
    prober.note("scope_in_answer", known.contains(&"scope"), &heard);
    let printed: Vec<&str> = MEMBERS
        .into_iter()
        .filter(|name| known.contains(name))
        .collect();
    if known == printed {
        prober.note("response_member_order", "documented", &heard);
    } else if known.iter().rev().eq(&printed) {
        prober.note("response_member_order", "reversed", &heard);
    }
    Ok(true)
}

pub fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    parameters(prober)?;
    credentials(prober)?;
    bodies(prober)?;
    refreshing(prober)
}

fn parameters(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let params = prober.contract.param(Endpoint::Token, REFERENCE_ID);
    let samples = params.map_or(&[][..], |param| &param.samples);
    let mut seen = Vec::new();
    for sample in samples {
        let heard = defect(prober, &[(REFERENCE_ID, json!(sample))])?;
        let long = sample.chars().count() > 36;
        if long {
            if heard.granted() {
                prober
                    .answers
                    .note_entry("max_lengths", REFERENCE_ID, None, &heard);
            }
        } else if let Some(granted) = heard.outcome() {
            seen.push((sample.clone(), granted, heard));
        }
    }
    fit(prober, "reference_id_pattern", &seen);
    let without = defect(prober, &[(REFERENCE_ID, Value::Null)])?;
    if let Some(granted) = without.outcome() {
        prober.note("reference_id_required", !granted, &without);
    }
    let mut grants = Vec::new();
    let param = prober.contract.param(Endpoint::Token, "grant_type");
    for sample in param.map_or(&[][..], |param| &param.samples) {
        if sample == "password" {
            continue;
        }
        let heard = defect(prober, &[("grant_type", json!(sample))])?;
        if let Some(granted) = heard.outcome() {
            grants.push((sample.clone(), granted, heard));
        }
    }
    fit(prober, "grant_type_values", &grants);
    let heard = defect(prober, &[("grant_type", Value::Null)])?;
    if let Some(granted) = heard.outcome() {
        prober.note("grant_type_required", !granted, &heard);
    }
    for lacking in ["client_id", "client_secret"] {
        defect(prober, &[(lacking, Value::Null)])?;
    }
    defect(prober, &[("scope", json!("admin"))])?;
    Ok(())
}

fn credentials(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let wrong = ("client_secret", json!("xxxxxx"));
    let secret = prober.ask(with(std::slice::from_ref(&wrong)).1)?;
    let client = prober.ask(with(&[("client_id", json!("xxxxxx")), wrong]).1)?;
    if secret.refused() && client.refused() {
        let say = |heard: &Heard| (heard.status(), heard.word(), heard.sentence());
        let same = say(&secret) == say(&client);
        prober.note(
            "unknown_client",
            if same { "same" } else { "told_apart" },
            &client,
        );
        prober.answers.refused("client_unknown", &secret);
    }
    let bare = with(&[("client_id", Value::Null), ("client_secret", Value::Null)]).1;
    let basic = |value: &str| bare.clone().header("authorization", value);
    let own = prober.ask(basic("Basic {{basic}}"))?;
    let encoded = prober.ask(basic("Basic {{basic_form}}"))?;
    if let (Some(raw), Some(form)) = (own.outcome(), encoded.outcome()) {
        prober.note("accept_basic", raw || form, &own);
        // They differ only if a secret has characters that forms escape.
        let sent = |heard: &Heard| {
            let headers = &heard.exchanges.last()?.sent_headers;
            let own = headers.iter().find(|(name, _)| name == "authorization")?;
            Some(own.1.clone())
        };
        let answer = match (raw, form) {
            (true, true) => Some("either"),
            (true, false) => Some("raw"),
            (false, true) => Some("form"),
            (false, false) => None,
        };
        if let Some(answer) = answer.filter(|_| sent(&own) != sent(&encoded)) {
            prober.note("basic_encoding", answer, &encoded);
        }
    }
    let user = with(&[
        ("grant_type", json!("password")),
        ("username", json!("{{username}}")),
        ("password", json!("{{password}}")),
    ]);
    let heard = prober.ask(user.1)?;
    if let Some(granted) = heard.outcome() {
        prober.note("accept_password_grant", granted, &heard);
    }
    Ok(())
}

/// Which of two values is read, if answers do not name the scope.
fn which_of_two(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let mut twice = token_params();
    twice.push(("client_secret".to_owned(), json!("xxxxxx")));
    let twice = requests::request_to(Endpoint::Token, &twice, Encoding::FormDotted);
    let heard = prober.ask(twice.unwrap_or_else(token_request))?;
    if let Some(granted) = heard.outcome() {
        let answer = if granted { "first" } else { "last" };
        prober.note("token_repeated_parameters", answer, &heard);
    }
    Ok(())
}

fn query(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let scope = |scope: &str| RequestTemplate {
        query: vec![("scope".to_owned(), scope.to_owned())],
        ..with(&[("scope", Value::Null)]).1
    };
    let heard = prober.ask(scope("customer"))?;
    match heard.json()["scope"].as_str() {
        Some("customer") => prober.note("token_query", "read", &heard),
        Some("merchant") => prober.note("token_query", "ignored", &heard),
        _ if heard.granted() => {
            let heard = prober.ask(scope("admin"))?;
            if let Some(granted) = heard.outcome() {
                let answer = if granted { "ignored" } else { "read" };
                prober.note("token_query", answer, &heard);
            }
        }
        _ => {}
    }
    Ok(())
}

fn bodies(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let json = RequestTemplate {
        payload: encode(&token_params(), Encoding::Json).unwrap_or(Payload::None),
        ..token_request()
    };
    let heard = prober.ask(json)?;
    if let Some(granted) = heard.outcome() {
        prober.note(
            "token_json_body",
            if granted { "accept" } else { "refuse" },
            &heard,
        );
        if !granted {
            prober.answers.refused("not_a_form", &heard);
        }
    }
    let mut twice = token_params();
    twice.push(("scope".to_owned(), json!("customer")));
    let twice = requests::request_to(Endpoint::Token, &twice, Encoding::FormDotted);
    let heard = prober.ask(twice.unwrap_or_else(token_request))?;
    if heard.refused() {
        prober.note("token_repeated_parameters", "refuse", &heard);
        prober.answers.refused("repeated_parameter", &heard);
    } else {
        match heard.json()["scope"].as_str() {
            Some("customer") => prober.note("token_repeated_parameters", "last", &heard),
            Some("merchant") => prober.note("token_repeated_parameters", "first", &heard),
            _ if heard.granted() => which_of_two(prober)?,
            _ => {}
        }
    }
    query(prober)?;
    let origin = token_request().header("origin", "https://shop.example.com");
    let heard = prober.ask(origin)?;
    if heard.granted() {
        let allowed = heard.header("access-control-allow-origin").is_some();
        prober.note("cors", allowed, &heard);
    }
    let get = RequestTemplate {
        method: "GET".to_owned(),
        ..RequestTemplate::post("/oauth/token", Payload::None)
    };
    let heard = prober.ask(get)?;
    if heard.refused() {
        prober.answers.refused("method_not_allowed", &heard);
    }
    let heard = prober.ask(RequestTemplate {
        method: "GET".to_owned(),
        ..RequestTemplate::post("/oauth/tokens", Payload::None)
    })?;
    if let Some(answer) = heard.answer().filter(|_| heard.refused()) {
        let html = answer.is("text/html");
        prober.note(
            "unknown_path_body",
            if html { "html" } else { "json" },
            &heard,
        );
        prober.answers.refused("not_found", &heard);
    }
    // A body that is declared as a form, but is none.
    let garbled = RequestTemplate {
        payload: Payload::Bytes(b"client_id".to_vec()),
        ..token_request()
    };
    prober.ask(garbled.header("content-type", FORM))?;
    Ok(())
}

fn refreshing(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let first = "{{0/refresh_token}}";
    let once = prober.ask_after(vec![token_request()], refresh(first))?;
    if !once.granted() {
        return Ok(());
    }
    let again = prober.ask_after(vec![token_request(), refresh(first)], refresh(first))?;
    if let Some(granted) = again.outcome() {
        prober.note("rotate_refresh", !granted, &again);
    }
    let access = prober.ask_after(vec![token_request()], refresh("{{0/access_token}}"))?;
    if let Some(granted) = access.outcome() {
        let holds = if granted {
            "refresh_or_access_token"
        } else {
            "refresh_token"
        };
        prober.note("refresh_token_holds", holds, &access);
    }
    let unknown = prober.ask(refresh("0123456789abcdef0123456789abcdef01234567"))?;
    if unknown.refused() {
        prober.answers.refused("refresh_token_invalid", &unknown);
    }
    let missing = defect(prober, &[("grant_type", json!("refresh_token"))])?;
    if missing.refused() {
        prober.answers.refused("refresh_token_missing", &missing);
    }
    Ok(())
}
