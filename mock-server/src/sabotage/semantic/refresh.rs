//! Bugs in refreshing tokens.

use super::bug::Bug;
use super::tokens::is_token;
use crate::api::auth;
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::sabotage::rewrite::{edited_answer, param, with_param};
use crate::sabotage::token::now;
use flexiti_contract::Endpoint;
use std::sync::Arc;

const TOKEN: &[Endpoint] = &[Endpoint::Token];

pub(super) const BUGS: &[Bug] = &[
    Bug::new(
        "a refresh token works again for a moment",
        "token.refresh.rotation",
        |service, request| {
            // The race between a check and a later write.
            if let Some(token) = refreshes(service, request) {
                let state = &mut *service.app.state();
                if let Some(record) = state.refresh.get_mut(&token) {
                    record.used = false;
                }
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the refresh token never changes",
        "token.refresh.rotation",
        |service, request| {
            let given = refreshes(service, request);
            if let Some(token) = &given {
                let state = &mut *service.app.state();
                if let Some(record) = state.refresh.get_mut(token) {
                    record.used = false;
                }
            }
            edited_answer(service, request, TOKEN, |members| {
                if let Some(token) = given {
                    members.insert("refresh_token".to_owned(), (*token).into());
                }
            })
        },
    ),
    Bug::new(
        "rotation keeps the old access token alive",
        "token.refresh.revokes",
        |service, request| {
            if let Some(token) = auth::token_of(request) {
                let state = &mut *service.app.state();
                if let Some(access) = state.access.get_mut(&*token) {
                    access.revoked = false;
                }
            }
            service.handle(request)
        },
    )
    .given(&[("refresh_revokes_access", "true")]),
    Bug::new(
        "a refresh returns the old access token",
        "token.response.fresh",
        |service, request| {
            let given = refreshes(service, request);
            let old = given.and_then(|token| {
                let state = service.app.state();
                let record = state.refresh.get(&token)?;
                Some(Arc::clone(&record.access_token))
            });
            edited_answer(service, request, TOKEN, |members| {
                if let Some(old) = old {
                    members.insert("access_token".to_owned(), (*old).into());
                }
            })
        },
    ),
    Bug::new(
        "a refresh in the last minute is late",
        "token.grant.refresh",
        |service, request| {
            let token = refreshes(service, request);
            let late = token.filter(|token| {
                let state = service.app.state();
                state.refresh.get(token).is_some_and(|record| {
                    let now = now(service, &record.client_id, &state);
                    record.access_expires - now < 60_000
                })
            });
            match late {
                Some(_) => service.handle(&with_param(request, "refresh_token", "0")),
                None => service.handle(request),
            }
        },
    ),
    Bug::new(
        "a refresh one second late is in time",
        "token.refresh.in_time",
        |service, request| {
            if let Some(token) = refreshes(service, request) {
                let state = &mut *service.app.state();
                let client = state.refresh.get(&token).map(|r| Arc::clone(&r.client_id));
                let now = client.map(|client| now(service, &client, state));
                if let (Some(record), Some(now)) = (state.refresh.get_mut(&token), now)
                    && (0..1_000).contains(&(now - record.access_expires))
                {
                    record.access_expires = now + 1;
                }
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "a refresh widens the scope",
        "token.refresh.scope",
        |service, request| {
            if let Some(token) = refreshes(service, request) {
                let state = &mut *service.app.state();
                if let Some(record) = state.refresh.get_mut(&token) {
                    record.scope = crate::model::token::Scope::Merchant;
                }
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the token of a customer is not refreshed",
        "token.grant.refresh",
        |service, request| {
            let token = refreshes(service, request);
            let is_customers = token.is_some_and(|token| {
                let state = service.app.state();
                let record = state.refresh.get(&token);
                record.is_some_and(|r| r.scope == crate::model::token::Scope::Customer)
            });
            if is_customers {
                return service.handle(&with_param(request, "refresh_token", "0"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the last character of a refresh token is not compared",
        "token.refresh.known",
        |service, request| {
            let sent = param(request, "refresh_token").unwrap_or_default();
            let (whole, but_last) = (sent.len(), sent.get(..39).unwrap_or("-").to_owned());
            let near = {
                let state = service.app.state();
                let mut known = state.refresh.keys().filter(|_| whole == 40);
                known
                    .find(|token| token.starts_with(&but_last))
                    .map(ToString::to_string)
            };
            match near {
                Some(token) => service.handle(&with_param(request, "refresh_token", &token)),
                None => service.handle(request),
            }
        },
    ),
    Bug::new(
        "a refresh needs no secret",
        "token.client.known",
        |service, request| {
            let owner = refreshes(service, request).and_then(|token| {
                let state = service.app.state();
                let record = state.refresh.get(&token)?;
                let merchant = state.merchants.get(&record.client_id)?;
                Some(merchant.account.client_secret.clone())
            });
            match owner {
                Some(secret) => service.handle(&with_param(request, "client_secret", &secret)),
                None => service.handle(request),
            }
        },
    ),
    Bug::new(
        "an unknown grant is the default one",
        "token.grant_type.values",
        |service, request| {
            let grant = param(request, "grant_type");
            let known = ["client_credentials", "refresh_token", "password"];
            let other = grant.is_some_and(|grant| !known.contains(&&*grant) && !grant.is_empty());
            if is_token(service, request) && other {
                let usual = with_param(request, "grant_type", "client_credentials");
                return service.handle(&usual);
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the reference id is not needed to refresh",
        "token.reference_id.required",
        |service, request| {
            let mut request = request.clone();
            let name = crate::http::request::REFERENCE_ID;
            if refreshes(service, &request).is_some() && !request.headers.contains_key(&name) {
                let id = "0123456789abcdef0123456789abcdef";
                request
                    .headers
                    .insert(name, hyper::header::HeaderValue::from_static(id));
            }
            service.handle(&request)
        },
    ),
];

/// The refresh token in a refresh request.
fn refreshes(service: &Service, request: &Request) -> Option<Arc<str>> {
    let grant = param(request, "grant_type").filter(|_| is_token(service, request))?;
    (grant == "refresh_token").then_some(())?;
    Some(param(request, "refresh_token")?.into())
}
