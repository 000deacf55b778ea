//! `GET /online/v2/client-id/{clientId}/systems/payment-calculator`: what a price comes to each
//! month.

use crate::app::App;
use crate::document::Document;
use crate::journal::Note;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::request::Request;
use crate::token::form_pairs;
use flexiti_contract::{Endpoint, Lang, Rule, Rulebook};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

/// Answers a request for a price.
pub fn handle(
    _app: &App,
    rulebook: &Rulebook,
    request: &Request,
    _note: &mut Note,
) -> Result<Reply, Rejection> {
    let query = request.query.as_deref().unwrap_or_default();
    let mut document = Document::new(Endpoint::Calculator, rulebook);
    for (name, value) in form_pairs(rulebook, query.as_bytes())? {
        document.text(&name, &value);
    }
    let parameters = Value::Object(document.parameters);
    if let Some(rejection) = Rejection::of(rulebook.check(Endpoint::Calculator, &parameters)) {
        return Err(rejection);
    }
    let text = |name: &str| parameters[name].as_str().unwrap_or_default();
    let price: Decimal = text("price").parse().unwrap_or_default();
    let months = if rulebook.taken_away(Rule::MonthlyPaymentAmount) {
        4
    } else {
        3
    };
    let monthly = (price / Decimal::from(months))
        .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    let french =
        (Lang::of(text("lang")) == Lang::Fr) != rulebook.taken_away(Rule::CalculatorLanguage);
    let lang = if french { "fr" } else { "en" };
    let mut answer = json!({
        "htmlRender": format!("<div lang=\"{lang}\">{monthly:.2}</div>"),
        "paymentPlan": {"monthlyPayment": format!("{monthly:.2}"), "months": "3"},
    });
    let mut leave_out = |rule, within: &str, name: &str| {
        let object = answer.pointer_mut(within).and_then(Value::as_object_mut);
        if let Some(object) = object.filter(|_| rulebook.taken_away(rule)) {
            object.shift_remove(name);
        }
    };
    leave_out(Rule::ResponseHtmlRender, "", "htmlRender");
    leave_out(
        Rule::ResponseMonthlyPayment,
        "/paymentPlan",
        "monthlyPayment",
    );
    leave_out(Rule::ResponseMonths, "/paymentPlan", "months");
    Ok(Reply::json(200, &answer))
}
