//! Saboteurs of notifications.

use crate::http::form::decode_segment;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::sabotage::account::sign_in;
use crate::sabotage::rewrite::{
    client_id, edited_answer, endpoint, with_authorization, with_client_id,
};
use flexiti_contract::{Endpoint, ErrorId};
use serde_json::Value;

const NOTIFICATIONS: &[Endpoint] = &[
    Endpoint::NotificationOrder,
    Endpoint::NotificationMerchantOrder,
    Endpoint::NotificationOld,
];

/// Shows an order to any merchant as if it were the owner.
pub fn shown_to_anybody(service: &Service, request: &Request) -> Reply {
    let reply = service.handle(request);
    let endpoint = endpoint(service, request);
    let rulebook = service.app.dialects.own();
    let not_found = rulebook.refusal(ErrorId::NotFound).status;
    let is_unknown = reply.status == not_found || reply.body == "{}".as_bytes();
    let Some(endpoint) = endpoint.filter(|it| NOTIFICATIONS.contains(it) && is_unknown) else {
        return reply;
    };
    let id = request.path.rsplit('/').next().map(decode_segment);
    let id = id.unwrap_or_default();
    let owner = {
        let state = service.app.state();
        let order = if endpoint == Endpoint::NotificationMerchantOrder {
            let mut orders = state.orders.iter();
            orders.find(|order| order.merchant_order_id.as_deref() == Some(&*id))
        } else {
            id.parse().ok().and_then(|id| state.orders.get(id))
        };
        order.map(|order| order.client_id.to_string())
    };
    let foreign = owner.filter(|owner| Some(owner) != client_id(request).as_ref());
    let signed_in = foreign.and_then(|owner| {
        let token = sign_in(service, &owner)?;
        let request = with_client_id(request, &owner);
        Some(with_authorization(&request, &format!("Bearer {token}")))
    });
    signed_in.map_or(reply, |request| service.handle(&request))
}

fn without(service: &Service, request: &Request, member: &str) -> Reply {
    edited_answer(service, request, NOTIFICATIONS, |members| {
        members.shift_remove(member);
    })
}

pub fn no_transaction_id(service: &Service, request: &Request) -> Reply {
    without(service, request, "transaction_id")
}

pub fn no_flow(service: &Service, request: &Request) -> Reply {
    without(service, request, "flow")
}

pub fn no_callback_url(service: &Service, request: &Request) -> Reply {
    without(service, request, "callback_url")
}

pub fn no_date(service: &Service, request: &Request) -> Reply {
    without(service, request, "date")
}

/// Replaces the order's id by another.
pub fn other_transaction_id(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, NOTIFICATIONS, |members| {
        if let Some(id) = members.get_mut("transaction_id") {
            *id = match &*id {
                Value::String(text) => (text.parse::<u64>().unwrap_or_default() + 13)
                    .to_string()
                    .into(),
                other => (other.as_u64().unwrap_or_default() + 13).into(),
            };
        }
    })
}

pub fn no_customer_id(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, NOTIFICATIONS, |members| {
        if let Some(Value::Object(apply)) = members.get_mut("apply") {
            apply.shift_remove("customer_id");
        }
    })
}

/// Replaces the application's status by an unknown word, except that of an unfinished order, which
/// belongs to another clause.
pub fn other_apply_status(service: &Service, request: &Request) -> Reply {
    let rulebook = service.app.dialects.own();
    let knobs = rulebook.knobs();
    edited_answer(service, request, NOTIFICATIONS, |members| {
        if let Some(Value::String(word)) = members
            .get_mut("apply")
            .and_then(|apply| apply.get_mut("apply_status"))
            && *word != knobs.apply_status_words.unfinished
        {
            word.push('-');
        }
    })
}

/// Replaces the purchase's status by an unknown word, except that of a purchase that never began,
/// which belongs to another clause.
pub fn other_purchase_status(service: &Service, request: &Request) -> Reply {
    let rulebook = service.app.dialects.own();
    let knobs = rulebook.knobs();
    edited_answer(service, request, NOTIFICATIONS, |members| {
        let applied = members
            .get("apply")
            .and_then(|apply| apply.get("apply_status"));
        let only_applied = applied.is_some_and(|word| *word != *knobs.apply_status_words.approved);
        if let Some(Value::String(word)) = members
            .get_mut(knobs.purchase_block_name.as_str())
            .and_then(|purchase| purchase.get_mut("status"))
            && *word != knobs.purchase_status_words.unfinished
            && !only_applied
        {
            word.push('-');
        }
    })
}
