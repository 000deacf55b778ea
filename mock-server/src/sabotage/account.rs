//! Saboteurs of authentication.

use crate::api::auth::token_of;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::model::token::{Access, Scope};
use crate::pipeline::Service;
use crate::sabotage::rewrite::{client_id, with_authorization};
use hyper::header::AUTHORIZATION;
use std::sync::Arc;

/// Handles a request without a token as if it had one of the merchant in the path.
pub fn no_token_accepted(service: &Service, request: &Request) -> Reply {
    let header = request.header(&AUTHORIZATION).unwrap_or_default();
    let signed_in = client_id(request)
        .filter(|_| header.trim().is_empty())
        .and_then(|client_id| sign_in(service, &client_id));
    match signed_in {
        Some(token) => service.handle(&with_authorization(request, &format!("Bearer {token}"))),
        None => service.handle(request),
    }
}

/// Handles a request with a token that was never issued as if it had one of the merchant in the
/// path.
pub fn any_token_accepted(service: &Service, request: &Request) -> Reply {
    let header = request.header(&AUTHORIZATION).unwrap_or_default();
    let made_up = token_of(request)
        .filter(|token| header.contains(' ') && service.app.state().access.get(&**token).is_none());
    let signed_in = made_up.and_then(|made_up| {
        let token = sign_in(service, &client_id(request)?)?;
        Some(header.replace(&made_up, &token))
    });
    match signed_in {
        Some(header) => service.handle(&with_authorization(request, &header)),
        None => service.handle(request),
    }
}

/// Issues a token with the scope `merchant`; `None` if there is no such merchant.
pub fn sign_in(service: &Service, client_id: &str) -> Option<Arc<str>> {
    let now = (service.app.now)();
    let state = &mut *service.app.state();
    let merchant = state.merchants.get(client_id.trim_matches('"'))?;
    let token: Arc<str> = state.random.hex::<20>().into();
    let lifetime = i64::from(merchant.rulebook.knobs().token_ttl) * 1_000;
    let access = Access {
        client_id: Arc::clone(&merchant.client_id),
        scope: Scope::Merchant,
        expires: merchant.clock.at(now).saturating_add(lifetime),
        revoked: false,
        refresh_token: Arc::clone(&token),
    };
    let owner = Arc::clone(&merchant.client_id);
    state.access.insert(&owner, Arc::clone(&token), access);
    Some(token)
}
