//! `POST /online/client-id/{clientId}/merchants/payment-availability`. No copy of the reference
//! shows more than its path, so any body is accepted and recorded, and the dialect defines the
//! answer.

use crate::http::json::any;
use crate::http::reply::Reply;
use crate::journal::{JournaledParameters, Note};
use flexiti_contract::Rulebook;
use hyper::StatusCode;
use serde_json::Value;

/// Answers an authenticated merchant.
pub fn handle(rulebook: &Rulebook, body: &[u8], note: &mut Note) -> Reply {
    note.params = Some(JournaledParameters::Any(
        Value::Object(any(body)).to_string(),
    ));
    Reply::json(StatusCode::OK, &rulebook.knobs().availability_body)
}
