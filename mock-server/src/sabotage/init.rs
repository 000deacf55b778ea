//! Saboteurs of init.

use crate::api::auth::token_of;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::model::order::Order;
use crate::pipeline::Service;
use crate::sabotage::rewrite::{
    body, client_id, edited_answer, endpoint, looks_like_json, with_body,
};
use flexiti_contract::Endpoint;
use serde_json::{Map, Value};

const INIT: &[Endpoint] = &[Endpoint::InitV2, Endpoint::InitPlain];
const OPENS_ORDERS: &[Endpoint] = &[Endpoint::InitV2, Endpoint::InitPlain, Endpoint::LearnMore];

/// Takes JSON that is unreadable or not an object for an empty object.
pub fn unreadable_json_is_empty(service: &Service, request: &Request) -> Reply {
    let is_init = endpoint(service, request).is_some_and(|found| INIT.contains(&found));
    let is_json = request.media_type().as_deref() == Some("application/json");
    let text = std::str::from_utf8(body(request));
    let is_object = |text| serde_json::from_str::<Map<String, Value>>(text).is_ok();
    match text {
        Ok(text) if is_init && (is_json || looks_like_json(request)) && !is_object(text) => {
            service.handle(&with_body(request, "{}"))
        }
        _ => service.handle(request),
    }
}

/// Replaces a number by a string, and vice versa.
pub fn other_id_type(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, OPENS_ORDERS, |members| {
        if let Some(id) = members.get_mut("online_order_id") {
            *id = match &*id {
                Value::String(text) => text.parse::<u64>().unwrap_or_default().into(),
                other => other.to_string().into(),
            };
        }
    })
}

pub fn relative_url(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, OPENS_ORDERS, |members| {
        if let Some(Value::String(url)) = members.get_mut("redirection_url")
            && let Some(path) = url.strip_prefix(&service.app.origin)
        {
            *url = path.to_owned();
        }
    })
}

/// Issues the id of the merchant's first order again, for the new order.
pub fn earlier_id_again(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, OPENS_ORDERS, |members| {
        let client_id = client_id(request).unwrap_or_default();
        let mut state = service.app.state();
        let first = state.orders.of(client_id.trim_matches('"')).next();
        let Some((first, given)) = first
            .map(|order| order.id)
            .zip(members.get_mut("online_order_id"))
        else {
            return;
        };
        let fresh = given.as_u64().or_else(|| given.as_str()?.parse().ok());
        let fresh = fresh.filter(|fresh| *fresh != first);
        if let Some(order) = fresh.and_then(|id| state.orders.get(id)).cloned() {
            state.orders.insert(Order { id: first, ..order });
        }
        *given = match given {
            Value::String(_) => first.to_string().into(),
            _ => first.into(),
        };
    })
}

pub fn token_in_url(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, OPENS_ORDERS, |members| {
        if let Some(Value::String(url)) = members.get_mut("redirection_url") {
            url.push_str("&token=");
            url.push_str(&token_of(request).unwrap_or_default());
        }
    })
}
