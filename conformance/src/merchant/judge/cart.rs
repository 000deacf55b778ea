//! Checks that the shop sends Flexiti what the customer has in the cart.

use super::judgement::{Judgement, Verdict};
use super::story::{Story, is_init};
use crate::merchant::trace::{Happened, Played, endpoint};
use deunicode::deunicode;
use flexiti_contract::scenario::Rank;
use flexiti_contract::{Endpoint, Lang};
use serde_json::Value;

pub fn judge(story: &Story<'_>) -> Vec<Judgement> {
    let mut all = Vec::new();
    let played = story.played;
    // A shop that keeps the cart with the account gets it filled again.
    let began_anew = played
        .happened
        .iter()
        .any(|happened| matches!(happened, Happened::Started { times, .. } if *times > 2));
    for call in story.calls(is_init) {
        let Some(params) = &call.row.params else {
            continue;
        };
        let sent = |name: &str| match params.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let mut differs = |check: &str, same: bool, what: &str, sent: &str, cart: &str| {
            let message = || format!("the {what} sent is `{sent}`, the cart's is `{cart}`");
            let judgement = Judgement::unless(check, (!same).then(message));
            all.push(judgement.of((!same).then_some(call.row.id)));
        };
        let amount = sent("amount_requested");
        let same = cents(&amount).is_some_and(|sent| {
            let cart = cents(&played.amount);
            Some(sent) == cart || (began_anew && cart.is_some_and(|cart| is_several(sent, cart)))
        });
        differs("amount_differs", same, "amount", &amount, &played.amount);
        let lang = sent("lang");
        let same = !lang.is_empty() && Lang::of(&lang).code() == played.lang;
        differs("language_differs", same, "language", &lang, &played.lang);
        if let Some(own) = &played.customer_id {
            let named = sent("customer_id");
            // Paying by card sends no customer id.
            let same = named.is_empty() || named == *own;
            differs("customer_differs", same, "customer_id", &named, own);
        }
        let flow = sent("flow");
        differs(
            "flow_differs",
            folded(&flow) == folded(&played.flow),
            "flow",
            &flow,
            &played.flow,
        );
        // Buy and Apply/Buy use the path with /v2 (R-cur); a lint rule checks that of Apply.
        let plain = endpoint(call) == Some(Endpoint::InitPlain) && played.flow != "apply";
        let path = if plain { "init without /v2" } else { "init" };
        differs("path_differs", !plain, "path", path, "init with /v2");
        // An application needs no addresses (R-cur), but those it has must be right.
        let has_none = played.flow == "apply" && !params.keys().any(|name| is_address(name));
        if has_none {
            continue;
        }
        // One line per call, however much of an address is wrong.
        let cart = played.cart.iter();
        let mut wrong = cart.filter(|(name, cart)| plain_text(&sent(name)) != plain_text(cart));
        if let Some((name, cart)) = wrong.next() {
            let more: Vec<&str> = wrong.map(|(name, _)| name.as_str()).collect();
            let what = match more.as_slice() {
                [] => name.clone(),
                more => format!("{name} (and so {})", more.join(", ")),
            };
            differs("address_differs", false, &what, &sent(name), cart);
        } else if !played.cart.is_empty() {
            differs("address_differs", true, "", "", "");
        }
    }
    once(all)
}

/// Merges the same finding on several calls into one, with all their ids.
fn once(all: Vec<Judgement>) -> Vec<Judgement> {
    let mut once: Vec<Judgement> = Vec::new();
    for judgement in all {
        let same = |known: &&mut Judgement| {
            known.check == judgement.check && known.message == judgement.message
        };
        match once.iter_mut().find(same) {
            Some(known) => known.requests.extend(judgement.requests),
            None => once.push(judgement),
        }
    }
    once
}

/// The verdict on addresses if no play has a cart to compare with.
pub fn unknown(played: &[&Played]) -> Option<Judgement> {
    let message = "the driver file has no [cart]: which addresses are right is unknown";
    let judgement = Judgement::new("address_differs", Verdict::NotTestable, message);
    let nothing = played.iter().all(|played| played.cart.is_empty());
    nothing.then(|| judgement.at(Rank::Exemplary))
}

fn is_address(name: &str) -> bool {
    name.starts_with("billing_information") || name.starts_with("shipping_information")
}

/// A text without what shops may change: accents, which Flexiti may refuse (P-val), case, spaces
/// and punctuation.
fn plain_text(text: &str) -> String {
    let ascii = deunicode(text);
    let letters = ascii.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether an amount is a multiple of the cart's, as when the cart was filled several times.
fn is_several(sent: u64, cart: u64) -> bool {
    cart > 0 && sent > cart && sent.is_multiple_of(cart)
}

/// An amount in cents.
fn cents(amount: &str) -> Option<u64> {
    let (dollars, cents) = amount.split_once('.').unwrap_or((amount, ""));
    let cents = match cents.len() {
        0 => 0,
        1 => cents.parse::<u64>().ok()? * 10,
        2 => cents.parse().ok()?,
        _ => return None,
    };
    Some(dollars.parse::<u64>().ok()? * 100 + cents)
}

/// A flow in lower case, without punctuation.
fn folded(flow: &str) -> String {
    let letters = flow.chars().filter(char::is_ascii_alphabetic);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_compared_as_amounts() {
        assert_eq!(cents("10.5"), cents("10.50"));
        assert_eq!(cents("10"), Some(1_000));
        for wrong in ["10,50", "10.505", "", "1e3", "-1"] {
            assert_eq!(cents(wrong), None, "{wrong}");
        }
        assert_eq!(folded("Apply/Buy"), folded("apply_buy"));
    }

    #[test]
    fn addresses_are_compared_without_accents_and_blanks() {
        for (sent, cart) in [
            ("1 rue Saint-Etienne", "1, rue Saint-Étienne"),
            ("h2x1y4", "H2X 1Y4"),
            ("Sacre-Coeur", "Sacré-Cœur"),
        ] {
            assert_eq!(plain_text(sent), plain_text(cart), "{sent}");
        }
        for (sent, cart) in [("", "QC"), ("ON", "QC"), ("Suite 50", "Suite 5")] {
            assert_ne!(plain_text(sent), plain_text(cart), "{sent}");
        }
    }
}
