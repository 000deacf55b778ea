//! The questions about notifications for unfinished orders.

use crate::server::case::requests::request_to;
use crate::server::case::{RequestTemplate, To};
use crate::server::plan::replaced;
use crate::server::probe::foothold::path;
use crate::server::probe::heard::Heard;
use crate::server::probe::prober::Prober;
use crate::server::wire::Stopped;
use flexiti_contract::{Endpoint, Flow};
use serde_json::{Value, json};

/// The request to an endpoint about another id.
pub fn about(endpoint: Endpoint, id: &str) -> Option<RequestTemplate> {
    let request = path(endpoint)?;
    let To::Path(text) = &request.to else {
        return None;
    };
    let text = text.replace("{{0/online_order_id}}", id);
    Some(RequestTemplate {
        to: To::Path(text.replace("{{merchant_order}}", id)),
        ..request
    })
}

/// A request that opens an order of this flow with this merchant order id.
fn opening(prober: &Prober<'_, '_>, flow: Option<Flow>, id: &str) -> Option<RequestTemplate> {
    let foothold = prober.foothold.as_ref()?;
    let (endpoint, params) = match flow {
        None => (foothold.endpoint, foothold.params.clone()),
        Some(flow) => {
            let found = prober.granted.iter().find(|(_, f, _)| *f == flow)?;
            (found.0, found.2.clone())
        }
    };
    let params = replaced(&params, "merchant_orderid", &json!(id));
    request_to(endpoint, &params, foothold.encoding)
}

pub fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    unknown(prober)?;
    let told = unfinished(prober)?;
    if told {
        bought(prober)?;
        shared(prober)?;
        accents(prober)?;
    } else {
        refused_twice(prober)?;
    }
    Ok(())
}

fn unknown(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(request) = about(Endpoint::NotificationOrder, "999999999999") else {
        return Ok(());
    };
    let heard = prober.ask(request)?;
    if heard.refused() {
        prober.note("notification_unknown", "not_found", &heard);
    } else if heard.granted() && heard.json() == json!({}) {
        prober.note("notification_unknown", "empty", &heard);
    }
    Ok(())
}

/// What the notification of an order without an outcome says. False if there is none.
fn unfinished(prober: &mut Prober<'_, '_>) -> Result<bool, Stopped> {
    let flows = prober.granted.iter().map(|(_, flow, _)| *flow);
    let apply = flows
        .clone()
        .find(|f| [Flow::Apply, Flow::ApplyBuy].contains(f));
    let open = opening(prober, apply.or(flows.clone().next()), "{{merchant_order}}");
    let (Some(open), Some(request)) = (open, path(Endpoint::NotificationOrder)) else {
        return Ok(false);
    };
    let heard = prober.ask_after(vec![open.clone()], request)?;
    let old = path(Endpoint::NotificationOld);
    if [405, 501].contains(&heard.status()) {
        // The path is documented to support GET, so this says nothing about the order.
        return Ok(false);
    }
    if heard.refused() {
        // One path that reports the order is enough: the other violates its clause.
        let merchant = path(Endpoint::NotificationMerchantOrder);
        if let Some(merchant) = merchant {
            let told = prober.ask_after(vec![open], merchant)?;
            if !told.refused() {
                return Ok(false);
            }
        }
        prober.note("notification_unfinished", "not_found", &heard);
        return Ok(false);
    }
    if !heard.granted() {
        return Ok(false);
    }
    let body = heard.json();
    if body == json!({}) {
        prober.note("notification_unfinished", "empty", &heard);
        return Ok(false);
    }
    if body.get("callback_url").is_some_and(Value::is_null) {
        prober.note("notification_callback_url", "null", &heard);
    }
    let opened = heard.exchanges.first().and_then(|e| e.answer()?.json());
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if let Some(order) = opened.map(|opened| text(&opened["online_order_id"])) {
        let same = text(&body["transaction_id"]) == order;
        let answer = if same { "order_id" } else { "own_number" };
        if !body["transaction_id"].is_null() {
            prober.note("transaction_id_is", answer, &heard);
        }
    }
    match body["apply"]["apply_status"].as_str() {
        Some(word) => {
            prober.note("notification_unfinished", "status_word", &heard);
            let word = Some(json!(word));
            prober
                .answers
                .note_entry("apply_status_words", "unfinished", word, &heard);
        }
        None if body["apply"].is_null() && apply.is_some() => {
            prober.note("notification_unfinished", "without_blocks", &heard);
        }
        None => {}
    }
    if let Some(old) = old {
        let heard = prober.ask_after(vec![open], old)?;
        if let Some(granted) = heard.outcome() {
            let answer = if granted { "served" } else { "gone" };
            prober.note("old_notification_path", answer, &heard);
        }
    }
    Ok(true)
}

/// The name of the purchase block, if an unfinished order shows it.
fn bought(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let open = opening(prober, Some(Flow::Buy), "{{merchant_order}}");
    let (Some(open), Some(request)) = (open, path(Endpoint::NotificationOrder)) else {
        return Ok(());
    };
    let heard = prober.ask_after(vec![open], request)?;
    let body = heard.json();
    for name in ["purchase", "buy"] {
        if let Some(word) = body[name]["status"].as_str() {
            prober.note("purchase_block_name", name, &heard);
            let word = Some(json!(word));
            prober
                .answers
                .note_entry("purchase_status_words", "unfinished", word, &heard);
        }
    }
    Ok(())
}

/// Two orders with the same merchant order id.
fn shared(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(open) = opening(prober, None, "{{merchant_order}}") else {
        return Ok(());
    };
    let second = prober.ask_after(vec![open.clone()], open.clone())?;
    if second.refused() {
        prober.note("merchant_order_id_shared", "refuse", &second);
        return Ok(());
    }
    let (Some(by_order), Some(by_merchant)) = (
        path(Endpoint::NotificationOrder),
        path(Endpoint::NotificationMerchantOrder),
    ) else {
        return Ok(());
    };
    let of_second = about(Endpoint::NotificationOrder, "{{1/online_order_id}}");
    let mut asked = vec![open.clone(), open, by_order];
    asked.extend(of_second);
    let heard = prober.ask_after(asked, by_merchant)?;
    let told = |at: usize| heard.exchanges.get(at)?.answer()?.json();
    let (Some(first), Some(second), Some(last)) = (told(2), told(3), told(4)) else {
        return Ok(());
    };
    let id = |body: &Value| body["transaction_id"].clone();
    if id(&first) == id(&second) {
        return Ok(());
    }
    if id(&last) == id(&second) {
        prober.note("merchant_order_id_shared", "newest", &heard);
    } else if id(&last) == id(&first) {
        prober.note("merchant_order_id_shared", "oldest", &heard);
    }
    Ok(())
}

/// If unfinished orders are not found, only a refusal shows what happens to a shared id.
fn refused_twice(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(open) = opening(prober, None, "{{merchant_order}}") else {
        return Ok(());
    };
    let second: Heard = prober.ask_after(vec![open.clone()], open)?;
    if second.refused() {
        prober.note("merchant_order_id_shared", "refuse", &second);
    }
    Ok(())
}

/// Whether composed and decomposed accents are the same letter.
fn accents(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(open) = opening(prober, None, "\u{e9}{{merchant_order}}") else {
        return Ok(());
    };
    let endpoint = Endpoint::NotificationMerchantOrder;
    let same = about(endpoint, "%C3%A9{{merchant_order}}");
    let other = about(endpoint, "e%CC%81{{merchant_order}}");
    let (Some(same), Some(other)) = (same, other) else {
        return Ok(());
    };
    if !prober.ask_after(vec![open.clone()], same)?.granted() {
        return Ok(());
    }
    let heard = prober.ask_after(vec![open], other)?;
    match heard.outcome() {
        Some(true) if heard.json() != json!({}) => {
            prober.note("merchant_order_id_normalization", "nfc", &heard);
        }
        Some(_) => prober.note("merchant_order_id_normalization", "exact", &heard),
        None => {}
    }
    Ok(())
}
