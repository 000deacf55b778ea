//! Flexiti's endpoints: one file for each, and what they share. A request comes here with its
//! merchant's rulebook, and leaves as a reply or a rejection.

pub mod auth;
mod availability;
mod calculator;
mod init;
mod notification;
pub mod parameters;
pub mod rejection;
mod token;

use crate::api::rejection::Rejection;
use crate::app::App;
use crate::clock::Millis;
use crate::http::reply::Reply;
use crate::http::request::{BODY_LIMIT, Body, Request};
use crate::journal::Note;
use flexiti_contract::{Endpoint, Rule, Rulebook};

/// A request to an endpoint of the API.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The server.
    pub app: &'a App,
    /// The contract in the merchant's dialect.
    pub rulebook: &'a Rulebook,
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// The client id of the path; empty where the path has none.
    pub client_id: &'a str,
    /// The order id of the path; empty where the path has none.
    pub order_id: &'a str,
    /// The request.
    pub request: &'a Request,
    /// The machine's time.
    pub machine: Millis,
    /// A fault keeps the notification from showing the outcome.
    pub hides_outcome: bool,
}

/// Answers a call, or says why it is refused; what is found out on the way is noted.
pub fn answer(call: &Call<'_>, note: &mut Note) -> Result<Reply, Rejection> {
    if !call.rulebook.serves(call.endpoint) {
        return Err(Rejection::new(Rule::PathKnown, "not_found"));
    }
    let method = &call.rulebook.contract().endpoint(call.endpoint).method;
    if call.request.method.as_str() != method {
        let rejection = Rejection::new(Rule::MethodAllowed, "method_not_allowed");
        return Err(rejection.allowing(method));
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
        (_, None) => Err(Rejection::new(Rule::BearerRequired, "token_missing")),
    }
}

impl<'a> Call<'a> {
    /// The body, if it was read whole and is no larger than the API takes.
    fn body(&self) -> Result<&'a [u8], Rejection> {
        match &self.request.body {
            Body::TimedOut => Err(Rejection::new(Rule::Robust, "request_timeout")),
            Body::BrokenOff => Err(Rejection::new(Rule::Robust, "incomplete_body")),
            Body::TooLarge => Err(Rejection::new(Rule::BodySize, "payload_too_large")),
            Body::Read(bytes)
                if bytes.len() > BODY_LIMIT && self.rulebook.enforces(Rule::BodySize) =>
            {
                Err(Rejection::new(Rule::BodySize, "payload_too_large"))
            }
            Body::Read(bytes) => Ok(bytes),
        }
    }
}
