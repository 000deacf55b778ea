//! Bugs of the token endpoint, except in refreshing.

use super::bug::Bug;
use crate::api::auth;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::sabotage::rewrite::{
    edited_answer, endpoint, param, with_authorization, with_param, without_param,
};
use crate::sabotage::token::{now, renamed_access};
use flexiti_contract::Endpoint;
use serde_json::{Value, json};
use std::sync::Arc;

const TOKEN: &[Endpoint] = &[Endpoint::Token];

pub(super) const BUGS: &[Bug] = &[
    Bug::new(
        "an access token lives one second too long",
        "auth.token.alive",
        |service, request| {
            if let Some(token) = auth::token_of(request) {
                let state = &mut *service.app.state();
                let client = state.access.get(&*token).map(|a| Arc::clone(&a.client_id));
                let now = client.map(|client| now(service, &client, state));
                if let (Some(access), Some(now)) = (state.access.get_mut(&*token), now)
                    && (0..1_000).contains(&(now - access.expires))
                {
                    access.expires = now + 1;
                }
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "an access token dies ten seconds early",
        "auth.token.alive",
        |service, request| match alive_for(service, request) {
            Some(left) if left < 10_000 => service.handle(&unknown(request)),
            _ => service.handle(request),
        },
    ),
    Bug::new(
        "an access token dies halfway",
        "auth.token.alive",
        |service, request| match alive_for(service, request) {
            Some(left) if left < 600_000 => service.handle(&unknown(request)),
            _ => service.handle(request),
        },
    ),
    Bug::new(
        "an access token opens twenty orders",
        "token.response.expires_in",
        |service, request| {
            let opened = auth::token_of(request).map(|token| {
                let state = service.app.state();
                let by_it = state.orders.iter().filter(|order| *order.token == *token);
                by_it.count()
            });
            match opened {
                Some(20..) => service.handle(&unknown(request)),
                _ => service.handle(request),
            }
        },
    ),
    Bug::new(
        "a prefix of the secret is enough",
        "token.client.known",
        |service, request| {
            near_secret(service, request, |secret, given| {
                given.len() + 1 == secret.len() && secret.starts_with(given)
            })
        },
    ),
    Bug::new(
        "the secret may be longer than compared",
        "token.client.known",
        |service, request| {
            near_secret(service, request, |secret, given| {
                given.len() > secret.len() && given.starts_with(secret)
            })
        },
    ),
    Bug::new(
        "the case of the secret is folded",
        "token.client.known",
        |service, request| {
            near_secret(service, request, |secret, given| {
                given.eq_ignore_ascii_case(secret)
            })
        },
    ),
    Bug::new(
        "the secret is trimmed",
        "token.client.known",
        |service, request| near_secret(service, request, |secret, given| given.trim() == secret),
    ),
    Bug::new(
        "any merchant's secret is right",
        "token.client.known",
        |service, request| {
            let given = param(request, "client_secret").unwrap_or_default();
            let is_anybodys = {
                let state = service.app.state();
                let mut merchants = state.merchants.values();
                merchants.any(|merchant| merchant.account.client_secret == given)
            };
            near_secret(service, request, |_, _| is_anybodys)
        },
    ),
    Bug::new(
        "an empty secret is right",
        "token.client_secret.required",
        |service, request| near_secret(service, request, |_, given| given.is_empty()),
    ),
    Bug::new(
        "the case of the client id is folded",
        "token.client.known",
        |service, request| {
            let given = param(request, "client_id").unwrap_or_default();
            let known = {
                let state = service.app.state();
                let mut ids = state.merchants.keys();
                ids.find(|id| id.eq_ignore_ascii_case(&given)).cloned()
            };
            match known.filter(|_| is_token(service, request)) {
                Some(id) => service.handle(&with_param(request, "client_id", &id)),
                None => service.handle(request),
            }
        },
    ),
    Bug::new(
        "the case of the grant is folded",
        "token.grant_type.values",
        |service, request| {
            let grant = param(request, "grant_type").unwrap_or_default();
            let lower = grant.to_ascii_lowercase();
            if is_token(service, request) && grant != lower {
                return service.handle(&with_param(request, "grant_type", &lower));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "an unknown scope is the default one",
        "token.scope.values",
        |service, request| {
            let scope = param(request, "scope").unwrap_or_default();
            let known = ["merchant", "customer", ""].contains(&&*scope);
            if is_token(service, request) && !known {
                return service.handle(&with_param(request, "scope", "merchant"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the scope in the answer is always merchant",
        "token.response.scope",
        |service, request| {
            edited_answer(service, request, TOKEN, |members| {
                members.insert("scope".to_owned(), "merchant".into());
            })
        },
    ),
    Bug::new(
        "the lifetime counts down in text",
        "token.response.expires_in",
        |service, request| {
            edited_answer(service, request, TOKEN, |members| {
                let seconds = members["expires_in"].to_string();
                members.insert("expires_in".to_owned(), seconds.into());
            })
        },
    ),
    Bug::new(
        "the lifetime is in milliseconds",
        "token.response.expires_in",
        |service, request| {
            edited_answer(service, request, TOKEN, |members| {
                let seconds = members["expires_in"].as_u64().unwrap_or_default();
                members.insert("expires_in".to_owned(), json!(seconds * 1_000));
            })
        },
    ),
    Bug::new(
        "tokens can be guessed",
        "token.response.unguessable",
        |service, request| {
            edited_answer(service, request, TOKEN, |members| {
                let Some(token) = members.get("access_token").and_then(Value::as_str) else {
                    return;
                };
                let tail = token.get(..4).unwrap_or_default();
                let counted = format!("{}{tail}", "a7".repeat(18));
                renamed_access(service, members, &counted);
            })
        },
    ),
    Bug::new(
        "the secret may come in the query",
        "token.query.ignored",
        |service, request| {
            let query = request.query.clone().unwrap_or_default();
            let (_, secret) = query.split_once("client_secret=").unwrap_or_default();
            let secret = secret.split('&').next().unwrap_or_default();
            if is_token(service, request) && !secret.is_empty() {
                return service.handle(&with_param(request, "client_secret", secret));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "a client id of 101 characters is cut to size",
        "token.client_id.length",
        |service, request| {
            let id = param(request, "client_id").unwrap_or_default();
            if is_token(service, request) && id.chars().count() > 100 {
                let own = crate::model::account::MerchantConfig::demo().client_id;
                return service.handle(&with_param(request, "client_id", &own));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the scope is forgotten where it is sent first",
        "token.response.scope",
        |service, request| {
            let body = crate::sabotage::rewrite::body(request);
            if is_token(service, request) && body.starts_with(b"scope=") {
                return service.handle(&without_param(request, "scope"));
            }
            service.handle(request)
        },
    ),
];

/// Whether a request is for the token endpoint.
pub(super) fn is_token(service: &Service, request: &Request) -> bool {
    endpoint(service, request) == Some(Endpoint::Token)
}

/// Accepts a secret that is similar to the right one.
fn near_secret(
    service: &Service,
    request: &Request,
    is_near: impl Fn(&str, &str) -> bool,
) -> Reply {
    let right = param(request, "client_id").and_then(|id| {
        let state = service.app.state();
        let secret = state.merchants.get(&id)?.account.client_secret.clone();
        let given = param(request, "client_secret")?;
        is_near(&secret, &given).then_some(secret)
    });
    match right.filter(|_| is_token(service, request)) {
        Some(secret) => service.handle(&with_param(request, "client_secret", &secret)),
        None => service.handle(request),
    }
}

/// The remaining lifetime of a request's token, in milliseconds.
fn alive_for(service: &Service, request: &Request) -> Option<i64> {
    let token = auth::token_of(request)?;
    let state = service.app.state();
    let access = state.access.get(&*token)?;
    Some(access.expires - now(service, &access.client_id, &state))
}

/// The request with a token that was never issued.
fn unknown(request: &Request) -> Request {
    with_authorization(request, &format!("Bearer {}", "0".repeat(40)))
}
