//! `POST /online/client-id/{clientId}/merchants/payment-availability`: no copy of the reference
//! shows more than its path, so whatever is sent is taken and recorded, and the dialect says
//! what is answered.

use crate::body::{Form, FormRules};
use crate::journal::{Note, Sent};
use crate::reply::Reply;
use flexiti_contract::{Rule, Rulebook};
use serde_json::{Map, Value, json};

/// Answers an authenticated merchant.
pub fn handle(rulebook: &Rulebook, body: &[u8], note: &mut Note) -> Reply {
    note.params = Some(Sent::Any(Value::Object(read(body)).to_string()));
    if rulebook.taken_away(Rule::AvailabilityBody) {
        return Reply::json(200, &json!({"unknown": null}));
    }
    Reply::json(200, &rulebook.knobs().availability_body)
}

/// What was sent, under the names that were sent: the members of a JSON object, or else the
/// pairs of a form. Of what stands twice it is the last.
fn read(body: &[u8]) -> Map<String, Value> {
    if let Ok(members) = serde_json::from_slice(body) {
        return members;
    }
    let rules = FormRules {
        literal_percent: true,
        lossy: true,
    };
    let form = Form::read(body, rules).unwrap_or_default();
    let member = |(name, value): (&str, &str)| (name.to_owned(), value.into());
    form.pairs().map(member).collect()
}
