//! What came of the steps of a scenario.

use super::page::Page;
use flexiti_contract::scenario::{Belief, By, Step, To};
use serde::{Deserialize, Serialize};

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// The customer, or the bystander, started to pay.
    Started {
        /// Who started.
        #[serde(default, skip_serializing_if = "is_customer")]
        by: By,
        /// Number of attempts: a customer who is turned away may try again.
        times: usize,
        /// The order that was opened.
        order: Option<u64>,
        /// The shop's page that the customer saw.
        page: Option<Page>,
        /// Why the customer saw no page.
        trouble: Option<String>,
        /// The pages on the way that contained credentials.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        before: Vec<Page>,
    },
    /// The customer and another one filled their carts, or one of them could not.
    Browsed {
        /// What went wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trouble: Option<String>,
    },
    /// From here on, Flexiti failed as planned.
    Failing,
    /// The order reached this outcome at Flexiti.
    Completed(String),
    /// A browser returned to the shop.
    Returned {
        /// The URL it returned to.
        to: To,
        /// Whose browser.
        by: By,
        /// The page it saw.
        page: Option<Page>,
        /// Why it saw no page.
        trouble: Option<String>,
    },
    /// Several windows returned at once.
    Crowded {
        /// The pages they saw.
        pages: Vec<Page>,
        /// Why others saw no page.
        troubles: Vec<String>,
    },
    /// The checkout was sent again.
    SentAgain {
        /// The orders that the pages lead to.
        orders: Vec<u64>,
        /// The pages that the customer saw.
        pages: Vec<Page>,
        /// Why other windows saw no page.
        troubles: Vec<String>,
    },
    /// The shop was asked about the order.
    Believed {
        /// Its last answer; `None` if the driver file does not list the word.
        belief: Option<Belief>,
        /// Its word, or why there was none.
        said: String,
        /// How long it was asked, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waited_ms: Option<u64>,
        /// Whether the order had its outcome, but the shop had not asked Flexiti since.
        #[serde(default, skip_serializing_if = "is_false")]
        unasked: bool,
    },
    /// The driver file does not say where to ask.
    NotAsked,
    /// Time passed at Flexiti.
    Advanced(u64),
    /// Nothing could be done, as no order was open.
    Skipped,
    /// The step could not be carried out, through no fault of the shop's. Older traces say
    /// `skipped` instead.
    Failed {
        /// The reason.
        why: String,
    },
}

impl Happened {
    /// Whether a step of this kind can have this result.
    pub fn is_of(&self, step: &Step) -> bool {
        match self {
            Self::Failed { .. } => true,
            Self::Skipped => !matches!(step, Step::Believe { .. } | Step::Doubt { .. }),
            Self::Started { .. } => {
                matches!(
                    step,
                    Step::Checkout { .. } | Step::Retry | Step::Bystander { .. }
                )
            }
            Self::Completed(_) => matches!(step, Step::Complete { .. }),
            Self::Returned { .. } => matches!(step, Step::Return { .. }),
            Self::Crowded { .. } => matches!(step, Step::Crowd { .. }),
            Self::SentAgain { .. } => matches!(step, Step::Again { .. }),
            Self::Browsed { .. } => matches!(step, Step::Browse),
            Self::Failing => matches!(step, Step::Fail),
            Self::Believed { .. } | Self::NotAsked => {
                matches!(step, Step::Believe { .. } | Step::Doubt { .. })
            }
            Self::Advanced(_) => matches!(step, Step::Advance { .. } | Step::Wait { .. }),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_customer(by: &By) -> bool {
    *by == By::Customer
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_failure_is_told_apart_from_a_step_without_an_order_and_older_traces_are_read() {
        let failed = Happened::Failed {
            why: "no such order".to_owned(),
        };
        for (happened, written) in [
            (Happened::Skipped, json!("skipped")),
            (failed, json!({"failed": {"why": "no such order"}})),
            (Happened::Advanced(5), json!({"advanced": 5})),
        ] {
            let value: Value = serde_json::to_value(&happened).unwrap();
            assert_eq!(value, written);
            let read: Happened = serde_json::from_value(written).unwrap();
            assert_eq!(read, happened);
        }
    }
}
