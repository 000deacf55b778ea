//! A request on its way to an endpoint's handler.

use crate::api::rejection::Rejection;
use crate::app::App;
use crate::clock::Millis;
use crate::http::request::{BODY_LIMIT, Body, Request};
use flexiti_contract::{Endpoint, ErrorId, Rule, Rulebook};

/// A request to an endpoint of the API.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The server.
    pub app: &'a App,
    /// The contract in the merchant's dialect.
    pub rulebook: &'a Rulebook,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The client id in the path; empty if the path has none.
    pub client_id: &'a str,
    /// The order id in the path; empty if the path has none.
    pub order_id: &'a str,
    /// The request.
    pub request: &'a Request,
    /// The machine's time.
    pub machine: Millis,
    /// Whether a fault keeps the notification from showing the outcome.
    pub hides_outcome: bool,
}

impl<'a> Call<'a> {
    /// The client id in the path, as the dialect reads it.
    pub(super) fn own_client_id(&self) -> &'a str {
        if self.rulebook.enforces(Rule::PathQuotes) {
            self.client_id.trim_matches('"')
        } else {
            self.client_id
        }
    }

    /// The body, if it is complete and within the API's size limit.
    pub(super) fn body(&self) -> Result<&'a [u8], Rejection> {
        match &self.request.body {
            Body::TimedOut => Err(Rejection::new(Rule::Robust, ErrorId::RequestTimeout)),
            Body::BrokenOff => Err(Rejection::new(Rule::Robust, ErrorId::IncompleteBody)),
            Body::TooLarge => Err(Rejection::new(Rule::BodySize, ErrorId::PayloadTooLarge)),
            Body::Read(bytes)
                if bytes.len() > BODY_LIMIT && self.rulebook.enforces(Rule::BodySize) =>
            {
                Err(Rejection::new(Rule::BodySize, ErrorId::PayloadTooLarge))
            }
            Body::Read(bytes) => Ok(bytes),
        }
    }
}
