//! What the shop believes about an order. Only a notification changes it: neither the callback nor
//! any of its parameters does.

use serde_json::Value;

/// What the customer does on Flexiti's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Apply for credit.
    Apply,
    /// Buy with existing credit.
    Buy,
    /// Apply, then buy.
    ApplyBuy,
}

impl Flow {
    /// As init spells it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Buy => "buy",
            Self::ApplyBuy => "apply/buy",
        }
    }
}

/// What the shop believes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    /// Not known yet.
    Pending,
    /// The purchase was made.
    Paid,
    /// The application was approved; no purchase was requested.
    Approved,
    /// Declined, refused, or could not be started.
    Failed,
    /// The customer gave up.
    Cancelled,
}

impl Belief {
    /// The word for it in the answer to `GET /orders/{number}`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Approved => "approved",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing can change it any more. A refusal is not final: the customer may try again
    /// on the same pages.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Paid | Self::Approved)
    }
}

/// Reads a notification about an order of this flow. The documentation shows only `SUCCESS` and, at
/// second hand, `Success` and `Failed`; the other words are likely ones. An unknown word proves
/// nothing.
pub fn read(flow: Flow, notification: &Value) -> Belief {
    let word = |block: &str, name: &str| {
        let word = notification.get(block)?.get(name)?.as_str()?;
        Some(word.to_ascii_lowercase())
    };
    let belief = |word: &str, success| match word {
        "success" => success,
        "failed" | "refused" | "declined" | "retry" => Belief::Failed,
        "cancelled" | "canceled" | "expired" => Belief::Cancelled,
        _ => Belief::Pending,
    };
    let apply = word("apply", "apply_status").map(|word| belief(&word, Belief::Approved));
    let purchase = word("purchase", "status").map(|word| belief(&word, Belief::Paid));
    match flow {
        Flow::Apply => apply.unwrap_or(Belief::Pending),
        Flow::Buy => purchase.unwrap_or(Belief::Pending),
        Flow::ApplyBuy => match (apply, purchase) {
            (_, Some(Belief::Paid)) => Belief::Paid,
            // Approved is not paid, and a customer who has an account need not apply.
            (Some(Belief::Approved) | None, purchase) => purchase.unwrap_or(Belief::Pending),
            // Without an approval, the purchase block adds nothing to the application's.
            (Some(apply), _) => apply,
        },
    }
}

/// The customer id of an approved application, to keep for a later purchase.
pub fn customer_id(notification: &Value) -> Option<String> {
    let apply = notification.get("apply")?;
    let status = apply.get("apply_status")?.as_str()?;
    status.eq_ignore_ascii_case("success").then_some(())?;
    id(apply.get("customer_id")?)
}

/// An id, which some servers send as a number and others as a string.
pub fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Belief::{Approved, Cancelled, Failed, Paid, Pending};
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_block_of_the_flow_makes_paid_or_approved() {
        let apply = |word: &str| json!({"apply": {"apply_status": word, "customer_id": 7}});
        let purchase = |word: &str| json!({"purchase": {"status": word}});
        let both = |apply: &str, word: &str| json!({"purchase": {"status": word}, "date": "", "apply": {"apply_status": apply}});
        for (flow, body, belief) in [
            (Flow::Apply, apply("SUCCESS"), Approved),
            (Flow::Apply, apply("PENDING"), Pending),
            (Flow::Apply, apply("DECLINED"), Failed),
            (Flow::Apply, apply("RETRY"), Failed),
            (Flow::Apply, apply("CANCELLED"), Cancelled),
            (Flow::Apply, apply("EXPIRED"), Cancelled),
            (Flow::Apply, apply("IN_PROGRESS"), Pending),
            (Flow::Apply, apply("ABSOLUTELY"), Pending),
            (Flow::Apply, purchase("Success"), Pending),
            (Flow::Buy, purchase("Success"), Paid),
            (Flow::Buy, purchase("Failed"), Failed),
            (Flow::Buy, purchase("Cancelled"), Cancelled),
            (Flow::Buy, purchase("InProgress"), Pending),
            (Flow::Buy, apply("SUCCESS"), Pending),
            (Flow::ApplyBuy, apply("SUCCESS"), Pending),
            (Flow::ApplyBuy, apply("DECLINED"), Failed),
            (Flow::ApplyBuy, apply("PENDING"), Pending),
            (Flow::ApplyBuy, apply("CANCELLED"), Cancelled),
            (Flow::ApplyBuy, purchase("Success"), Paid),
            (Flow::ApplyBuy, both("SUCCESS", "Success"), Paid),
            (Flow::ApplyBuy, both("SUCCESS", "Failed"), Failed),
            (Flow::ApplyBuy, both("SUCCESS", "Cancelled"), Cancelled),
            (Flow::ApplyBuy, both("PENDING", "Failed"), Pending),
            (Flow::ApplyBuy, both("CANCELLED", "Failed"), Cancelled),
        ] {
            assert_eq!(read(flow, &body), belief, "{flow:?} {body}");
        }
    }

    #[test]
    fn what_cannot_be_read_proves_nothing() {
        for body in [
            json!(null),
            json!([]),
            json!("SUCCESS"),
            json!({"transaction_id": 1, "flow": "buy", "callback_url": ""}),
            json!({"apply": "SUCCESS", "purchase": "Success"}),
            json!({"apply": {"apply_status": true}, "purchase": {"status": ["Success"]}}),
            json!({"apply_status": "SUCCESS", "status": "Success"}),
        ] {
            for flow in [Flow::Apply, Flow::Buy, Flow::ApplyBuy] {
                assert_eq!(read(flow, &body), Belief::Pending, "{flow:?} {body}");
            }
        }
    }

    #[test]
    fn a_customer_id_is_text_and_comes_with_an_approval_only() {
        let body =
            |status: &str, id: Value| json!({"apply": {"customer_id": id, "apply_status": status}});
        assert_eq!(
            customer_id(&body("SUCCESS", json!(1_293_836))).as_deref(),
            Some("1293836")
        );
        assert_eq!(
            customer_id(&body("SUCCESS", json!("2-3"))).as_deref(),
            Some("2-3")
        );
        assert_eq!(customer_id(&body("PENDING", json!(1))), None);
        assert_eq!(customer_id(&body("SUCCESS", json!(null))), None);
        assert_eq!(customer_id(&json!({})), None);
    }
}
