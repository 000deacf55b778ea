//! Bugs of authentication, paths and methods.

use super::bug::Bug;
use crate::api::auth::token_of;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::model::token::Scope;
use crate::pipeline::Service;
use crate::sabotage::account::sign_in;
use crate::sabotage::rewrite::{client_id, endpoint, with_authorization, with_client_id};
use flexiti_contract::Endpoint;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};

pub(super) const BUGS: &[Bug] = &[
    Bug::new(
        "another client's token opens notifications by order id",
        "auth.token.client",
        |service, request| foreign(service, request, Endpoint::NotificationOrder),
    ),
    Bug::new(
        "another client's token opens notifications by merchant id",
        "auth.token.client",
        |service, request| foreign(service, request, Endpoint::NotificationMerchantOrder),
    ),
    Bug::new(
        "another client's token opens the path without v2",
        "auth.token.client",
        |service, request| foreign(service, request, Endpoint::InitPlain),
    ),
    Bug::new(
        "another client's token opens the calculator",
        "auth.token.client",
        |service, request| foreign(service, request, Endpoint::Calculator),
    ),
    Bug::new(
        "any client id in the path will do",
        "auth.token.client",
        |service, request| {
            let named = client_id(request);
            let unknown = named.filter(|id| !service.app.state().merchants.contains_key(id));
            let owner = unknown.and_then(|_| owner(service, request));
            match owner {
                Some(owner) => service.handle(&with_client_id(request, &owner)),
                None => service.handle(request),
            }
        },
    ),
    Bug::new(
        "the case of the client id in the path is folded",
        "auth.token.client",
        |service, request| {
            let named = client_id(request).unwrap_or_default();
            let owner = owner(service, request);
            match owner.filter(|owner| owner.eq_ignore_ascii_case(&named)) {
                Some(owner) => service.handle(&with_client_id(request, &owner)),
                None => service.handle(request),
            }
        },
    ),
    Bug::new(
        "a customer's token opens the path without v2",
        "auth.scope",
        |service, request| widened(service, request, Endpoint::InitPlain),
    ),
    Bug::new(
        "a customer's token opens notifications by merchant id",
        "notification.scope",
        |service, request| widened(service, request, Endpoint::NotificationMerchantOrder),
    ),
    Bug::new(
        "the availability of a plan needs no token",
        "auth.token.required",
        |service, request| unsigned(service, request, Endpoint::Availability),
    ),
    Bug::new(
        "the calculator needs no token",
        "auth.token.required",
        |service, request| unsigned(service, request, Endpoint::Calculator),
    ),
    Bug::new(
        "notifications by merchant id need no token",
        "auth.token.required",
        |service, request| unsigned(service, request, Endpoint::NotificationMerchantOrder),
    ),
    Bug::new(
        "the end of the token is not compared",
        "auth.token.known",
        |service, request| {
            let near = token_of(request).and_then(|token| {
                let state = service.app.state();
                let begin = token.get(..token.len().checked_sub(1)?)?;
                let mut known = state.access.keys();
                let found = known.find(|known| known.starts_with(begin));
                found.map(|known| format!("Bearer {known}"))
            });
            match near {
                Some(header) => service.handle(&with_authorization(request, &header)),
                None => service.handle(request),
            }
        },
    ),
    Bug::new(
        "the case of the token is folded",
        "auth.token.known",
        |service, request| {
            let lower = token_of(request).map(|token| token.to_ascii_lowercase());
            match lower {
                Some(token) => {
                    let header = format!("Bearer {token}");
                    service.handle(&with_authorization(request, &header))
                }
                None => service.handle(request),
            }
        },
    ),
    Bug::new(
        "a refresh token opens init",
        "auth.token.known",
        |service, request| {
            let access = token_of(request).and_then(|token| {
                let state = service.app.state();
                let record = state.refresh.get(&*token)?;
                Some(format!("Bearer {}", record.access_token))
            });
            match access {
                Some(header) => service.handle(&with_authorization(request, &header)),
                None => service.handle(request),
            }
        },
    ),
    Bug::new(
        "PUT is taken for POST",
        "http.method.allowed",
        |service, request| {
            if request.method == Method::PUT {
                let method = Method::POST;
                return service.handle(&Request {
                    method,
                    ..request.clone()
                });
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "HEAD is refused",
        "http.method.allowed",
        |service, request| {
            if request.method == Method::HEAD {
                return Reply::empty(StatusCode::METHOD_NOT_ALLOWED);
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "Allow is missing for the token endpoint",
        "http.method.allowed",
        |service, request| {
            let mut reply = service.handle(request);
            if endpoint(service, request) == Some(Endpoint::Token) {
                reply.headers.retain(|(name, _)| *name != ALLOW);
            }
            reply
        },
    ),
    Bug::new(
        "a media type with a charset is refused",
        "token.encoding",
        |service, request| media_type(service, request, |value| value.contains("charset")),
    ),
    Bug::new(
        "the case of the media type matters",
        "token.encoding",
        |service, request| media_type(service, request, |value| value.contains("X-WWW")),
    ),
    Bug::new("OPTIONS crashes", "http.robust", |service, request| {
        if request.method == Method::OPTIONS && endpoint(service, request).is_some() {
            return Reply::empty(StatusCode::INTERNAL_SERVER_ERROR);
        }
        service.handle(request)
    }),
];

/// The client whose token a request has.
fn owner(service: &Service, request: &Request) -> Option<String> {
    let token = token_of(request)?;
    let state = service.app.state();
    Some(state.access.get(&*token)?.client_id.to_string())
}

/// Handles a request with another client's token as if it had one of the client in the path.
fn foreign(service: &Service, request: &Request, about: Endpoint) -> Reply {
    let named = client_id(request).filter(|_| endpoint(service, request) == Some(about));
    let other = named.filter(|named| owner(service, request).is_some_and(|own| own != *named));
    match other.and_then(|other| sign_in(service, &other)) {
        Some(token) => {
            let header = format!("Bearer {token}");
            service.handle(&with_authorization(request, &header))
        }
        None => service.handle(request),
    }
}

/// Handles a request with a token of scope `customer` as if its scope were `merchant`.
fn widened(service: &Service, request: &Request, about: Endpoint) -> Reply {
    let is_meant = endpoint(service, request) == Some(about);
    let customer = token_of(request).filter(|_| is_meant).and_then(|token| {
        let state = service.app.state();
        let access = state.access.get(&*token)?;
        (access.scope == Scope::Customer).then(|| access.client_id.to_string())
    });
    match customer.and_then(|owner| sign_in(service, &owner)) {
        Some(token) => {
            let header = format!("Bearer {token}");
            service.handle(&with_authorization(request, &header))
        }
        None => service.handle(request),
    }
}

/// Handles a request to this endpoint without a token as if it had one.
fn unsigned(service: &Service, request: &Request, about: Endpoint) -> Reply {
    if endpoint(service, request) == Some(about) {
        return crate::sabotage::account::no_token_accepted(service, request);
    }
    service.handle(request)
}

/// Handles a token request with such a media type as if it were plain text.
fn media_type(service: &Service, request: &Request, is_meant: impl Fn(&str) -> bool) -> Reply {
    let mut request = request.clone();
    let value = request
        .header(&CONTENT_TYPE)
        .unwrap_or_default()
        .into_owned();
    if endpoint(service, &request) == Some(Endpoint::Token) && is_meant(&value) {
        let plain = HeaderValue::from_static("text/plain");
        request.headers.insert(CONTENT_TYPE, plain);
    }
    service.handle(&request)
}
