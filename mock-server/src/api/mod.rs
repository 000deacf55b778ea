//! Flexiti's endpoints: one file for each, and what they share. A request comes here with its
//! merchant's rulebook, and leaves as a reply or a rejection.

pub mod auth;
mod availability;
pub mod basic;
mod calculator;
pub mod call;
mod init;
mod notification;
pub mod parameters;
pub mod rejection;
mod token;
pub mod unknown_path;

use crate::api::call::Call;
use crate::api::rejection::Rejection;
use crate::http::reply::Reply;
use crate::journal::Note;
use flexiti_contract::{Endpoint, ErrorId, Rule};

/// Answers a call, or says why it is refused; what is found out on the way is noted.
pub fn answer(call: &Call<'_>, note: &mut Note) -> Result<Reply, Rejection> {
    if !call.rulebook.serves(call.endpoint) {
        return Err(Rejection::new(Rule::PathKnown, ErrorId::NotFound));
    }
    let method = &call.rulebook.contract().endpoint(call.endpoint).method;
    // Whoever serves GET serves HEAD (RFC 9110, section 9.1).
    let allowed = match method.as_str() {
        "GET" => "GET, HEAD",
        other => other,
    };
    if !allowed.split(", ").any(|it| it == call.request.method) {
        let rejection = Rejection::new(Rule::MethodAllowed, ErrorId::MethodNotAllowed);
        return Err(rejection.allowing(allowed));
    }
    let body = call.body()?;
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
        // `auth::caller` lets nobody through to these endpoints without a merchant.
        (_, None) => Err(Rejection::new(Rule::BearerRequired, ErrorId::TokenMissing)),
    }
}
