//! Authentication: the bearer token that all endpoints but the token endpoint require.

use crate::api::basic;
use crate::api::call::Call;
use crate::api::rejection::Rejection;
use crate::clock::Millis;
use crate::http::form::Form;
use crate::http::request::{BODY_LIMIT, Body, Request};
use crate::model::token::Scope;
use flexiti_contract::dialect::Lax;
use flexiti_contract::{Endpoint, ErrorId, Rule, Rulebook};
use hyper::header::AUTHORIZATION;
use serde_json::Value;
use std::sync::Arc;

/// An authenticated call.
#[derive(Debug)]
pub struct Caller {
    /// The merchant that calls.
    pub client_id: Arc<str>,
    /// The access token.
    pub token: Arc<str>,
    /// The merchant's time.
    pub now: Millis,
}

/// Authenticates a call; `None` if the endpoint needs no bearer token.
pub(super) fn caller(call: &Call<'_>) -> Result<Option<Caller>, Rejection> {
    match call.endpoint {
        Endpoint::Token => Ok(None),
        Endpoint::Calculator if call.rulebook.enforces(Rule::CalculatorOpen) => Ok(None),
        _ => authenticate(call).map(Some),
    }
}

/// Checks the bearer token of a call against the client id of its path.
fn authenticate(call: &Call<'_>) -> Result<Caller, Rejection> {
    let rulebook = call.rulebook;
    let in_path = call.own_client_id();
    let header = call.request.header(&AUTHORIZATION);
    let token = bearer(rulebook, header.as_deref())?;
    let unknown = || Rejection::new(Rule::BearerKnown, ErrorId::TokenUnknown);
    let state = call.app.state();
    let (token, access) = state.access.entry(token).ok_or_else(unknown)?;
    if access.revoked {
        let refresh = state.refresh.get(&access.refresh_token);
        let rule = if refresh.is_some_and(|refresh| refresh.used) {
            Rule::RefreshRevokes
        } else {
            Rule::OlderEnded
        };
        return Err(Rejection::new(rule, ErrorId::TokenUnknown));
    }
    let merchant = state.merchants.get(&access.client_id);
    let merchant = merchant.ok_or_else(unknown)?;
    let now = merchant.clock.at(call.machine);
    if now >= access.expires && rulebook.enforces(Rule::BearerAlive) {
        return Err(Rejection::new(Rule::BearerAlive, ErrorId::TokenExpired));
    }
    let is_own = *merchant.client_id == *in_path;
    if !is_own && rulebook.enforces(Rule::BearerClient) {
        let error = rulebook.error_id_of(Rule::BearerClient);
        let rejection = Rejection::new(Rule::BearerClient, error);
        return Err(if *in_path.trim_matches('"') == *merchant.client_id {
            rejection.because("client_id in the path is in double quotes")
        } else {
            rejection
        });
    }
    // If another merchant's token is accepted, the call is still about the client id in the path.
    let merchant = match state.merchants.get(in_path) {
        _ if is_own => merchant,
        Some(merchant) => merchant,
        None => return Err(Rejection::new(Rule::PathKnown, ErrorId::NotFound)),
    };
    let caller = Caller {
        client_id: Arc::clone(&merchant.client_id),
        token: Arc::clone(token),
        now: merchant.clock.at(call.machine),
    };
    if access.scope == Scope::Customer
        && let Some(rule) = scope_rule(call.endpoint)
        && rulebook.enforces(rule)
    {
        return Err(Rejection::new(rule, ErrorId::InsufficientScope));
    }
    if !merchant.account.provisioned && rulebook.enforces(Rule::InitProvisioned) {
        return Err(Rejection::new(Rule::InitProvisioned, ErrorId::InvalidRole));
    }
    Ok(caller)
}

/// The rule that refuses a customer's token. The endpoints for a shop's pages accept such tokens,
/// which exist for them (P-auth).
fn scope_rule(endpoint: Endpoint) -> Option<Rule> {
    match endpoint {
        Endpoint::Token | Endpoint::Calculator | Endpoint::Availability | Endpoint::LearnMore => {
            None
        }
        Endpoint::InitV2 | Endpoint::InitPlain => Some(Rule::Scope),
        Endpoint::NotificationOrder
        | Endpoint::NotificationMerchantOrder
        | Endpoint::NotificationOld => Some(Rule::NotificationScope),
    }
}

/// The token of a request, in any spelling of the header.
pub fn token_of(request: &Request) -> Option<String> {
    let header = request.header(&AUTHORIZATION)?;
    header.split_whitespace().next_back().map(str::to_owned)
}

/// The token in the `Authorization` header.
fn bearer<'h>(rulebook: &Rulebook, header: Option<&'h str>) -> Result<&'h str, Rejection> {
    let Some(header) = header.filter(|value| !value.trim().is_empty()) else {
        if rulebook.enforces(Rule::BearerRequired) {
            return Err(Rejection::new(Rule::BearerRequired, ErrorId::TokenMissing));
        }
        return Ok("");
    };
    if !rulebook.enforces(Rule::BearerScheme) {
        return Ok(header.split(' ').next_back().unwrap_or_default());
    }
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    let spelled = match rulebook.knobs().bearer_scheme {
        Lax::Exact => scheme == "Bearer",
        Lax::AnyCase => scheme.eq_ignore_ascii_case("bearer"),
    };
    if !spelled || token.is_empty() {
        return Err(Rejection::new(Rule::BearerScheme, ErrorId::TokenMalformed));
    }
    Ok(token.trim())
}

/// The client id in a token request, read leniently, because the merchant's dialect is not known
/// yet.
pub fn client_id(request: &Request) -> Option<String> {
    // In the token endpoint's order of precedence: the body wins over a header.
    let in_body = match &request.body {
        // A larger body is refused without being read.
        Body::Read(body) if body.len() <= BODY_LIMIT => {
            if request.media_type().as_deref() == Some("application/json") {
                let json = serde_json::from_slice::<Value>(body).unwrap_or_default();
                json["client_id"].as_str().map(str::to_owned)
            } else {
                Form::first(body, "client_id")
            }
        }
        _ => None,
    };
    let in_header = || basic::keys(request).map(|keys| keys.client_id);
    // The query is the wrong place, but the merchant should see the request nevertheless.
    let query = request.query.as_deref().unwrap_or_default();
    in_body
        .or_else(in_header)
        .or_else(|| Form::first(query.as_bytes(), "client_id"))
}
