//! Variations of an answer that clients must tolerate (RFC 6749, section 5.1): undocumented
//! members, and another order of members.

use crate::http::reply::Reply;
use flexiti_contract::dialect::{Knobs, MemberOrder, Members};
use serde_json::{Map, Value, json};

/// Varies an answer as the dialect says. Only non-empty JSON objects vary; refusals, which clients
/// recognize by their text, do not.
pub fn reply(knobs: &Knobs, reply: Reply) -> Reply {
    let more = knobs.response_members == Members::More;
    let reversed = knobs.response_member_order == MemberOrder::Reversed;
    let is_json = !reply.status.is_client_error()
        && !reply.status.is_server_error()
        && reply.content_type.starts_with("application/json");
    if !(more || reversed) || !is_json {
        return reply;
    }
    let Ok(mut members) = serde_json::from_slice::<Map<String, Value>>(&reply.body) else {
        return reply;
    };
    if more && !members.is_empty() {
        add(&mut members);
    }
    let mut body = Value::Object(members);
    if reversed {
        reverse(&mut body);
    }
    Reply {
        body: body.to_string().into(),
        ..reply
    }
}

/// Adds a member to the answer and to each nested object.
fn add(members: &mut Map<String, Value>) {
    for value in members.values_mut() {
        if let Value::Object(block) = value {
            add(block);
        }
    }
    let more = json!({"version": 1, "links": [], "note": null});
    members.insert("undocumented".to_owned(), more);
}

fn reverse(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(reverse);
            let reversed = std::mem::take(members).into_iter().rev();
            members.extend(reversed);
        }
        Value::Array(items) => items.iter_mut().for_each(reverse),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexiti_contract::{Contract, Rulebook};
    use hyper::StatusCode;

    fn varied(members: &str, order: &str, body: &Value) -> String {
        varied_with(200, members, order, body)
    }

    fn varied_with(status: u16, members: &str, order: &str, body: &Value) -> String {
        let contract = Contract::shipped();
        let mut dialect = contract.dialect("documented").unwrap();
        for (knob, answer) in [
            ("response_members", members),
            ("response_member_order", order),
        ] {
            let answer = answer.into();
            dialect = dialect
                .with_answer(knob, answer, contract.sources())
                .unwrap();
        }
        let rulebook = Rulebook::compile(contract, dialect).unwrap();
        let reply = reply(
            rulebook.knobs(),
            Reply::json(StatusCode::from_u16(status).unwrap(), body),
        );
        String::from_utf8(reply.body.to_vec()).unwrap()
    }

    #[test]
    fn members_are_added_and_turned_about_and_keep_their_values() {
        let body = json!({"a": 1, "b": {"c": "x", "d": [{"e": 1, "f": 2}]}});
        assert_eq!(varied("documented", "documented", &body), body.to_string());
        assert_eq!(
            varied("documented", "reversed", &body),
            r#"{"b":{"d":[{"f":2,"e":1}],"c":"x"},"a":1}"#
        );
        let mut more: Value = serde_json::from_str(&varied("more", "reversed", &body)).unwrap();
        for object in ["", "/b"] {
            let object = more.pointer_mut(object).unwrap().as_object_mut().unwrap();
            assert!(object.shift_remove("undocumented").is_some());
        }
        assert_eq!(more, body);
        // Anything but an object is unchanged, and so are an empty object and a refusal.
        assert_eq!(varied("more", "reversed", &json!([1, 2])), "[1,2]");
        assert_eq!(varied("more", "reversed", &json!({})), "{}");
        let refusal = json!({"error": "x", "code": 1});
        assert_eq!(
            varied_with(409, "more", "reversed", &refusal),
            refusal.to_string()
        );
    }
}
