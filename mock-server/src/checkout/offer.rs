//! The payment plans that an order can choose from.

use crate::app::App;
use crate::model::money::{money, percent};
use crate::model::order::Order;
use crate::model::payment_plan::{self, PaymentPlan};
use flexiti_contract::Rulebook;
use rust_decimal::Decimal;
use serde_json::Value;

/// A payment plan, offered for an order.
#[derive(Debug)]
pub struct Offer {
    /// Its index among the server's plans.
    pub at: usize,
    /// The number of monthly payments.
    pub months: u32,
    /// The monthly payment.
    pub monthly: String,
    /// The last payment, if it differs.
    pub last: Option<String>,
    /// The sum of all payments.
    pub total: String,
    /// The annual rate.
    pub rate: String,
    /// The fee.
    pub fee: String,
}

/// The plans that fit an order.
pub fn offers(app: &App, rulebook: &Rulebook, order: &Order) -> Vec<Offer> {
    let amount = order.amount();
    let sent = order.parameters();
    let visit = order.visit.as_deref();
    let typed = visit.and_then(|visit| visit.typed.get("province").map(String::as_str));
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let province = typed
        .or_else(|| text("billing_information.province"))
        .or_else(|| text("province"));
    let rounding = rulebook.knobs().calculator_rounding;
    let show = |amount: Decimal| money(&amount.to_string(), order.lang);
    let offer = |(at, plan): (usize, &PaymentPlan)| {
        let payments = plan.payments(amount, rounding)?;
        Some(Offer {
            at,
            months: plan.months,
            monthly: show(payments.monthly),
            last: (payments.last != payments.monthly).then(|| show(payments.last)),
            total: show(payments.total),
            rate: percent(plan.annual_rate, order.lang),
            fee: show(plan.fee),
        })
    };
    payment_plan::for_price(&app.configured().plans, amount, province)
        .filter_map(offer)
        .collect()
}
