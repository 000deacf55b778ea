//! The requests of a course.

use super::state::{Order, Token};
use crate::server::case::requests::{self, request_to, token_params};
use crate::server::case::{Encoding, RequestTemplate, To};
use crate::server::plan;
use flexiti_contract::Endpoint;
use serde_json::json;

pub(super) fn token_request(changes: &[(&str, &str)]) -> RequestTemplate {
    let params = changes
        .iter()
        .fold(token_params(), |params, (name, value)| {
            plan::replaced(&params, name, &json!(value))
        });
    request_to(Endpoint::Token, &params, Encoding::FormDotted)
        .unwrap_or_else(requests::token_request)
}

pub(super) fn scope(is_customer: bool) -> &'static str {
    if is_customer { "customer" } else { "merchant" }
}

/// A request with this token.
pub(super) fn signed(request: RequestTemplate, token: &Token) -> RequestTemplate {
    let bearer = format!("Bearer {{{{{}/access_token}}}}", token.answer);
    request.header("authorization", &bearer)
}

/// A notification request about this order, which was opened after `earlier` others.
pub(super) fn about(request: RequestTemplate, order: &Order, earlier: usize) -> RequestTemplate {
    let To::Path(path) = &request.to else {
        return request;
    };
    let path = path
        .replace("{{0/", &format!("{{{{{}/", order.answer))
        .replace(
            "{{merchant_order}}",
            &format!("{{{{merchant_order}}}}-{earlier}"),
        );
    RequestTemplate {
        to: To::Path(path),
        ..request
    }
}
