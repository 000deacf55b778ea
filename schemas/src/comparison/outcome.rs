//! The outcome of an order, according to a notification.

use crate::rulebook::Rulebook;
use serde_json::Value;

/// The outcome that a notification reports in a dialect's words, under the admin API's name for it;
/// `None` if there is none yet.
pub fn outcome(rulebook: &Rulebook, notification: &Value) -> Option<&'static str> {
    let knobs = rulebook.knobs();
    let purchase = &notification[knobs.purchase_block_name.as_str()]["status"];
    let purchase = purchase.as_str().and_then(|word| {
        let words = &knobs.purchase_status_words;
        [
            (&words.purchased, "purchased"),
            (&words.refused, "refused"),
            (&words.cancelled, "cancelled"),
            (&words.expired, "expired"),
        ]
        .into_iter()
        .find(|(known, _)| *known == word)
    });
    let apply = notification["apply"]["apply_status"].as_str();
    let apply = apply.and_then(|word| {
        let words = &knobs.apply_status_words;
        [
            (&words.approved, "approved"),
            (&words.pending, "pending"),
            (&words.declined, "declined"),
            (&words.retry, "retry"),
            (&words.cancelled, "cancelled"),
            (&words.expired, "expired"),
        ]
        .into_iter()
        .find(|(known, _)| *known == word)
    });
    purchase.or(apply).map(|(_, name)| name)
}
