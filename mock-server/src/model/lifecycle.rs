//! The life-cycle of an order as a pure state machine; start with [`advance`].

pub use flexiti_contract::Decision;
use flexiti_contract::Flow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an order is in its life-cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Init opened it; its page has not been opened.
    Created,
    /// The customer is on the first page.
    Opened,
    /// The customer is filling in the application.
    Applying,
    /// The application was approved; in the flow apply/buy, a purchase may follow.
    Approved,
    /// The application is pending; the decision comes after the customer has left.
    Pending,
    /// The application was declined.
    Declined,
    /// The application failed for a technical reason and may be submitted again.
    Retry,
    /// The customer is buying: confirms who they are, and chooses a payment plan.
    Buying,
    /// The purchase was made.
    Purchased,
    /// The purchase was refused.
    Refused,
    /// The customer gave up.
    Cancelled,
    /// The customer closed the window; the shop does not learn of it.
    Abandoned,
    /// The pages were open for too long.
    Expired,
    /// The customer's browser has returned to the shop.
    Returned,
}

/// How an order ended; `retry` if the customer may try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Approved,
    Pending,
    Declined,
    Retry,
    Purchased,
    Refused,
    Cancelled,
    Abandoned,
    Expired,
}

/// What happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The page was opened.
    Open,
    /// The customer starts to apply.
    Apply,
    /// The application is decided.
    Decide(Decision),
    /// The customer starts to buy.
    Buy,
    /// The purchase is made.
    Purchase,
    /// The purchase is refused.
    Refuse,
    /// The customer gives up.
    Cancel,
    /// The customer closes the window.
    Abandon,
    /// The pages have been open for too long.
    TimeOut,
    /// The customer's browser returns to the shop.
    Return,
    /// A pending application is decided manually, long after the customer has left (TD:
    /// `P-CREDIT`).
    Review(Decision),
}

/// The history of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Life {
    /// What the customer does.
    pub flow: Flow,
    /// Its current stage.
    pub stage: Stage,
    /// The decision on the application, if there was one.
    pub decision: Option<Decision>,
    /// How it ended, or stands; kept when the customer returns to the shop.
    pub outcome: Option<Outcome>,
}

/// An event that is not allowed in the current stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order of flow `{}` that is `{}` cannot `{}`", word(&.life.flow), word(&.life.stage), event_word(*.event))]
pub struct Illegal {
    /// The order's life, which is unchanged.
    pub life: Life,
    /// The event.
    pub event: Event,
}

impl Life {
    /// A new order's life.
    pub fn new(flow: Flow) -> Self {
        Self {
            flow,
            stage: Stage::Created,
            decision: None,
            outcome: None,
        }
    }

    /// Whether the customer can no longer change anything about it.
    pub fn is_over(self) -> bool {
        match self.stage {
            Stage::Created | Stage::Opened | Stage::Applying | Stage::Retry | Stage::Buying => {
                false
            }
            Stage::Approved => self.flow == Flow::Apply,
            Stage::Pending
            | Stage::Declined
            | Stage::Purchased
            | Stage::Refused
            | Stage::Cancelled
            | Stage::Abandoned
            | Stage::Expired
            | Stage::Returned => true,
        }
    }
}

/// Applies `event` to `life`; an event that is not allowed changes nothing.
pub fn advance(life: Life, event: Event) -> Result<Life, Illegal> {
    let flow = life.flow;
    let stage = match (life.stage, event) {
        (Stage::Created, Event::Open) => Stage::Opened,
        (Stage::Opened, Event::Apply) if flow != Flow::Buy => Stage::Applying,
        (Stage::Retry, Event::Apply) => Stage::Applying,
        (Stage::Applying, Event::Decide(decision)) => match decision {
            Decision::Approved => Stage::Approved,
            Decision::Pending => Stage::Pending,
            Decision::Declined => Stage::Declined,
            Decision::Retry => Stage::Retry,
        },
        (Stage::Opened, Event::Buy) if flow != Flow::Apply => Stage::Buying,
        (Stage::Approved, Event::Buy) if flow == Flow::ApplyBuy => Stage::Buying,
        (Stage::Buying, Event::Purchase) => Stage::Purchased,
        (Stage::Buying, Event::Refuse) => Stage::Refused,
        (_, Event::Cancel) if !life.is_over() => Stage::Cancelled,
        (_, Event::Abandon) if !life.is_over() => Stage::Abandoned,
        (_, Event::TimeOut) if !life.is_over() => Stage::Expired,
        (stage, Event::Return)
            if !matches!(stage, Stage::Returned | Stage::Abandoned) && life.outcome.is_some() =>
        {
            Stage::Returned
        }
        (Stage::Returned, Event::Review(Decision::Approved | Decision::Declined))
            if life.outcome == Some(Outcome::Pending) =>
        {
            Stage::Returned
        }
        _ => return Err(Illegal { life, event }),
    };
    Ok(Life {
        flow,
        stage,
        decision: match event {
            Event::Decide(decision) | Event::Review(decision) => Some(decision),
            Event::Apply => None,
            _ => life.decision,
        },
        outcome: match stage {
            Stage::Approved if flow == Flow::Apply => Some(Outcome::Approved),
            Stage::Pending => Some(Outcome::Pending),
            Stage::Declined => Some(Outcome::Declined),
            Stage::Retry => Some(Outcome::Retry),
            Stage::Purchased => Some(Outcome::Purchased),
            Stage::Refused => Some(Outcome::Refused),
            Stage::Cancelled => Some(Outcome::Cancelled),
            Stage::Abandoned => Some(Outcome::Abandoned),
            Stage::Expired => Some(Outcome::Expired),
            Stage::Returned => match event {
                Event::Review(Decision::Approved) => Some(Outcome::Approved),
                Event::Review(Decision::Declined) => Some(Outcome::Declined),
                _ => life.outcome,
            },
            Stage::Created | Stage::Opened | Stage::Applying | Stage::Approved | Stage::Buying => {
                None
            }
        },
    })
}

/// The name of a unit variant, as in JSON.
pub fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn event_word(event: Event) -> String {
    match event {
        Event::Decide(decision) => format!("be {}", word(&decision)),
        Event::Review(decision) => format!("be {} later", word(&decision)),
        event => word(&event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_state_and_event() {
        let life = Life::new(Flow::Buy);
        let opened = advance(life, Event::Open).unwrap();
        let illegal = advance(opened, Event::Apply).unwrap_err();
        assert_eq!(
            illegal.to_string(),
            "an order of flow `buy` that is `opened` cannot `apply`"
        );
        assert_eq!(illegal.life, opened);
        let decided = Event::Decide(Decision::Approved);
        assert_eq!(
            advance(opened, decided).unwrap_err().to_string(),
            "an order of flow `buy` that is `opened` cannot `be approved`"
        );
    }
}
