//! Saboteurs of what applies to every endpoint.

use crate::http::reply::Reply;
use crate::http::request::{Body, Request};
use crate::http::route::Route;
use crate::pipeline::Service;
use crate::sabotage::rewrite::{body, edited, endpoint, refused};
use flexiti_contract::{ErrorId, Rule};
use hyper::body::Bytes;
use hyper::header::{ALLOW, TRANSFER_ENCODING};
use hyper::{Method, StatusCode};
use serde_json::json;

pub fn unknown_path_answered(service: &Service, request: &Request) -> Reply {
    match service.route(&request.path) {
        Route::Root | Route::Unknown => Reply::json(StatusCode::OK, &json!({})),
        _ => service.handle(request),
    }
}

pub fn method_not_found(service: &Service, request: &Request) -> Reply {
    let reply = service.handle(request);
    let is_refused = reply.headers.iter().any(|(name, _)| *name == ALLOW);
    if is_refused && endpoint(service, request).is_some() {
        return refused(service, request, Rule::PathKnown, ErrorId::NotFound);
    }
    reply
}

pub fn nul_crashes(service: &Service, request: &Request) -> Reply {
    let crashes = body(request).contains(&0)
        && request.method != Method::OPTIONS
        && endpoint(service, request).is_some();
    if crashes {
        return Reply::empty(StatusCode::INTERNAL_SERVER_ERROR);
    }
    service.handle(request)
}

/// Ignores a body that has no length.
pub fn chunks_unread(service: &Service, request: &Request) -> Reply {
    if !request.headers.contains_key(TRANSFER_ENCODING) {
        return service.handle(request);
    }
    let mut unread = request.clone();
    unread.body = Body::Read(Bytes::new());
    service.handle(&unread)
}

/// Removes the message from refusals.
pub fn message_missing(service: &Service, request: &Request) -> Reply {
    let reply = service.handle(request);
    let is_refusal = reply.status.is_client_error() || reply.status.is_server_error();
    if !is_refusal || matches!(service.route(&request.path), Route::Admin(_)) {
        return reply;
    }
    edited(reply, |members| {
        members.shift_remove("message");
        members.shift_remove("error_description");
    })
}
