//! `GET /online/v2/client-id/{clientId}/systems/payment-calculator`: what a price comes to each
//! month.

use crate::app::App;
use crate::journal::Note;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::request::Request;
use flexiti_contract::{Rule, Rulebook};

/// Answers a request for a price.
pub fn handle(
    _app: &App,
    _rulebook: &Rulebook,
    _request: &Request,
    _note: &mut Note,
) -> Result<Reply, Rejection> {
    Err(Rejection::new(Rule::PathKnown, "not_found"))
}
