//! Flexiti's endpoints: a file for each, and what they share. A request arrives with its merchant's
//! rulebook and leaves as a reply or a rejection.

pub mod auth;
mod availability;
pub mod basic;
mod calculator;
pub mod call;
mod init;
mod notification;
pub mod parameters;
mod refusal_body;
pub mod rejection;
mod token;
pub mod unknown_path;

use crate::api::call::Call;
use crate::api::rejection::Rejection;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::journal::Note;
use flexiti_contract::{Endpoint, ErrorId, Rule};
use hyper::header::CONTENT_ENCODING;

/// Answers a call or rejects it; what is found out on the way goes into `note`.
pub fn answer(call: &Call<'_>, note: &mut Note) -> Result<Reply, Rejection> {
    if !call.rulebook.serves(call.endpoint) {
        return Err(Rejection::new(Rule::PathKnown, ErrorId::NotFound));
    }
    let method = &call.rulebook.contract().endpoint(call.endpoint).method;
    // A resource that supports GET supports HEAD (RFC 9110, section 9.1).
    let allowed = match method.as_str() {
        "GET" => "GET, HEAD",
        other => other,
    };
    if !allowed.split(", ").any(|it| it == call.request.method) {
        let rejection = Rejection::new(Rule::MethodAllowed, ErrorId::MethodNotAllowed);
        return Err(rejection.allowing(allowed));
    }
    let body = call.body()?;
    if !body.is_empty() {
        check_coding(call.request, body)?;
    }
    let caller = auth::caller(call)?;
    match (call.endpoint, &caller) {
        (Endpoint::Token, _) => token::handle(call, body, note),
        (Endpoint::Calculator, _) => calculator::handle(call, note),
        (Endpoint::Availability, _) => Ok(availability::handle(call.rulebook, body, note)),
        (
            Endpoint::NotificationOrder
            | Endpoint::NotificationMerchantOrder
            | Endpoint::NotificationOld,
            Some(caller),
        ) => notification::handle(call, caller, note),
        (Endpoint::InitV2 | Endpoint::InitPlain | Endpoint::LearnMore, Some(caller)) => {
            init::handle(call, caller, body, note)
        }
        // `auth::caller` always returns a merchant for these endpoints.
        (_, None) => Err(Rejection::new(Rule::BearerRequired, ErrorId::TokenMissing)),
    }
}

/// Refuses a body whose content coding or charset the API does not read. Otherwise the refusal
/// would blame something else, such as an unexpected character.
fn check_coding(request: &Request, body: &[u8]) -> Result<(), Rejection> {
    let coding = request.header(&CONTENT_ENCODING).unwrap_or_default();
    let coding = coding.trim();
    if !coding.is_empty() && !coding.eq_ignore_ascii_case("identity") {
        let what = format!("the body has the content coding `{coding}`, which is not read");
        return Err(Rejection::coded(what));
    }
    let Some(charset) = request.charset() else {
        return Ok(());
    };
    let is_read = match charset.as_str() {
        "utf-8" | "utf8" => true,
        // These agree with UTF-8 as long as the body is ASCII.
        "us-ascii" | "ascii" | "iso-8859-1" | "latin1" | "windows-1252" => body.is_ascii(),
        _ => false,
    };
    if is_read {
        return Ok(());
    }
    let what = format!("the body has the charset `{charset}`, which is not read");
    Err(Rejection::coded(what))
}
