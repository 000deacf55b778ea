//! `POST /oauth/token`: client keys, a user, or a refresh token for an access token.

use crate::app::App;
use crate::body::{Form, FormError, FormRules, Json};
use crate::clock::{Clock, Millis};
use crate::document::Document;
use crate::journal::Note;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::request::{Body, Request};
use crate::state::{Access, Merchant, Refresh, Scope, State};
use base64::Engine as _;
use flexiti_contract::{Endpoint, Kept, Parameters, Rule, Rulebook};
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, HeaderName, PRAGMA};
use serde_json::{Value, json};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// The header that traces an operation (R-cur).
pub const REFERENCE_ID: HeaderName = HeaderName::from_static("x-reference-id");
const FORM: &str = "application/x-www-form-urlencoded";

/// Answers a token request.
pub fn handle(
    app: &App,
    rulebook: &Rulebook,
    request: &Request,
    body: &[u8],
    now: &dyn Fn(Clock) -> Millis,
    note: &mut Note,
) -> Result<Reply, Rejection> {
    let parameters = read(rulebook, request, body)?;
    let violations = rulebook.check_parameters(Endpoint::Token, &parameters);
    let params = rulebook.contract().params(Endpoint::Token);
    note.params = Some(Kept::new(params, &parameters).into());
    if let Some(rejection) = Rejection::of(violations) {
        return Err(rejection);
    }
    let text = |name: &str| parameters.text(name);
    let mut state = app.state();
    let (client, now) = client(
        &state,
        rulebook,
        text("client_id"),
        text("client_secret"),
        now,
    )?;
    let asked = match text("scope") {
        Some("customer") => Scope::Customer,
        None if rulebook.taken_away(Rule::ScopeDefault) => Scope::Customer,
        _ => Scope::Merchant,
    };
    let grant = match text("grant_type") {
        None if rulebook.taken_away(Rule::GrantTypeDefault) => {
            return Err(Rejection::new(Rule::GrantTypeDefault, "grant_type_invalid"));
        }
        grant => grant.unwrap_or("client_credentials"),
    };
    let scope = match grant {
        "refresh_token" => {
            let token = text("refresh_token").unwrap_or_default();
            refresh(&mut state, rulebook, &client, token, now)?
        }
        "password" => {
            let merchant = state.merchants.get(&*client);
            let given = (text("username"), text("password"));
            user(rulebook, merchant, given)?;
            asked
        }
        _ => asked,
    };
    if rulebook.taken_away(Rule::TokenAccepted) {
        return Err(Rejection::new(Rule::PathKnown, "not_found"));
    }
    let reuse = grant == "client_credentials" && rulebook.taken_away(Rule::TokenFresh);
    let access_token = match reuse
        .then(|| living_token(&state, &client, scope, now))
        .flatten()
    {
        Some(token) => token,
        None => issue(&mut state, rulebook, &client, scope, now),
    };
    Ok(reply(&state, rulebook, &access_token, scope))
}

/// The client id that a token request names, before the dialect that reads it strictly is known.
pub fn client_id(request: &Request) -> Option<String> {
    if let Some((client_id, _)) = basic(request) {
        return Some(client_id);
    }
    // In the query it is wrong, and all the more the merchant's to see.
    let query = request.query.as_deref().unwrap_or_default();
    let Body::Read(body) = &request.body else {
        return named_in(query.as_bytes());
    };
    if request.media_type().as_deref() == Some("application/json") {
        let json: Value = serde_json::from_slice(body).ok()?;
        return json["client_id"].as_str().map(str::to_owned);
    }
    named_in(body).or_else(|| named_in(query.as_bytes()))
}

/// The client id of a form or a query.
fn named_in(form: &[u8]) -> Option<String> {
    let rules = FormRules {
        literal_percent: true,
        lossy: true,
    };
    let form = Form::read(form, rules).ok()?;
    let named = form.pairs().find(|(name, _)| *name == "client_id");
    named.map(|(_, value)| value.to_owned())
}

/// The user name and password of a Basic authorization header.
fn basic(request: &Request) -> Option<(String, String)> {
    let header = request.header(&AUTHORIZATION)?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(encoded.trim())
        .ok()?;
    let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// The parameters of a request, flat.
fn read<'t>(
    rulebook: &Rulebook,
    request: &'t Request,
    body: &[u8],
) -> Result<Parameters<'t>, Rejection> {
    let mut document = Document::new(Endpoint::Token, rulebook);
    if let Some(value) = request.header(&REFERENCE_ID) {
        document.header(REFERENCE_ID.as_str(), value);
    }
    let json = request.media_type().as_deref() == Some("application/json");
    let only_forms =
        rulebook.enforces(Rule::TokenEncoding) || rulebook.taken_away(Rule::TokenJsonBody);
    if json && !only_forms {
        match serde_json::from_slice(body) {
            Ok(Json::Object(members)) => document.members("", members),
            _ => return Err(Rejection::new(Rule::TokenJsonBody, "bad_json")),
        }
    } else if request.media_type().as_deref() != Some(FORM) && only_forms {
        return Err(Rejection::new(Rule::TokenEncoding, "not_a_form"));
    } else {
        for (name, value) in form(rulebook, body)?.pairs() {
            document.text(name, value.to_owned());
        }
    }
    if let Some(name) = document.repeated.first()
        && rulebook.enforces(Rule::TokenRepeated)
    {
        let rejection = Rejection::new(Rule::TokenRepeated, "repeated_parameter");
        return Err(rejection.because(format!("`{name}`")));
    }
    if rulebook.taken_away(Rule::QueryIgnored) {
        let query = request.query.as_deref().unwrap_or_default();
        for (name, value) in form(rulebook, query.as_bytes())?.pairs() {
            document.text(name, value.to_owned());
        }
    }
    if rulebook.enforces(Rule::Basic)
        && let Some((name, password)) = basic(request)
    {
        document.otherwise("client_id", name);
        document.otherwise("client_secret", password);
    }
    Ok(document.parameters)
}

/// A form, read as strictly as the dialect says.
pub fn form(rulebook: &Rulebook, body: &[u8]) -> Result<Form, Rejection> {
    let rules = FormRules {
        literal_percent: !rulebook.enforces(Rule::PercentEncoding)
            && !rulebook.taken_away(Rule::PercentLiteral),
        lossy: !rulebook.enforces(Rule::BodyUtf8),
    };
    Form::read(body, rules).map_err(|error| match error {
        FormError::PercentEncoding => Rejection::new(Rule::PercentEncoding, "bad_percent_encoding"),
        FormError::Utf8 => Rejection::new(Rule::BodyUtf8, "unreadable_text"),
    })
}

/// The merchant that these keys belong to, and its time.
fn client(
    state: &State,
    rulebook: &Rulebook,
    client_id: Option<&str>,
    secret: Option<&str>,
    now: &dyn Fn(Clock) -> Millis,
) -> Result<(Arc<str>, Millis), Rejection> {
    // Only a server that does not ask for the id, or the secret, gets here without.
    let merchant = match client_id {
        Some(id) => state.merchants.get(id),
        None => state.merchants.values().next(),
    };
    // An unknown client costs a comparison too, so that the time does not tell it apart.
    let expected = merchant.map_or("no such client", |m| m.account.client_secret.as_str());
    let equal = secret.is_none_or(|secret| expected.as_bytes().ct_eq(secret.as_bytes()).into());
    let unknown = Rejection::new(Rule::ClientKnown, "client_unknown");
    let Some(merchant) = merchant else {
        return Err(if rulebook.taken_away(Rule::ClientUniform) {
            unknown.because("no such client")
        } else {
            unknown
        });
    };
    if !equal && rulebook.enforces(Rule::ClientKnown) {
        return Err(unknown);
    }
    if !merchant.account.provisioned && rulebook.enforces(Rule::TokenProvisioned) {
        return Err(Rejection::new(Rule::TokenProvisioned, "invalid_role"));
    }
    Ok((Arc::clone(&merchant.client_id), now(merchant.clock)))
}

/// Checks a user name and password.
fn user(
    rulebook: &Rulebook,
    merchant: Option<&Merchant>,
    given: (Option<&str>, Option<&str>),
) -> Result<(), Rejection> {
    let account = merchant.map(|merchant| &merchant.account);
    let username = account.and_then(|account| account.username.as_deref());
    let password = account.and_then(|account| account.password.as_deref());
    let equal = |known: Option<&str>, given: Option<&str>| match (known, given) {
        (Some(known), Some(given)) => bool::from(known.as_bytes().ct_eq(given.as_bytes())),
        _ => false,
    };
    let right = equal(username, given.0) & equal(password, given.1);
    let refused = !right && !rulebook.taken_away(Rule::PasswordCredentials);
    if refused || rulebook.taken_away(Rule::GrantPassword) {
        return Err(Rejection::new(
            Rule::PasswordCredentials,
            "user_credentials_invalid",
        ));
    }
    Ok(())
}

/// Checks a refresh token, ends what the dialect says it ends, and gives the scope of the next one.
fn refresh(
    state: &mut State,
    rulebook: &Rulebook,
    client: &Arc<str>,
    token: &str,
    now: Millis,
) -> Result<Scope, Rejection> {
    let invalid = |rule| Rejection::new(rule, "refresh_token_invalid");
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
        return if rule == Rule::RefreshKnown && rulebook.taken_away(rule) {
            Ok(Scope::Merchant)
        } else {
            Err(invalid(rule))
        };
    };
    if record.client_id != *client && rulebook.enforces(Rule::RefreshClient) {
        return Err(invalid(Rule::RefreshClient));
    }
    if record.used && rulebook.enforces(Rule::RefreshRotation) {
        return Err(invalid(Rule::RefreshRotation));
    }
    let expired = |rule| Rejection::new(rule, "refresh_token_expired");
    let in_time = rulebook.enforces(Rule::RefreshInTime) || rulebook.taken_away(Rule::RefreshLate);
    if now >= record.access_expires && in_time {
        return Err(expired(Rule::RefreshInTime));
    }
    if now >= record.expires && !rulebook.taken_away(Rule::RefreshLifetime) {
        return Err(expired(Rule::RefreshLifetime));
    }
    if rulebook.taken_away(Rule::GrantRefresh) {
        return Err(invalid(Rule::GrantRefresh));
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

fn living_token(state: &State, client: &Arc<str>, scope: Scope, now: Millis) -> Option<Arc<str>> {
    let refresh = state.refresh.values().find(|token| {
        token.client_id == *client && token.scope == scope && now < token.access_expires
    })?;
    Some(Arc::clone(&refresh.access_token))
}

/// Issues a pair of tokens, and gives the access token.
fn issue(
    state: &mut State,
    rulebook: &Rulebook,
    client_id: &Arc<str>,
    scope: Scope,
    now: Millis,
) -> Arc<str> {
    let mut token = |rule| -> Arc<str> {
        let token = state.random.hex::<20>();
        if rulebook.taken_away(rule) {
            token.to_ascii_uppercase().into()
        } else {
            token.into()
        }
    };
    let access_token = token(Rule::ResponseAccessToken);
    let refresh_token = token(Rule::ResponseRefreshToken);
    let expires = now.saturating_add(Millis::from(rulebook.knobs().token_ttl) * 1_000);
    let access = Access {
        client_id: Arc::clone(client_id),
        scope,
        expires,
        revoked: false,
        refresh_token: Arc::clone(&refresh_token),
    };
    let refresh = Refresh {
        client_id: Arc::clone(client_id),
        scope,
        access_token: Arc::clone(&access_token),
        access_expires: expires,
        expires: now.saturating_add(Millis::from(rulebook.knobs().refresh_ttl) * 1_000),
        used: false,
    };
    let key = Arc::clone(&access_token);
    state.access.insert(client_id, key, access);
    state.refresh.insert(client_id, refresh_token, refresh);
    access_token
}

fn reply(state: &State, rulebook: &Rulebook, access_token: &str, scope: Scope) -> Reply {
    let knobs = rulebook.knobs();
    let spoiled = |rule| rulebook.taken_away(rule);
    let access = state.access.get(access_token);
    let refresh_token = access.map(|access| &*access.refresh_token);
    let mut body = json!({
        "token_type": if spoiled(Rule::ResponseTokenType) { "mac" } else { &knobs.token_type },
        "access_token": access_token,
        "expires_in": knobs.token_ttl + u32::from(spoiled(Rule::ResponseExpiresIn)),
        "refresh_token": refresh_token,
        "scope": scope.as_str(),
    });
    if spoiled(Rule::ResponseScope) {
        body["scope"] = Value::Null;
    }
    let reply = Reply::json(200, &body);
    if spoiled(Rule::NoStore) {
        return reply;
    }
    reply
        .with(CACHE_CONTROL, "no-store")
        .with(PRAGMA, "no-cache")
}
