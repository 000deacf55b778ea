//! `POST /online/client-id/{clientId}/merchants/payment-availability`: no copy of the reference
//! shows more than its path, so whatever is sent is taken and recorded, and the dialect says
//! what is answered.

use crate::body::any;
use crate::journal::{Note, Sent};
use crate::reply::Reply;
use flexiti_contract::{Rule, Rulebook};
use serde_json::{Value, json};

/// Answers an authenticated merchant.
pub fn handle(rulebook: &Rulebook, body: &[u8], note: &mut Note) -> Reply {
    note.params = Some(Sent::Any(Value::Object(any(body)).to_string()));
    if rulebook.taken_away(Rule::AvailabilityBody) {
        return Reply::json(200, &json!({"unknown": null}));
    }
    Reply::json(200, &rulebook.knobs().availability_body)
}
