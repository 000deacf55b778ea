//! Bugs of notifications.

use super::bug::Bug;
use crate::clock::Millis;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::model::order::{Order, Settles};
use crate::pipeline::Service;
use crate::sabotage::rewrite::{client_id, edited_answer, endpoint};
use crate::sabotage::token::now;
use flexiti_contract::Endpoint;
use serde_json::{Map, Value, json};

const NOTIFICATIONS: &[Endpoint] = &[
    Endpoint::NotificationOrder,
    Endpoint::NotificationMerchantOrder,
    Endpoint::NotificationOld,
];
const BY_MERCHANT: &[Endpoint] = &[Endpoint::NotificationMerchantOrder];

pub(super) const BUGS: &[Bug] = &[
    Bug::new(
        "a notification goes back to pending",
        "notification.stable",
        |service, request| {
            let reply = service.handle(request);
            if let Some(id) = told(service, request, &reply) {
                let mut state = service.app.state();
                if let Some(order) = state.orders.get_mut(id)
                    && order.life.outcome.is_some()
                {
                    order.settles = Some(Settles::At(Millis::MAX));
                }
            }
            reply
        },
    ),
    Bug::new(
        "the date is that of the call",
        "notification.stable",
        |service, request| {
            let milliseconds = {
                let state = service.app.state();
                now(service, &client_id(request).unwrap_or_default(), &state)
            };
            let (seconds, rest) = (milliseconds / 1_000 % 60, milliseconds % 1_000);
            edited_answer(service, request, NOTIFICATIONS, |members| {
                if let Some(Value::String(date)) = members.get_mut("date")
                    && let Some((minute, _)) = date.rsplit_once(':')
                {
                    *date = format!("{minute}:{seconds:02}.{rest:03}Z");
                }
            })
        },
    ),
    Bug::new(
        "by merchant id the outcome is never shown",
        "notification.keys_agree",
        |service, request| {
            edited_answer(service, request, BY_MERCHANT, |members| {
                members.shift_remove("apply");
                members.shift_remove("purchase");
            })
        },
    ),
    Bug::new(
        "by merchant id the date is another",
        "notification.keys_agree",
        |service, request| {
            edited_answer(service, request, BY_MERCHANT, |members| {
                members.insert("date".to_owned(), json!("2019-02-20T16:22:28.000Z"));
            })
        },
    ),
    Bug::new(
        "the date has no zone",
        "notification.response.date",
        |service, request| {
            edited_answer(service, request, NOTIFICATIONS, |members| {
                if let Some(Value::String(date)) = members.get_mut("date") {
                    *date = date.trim_end_matches('Z').to_owned();
                }
            })
        },
    ),
    Bug::new(
        "the flow is always apply",
        "notification.response.flow",
        |service, request| {
            edited_answer(service, request, NOTIFICATIONS, |members| {
                members.insert("flow".to_owned(), "apply".into());
            })
        },
    ),
    Bug::new(
        "the flow is capitalised",
        "notification.response.flow",
        |service, request| {
            edited_answer(service, request, NOTIFICATIONS, |members| {
                if let Some(Value::String(flow)) = members.get_mut("flow") {
                    *flow = flow.to_uppercase();
                }
            })
        },
    ),
    Bug::new(
        "the notification is about the newest order",
        "notification.order.own",
        |service, request| {
            let own = client_id(request).unwrap_or_default();
            let newest = {
                let state = service.app.state();
                state.orders.of(&own).next_back().map(|order| order.id)
            };
            let by_order = endpoint(service, request) == Some(Endpoint::NotificationOrder);
            match newest.filter(|_| by_order) {
                Some(id) => {
                    let path = request.path.rsplit_once('/').unwrap_or_default().0;
                    let known = service.handle(request);
                    if !known.status.is_success() {
                        return known;
                    }
                    service.handle(&Request {
                        path: format!("{path}/{id}"),
                        ..request.clone()
                    })
                }
                None => service.handle(request),
            }
        },
    ),
    Bug::new(
        "an approval is told before it happens",
        "notification.unfinished",
        |service, request| {
            unfinished(service, request, |order, members| {
                if order.flow == flexiti_contract::Flow::Apply {
                    let block = json!({"apply_status": "SUCCESS"});
                    members.insert("apply".to_owned(), block);
                }
            })
        },
    ),
    Bug::new(
        "a purchase is told before it happens",
        "notification.unfinished",
        |service, request| {
            unfinished(service, request, |order, members| {
                if order.flow == flexiti_contract::Flow::Buy {
                    members.insert("purchase".to_owned(), json!({"status": "Success"}));
                }
            })
        },
    ),
    Bug::new(
        "an application has a purchase block",
        "notification.purchase.status",
        |service, request| {
            edited_answer(service, request, NOTIFICATIONS, |members| {
                let applied = members.contains_key("apply") && members["flow"] == "apply";
                if applied {
                    members.insert("purchase".to_owned(), json!({"status": "Success"}));
                }
            })
        },
    ),
    Bug::new(
        "a purchase has an apply block",
        "notification.apply.status",
        |service, request| {
            edited_answer(service, request, NOTIFICATIONS, |members| {
                if members["flow"] == "buy" && members.contains_key("purchase") {
                    members.insert("apply".to_owned(), json!({"apply_status": "SUCCESS"}));
                }
            })
        },
    ),
    Bug::new(
        "a refused purchase succeeds",
        "notification.purchase.status",
        |service, request| word(service, request, "purchase", "Failed", "Success"),
    ),
    Bug::new(
        "a cancelled purchase succeeds",
        "notification.purchase.status",
        |service, request| word(service, request, "purchase", "Cancelled", "Success"),
    ),
    Bug::new(
        "a cancelled application is declined",
        "notification.apply.status",
        |service, request| word(service, request, "apply", "CANCELLED", "DECLINED"),
    ),
    Bug::new(
        "an expired application is pending",
        "checkout.time_out",
        |service, request| word(service, request, "apply", "EXPIRED", "PENDING"),
    ),
    Bug::new(
        "the customer id is that of the order",
        "notification.apply.customer_id",
        |service, request| {
            edited_answer(service, request, NOTIFICATIONS, |members| {
                let order = members.get("transaction_id").cloned().unwrap_or_default();
                if let Some(Value::Object(apply)) = members.get_mut("apply")
                    && apply.contains_key("customer_id")
                {
                    apply.insert("customer_id".to_owned(), order);
                }
            })
        },
    ),
    Bug::new(
        "a declined applicant gets a customer id",
        "notification.apply.customer_id",
        |service, request| {
            edited_answer(service, request, NOTIFICATIONS, |members| {
                if let Some(Value::Object(apply)) = members.get_mut("apply")
                    && apply["apply_status"] == "DECLINED"
                {
                    apply.insert("customer_id".to_owned(), json!(1_293_837));
                }
            })
        },
    ),
    Bug::new(
        "the case of the merchant's id is folded",
        "notification.unknown",
        |service, request| near_id(service, request, str::eq_ignore_ascii_case),
    ),
    Bug::new(
        "a prefix of the merchant's id finds the order",
        "notification.unknown",
        |service, request| near_id(service, request, |known, id| known.starts_with(id)),
    ),
    Bug::new(
        "an escaped blank in the merchant's id is not read",
        "notification.merchant_order.accepted",
        |service, request| by_id(service, request, |id| id.replace("%20", "+")),
    ),
    Bug::new(
        "a plus in the merchant's id is read as a blank",
        "notification.merchant_order.accepted",
        |service, request| by_id(service, request, |id| id.replace("%2B", "%20")),
    ),
    Bug::new(
        "the merchant's id ends at its dot",
        "notification.merchant_order.accepted",
        |service, request| {
            by_id(service, request, |id| {
                id.split('.').next().unwrap_or_default().to_owned()
            })
        },
    ),
    Bug::new(
        "the merchant's id is taken for an order's number",
        "notification.order.own",
        |service, request| {
            let (path, id) = request.path.rsplit_once('/').unwrap_or_default();
            let number = id.parse::<u64>().ok();
            let known = number.is_some_and(|id| service.app.state().orders.get(id).is_some());
            if endpoint(service, request) != Some(Endpoint::NotificationMerchantOrder) || !known {
                return service.handle(request);
            }
            let path = path.replace("/merchant-order-id", "/order-id");
            service.handle(&Request {
                path: format!("{path}/{id}"),
                ..request.clone()
            })
        },
    ),
    Bug::new(
        "by merchant id the flow is always apply",
        "notification.order.own",
        |service, request| {
            edited_answer(service, request, BY_MERCHANT, |members| {
                members.insert("flow".to_owned(), "apply".into());
            })
        },
    ),
];

/// Misreads the merchant's order id in a path.
fn by_id(service: &Service, request: &Request, read: fn(&str) -> String) -> Reply {
    if endpoint(service, request) != Some(Endpoint::NotificationMerchantOrder) {
        return service.handle(request);
    }
    let (path, id) = request.path.rsplit_once('/').unwrap_or_default();
    service.handle(&Request {
        path: format!("{path}/{}", read(id)),
        ..request.clone()
    })
}

/// The order that a notification is about.
fn told(service: &Service, request: &Request, reply: &Reply) -> Option<u64> {
    let found = endpoint(service, request)?;
    NOTIFICATIONS.contains(&found).then_some(())?;
    let body: Map<String, Value> = serde_json::from_slice(&reply.body).ok()?;
    let id = body.get("transaction_id")?;
    id.as_u64().or_else(|| id.as_str()?.parse().ok())
}

/// Takes a merchant's order id that no order has for a similar one.
fn near_id(service: &Service, request: &Request, is_near: fn(&str, &str) -> bool) -> Reply {
    let reply = service.handle(request);
    let by_merchant = endpoint(service, request) == Some(Endpoint::NotificationMerchantOrder);
    let Some((path, id)) = request.path.rsplit_once('/') else {
        return reply;
    };
    if !by_merchant || reply.status.is_success() {
        return reply;
    }
    let own = client_id(request).unwrap_or_default();
    let near = {
        let state = service.app.state();
        let mut ids = state
            .orders
            .of(&own)
            .filter_map(|order| order.merchant_order_id.as_deref());
        ids.find(|known| is_near(known, id)).map(str::to_owned)
    };
    match near {
        Some(known) => service.handle(&Request {
            path: format!("{path}/{known}"),
            ..request.clone()
        }),
        None => reply,
    }
}

/// Edits the notification of an order without an outcome.
fn unfinished(
    service: &Service,
    request: &Request,
    edit: impl Fn(&Order, &mut Map<String, Value>),
) -> Reply {
    edited_answer(service, request, NOTIFICATIONS, |members| {
        let id = members.get("transaction_id").and_then(Value::as_u64);
        let state = service.app.state();
        if let Some(order) = id.and_then(|id| state.orders.get(id))
            && order.life.outcome.is_none()
        {
            edit(order, members);
        }
    })
}

/// Replaces a status in a block by another.
fn word(service: &Service, request: &Request, block: &str, from: &str, to: &str) -> Reply {
    edited_answer(service, request, NOTIFICATIONS, |members| {
        if let Some(Value::Object(block)) = members.get_mut(block) {
            for name in ["status", "apply_status"] {
                if block.get(name).is_some_and(|word| word == from) {
                    block.insert(name.to_owned(), to.into());
                }
            }
        }
    })
}
