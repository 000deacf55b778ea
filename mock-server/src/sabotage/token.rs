//! Saboteurs of the token endpoint.

use crate::api::auth;
use crate::http::form::{Form, FormRules};
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::sabotage::rewrite::{edited, edited_answer, endpoint, param, refused, with_param};
use crate::state::State;
use flexiti_contract::{Endpoint, ErrorId, Rule};
use hyper::Method;
use serde_json::{Map, Value};
use std::sync::Arc;

const TOKEN: &[Endpoint] = &[Endpoint::Token];

fn is_token(service: &Service, request: &Request) -> bool {
    endpoint(service, request) == Some(Endpoint::Token)
}

/// The `grant_type` of a token request, if there is one.
fn grant(request: &Request) -> Option<String> {
    param(request, "grant_type").filter(|grant| !grant.is_empty())
}

/// Rewrites token requests; other requests stay as they are.
fn rewritten(
    service: &Service,
    request: &Request,
    rewrite: impl FnOnce(&Request) -> Option<Request>,
) -> Reply {
    let changed = is_token(service, request)
        .then(|| rewrite(request))
        .flatten();
    service.handle(changed.as_ref().unwrap_or(request))
}

/// Refuses a token that was granted.
fn ungranted(
    service: &Service,
    request: &Request,
    rule: Rule,
    error: ErrorId,
    is_meant: impl Fn(&Request) -> bool,
) -> Reply {
    let reply = service.handle(request);
    let is_granted = request.method == Method::POST && reply.status.is_success();
    if is_token(service, request) && is_granted && is_meant(request) {
        return refused(service, request, rule, error);
    }
    reply
}

pub fn never_issued(service: &Service, request: &Request) -> Reply {
    ungranted(service, request, Rule::PathKnown, ErrorId::NotFound, |_| {
        true
    })
}

pub fn password_refused(service: &Service, request: &Request) -> Reply {
    let rule = Rule::PasswordCredentials;
    ungranted(
        service,
        request,
        rule,
        ErrorId::UserCredentialsInvalid,
        |request| grant(request).as_deref() == Some("password"),
    )
}

pub fn refresh_refused(service: &Service, request: &Request) -> Reply {
    let rule = Rule::GrantRefresh;
    ungranted(
        service,
        request,
        rule,
        ErrorId::RefreshTokenInvalid,
        |request| grant(request).as_deref() == Some("refresh_token"),
    )
}

/// Reads parameters in the query as if they were in the body.
pub fn query_read(service: &Service, request: &Request) -> Reply {
    rewritten(service, request, |request| {
        let query = request.query.as_deref()?;
        let query = Form::read(query.as_bytes(), FormRules::LENIENT).ok()?;
        let add = |request: Request, (name, value): (&str, &str)| with_param(&request, name, value);
        Some(query.pairs().fold(request.clone(), add))
    })
}

/// Refuses an otherwise valid request that names no grant.
pub fn no_default_grant(service: &Service, request: &Request) -> Reply {
    let rule = Rule::GrantTypeDefault;
    ungranted(
        service,
        request,
        rule,
        ErrorId::GrantTypeInvalid,
        |request| grant(request).is_none(),
    )
}

pub fn customer_by_default(service: &Service, request: &Request) -> Reply {
    rewritten(service, request, |request| {
        match param(request, "scope").filter(|scope| !scope.is_empty()) {
            None => Some(with_param(request, "scope", "customer")),
            Some(_) => None,
        }
    })
}

/// Reveals in a refusal that the client id is unknown.
pub fn unknown_client_told(service: &Service, request: &Request) -> Reply {
    let reply = service.handle(request);
    let named = auth::client_id(request).unwrap_or_default();
    let is_known = service.app.state().merchants.contains_key(&named);
    if !is_token(service, request) || !reply.status.is_client_error() || is_known {
        return reply;
    }
    edited(reply, |members| {
        for name in ["message", "error_description"] {
            if let Some(Value::String(text)) = members.get_mut(name) {
                text.push_str(": no such client");
            }
        }
    })
}

/// Accepts any user name and password.
pub fn any_password(service: &Service, request: &Request) -> Reply {
    rewritten(service, request, |request| {
        let given = |name| param(request, name).filter(|value| !value.is_empty());
        (grant(request)? == "password").then_some(())?;
        given("username").and(given("password"))?;
        Some(with_param(request, "grant_type", "client_credentials"))
    })
}

pub fn unknown_refresh_accepted(service: &Service, request: &Request) -> Reply {
    rewritten(service, request, |request| {
        (grant(request)? == "refresh_token").then_some(())?;
        let token = param(request, "refresh_token").filter(|token| !token.is_empty())?;
        let state = service.app.state();
        let known = state.refresh.get(&*token).is_some() || state.access.get(&*token).is_some();
        (!known).then(|| with_param(request, "grant_type", "client_credentials"))
    })
}

pub fn other_token_type(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, TOKEN, |members| {
        members.insert("token_type".to_owned(), "mac".into());
    })
}

pub fn a_second_longer(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, TOKEN, |members| {
        let seconds = members["expires_in"].as_u64().unwrap_or_default();
        members.insert("expires_in".to_owned(), (seconds + 1).into());
    })
}

pub fn scope_null(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, TOKEN, |members| {
        members.insert("scope".to_owned(), Value::Null);
    })
}

/// The access token and refresh token of an answer.
fn tokens(members: &Map<String, Value>) -> Option<(Arc<str>, Arc<str>)> {
    let text = |name: &str| Some(members.get(name)?.as_str()?.into());
    Some((text("access_token")?, text("refresh_token")?))
}

pub fn access_token_of_another_form(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, TOKEN, |members| {
        if let Some((access, _)) = tokens(members) {
            renamed_access(service, members, &format!("!{access}"));
        }
    })
}

/// Changes the access token of an answer, both there and in the server's state.
pub fn renamed_access(service: &Service, members: &mut Map<String, Value>, name: &str) {
    let Some((access, refresh)) = tokens(members) else {
        return;
    };
    let other: Arc<str> = name.into();
    let state = &mut *service.app.state();
    if let Some(record) = state.access.get(&access).cloned() {
        let owner = Arc::clone(&record.client_id);
        state.access.insert(&owner, Arc::clone(&other), record);
    }
    if let Some(record) = state.refresh.get_mut(&refresh) {
        record.access_token = Arc::clone(&other);
    }
    members.insert("access_token".to_owned(), (*other).into());
}

pub fn refresh_token_of_another_form(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, TOKEN, |members| {
        let Some((access, refresh)) = tokens(members) else {
            return;
        };
        let other: Arc<str> = format!("!{refresh}").into();
        let state = &mut *service.app.state();
        if let Some(record) = state.refresh.get(&refresh).cloned() {
            let owner = Arc::clone(&record.client_id);
            state.refresh.insert(&owner, Arc::clone(&other), record);
        }
        if let Some(record) = state.access.get_mut(&access) {
            record.refresh_token = Arc::clone(&other);
        }
        members.insert("refresh_token".to_owned(), (*other).into());
    })
}

/// Issues a token again that is still valid.
pub fn issued_again(service: &Service, request: &Request) -> Reply {
    let asks_anew = matches!(grant(request).as_deref(), None | Some("client_credentials"));
    if !asks_anew {
        return service.handle(request);
    }
    edited_answer(service, request, TOKEN, |members| {
        let Some((access, _)) = tokens(members) else {
            return;
        };
        let state = service.app.state();
        let Some(fresh) = state.access.get(&access) else {
            return;
        };
        // Tokens issued at the same time have the same lifetime, so an earlier expiry means an
        // earlier issue.
        let earlier = state.refresh.values().filter(|other| {
            other.client_id == fresh.client_id
                && other.scope == fresh.scope
                && other.access_token != access
                && other.access_expires <= fresh.expires
                && other.access_expires > now(service, &fresh.client_id, &state)
        });
        // Always the same one, because an answer must repeat the one before it.
        let earlier = earlier.min_by_key(|other| (other.access_expires, &other.access_token));
        if let Some(earlier) = earlier
            && let Some(its) = state.access.get(&earlier.access_token)
        {
            members.insert("access_token".to_owned(), (*earlier.access_token).into());
            members.insert("refresh_token".to_owned(), (*its.refresh_token).into());
        }
    })
}

/// The merchant's time.
pub fn now(service: &Service, client_id: &str, state: &State) -> i64 {
    let machine = (service.app.now)();
    let merchant = state.merchants.get(client_id);
    merchant.map_or(machine, |merchant| merchant.clock.at(machine))
}
