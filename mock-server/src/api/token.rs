//! `POST /oauth/token`: exchanges client keys, a user's credentials or a refresh token for an
//! access token.

use crate::api::basic;
use crate::api::call::Call;
use crate::api::parameters::{Document, form, json_text};
use crate::api::rejection::Rejection;
use crate::clock::Millis;
use crate::http::form::{Form, MEDIA_TYPE};
use crate::http::json::Json;
use crate::http::reply::Reply;
use crate::http::request::REFERENCE_ID;
use crate::journal::Note;
use crate::model::account::MerchantConfig;
use crate::model::token::{Access, Refresh, Scope};
use crate::state::{Merchant, State};
use flexiti_contract::dialect::{TokenQuery, TokenShape, TokenType, UnknownClient};
use flexiti_contract::{Endpoint, ErrorId, Parameters, Rule, Rulebook, StoredParameters};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, PRAGMA};
use serde::Serialize;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// Answers a token request.
pub fn handle(call: &Call<'_>, body: &[u8], note: &mut Note) -> Result<Reply, Rejection> {
    answer(call, body, note).map_err(|rejection| basic::told(call, rejection))
}

fn answer(call: &Call<'_>, body: &[u8], note: &mut Note) -> Result<Reply, Rejection> {
    let rulebook = call.rulebook;
    let mut forms = [Form::default(), Form::default()];
    let parameters = read(call, body, &mut forms)?;
    let violations = rulebook.check_parameters(Endpoint::Token, &parameters);
    let params = rulebook.contract().params(Endpoint::Token);
    note.params = Some(StoredParameters::new(params, &parameters).into());
    if let Some(rejection) = Rejection::of(violations) {
        return Err(rejection);
    }
    let text = |name: &str| parameters.text(name);
    let mut state = call.app.state();
    let merchant = merchant(&state, rulebook, text("client_id"), text("client_secret"))?;
    let client_id = Arc::clone(&merchant.client_id);
    let now = merchant.clock.at(call.machine);
    let asked = match text("scope") {
        Some("customer") => Scope::Customer,
        _ => Scope::Merchant,
    };
    let scope = match text("grant_type") {
        Some("refresh_token") => {
            let token = text("refresh_token").unwrap_or_default();
            refresh(&mut state, rulebook, &client_id, token, now)?
        }
        Some("password") => {
            check_user(&merchant.account, text("username"), text("password"))?;
            asked
        }
        _ => asked,
    };
    let refreshes = text("grant_type") == Some("refresh_token");
    if rulebook.enforces(Rule::OlderEnded) && !refreshes {
        state.end_tokens(&client_id);
    }
    let tokens = issue(&mut state, rulebook, &client_id, scope, now);
    // Others wait for the lock.
    drop(state);
    Ok(reply(rulebook, &tokens, scope))
}

/// The parameters of a request, flat. Those of forms borrow from `decoded`.
fn read<'t>(
    call: &Call<'t>,
    body: &[u8],
    decoded: &'t mut [Form; 2],
) -> Result<Parameters<'t>, Rejection> {
    let Call {
        rulebook, request, ..
    } = *call;
    let [in_query, in_body] = decoded;
    let mut document = Document::new(Endpoint::Token, rulebook);
    if let Some(value) = request.header(&REFERENCE_ID) {
        document.header(REFERENCE_ID.as_str(), value);
    }
    if rulebook.knobs().token_query == TokenQuery::Read
        && let Some(query) = &request.query
    {
        *in_query = form(rulebook, query.as_bytes())
            .map_err(|rejection| rejection.because("it is in the query string"))?;
        for (name, value) in in_query.pairs() {
            document.text(name, value);
        }
    }
    let media_type = request.media_type();
    let only_forms = rulebook.enforces(Rule::TokenEncoding);
    if media_type.as_deref() == Some("application/json") && !only_forms {
        match serde_json::from_str(&json_text(rulebook, body)?) {
            Ok(Json::Object(members)) => document.members("", members),
            _ => return Err(Rejection::new(Rule::TokenJsonBody, ErrorId::BadJson)),
        }
    } else if media_type.as_deref() != Some(MEDIA_TYPE) && only_forms {
        return Err(Rejection::new(Rule::TokenEncoding, ErrorId::NotAForm));
    } else {
        *in_body = form(rulebook, body)?;
        for (name, value) in in_body.pairs() {
            document.text(name, value);
        }
    }
    if let Some(name) = document.repeated.first()
        && rulebook.enforces(Rule::TokenRepeated)
    {
        let rejection = Rejection::new(Rule::TokenRepeated, ErrorId::RepeatedParameter);
        return Err(rejection.because(format!("`{name}`")));
    }
    if let Some(keys) = basic::read(call) {
        document.otherwise("client_id", keys.client_id);
        document.otherwise("client_secret", keys.client_secret);
    }
    Ok(document.parameters)
}

/// The merchant that these keys belong to.
fn merchant<'s>(
    state: &'s State,
    rulebook: &Rulebook,
    client_id: Option<&str>,
    secret: Option<&str>,
) -> Result<&'s Merchant, Rejection> {
    // Both are present, unless the rulebook does not require them.
    let merchant = match client_id {
        Some(id) => state.merchants.get(id),
        None => state.merchants.values().next(),
    };
    // Compare even for an unknown client, so that timing does not reveal it.
    let expected = merchant.map_or("no such client", |m| m.account.client_secret.as_str());
    let equal = secret.is_none_or(|secret| expected.as_bytes().ct_eq(secret.as_bytes()).into());
    let unknown = || Rejection::new(Rule::ClientKnown, ErrorId::ClientUnknown);
    let merchant = merchant.ok_or_else(|| match rulebook.knobs().unknown_client {
        UnknownClient::Same => unknown(),
        UnknownClient::ToldApart => unknown().in_words_of(ErrorId::ClientIdMissing),
    })?;
    if !equal && rulebook.enforces(Rule::ClientKnown) {
        return Err(unknown());
    }
    if !merchant.account.provisioned && rulebook.enforces(Rule::TokenProvisioned) {
        return Err(Rejection::new(Rule::TokenProvisioned, ErrorId::InvalidRole));
    }
    Ok(merchant)
}

/// Checks a user name and password.
fn check_user(
    account: &MerchantConfig,
    username: Option<&str>,
    password: Option<&str>,
) -> Result<(), Rejection> {
    let equal = |known: Option<&str>, given: Option<&str>| match (known, given) {
        (Some(known), Some(given)) => bool::from(known.as_bytes().ct_eq(given.as_bytes())),
        _ => false,
    };
    // Compare both, so that timing does not reveal which one is wrong.
    if equal(account.username.as_deref(), username) & equal(account.password.as_deref(), password) {
        return Ok(());
    }
    Err(Rejection::new(
        Rule::PasswordCredentials,
        ErrorId::UserCredentialsInvalid,
    ))
}

/// Checks a refresh token, invalidates what the dialect says it invalidates, and returns the scope
/// of the new tokens.
fn refresh(
    state: &mut State,
    rulebook: &Rulebook,
    client: &Arc<str>,
    token: &str,
    now: Millis,
) -> Result<Scope, Rejection> {
    let invalid = |rule| Rejection::new(rule, ErrorId::RefreshTokenInvalid);
    let mut token: Arc<str> = token.into();
    if !rulebook.enforces(Rule::RefreshKind)
        && let Some(access) = state.access.get(&token)
    {
        token = Arc::clone(&access.refresh_token);
    }
    let Some(record) = state.refresh.get(&token).cloned() else {
        let rule = if state.access.get(&token).is_some() {
            Rule::RefreshKind
        } else {
            Rule::RefreshKnown
        };
        return Err(invalid(rule));
    };
    if record.client_id != *client && rulebook.enforces(Rule::RefreshClient) {
        return Err(invalid(Rule::RefreshClient));
    }
    if record.used && rulebook.enforces(Rule::RefreshRotation) {
        return Err(invalid(Rule::RefreshRotation));
    }
    let expired = |rule| Rejection::new(rule, ErrorId::RefreshTokenExpired);
    if now >= record.access_expires && rulebook.enforces(Rule::RefreshInTime) {
        return Err(expired(Rule::RefreshInTime));
    }
    if now >= record.expires {
        return Err(expired(Rule::RefreshLifetime));
    }
    if let Some(record) = state.refresh.get_mut(&token) {
        record.used = true;
    }
    if rulebook.enforces(Rule::RefreshRevokes)
        && let Some(access) = state.access.get_mut(&record.access_token)
    {
        access.revoked = true;
    }
    Ok(record.scope)
}

/// A newly issued pair of tokens.
struct Tokens {
    access: Arc<str>,
    refresh: Arc<str>,
}

/// A new token in the dialect's shape.
fn token(state: &mut State, rulebook: &Rulebook) -> Arc<str> {
    match rulebook.knobs().token_shape {
        TokenShape::Hex40 => state.random.hex::<20>().into(),
        TokenShape::Opaque => state.random.base64url::<30>().into(),
    }
}

/// Issues a pair of tokens.
fn issue(
    state: &mut State,
    rulebook: &Rulebook,
    client_id: &Arc<str>,
    scope: Scope,
    now: Millis,
) -> Tokens {
    let tokens = Tokens {
        access: token(state, rulebook),
        refresh: token(state, rulebook),
    };
    let expires = now.saturating_add(Millis::from(rulebook.knobs().token_ttl) * 1_000);
    let access = Access {
        client_id: Arc::clone(client_id),
        scope,
        expires,
        revoked: false,
        refresh_token: Arc::clone(&tokens.refresh),
    };
    let refresh = Refresh {
        client_id: Arc::clone(client_id),
        scope,
        access_token: Arc::clone(&tokens.access),
        access_expires: expires,
        expires: now.saturating_add(Millis::from(rulebook.knobs().refresh_ttl) * 1_000),
        used: false,
    };
    state
        .access
        .insert(client_id, Arc::clone(&tokens.access), access);
    state
        .refresh
        .insert(client_id, Arc::clone(&tokens.refresh), refresh);
    tokens
}

#[derive(Serialize)]
struct Answer<'t> {
    token_type: TokenType,
    access_token: &'t str,
    expires_in: u32,
    refresh_token: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
}

fn reply(rulebook: &Rulebook, tokens: &Tokens, scope: Scope) -> Reply {
    let knobs = rulebook.knobs();
    let answer = Answer {
        token_type: knobs.token_type,
        access_token: &tokens.access,
        expires_in: knobs.token_ttl,
        refresh_token: &tokens.refresh,
        scope: knobs.scope_in_answer.then(|| scope.as_str()),
    };
    let reply = Reply::json(StatusCode::OK, &answer);
    if !rulebook.enforces(Rule::NoStore) {
        return reply;
    }
    reply
        .saying(CACHE_CONTROL, "no-store")
        .saying(PRAGMA, "no-cache")
}
