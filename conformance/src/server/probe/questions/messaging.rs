//! The questions about the endpoints for a shop's pages.

use crate::server::case::requests::request_to;
use crate::server::case::{Encoding, Params, RequestTemplate};
use crate::server::plan::replaced;
use crate::server::probe::heard::Heard;
use crate::server::probe::prober::Prober;
use crate::server::wire::Stopped;
use flexiti_contract::Endpoint;
use serde_json::{Value, json};

/// A request with the printed price and other values; null removes a parameter.
fn price(changes: &[(&str, Value)]) -> (Params, RequestTemplate) {
    let printed: Params = [
        ("clientId", "{{client_id}}"),
        ("price", "499"),
        ("lang", "fr"),
    ]
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .into();
    let params = changes.iter().fold(printed, |params, (name, value)| {
        replaced(&params, name, value)
    });
    let request = request_to(Endpoint::Calculator, &params, Encoding::FormDotted);
    let request = request.unwrap_or_else(|| RequestTemplate::get("/"));
    (params, request)
}

fn defect(prober: &mut Prober<'_, '_>, changes: &[(&str, Value)]) -> Result<Heard, Stopped> {
    let (params, request) = price(changes);
    prober.defect(Endpoint::Calculator, params, request)
}

pub fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    calculator(prober)?;
    if let Some(request) = crate::server::probe::foothold::path(Endpoint::Availability) {
        let heard = prober.ask(request)?;
        let more = prober.answers.answer("response_members") == Some(&json!("more"));
        if let (true, Value::Object(mut body)) = (heard.granted(), heard.json()) {
            // Members that other answers have too are not specific to this one.
            body.retain(|name, _| !more || !prober.undocumented.contains(name));
            prober.note("availability_body", body, &heard);
        }
    }
    if let Some(request) = crate::server::probe::foothold::path(Endpoint::LearnMore) {
        let heard = prober.ask(request)?;
        match heard.status() {
            404 => prober.note("learn_more", "gone", &heard),
            _ if heard.granted() => prober.note("learn_more", "served", &heard),
            _ => {}
        }
    }
    Ok(())
}

fn calculator(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    if !prober.ask(price(&[]).1)?.granted() {
        return Ok(());
    }
    let open = prober.ask(price(&[]).1.without_header("authorization"))?;
    if let Some(granted) = open.outcome() {
        prober.note(
            "calculator_auth",
            if granted { "none" } else { "bearer" },
            &open,
        );
    }
    let without = defect(prober, &[("clientId", Value::Null)])?;
    if let Some(granted) = without.outcome() {
        let answer = if granted { "optional" } else { "required" };
        prober.note("calculator_client_id", answer, &without);
    }
    let other = prober.ask(price(&[("clientId", json!("xxxxxx"))]).1)?;
    if let Some(granted) = other.outcome() {
        let answer = if granted { "accept" } else { "refuse" };
        prober.note("calculator_client_id_other", answer, &other);
    }
    let empty = |heard: &Heard| heard.granted() && heard.json()["paymentPlan"].is_null();
    let mut twice = Vec::new();
    for prices in [["abc", "499"], ["499", "abc"]] {
        let mut request = price(&[("price", Value::Null)]).1;
        let pair = |price: &str| ("price".to_owned(), price.to_owned());
        request.query.extend(prices.map(pair));
        twice.push(prober.ask(request)?);
    }
    if let [first, second] = twice.as_slice() {
        match (
            empty(first),
            first.outcome(),
            empty(second),
            second.outcome(),
        ) {
            (false, Some(true), _, Some(false)) | (false, Some(true), true, _) => {
                prober.note("repeated_parameters", "last", first);
            }
            (_, Some(false), false, Some(true)) | (true, _, false, Some(true)) => {
                prober.note("repeated_parameters", "first", second);
            }
            _ => {}
        }
    }
    let bad = defect(prober, &[("price", json!("abc"))])?;
    if bad.refused() {
        prober.note("calculator_bad_price", "refuse", &bad);
    } else if empty(&bad) {
        prober.note("calculator_bad_price", "empty", &bad);
    }
    let lang = defect(prober, &[("lang", json!("x"))])?;
    if let Some(granted) = lang.outcome() {
        let answer = if granted { "english" } else { "refuse" };
        prober.note("calculator_bad_lang", answer, &lang);
    }
    // Of the numbers of months from 2 to 12, only 2, 4, 5, 8 and 10 divide this price into whole
    // cents.
    let third = prober.ask(price(&[("price", json!("500"))]).1)?;
    let plan = &third.json()["paymentPlan"];
    let text = |name: &str| plan[name].as_str().map(str::to_owned);
    if let (Some(monthly), Some(months)) = (text("monthlyPayment"), text("months"))
        && let (Ok(monthly), Ok(months)) = (monthly.replace('.', "").parse(), months.parse())
    {
        let (monthly, months): (u64, u64) = (monthly, months);
        let rest = if months == 0 { 0 } else { 50_000 % months };
        if rest * 2 >= months && months > 0 {
            let down = 50_000 / months;
            if monthly == down {
                prober.note("calculator_rounding", "down", &third);
            } else if monthly == down + 1 {
                prober.note("calculator_rounding", "half_up", &third);
            }
        }
    }
    let tiny = prober.ask(price(&[("price", json!("0.01"))]).1)?;
    if tiny.status() == 404 {
        prober.note("calculator_no_plan", "not_found", &tiny);
    } else if tiny.granted() && tiny.json() == json!({}) {
        prober.note("calculator_no_plan", "empty", &tiny);
    }
    Ok(())
}
