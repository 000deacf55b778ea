//! Saboteurs of the hosted pages and of callbacks.

use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::route::Route;
use crate::model::account::MerchantConfig;
use crate::model::lifecycle::Outcome;
use crate::model::order::Order;
use crate::pipeline::Service;
use crate::sabotage::rewrite::edited;
use flexiti_contract::Lang;
use hyper::StatusCode;
use serde_json::{Value, json};

/// The order whose pages a request is for.
pub fn order_of_page(service: &Service, request: &Request) -> Option<u64> {
    let Route::Checkout(rest) = service.route(&request.path) else {
        return None;
    };
    let session = rest.split('/').next().unwrap_or_default();
    service
        .app
        .state()
        .orders
        .by_session(session)
        .map(|order| order.id)
}

/// Answers with JSON instead of the page.
pub fn no_page(service: &Service, request: &Request) -> Reply {
    match order_of_page(service, request) {
        Some(id) => Reply::json(StatusCode::OK, &json!({"order": id})),
        None => service.handle(request),
    }
}

pub fn always_english(service: &Service, request: &Request) -> Reply {
    let order = order_of_page(service, request);
    let speak = |lang| {
        let mut state = service.app.state();
        let order = order.and_then(|id| state.orders.get_mut(id));
        order.map(|order| std::mem::replace(&mut order.lang, lang))
    };
    let own = speak(Lang::En);
    let reply = service.handle(request);
    if let Some(own) = own {
        speak(own);
    }
    reply
}

/// Changes the callback URLs in an answer of the admin API: that of the answer itself, and that of
/// the order in it.
fn with_callback(
    service: &Service,
    request: &Request,
    change: impl Fn(&Order, &MerchantConfig, &str) -> Option<String>,
) -> Reply {
    let reply = service.handle(request);
    if !matches!(service.route(&request.path), Route::Admin(_)) {
        return reply;
    }
    edited(reply, |members| {
        let order = members.get("order").and_then(|order| order["id"].as_u64());
        let state = service.app.state();
        let Some(order) = order.and_then(|id| state.orders.get(id)) else {
            return;
        };
        let Some(merchant) = state.merchants.get(&order.client_id) else {
            return;
        };
        let edit = |place: Option<&mut Value>| {
            if let Some(Value::String(url)) = place
                && let Some(changed) = change(order, &merchant.account, url)
            {
                *url = changed;
            }
        };
        edit(members.get_mut("callback_url"));
        edit(
            members
                .get_mut("order")
                .and_then(|order| order.get_mut("callback_url")),
        );
    })
}

/// Replaces one of the merchant's URLs by another in a callback URL.
fn led_elsewhere(
    order: &Order,
    from: Option<&String>,
    to: Option<&String>,
    url: &str,
) -> Option<String> {
    let filled = |address: &String| address.replace("{lang}", order.lang.code());
    let rest = url.strip_prefix(&filled(from?))?;
    Some(format!("{}{rest}", filled(to?)))
}

pub fn success_leads_to_error(service: &Service, request: &Request) -> Reply {
    with_callback(service, request, |order, account, url| {
        let is_success = matches!(
            order.life.outcome,
            Some(Outcome::Approved | Outcome::Purchased)
        );
        let (from, to) = (account.success_url.as_ref(), account.error_url.as_ref());
        is_success.then(|| led_elsewhere(order, from, to, url))?
    })
}

pub fn cancelled_leads_to_success(service: &Service, request: &Request) -> Reply {
    with_callback(service, request, |order, account, url| {
        let is_cancelled = matches!(
            order.life.outcome,
            Some(Outcome::Cancelled | Outcome::Expired)
        );
        let (from, to) = (account.error_url.as_ref(), account.success_url.as_ref());
        is_cancelled.then(|| led_elsewhere(order, from, to, url))?
    })
}

pub fn token_in_callback(service: &Service, request: &Request) -> Reply {
    with_callback(service, request, |order, _, url| {
        let separator = if url.contains('?') { '&' } else { '?' };
        Some(format!("{url}{separator}token={}", order.token))
    })
}
