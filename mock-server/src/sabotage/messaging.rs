//! Saboteurs of payment-calculator and payment-availability.

use crate::http::form::{Form, FormRules};
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::sabotage::rewrite::{client_id, edited_answer, endpoint, with_query};
use flexiti_contract::{Endpoint, Lang};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

const CALCULATOR: &[Endpoint] = &[Endpoint::Calculator];

pub fn no_html(service: &Service, request: &Request) -> Reply {
    edited_answer(service, request, CALCULATOR, |members| {
        members.shift_remove("htmlRender");
    })
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

pub fn no_monthly_payment(service: &Service, request: &Request) -> Reply {
    in_plan(service, request, |plan| {
        plan.shift_remove("monthlyPayment");
    })
}

pub fn no_months(service: &Service, request: &Request) -> Reply {
    in_plan(service, request, |plan| {
        plan.shift_remove("months");
    })
}

pub fn whole_price_each_month(service: &Service, request: &Request) -> Reply {
    let price = query(request, "price").and_then(|price| price.parse::<Decimal>().ok());
    in_plan(service, request, |plan| {
        let price = price.unwrap_or_default();
        plan.insert("monthlyPayment".to_owned(), format!("{price:.2}").into());
    })
}

fn query(request: &Request, name: &str) -> Option<String> {
    let query = request.query.as_deref()?;
    let query = Form::read(query.as_bytes(), FormRules::LENIENT).ok()?;
    let mut pairs = query.pairs();
    let found = pairs.find(|(other, _)| *other == name);
    found.map(|(_, value)| value.to_owned())
}

/// Answers in French instead of English, and vice versa.
pub fn other_language(service: &Service, request: &Request) -> Reply {
    let reply = service.handle(request);
    if endpoint(service, request) != Some(Endpoint::Calculator) || !reply.status.is_success() {
        return reply;
    }
    let merchants = || {
        let state = service.app.state();
        let merchant = state.merchants.get(&client_id(request)?)?;
        merchant.account.lang.clone()
    };
    let lang = query(request, "lang").or_else(merchants);
    let other = match lang.as_deref().map_or(Lang::En, Lang::of) {
        Lang::En => Lang::Fr,
        Lang::Fr => Lang::En,
    };
    service.handle(&with_query(request, "lang", other.code()))
}

pub fn other_availability(service: &Service, request: &Request) -> Reply {
    let reply = service.handle(request);
    if endpoint(service, request) == Some(Endpoint::Availability) && reply.status.is_success() {
        return Reply::json(reply.status, &json!({"unknown": null}));
    }
    reply
}
