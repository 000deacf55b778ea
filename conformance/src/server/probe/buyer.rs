//! A server may take an order to buy from customers only that it knows. Which ones it knows, no page
//! says: the ids of the examples may be those of another environment (P-env).

use super::heard::Heard;
use super::prober::Prober;
use crate::server::case::{Encoding, Params};
use crate::server::plan::{INIT, replaced};
use crate::server::wire::Stopped;
use flexiti_contract::Endpoint;
use serde_json::{Value, json};

const IDENTITY: [&str; 2] = ["customer_id", "vcc"];

/// What a refusal calls the one who buys, where it names no parameter.
const BUYER: [&str; 3] = ["customer", "account", "cardholder"];

/// Whether a request was refused for its customer: it says so, or that something was not found, and
/// says something else where no customer is named.
pub(super) fn is_unknown(
    prober: &mut Prober<'_, '_>,
    endpoint: Endpoint,
    encoding: Encoding,
    params: &Params,
    heard: &Heard,
) -> Result<bool, Stopped> {
    if !heard.refused() {
        return Ok(false);
    }
    let named = heard.fields().map(|(_, fields)| fields).unwrap_or_default();
    let is_identity =
        |(param, word): &(String, String)| IDENTITY.contains(&param.as_str()) && word != "required";
    if !named.is_empty() && named.iter().all(is_identity) {
        return Ok(true);
    }
    let speaks_of_buyer = named.is_empty() && tells_of_buyer(heard);
    if heard.status() != 404 && !speaks_of_buyer {
        return Ok(false);
    }
    let nobody = IDENTITY.iter().fold(params.clone(), |params, name| {
        replaced(&params, name, &Value::Null)
    });
    let without = prober.init_at(endpoint, encoding, &nobody)?;
    let says = |heard: &Heard| (heard.status(), heard.json()["error"].clone());
    Ok(without.refused() && says(&without) != says(heard))
}

/// Whether a refusal speaks of the one who buys.
fn tells_of_buyer(heard: &Heard) -> bool {
    let body = heard.json();
    let members = ["error", "error_description", "message"].map(|name| body[name].as_str());
    members.into_iter().flatten().any(|text| {
        let text = text.to_ascii_lowercase();
        BUYER.iter().any(|word| text.contains(word))
    })
}

/// The request with the first known card in place of the customer's id. If there is none, nobody is
/// known, and no request names a customer from then on.
pub(super) fn by_card(
    prober: &mut Prober<'_, '_>,
    endpoint: Endpoint,
    encoding: Encoding,
    params: &Params,
) -> Result<Option<Params>, Stopped> {
    let cards = prober.contract.param(endpoint, "vcc");
    let cards: Vec<String> = cards.map_or_else(Vec::new, |row| row.samples.clone());
    let mut known = None;
    for card in cards {
        let params = replaced(params, "customer_id", &Value::Null);
        let params = replaced(&params, "vcc", &json!(card));
        if prober.init_at(endpoint, encoding, &params)?.granted() {
            known = Some((card, params));
            break;
        }
    }
    for endpoint in INIT {
        let mut keep = |name: &str, value: Option<String>| {
            let key = (endpoint, name.to_owned());
            prober.samples.values.insert(key, value);
        };
        keep("customer_id", None);
        keep("vcc", known.as_ref().map(|(card, _)| card.clone()));
    }
    Ok(known.map(|(_, params)| params))
}
