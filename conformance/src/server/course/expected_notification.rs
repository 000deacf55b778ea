//! What a notification about an order must say.

use super::state::Order;
use crate::server::case::{Expect, Is, JsonMember};
use flexiti_contract::dialect::Unfinished;
use flexiti_contract::{Flow, Rule, Rulebook};
use serde_json::json;

/// What a notification about this order must say, and whether that is printed somewhere.
pub(super) fn told(rulebook: &Rulebook, order: &Order) -> (Rule, Expect, bool) {
    let knobs = rulebook.knobs();
    let block = knobs.purchase_block_name.as_str();
    let shows = |at: String, is: Is| Expect::Shows(vec![JsonMember { at, is }]);
    let Some(outcome) = order.outcome else {
        let at = match order.flow {
            Flow::Buy => format!("/{block}/status"),
            Flow::Apply | Flow::ApplyBuy => "/apply/apply_status".to_owned(),
        };
        let expect = match (knobs.notification_unfinished, order.flow) {
            (Unfinished::NotFound, _) => Expect::NotGranted,
            (Unfinished::WithoutBlocks | Unfinished::Empty, _) => shows(at, Is::Absent),
            (Unfinished::StatusWord, Flow::Buy) => {
                shows(at, Is::Value(json!(knobs.purchase_status_words.unfinished)))
            }
            (Unfinished::StatusWord, _) => {
                shows(at, Is::Value(json!(knobs.apply_status_words.unfinished)))
            }
        };
        return (Rule::NotificationUnfinished, expect, true);
    };
    let (rule, at, word) = match (order.flow, outcome) {
        (Flow::Apply, outcome) => {
            let words = &knobs.apply_status_words;
            let word = match outcome {
                "approved" => &words.approved,
                "declined" => &words.declined,
                _ => &words.cancelled,
            };
            (Rule::ApplyStatus, "/apply/apply_status".to_owned(), word)
        }
        (_, outcome) => {
            let words = &knobs.purchase_status_words;
            let word = match outcome {
                "purchased" => &words.purchased,
                "refused" => &words.refused,
                _ => &words.cancelled,
            };
            (Rule::PurchaseStatus, format!("/{block}/status"), word)
        }
    };
    let printed = outcome == "approved" || rule == Rule::PurchaseStatus;
    (rule, shows(at, Is::Value(json!(word))), printed)
}
