//! Bugs in answers of every kind: their media types, amounts and words.

use super::bug::Bug;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::route::Route;
use crate::pipeline::Service;
use crate::sabotage::rewrite::{edited, edited_answer, endpoint, param, with_query};
use flexiti_contract::Endpoint;
use hyper::header::WWW_AUTHENTICATE;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value};

const CALCULATOR: &[Endpoint] = &[Endpoint::Calculator];

pub(super) const BUGS: &[Bug] = &[
    Bug::new(
        "the answer of init is declared as HTML",
        "http.success.media_type",
        |service, request| {
            declared(service, request, "text/html; charset=utf-8", |found| {
                [Endpoint::InitV2, Endpoint::InitPlain].contains(&found)
            })
        },
    ),
    Bug::new(
        "tokens are declared as text",
        "http.success.media_type",
        |service, request| {
            declared(service, request, "text/plain", |found| {
                found == Endpoint::Token
            })
        },
    ),
    Bug::new(
        "notifications are declared as text",
        "http.success.media_type",
        |service, request| {
            declared(service, request, "text/plain", |found| {
                found == Endpoint::NotificationOrder
            })
        },
    ),
    Bug::new(
        "refusals are declared as HTML",
        "http.error.shape",
        |service, request| {
            let mut reply = service.handle(request);
            if reply.status.is_client_error() && endpoint(service, request).is_some() {
                reply.content_type = "text/html".into();
            }
            reply
        },
    ),
    Bug::new(
        "a refusal repeats the secret",
        "http.no_secret",
        |service, request| {
            let reply = service.handle(request);
            let secret = param(request, "client_secret").unwrap_or_default();
            if !reply.status.is_client_error() || secret.is_empty() {
                return reply;
            }
            edited(reply, |members| {
                if let Some(Value::String(text)) = members.get_mut("message") {
                    *text = format!("{text} ({secret})");
                }
            })
        },
    ),
    Bug::new(
        "a refusal repeats the token",
        "http.no_secret",
        |service, request| {
            let reply = service.handle(request);
            let token = crate::api::auth::token_of(request).unwrap_or_default();
            if !reply.status.is_client_error() || token.is_empty() {
                return reply;
            }
            edited(reply, |members| {
                if let Some(Value::String(text)) = members.get_mut("message") {
                    *text = format!("{text} ({token})");
                }
            })
        },
    ),
    Bug::new(
        "the challenge is missing on notifications",
        "auth.challenge",
        |service, request| {
            let mut reply = service.handle(request);
            if endpoint(service, request) == Some(Endpoint::NotificationOrder) {
                reply.headers.retain(|(name, _)| *name != WWW_AUTHENTICATE);
            }
            reply
        },
    ),
    Bug::new(
        "payments are rounded down",
        "calculator.monthly_payment.amount",
        |service, request| {
            monthly(service, request, |price, months, _| {
                let exact = price / months;
                exact.round_dp_with_strategy(2, RoundingStrategy::ToZero)
            })
        },
    )
    .given(&[("calculator_rounding", "\"half_up\"")]),
    Bug::new(
        "a payment above a thousand is off by a cent",
        "calculator.monthly_payment.amount",
        |service, request| {
            monthly(service, request, |_, _, monthly| {
                let cent = Decimal::new(1, 2);
                if monthly > Decimal::from(1_000) {
                    monthly + cent
                } else {
                    monthly
                }
            })
        },
    ),
    Bug::new(
        "the cents of the price are lost",
        "calculator.monthly_payment.amount",
        |service, request| {
            monthly(service, request, |price, months, _| {
                (price.trunc() / months).round_dp(2)
            })
        },
    ),
    Bug::new(
        "the fragment shows another amount",
        "calculator.html.amount",
        |service, request| {
            edited_answer(service, request, CALCULATOR, |members| {
                let amount = members["paymentPlan"]["monthlyPayment"].as_str();
                let amount = amount.unwrap_or_default().to_owned();
                let (whole, _) = amount.split_once('.').unwrap_or_default();
                if let Some(Value::String(html)) = members.get_mut("htmlRender") {
                    *html = html
                        .replace(&amount, whole)
                        .replace(&amount.replace('.', ","), whole);
                }
            })
        },
    ),
    Bug::new(
        "French fragments have English text",
        "calculator.html.language",
        |service, request| {
            let french = request
                .query
                .as_deref()
                .is_some_and(|query| query.contains("lang=fr"));
            if endpoint(service, request) != Some(Endpoint::Calculator) || !french {
                return service.handle(request);
            }
            let english = with_query(request, "lang", "en");
            edited(service.handle(&english), |members| {
                if let Some(Value::String(html)) = members.get_mut("htmlRender") {
                    *html = html.replace("lang=\"en\"", "lang=\"fr\"");
                }
            })
        },
    ),
    Bug::new(
        "the number of months is a number",
        "calculator.response.months",
        |service, request| {
            in_plan(service, request, |plan| {
                let months = plan["months"]
                    .as_str()
                    .and_then(|text| text.parse::<u64>().ok());
                plan.insert("months".to_owned(), months.unwrap_or_default().into());
            })
        },
    ),
    Bug::new(
        "a price below a dollar is nothing",
        "calculator.price.positive",
        |service, request| {
            let query = request.query.clone().unwrap_or_default();
            let small = query.split('&').any(|pair| pair.starts_with("price=0."));
            if endpoint(service, request) == Some(Endpoint::Calculator) && small {
                return service.handle(&with_query(request, "price", "0"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the callback loses the order id of a Buy",
        "callback.parameters",
        |service, request| {
            let reply = service.handle(request);
            if !matches!(service.route(&request.path), Route::Admin(_)) {
                return reply;
            }
            edited(reply, |members| {
                let buys = members
                    .get("order")
                    .is_some_and(|order| order["flow"] == "buy");
                if let Some(Value::String(url)) = members.get_mut("callback_url").filter(|_| buys)
                    && let Some((address, _)) = url.split_once('?')
                {
                    *url = address.to_owned();
                }
            })
        },
    )
    .given(&[("callback_params", "\"order_id\"")]),
];

/// Changes the media type of successful answers of such endpoints.
fn declared(
    service: &Service,
    request: &Request,
    media_type: &'static str,
    is_meant: impl Fn(Endpoint) -> bool,
) -> Reply {
    let mut reply = service.handle(request);
    if reply.status.is_success() && endpoint(service, request).is_some_and(is_meant) {
        reply.content_type = media_type.into();
    }
    reply
}

fn in_plan(
    service: &Service,
    request: &Request,
    edit: impl FnOnce(&mut Map<String, Value>),
) -> Reply {
    edited_answer(service, request, CALCULATOR, |members| {
        if let Some(Value::Object(plan)) = members.get_mut("paymentPlan") {
            edit(plan);
        }
    })
}

/// Replaces the monthly payment, computed from the price, the number of months and the right
/// payment, in the HTML fragment as well.
fn monthly(
    service: &Service,
    request: &Request,
    other: impl Fn(Decimal, Decimal, Decimal) -> Decimal,
) -> Reply {
    let query = request.query.clone().unwrap_or_default();
    let price = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("price="));
    let price: Option<Decimal> = price.and_then(|price| price.parse().ok());
    edited_answer(service, request, CALCULATOR, |members| {
        let number =
            |name: &str| -> Option<Decimal> { members["paymentPlan"][name].as_str()?.parse().ok() };
        let known = price.zip(number("months")).zip(number("monthlyPayment"));
        let Some(((price, months), right)) = known else {
            return;
        };
        let (right, wrong) = (
            format!("{right:.2}"),
            format!("{:.2}", other(price, months, right)),
        );
        members["paymentPlan"]["monthlyPayment"] = wrong.clone().into();
        if let Some(Value::String(html)) = members.get_mut("htmlRender") {
            let comma = |text: &str| text.replace('.', ",");
            *html = html
                .replace(&right, &wrong)
                .replace(&comma(&right), &comma(&wrong));
        }
    })
}
