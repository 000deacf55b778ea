//! `POST /online/client-id/{clientId}/merchants/payment-availability`: no copy of the reference
//! shows more than its path, so the dialect says what it answers.

use crate::reply::Reply;
use flexiti_contract::{Rule, Rulebook};
use serde_json::json;

/// Answers an authenticated merchant.
pub fn handle(rulebook: &Rulebook) -> Reply {
    if rulebook.taken_away(Rule::AvailabilityBody) {
        return Reply::json(200, &json!({"unknown": null}));
    }
    Reply::json(200, &rulebook.knobs().availability_body)
}
