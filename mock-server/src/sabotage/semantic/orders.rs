//! Bugs in what init stores, and in the pages.

use super::bug::Bug;
use crate::http::json::any;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::route::Route;
use crate::model::order::Order;
use crate::pipeline::Service;
use crate::sabotage::checkout::{no_page, order_of_page};
use crate::sabotage::rewrite::{
    body, client_id, edited_answer, endpoint, looks_like_json, with_param,
};
use flexiti_contract::{Endpoint, Lang};
use serde_json::Value;

const INIT: &[Endpoint] = &[Endpoint::InitV2, Endpoint::InitPlain];

pub(super) const BUGS: &[Bug] = &[
    Bug::new(
        "order ids come again after thirty-two",
        "init.response.fresh",
        |service, request| {
            edited_answer(service, request, INIT, |members| {
                let own = client_id(request).unwrap_or_default();
                let mut state = service.app.state();
                let ids: Vec<u64> = state.orders.of(&own).map(|order| order.id).collect();
                let Some((fresh, first)) = ids.last().zip(ids.get(ids.len() % 32)) else {
                    return;
                };
                if ids.len() <= 32 {
                    return;
                }
                if let Some(order) = state.orders.get(*fresh).cloned() {
                    let id = *first;
                    state.orders.insert(Order { id, ..order });
                }
                members.insert("online_order_id".to_owned(), (*first).into());
            })
        },
    ),
    Bug::new(
        "two orders share a redirection URL",
        "init.response.fresh",
        |service, request| {
            edited_answer(service, request, INIT, |members| {
                let own = client_id(request).unwrap_or_default();
                let state = service.app.state();
                let earlier = state.orders.of(&own).rev().nth(1);
                if let Some(earlier) = earlier
                    && let Some(Value::String(url)) = members.get_mut("redirection_url")
                    && let Some(newest) = state.orders.of(&own).next_back()
                {
                    *url = url.replace(&*newest.session, &earlier.session);
                }
            })
        },
    ),
    Bug::new(
        "leading zeros of the merchant's id are lost",
        "notification.merchant_order.accepted",
        |service, request| {
            renamed(service, request, |id| {
                let rest = id.trim_start_matches('0');
                (rest != id).then(|| rest.to_owned())
            })
        },
    ),
    Bug::new(
        "the merchant's id is cut after 32 characters",
        "notification.merchant_order.accepted",
        |service, request| {
            renamed(service, request, |id| {
                (id.chars().count() > 32).then(|| id.chars().take(32).collect())
            })
        },
    ),
    Bug::new(
        "a slash in the merchant's id is lost",
        "notification.merchant_order.accepted",
        |service, request| {
            renamed(service, request, |id| {
                id.contains('/').then(|| id.replace('/', ""))
            })
        },
    ),
    Bug::new(
        "blanks in the merchant's id are lost",
        "notification.merchant_order.accepted",
        |service, request| {
            renamed(service, request, |id| {
                id.contains(' ').then(|| id.replace(' ', ""))
            })
        },
    ),
    Bug::new(
        "the merchant's id is not kept where it comes in JSON",
        "notification.merchant_order.accepted",
        |service, request| {
            if looks_like_json(request) {
                return renamed(service, request, |id| Some(format!("{id}-")));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the merchant's id of a Buy is not kept",
        "notification.merchant_order.accepted",
        |service, request| {
            let flow = any(body(request)).remove("flow").unwrap_or_default();
            let buys = flow
                .as_str()
                .is_some_and(|flow| flow.eq_ignore_ascii_case("buy"));
            if buys {
                return renamed(service, request, |id| Some(format!("{id}-")));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "orders are forgotten after a dozen",
        "notification.order.accepted",
        |service, request| {
            let reply = service.handle(request);
            if endpoint(service, request) == Some(Endpoint::NotificationOrder) {
                let id = request
                    .path
                    .rsplit('/')
                    .next()
                    .and_then(|id| id.parse().ok());
                let own = client_id(request).unwrap_or_default();
                let old = {
                    let state = service.app.state();
                    let mut newest = state.orders.of(&own).rev().take(12);
                    id.is_some_and(|id: u64| !newest.any(|order| order.id == id))
                };
                if old {
                    let path = request.path.rsplit_once('/').unwrap_or_default().0;
                    return service.handle(&Request {
                        path: format!("{path}/0"),
                        ..request.clone()
                    });
                }
            }
            reply
        },
    ),
    Bug::new(
        "pages of the path without v2 are English",
        "init.redirect.language",
        |service, request| english(service, request, |order| !order.v2),
    ),
    Bug::new(
        "pages of a Buy are English",
        "init.redirect.language",
        |service, request| {
            english(service, request, |order| {
                order.flow == flexiti_contract::Flow::Buy
            })
        },
    ),
    Bug::new(
        "pages are English where init was JSON",
        "init.redirect.language",
        |service, request| {
            if looks_like_json(request) {
                return service.handle(&with_param(request, "lang", "en"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "French pages have English text",
        "init.redirect.language",
        |service, request| {
            let mut reply = english(service, request, |_| true);
            let was_french = matches!(service.route(&request.path), Route::Checkout(_))
                && request
                    .query
                    .as_deref()
                    .is_some_and(|query| query.contains("lang=fr"));
            if was_french {
                let text = String::from_utf8_lossy(&reply.body);
                reply.body = text.replace("lang=\"en\"", "lang=\"fr\"").into();
            }
            reply
        },
    ),
    Bug::new(
        "English pages are French",
        "init.redirect.language",
        |service, request| spoken(service, request, Lang::Fr, |_| true),
    ),
    Bug::new(
        "there is no page for a Buy",
        "init.redirect.page",
        |service, request| {
            let is_buy = order_of_page(service, request).is_some_and(|id| {
                let state = service.app.state();
                let order = state.orders.get(id);
                order.is_some_and(|order| order.flow == flexiti_contract::Flow::Buy)
            });
            if is_buy {
                return no_page(service, request);
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the page says UTF-8 and is not",
        "init.redirect.page",
        |service, request| {
            let mut reply = service.handle(request);
            if order_of_page(service, request).is_some() {
                let text = String::from_utf8_lossy(&reply.body).into_owned();
                let bytes = text.chars().map(|sign| u8::try_from(sign).unwrap_or(b'?'));
                reply.body = bytes.collect::<Vec<u8>>().into();
            }
            reply
        },
    ),
    Bug::new(
        "the page is prefilled with the order before",
        "init.redirect.page",
        |service, request| {
            let before = order_of_page(service, request).and_then(|id| {
                let state = service.app.state();
                let order = state.orders.get(id)?;
                let orders = state.orders.of(&order.client_id);
                let before = orders
                    .filter(|other| other.id < id)
                    .max_by_key(|it| it.id)?;
                Some(before.parameters.clone())
            });
            let page = order_of_page(service, request);
            let fill = |parameters| {
                let mut state = service.app.state();
                let order = state.orders.get_mut(page?)?;
                Some(std::mem::replace(&mut order.parameters, parameters))
            };
            let own = before.and_then(fill);
            let reply = service.handle(request);
            let _ = own.and_then(fill);
            reply
        },
    ),
    Bug::new(
        "the page shows the client secret",
        "http.no_secret",
        |service, request| {
            let secret = order_of_page(service, request).and_then(|order| {
                let state = service.app.state();
                let merchant = state.merchants.get(&state.orders.get(order)?.client_id)?;
                Some(merchant.account.client_secret.clone())
            });
            let mut reply = service.handle(request);
            if let Some(secret) = secret {
                let text = String::from_utf8_lossy(&reply.body);
                let shown = format!("<!-- {secret} --></body>");
                reply.body = text.replace("</body>", &shown).into();
            }
            reply
        },
    ),
    Bug::new(
        "the redirection URL is without a host",
        "init.response.redirection_url",
        |service, request| {
            edited_answer(service, request, INIT, |members| {
                if let Some(Value::String(url)) = members.get_mut("redirection_url") {
                    *url = url.replace("http://", "//");
                }
            })
        },
    ),
    Bug::new(
        "the order id is a float",
        "init.response.online_order_id",
        |service, request| {
            edited_answer(service, request, INIT, |members| {
                if let Some(id) = members.get("online_order_id").and_then(Value::as_f64) {
                    members.insert("online_order_id".to_owned(), (id + 0.5).into());
                }
            })
        },
    ),
];

/// Stores an altered merchant's order id.
fn renamed(service: &Service, request: &Request, rename: impl Fn(&str) -> Option<String>) -> Reply {
    let is_init = endpoint(service, request).is_some_and(|found| INIT.contains(&found));
    let names = ["merchant_orderid", "merchant_order_id"];
    let mut members = any(body(request));
    let found = names
        .iter()
        .find_map(|name| Some((*name, members.remove(*name)?.as_str()?.to_owned())));
    match found.and_then(|(name, id)| Some((name, rename(&id)?))) {
        Some((name, id)) if is_init => service.handle(&with_param(request, name, &id)),
        _ => service.handle(request),
    }
}

fn english(service: &Service, request: &Request, is_meant: impl Fn(&Order) -> bool) -> Reply {
    spoken(service, request, Lang::En, is_meant)
}

/// Shows the pages of such orders in this language.
fn spoken(
    service: &Service,
    request: &Request,
    lang: Lang,
    is_meant: impl Fn(&Order) -> bool,
) -> Reply {
    if let Route::Checkout(rest) = service.route(&request.path) {
        let session = rest.split('/').next().unwrap_or_default().to_owned();
        let mut state = service.app.state();
        if let Some(order) = state.orders.by_session(&session)
            && is_meant(order)
        {
            order.lang = lang;
        }
    }
    service.handle(request)
}
