//! The admin API under `/__admin`: never part of what is emulated.

mod faults;
mod orders;
mod requests;

use crate::app::App;
use crate::body::{Form, FormRules};
use crate::clock::Millis;
use crate::config::MerchantConfig;
use crate::fault::Faults;
use crate::reply::Reply;
use crate::request::{Body, Request};
use crate::route::decode;
use crate::state::Merchant;
use flexiti_contract::openapi;
use hyper::header::{ALLOW, AUTHORIZATION, HOST, ORIGIN};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// A refusal of the admin API.
struct Problem {
    status: u16,
    message: String,
    allow: Option<&'static str>,
}

type Answer = Result<Reply, Problem>;

fn problem(status: u16, message: impl Into<String>) -> Problem {
    Problem {
        status,
        message: message.into(),
        allow: None,
    }
}

/// Answers a request below `/__admin`.
pub fn handle(app: &App, rest: &str, request: &Request, now: Millis) -> Reply {
    answer(app, rest, request, now).unwrap_or_else(|problem| {
        let reply = Reply::json(problem.status, &json!({"error": problem.message}));
        match problem.allow {
            Some(allow) => reply.with(ALLOW, allow),
            None => reply,
        }
    })
}

fn answer(app: &App, rest: &str, request: &Request, now: Millis) -> Answer {
    let segments: Vec<String> = rest.split('/').skip(1).map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = match request.method.as_str() {
        "HEAD" => "GET",
        method => method,
    };
    if segments != ["health"] {
        may_enter(app, request)?;
    }
    match (segments.as_slice(), method) {
        (["health"], "GET") => Ok(health(app)),
        (["openapi.json"], "GET") => {
            let document = openapi::document(&app.rulebook, &app.base_url());
            Ok(Reply::json(200, &document))
        }
        (["requests"], "GET") => requests::list(app, request),
        (["requests", "verify"], "POST") => requests::verify(app, request),
        (["orders"], "GET") => orders::list(app, request, now),
        (["orders", id], "GET") => orders::show(app, id, now),
        (["orders", id, "complete"], "POST") => orders::complete(app, id, request, now),
        (["reset"], "POST") => {
            app.reset()
                .map_err(|error| problem(409, format!("{error:#}")))?;
            Ok(Reply::empty(204))
        }
        (["merchants"], "POST") => create(app, request),
        (["merchants", id], "GET") => merchant(app, id, |merchant| describe(app, merchant)),
        (["merchants", id], "PATCH") => change(app, id, request),
        (["merchants", id], "DELETE") => delete(app, id),
        (["merchants", id, "reset"], "POST") => reset(app, id),
        (["merchants", id, "faults"], "GET") => faults::show(app, id),
        (["merchants", id, "faults"], "PUT") => faults::put(app, id, request),
        (["merchants", id, "faults"], "DELETE") => faults::delete(app, id),
        (["merchants", id, "clock"], "GET") => merchant(app, id, |merchant| clock(merchant, now)),
        (["merchants", id, "clock"], "PUT") => set_clock(app, id, request, now),
        (segments, _) => Err(match methods(segments) {
            Some(allow) => Problem {
                allow: Some(allow),
                ..problem(405, format!("this path takes {allow}"))
            },
            None => problem(404, format!("nothing at /__admin{rest}")),
        }),
    }
}

/// The methods that a path takes.
fn methods(segments: &[&str]) -> Option<&'static str> {
    match segments {
        ["health" | "openapi.json" | "requests" | "orders"] | ["orders", _] => Some("GET"),
        ["requests", "verify"]
        | ["reset" | "merchants"]
        | ["merchants", _, "reset"]
        | ["orders", _, "complete"] => Some("POST"),
        ["merchants", _] => Some("GET, PATCH, DELETE"),
        ["merchants", _, "clock"] => Some("GET, PUT"),
        ["merchants", _, "faults"] => Some("GET, PUT, DELETE"),
        _ => None,
    }
}

fn health(app: &App) -> Reply {
    let clauses = app.contract.clauses.len();
    let version = env!("CARGO_PKG_VERSION");
    Reply::json(
        200,
        &json!({"status": "ok", "version": version, "contract": {"clauses": clauses}}),
    )
}

/// Refuses strangers: pages of other origins, names that were made to point here (DNS
/// rebinding), and, where there is a token, those who do not have it.
fn may_enter(app: &App, request: &Request) -> Result<(), Problem> {
    let host = request.header(&HOST).unwrap_or_default();
    if let Some(origin) = request.header(&ORIGIN)
        && origin.split_once("://").map(|(_, host)| host) != Some(&host)
    {
        return Err(problem(
            403,
            "the admin API does not answer pages of other origins",
        ));
    }
    let Some(expected) = &app.admin_token else {
        let name =
            host.rsplit_once(':').map_or(
                &*host,
                |(name, port)| {
                    if port.ends_with(']') { &*host } else { name }
                },
            );
        let local = name == "localhost"
            || name == "[::1]"
            || name
                .parse::<std::net::Ipv4Addr>()
                .is_ok_and(|ip| ip.is_loopback());
        if local {
            return Ok(());
        }
        let message = format!("the admin API answers under a loopback name, not `{host}`");
        return Err(problem(403, message));
    };
    let given = request.header(&AUTHORIZATION).unwrap_or_default();
    let given = given.strip_prefix("Bearer ").unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
        Ok(())
    } else {
        Err(problem(
            401,
            "the admin API needs `Authorization: Bearer` and the admin token",
        ))
    }
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    let wrong = |error: serde_json::Error| problem(400, format!("body: {error}"));
    T::deserialize(object(request)?).map_err(wrong)
}

fn object(request: &Request) -> Result<Map<String, Value>, Problem> {
    let bytes = match &request.body {
        Body::Read(bytes) if bytes.is_empty() => b"{}",
        Body::Read(bytes) => bytes.as_ref(),
        Body::BrokenOff => return Err(problem(400, "the body broke off before its end")),
        Body::TooLarge => return Err(problem(413, "the body is too large")),
        Body::TimedOut => return Err(problem(408, "the body did not arrive in time")),
    };
    serde_json::from_slice(bytes).map_err(|error| problem(400, format!("body: {error}")))
}

/// The pairs of the query string.
fn query(request: &Request) -> Form {
    let query = request.query.as_deref().unwrap_or_default();
    let rules = FormRules {
        literal_percent: true,
        lossy: true,
    };
    Form::read(query.as_bytes(), rules).unwrap_or_default()
}

fn merchant(app: &App, id: &str, show: impl FnOnce(&Merchant) -> Value) -> Answer {
    let state = app.state();
    let merchant = state.merchants.get(id).ok_or_else(|| unknown(id))?;
    Ok(Reply::json(200, &show(merchant)))
}

fn unknown(id: &str) -> Problem {
    problem(404, format!("no merchant `{id}`"))
}

fn describe(app: &App, merchant: &Merchant) -> Value {
    let account = &merchant.account;
    json!({
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "username": account.username,
        "password": account.password,
        "provisioned": account.provisioned,
        "trust_url": account.trust_url,
        "success_url": account.success_url,
        "error_url": account.error_url,
        "lang": account.lang,
        "dialect": merchant.rulebook.dialect().name,
        "base_url": app.base_url(),
    })
}

/// What `POST merchants` takes; what is left out is made up.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    client_id: Option<String>,
    client_secret: Option<String>,
    username: Option<String>,
    password: Option<String>,
    provisioned: Option<bool>,
    trust_url: Option<String>,
    success_url: Option<String>,
    error_url: Option<String>,
    lang: Option<String>,
    dialect: Option<String>,
}

fn create(app: &App, request: &Request) -> Answer {
    let new: New = body(request)?;
    let (id, secret) = {
        let mut state = app.state();
        (state.random.hex::<4>(), state.random.hex::<16>())
    };
    let client_id = new.client_id.unwrap_or_else(|| format!("merchant-{id}"));
    let account = MerchantConfig {
        username: new.username.or_else(|| Some(client_id.clone())),
        password: new.password.or_else(|| Some(format!("{secret}-password"))),
        client_id,
        client_secret: new.client_secret.unwrap_or(secret),
        provisioned: new.provisioned.unwrap_or(true),
        trust_url: new.trust_url,
        success_url: new.success_url,
        error_url: new.error_url,
        lang: new.lang,
        dialect: new.dialect,
    };
    let merchant = checked(app, account)?;
    let answer = describe(app, &merchant);
    let mut state = app.state();
    let id = merchant.account.client_id.clone();
    if state.merchants.contains_key(&id) {
        return Err(problem(
            409,
            format!("client_id: there is a merchant `{id}` already"),
        ));
    }
    state.add(merchant);
    Ok(Reply::json(201, &answer))
}

fn checked(app: &App, account: MerchantConfig) -> Result<Merchant, Problem> {
    account
        .check()
        .map_err(|error| problem(422, format!("{error:#}")))?;
    // Dialect files are for the command line: what comes over the wire may not name paths.
    if let Some(name) = &account.dialect {
        let names = app.contract.dialect_names();
        if !names.contains(&name.as_str()) && *name != app.rulebook.dialect().name {
            let names = names.join(", ");
            return Err(problem(
                422,
                format!("dialect: no `{name}`; there are {names}"),
            ));
        }
    }
    app.merchant(account)
        .map_err(|error| problem(422, format!("{error:#}")))
}

/// What `PATCH merchants/{client_id}` takes: what may change while tokens and orders live on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    provisioned: Option<bool>,
}

fn change(app: &App, id: &str, request: &Request) -> Answer {
    let patch: Patch = body(request)?;
    let mut state = app.state();
    let merchant = state.merchants.get_mut(id).ok_or_else(|| unknown(id))?;
    if let Some(provisioned) = patch.provisioned {
        merchant.account.provisioned = provisioned;
    }
    Ok(Reply::json(200, &describe(app, merchant)))
}

fn delete(app: &App, id: &str) -> Answer {
    let mut state = app.state();
    if !state.remove(id) {
        return Err(unknown(id));
    }
    drop(state);
    app.journal().forget(id);
    Ok(Reply::empty(204))
}

fn reset(app: &App, id: &str) -> Answer {
    let mut state = app.state();
    let merchant = state.merchants.get_mut(id).ok_or_else(|| unknown(id))?;
    merchant.clock = crate::clock::Clock::default();
    merchant.faults = Faults::none(app.random_of(id));
    state.forget(id);
    drop(state);
    app.journal().forget(id);
    Ok(Reply::empty(204))
}

/// What `PUT merchants/{client_id}/clock` takes: any of these, carried out in this order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    set: Option<Timestamp>,
    advance_ms: Option<u64>,
    frozen: Option<bool>,
}

fn set_clock(app: &App, id: &str, request: &Request, now: Millis) -> Answer {
    let change: ClockChange = body(request)?;
    if change.set.is_none() && change.advance_ms.is_none() && change.frozen.is_none() {
        return Err(problem(422, "give `set`, `advance_ms` or `frozen`"));
    }
    let mut state = app.state();
    let merchant = state.merchants.get_mut(id).ok_or_else(|| unknown(id))?;
    let mut changed = merchant.clock;
    if let Some(frozen) = change.frozen {
        changed.freeze(frozen, now);
    }
    if let Some(set) = change.set {
        changed.set(set.as_millisecond(), now);
    }
    if let Some(by) = change.advance_ms {
        changed.advance(Duration::from_millis(by));
    }
    if Timestamp::from_millisecond(changed.at(now)).is_err() {
        return Err(problem(
            422,
            "the clock would leave the years -9999 to 9999",
        ));
    }
    merchant.clock = changed;
    Ok(Reply::json(200, &clock(merchant, now)))
}

fn clock(merchant: &Merchant, now: Millis) -> Value {
    let at = Timestamp::from_millisecond(merchant.clock.at(now)).unwrap_or(Timestamp::MAX);
    json!({"now": at.to_string(), "frozen": merchant.clock.is_frozen()})
}
