//! Money, exact to the cent.

use crate::server::wire::Answer;
use flexiti_contract::Rulebook;
use flexiti_contract::dialect::Rounding;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

/// The monthly payment for a price without fees or interest, over the months of the answer's plan.
/// `None` if there is no plan.
pub(super) fn monthly(rulebook: &Rulebook, price: &str, body: &Value) -> Option<String> {
    let months: Decimal = body["paymentPlan"]["months"].as_str()?.parse().ok()?;
    let exact = price.parse::<Decimal>().ok()?.checked_div(months)?;
    let strategy = match rulebook.knobs().calculator_rounding {
        Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        Rounding::Down => RoundingStrategy::ToZero,
    };
    Some(format!("{:.2}", exact.round_dp_with_strategy(2, strategy)))
}

/// What was expected of an answer that contradicts the printed payment (R-ex) for the same price
/// and months.
pub(super) fn printed(url: &str, answer: &Answer) -> Option<String> {
    let query: Vec<(String, String)> = serde_urlencoded::from_str(url.split_once('?')?.1).ok()?;
    let mut prices = query.iter().filter(|(name, _)| name == "price");
    let [price, months, monthly] = PRINTED;
    let is_printed = prices.next()?.1 == price && prices.next().is_none();
    let plan = answer.json()?["paymentPlan"].take();
    let says = plan["monthlyPayment"].as_str()?;
    let wrong = is_printed && plan["months"] == months && says != monthly;
    wrong.then(|| format!("{price} comes to {monthly} a month"))
}

/// The only printed plan: price, months and monthly payment.
const PRINTED: [&str; 3] = ["499", "3", "166.33"];

/// An amount as spelled in English and French, without thousands separators.
fn spellings(monthly: &str) -> [String; 2] {
    [monthly.to_owned(), monthly.replace('.', ",")]
}

/// Whether a fragment shows the monthly payment, with any grouping of digits.
pub(super) fn shows(html: &str, monthly: &str) -> bool {
    let is_group = |sign: char| sign.is_whitespace() || sign == '\u{a0}' || sign == '\u{202f}';
    let plain = html.replace("&nbsp;", " ");
    let plain: String = plain.chars().filter(|sign| !is_group(*sign)).collect();
    // A comma before exactly three digits separates thousands in English.
    let ungrouped = ungrouped(&plain);
    spellings(monthly)
        .iter()
        .any(|amount| plain.contains(amount) || ungrouped.contains(amount))
}

fn ungrouped(text: &str) -> String {
    let signs: Vec<char> = text.chars().collect();
    let digit = |at: usize| signs.get(at).is_some_and(char::is_ascii_digit);
    let groups = |at: usize| {
        let three = (1..=3).all(|more| digit(at + more)) && !digit(at + 4);
        at > 0 && digit(at - 1) && three
    };
    let kept = signs.iter().enumerate();
    let kept = kept.filter(|(at, sign)| **sign != ',' || !groups(*at));
    kept.map(|(_, sign)| *sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_found_however_it_is_grouped() {
        for html in [
            "<b>3 payments of $1,166.33</b>",
            "<b>3 versements de 1\u{a0}166,33 $</b>",
            "<b>1166.33</b>",
            "<b>1&nbsp;166,33</b>",
        ] {
            assert!(shows(html, "1166.33"), "{html}");
        }
        assert!(!shows("<b>1166.34</b>", "1166.33"));
        assert!(!shows("<b>166</b>", "166.33"));
    }
}
