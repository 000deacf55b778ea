//! The questions about the buyer, addresses, and the merchant's own order ids.

use crate::server::case::requests::request_to;
use crate::server::case::{Encoding, Params};
use crate::server::plan::replaced;
use crate::server::probe::heard::Heard;
use crate::server::probe::prober::Prober;
use crate::server::wire::Stopped;
use flexiti_contract::{Endpoint, Flow};
use serde_json::{Value, json};

pub fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    addresses(prober)?;
    customers(prober)?;
    alias(prober)
}

/// A granted request of a flow.
fn granted(prober: &Prober<'_, '_>, flows: &[Flow]) -> Option<(Endpoint, Params)> {
    let mut known = prober.granted.iter();
    let found = known.find(|(_, flow, _)| flows.contains(flow))?;
    Some((found.0, found.2.clone()))
}

/// Sends a request with one defect, in the foothold's encoding.
fn defect(
    prober: &mut Prober<'_, '_>,
    endpoint: Endpoint,
    params: Params,
) -> Result<Heard, Stopped> {
    let encoding = prober.foothold.as_ref().map(|f| f.encoding);
    let request = request_to(endpoint, &params, encoding.unwrap_or(Encoding::FormDotted));
    match request {
        Some(request) => prober.defect(endpoint, params, request),
        None => Ok(Heard::nothing()),
    }
}

fn addresses(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some((endpoint, params)) = granted(prober, &[Flow::ApplyBuy, Flow::Buy]) else {
        return Ok(());
    };
    let mut optional = true;
    let mut shown = Heard::nothing();
    for block in ["billing_information", "shipping_information"] {
        let less = replaced(&params, &format!("{block}.address_2"), &Value::Null);
        shown = defect(prober, endpoint, less)?;
        optional &= shown.granted();
    }
    if shown.outcome().is_some() {
        prober.note("require_address_2", !optional, &shown);
    }
    Ok(())
}

fn customers(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let without = |params: &Params| {
        let less = replaced(params, "customer_id", &Value::Null);
        replaced(&less, "vcc", &Value::Null)
    };
    if let Some((endpoint, params)) = granted(prober, &[Flow::ApplyBuy]) {
        let heard = defect(prober, endpoint, without(&params))?;
        if let Some(granted) = heard.outcome() {
            prober.note("apply_buy_needs_customer", !granted, &heard);
        }
    }
    if let Some((endpoint, params)) = granted(prober, &[Flow::Buy]) {
        let heard = defect(prober, endpoint, without(&params))?;
        let fields = heard.fields().map(|(_, fields)| fields).unwrap_or_default();
        let named = |name: &str| fields.iter().any(|(param, _)| param == name);
        let answer = match (named("customer_id"), named("vcc")) {
            (true, true) => Some("both"),
            (true, false) => Some("customer_id"),
            (false, true) => Some("vcc"),
            (false, false) => None,
        };
        // If only the first parameter is listed, the other may be meant too.
        let first = prober.answers.answer("field_errors_listed") == Some(&json!("first"));
        if let Some(answer) = answer.filter(|answer| !first || *answer == "vcc") {
            prober.note("buy_identity_named", answer, &heard);
        }
    }
    Ok(())
}

/// Whether `merchant_order_id` is read. A wrong JSON type shows it without side effects.
fn alias(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(());
    };
    if !prober.encodings.contains(&Encoding::Json) {
        return Ok(());
    }
    let mut params = replaced(&foothold.params, "merchant_orderid", &Value::Null);
    params.push(("merchant_order_id".to_owned(), json!(["a"])));
    let heard = prober.init_at(foothold.endpoint, Encoding::Json, &params)?;
    if let Some(granted) = heard.outcome() {
        let answer = if granted { "ignore" } else { "accept" };
        prober.note("merchant_order_id_alias", answer, &heard);
    }
    let fields = heard.fields().map(|(_, fields)| fields).unwrap_or_default();
    let spelling = match fields.first().map(|(param, _)| param.as_str()) {
        Some("merchant_order_id") => "sent",
        Some("merchant_orderid") => "documented",
        _ => return Ok(()),
    };
    prober.note("merchant_order_id_named", spelling, &heard);
    Ok(())
}
