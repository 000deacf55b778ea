//! `GET /online/v2/client-id/{clientId}/systems/payment-calculator`: the monthly payment for a
//! price. The reference shows only the request and the two texts of `paymentPlan` (R-ex).

use crate::api::call::Call;
use crate::api::parameters::{Document, form};
use crate::api::rejection::Rejection;
use crate::app::App;
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::journal::Note;
use crate::model::money::{self, money, percent};
use crate::model::payment_plan::{self, PaymentPlan, Payments};
use askama::Template;
use flexiti_contract::dialect::{BadLang, BadPrice, NoPlan};
use flexiti_contract::{Endpoint, ErrorId, Lang, Parameters, Rule, Rulebook, StoredParameters};
use hyper::StatusCode;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// The HTML for a product page: one element of phrasing content, without scripts, styles or URLs,
/// so that it fits anywhere.
#[derive(Template)]
#[template(path = "calculator.html")]
struct Fragment {
    lang: &'static str,
    lines: Vec<String>,
}

/// Answers with the first of the server's plans that fits the price. Plans limited to some
/// provinces are skipped, because no parameter gives the customer's province.
pub fn handle(call: &Call<'_>, note: &mut Note) -> Result<Reply, Rejection> {
    let Call { app, rulebook, .. } = *call;
    let query = call.request.query.as_deref().unwrap_or_default();
    let query = form(rulebook, query.as_bytes())
        .map_err(|rejection| rejection.because("it is in the query string"))?;
    let parameters = read(call, &query, note)?;
    let knobs = rulebook.knobs();
    let lang = match parameters.text("lang") {
        Some(lang) if knobs.calculator_bad_lang == BadLang::English => {
            rulebook.lang(lang).unwrap_or(Lang::En)
        }
        Some(lang) => Lang::of(lang),
        None => merchants_lang(app, note),
    };
    let text = parameters.text("price");
    let price = text.and_then(money::parse);
    let is_bad = text.is_some() && !price.is_some_and(is_amount);
    if is_bad && knobs.calculator_bad_price == BadPrice::Empty {
        return Ok(no_plan());
    }
    let configured = app.configured();
    let found = price.and_then(|price| plan(&configured.plans, rulebook, price));
    let Some((plan, payments)) = found else {
        // The clauses about the answer apply only to one with a plan.
        return match knobs.calculator_no_plan {
            NoPlan::Empty => Ok(no_plan()),
            NoPlan::NotFound => Err(Rejection::new(Rule::CalculatorAccepted, ErrorId::NotFound)),
        };
    };
    Ok(Reply::json(StatusCode::OK, &answer(plan, payments, lang)))
}

/// The answer if there is no plan.
fn no_plan() -> Reply {
    let body = json!({"htmlRender": "", "paymentPlan": null});
    Reply::json(StatusCode::OK, &body)
}

/// Whether a price is a positive amount in dollars and cents, no longer than the clauses on `price`
/// allow.
fn is_amount(price: Decimal) -> bool {
    price > Decimal::ZERO && price.scale() <= 2 && price < Decimal::from(10_u64.pow(16))
}

/// The validated parameters of the query string.
fn read<'q>(
    call: &Call<'_>,
    query: &'q Form,
    note: &mut Note,
) -> Result<Parameters<'q>, Rejection> {
    let rulebook = call.rulebook;
    let mut document = Document::new(Endpoint::Calculator, rulebook);
    for (name, value) in query.pairs() {
        document.text(name, value);
    }
    let repeated = document.repeated.first().copied();
    let parameters = document.parameters;
    let params = rulebook.contract().params(Endpoint::Calculator);
    note.params = Some(StoredParameters::new(params, &parameters).into());
    if let Some(name) = repeated
        && rulebook.enforces(Rule::CalculatorRepeated)
    {
        let rejection = Rejection::new(Rule::CalculatorRepeated, ErrorId::RepeatedParameter);
        return Err(rejection.because(format!("`{name}`")));
    }
    let mut violations = rulebook.check_parameters(Endpoint::Calculator, &parameters);
    let own = call.own_client_id();
    if let Some(id) = parameters.text("clientId").filter(|id| *id != own)
        && rulebook.enforces(Rule::CalculatorClientId)
    {
        let rule = Rule::CalculatorClientId;
        let violation = rulebook.violation_of(rule, "clientId".into(), Some(id.into()));
        violations.retain(|other| other.param != violation.param);
        violations.push(violation);
        rulebook.sort(Endpoint::Calculator, &mut violations);
    }
    match Rejection::of(violations) {
        Some(rejection) => Err(rejection),
        None => Ok(parameters),
    }
}

/// The language of the merchant in the path.
fn merchants_lang(app: &App, note: &Note) -> Lang {
    let state = app.state();
    let merchant = note
        .client_id
        .as_ref()
        .and_then(|id| state.merchants.get(id));
    let lang = merchant.and_then(|merchant| merchant.account.lang.as_deref());
    lang.map_or(Lang::En, Lang::of)
}

fn plan<'a>(
    plans: &'a [PaymentPlan],
    rulebook: &Rulebook,
    price: Decimal,
) -> Option<(&'a PaymentPlan, Payments)> {
    let rounding = rulebook.knobs().calculator_rounding;
    payment_plan::for_price(plans, price, None)
        .find_map(|(_, plan)| Some((plan, plan.payments(price, rounding)?)))
}

fn answer(plan: &PaymentPlan, payments: Payments, lang: Lang) -> Value {
    json!({
        "htmlRender": html(plan, payments, lang),
        "paymentPlan": {
            "monthlyPayment": payments.monthly.to_string(),
            "months": plan.months.to_string(),
        },
    })
}

fn html(plan: &PaymentPlan, payments: Payments, lang: Lang) -> String {
    let fragment = Fragment {
        lang: lang.code(),
        lines: lines(plan, payments, lang),
    };
    // Rendering writes to a string and calls nothing that can fail.
    fragment.render().unwrap_or_default()
}

/// The monthly payment, and anything that makes it differ from the price divided by the months.
fn lines(plan: &PaymentPlan, payments: Payments, lang: Lang) -> Vec<String> {
    let in_words = |amount: Decimal| money(&amount.to_string(), lang);
    let monthly = in_words(payments.monthly);
    let mut lines = vec![match (lang, plan.months) {
        (Lang::En, 1) => format!("1 monthly payment of {monthly}"),
        (Lang::En, months) => format!("{months} monthly payments of {monthly}"),
        (Lang::Fr, 1) => format!("1 versement mensuel de {monthly}"),
        (Lang::Fr, months) => format!("{months} versements mensuels de {monthly}"),
    }];
    let mut line = |[english, french]: [&str; 2], value: String| {
        lines.push(match lang {
            Lang::En => format!("{english}: {value}"),
            Lang::Fr => format!("{french}\u{a0}: {value}"),
        });
    };
    if payments.last != payments.monthly {
        let words = ["Last payment", "Dernier versement"];
        line(words, in_words(payments.last));
    }
    if !plan.fee.is_zero() {
        line(["Fee included", "Frais inclus"], in_words(plan.fee));
    }
    if !plan.annual_rate.is_zero() {
        let words = ["Annual interest rate", "Taux d’intérêt annuel"];
        line(words, percent(plan.annual_rate, lang));
    }
    if !plan.fee.is_zero() || !plan.annual_rate.is_zero() {
        line(["Total", "Total"], in_words(payments.total));
    }
    lines
}
