//! Tests the life-cycle of an order against an independent table of its transitions.

use crate::model::lifecycle::{self, Decision, Event, Life, Outcome, Stage};
use flexiti_contract::Flow;
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

/// Flow, stage, event, next stage.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// All transitions; `*` stands for every flow.
const TABLE: &[Row] = &[
    ("*", "created", "open", "opened"),
    ("*", "created", "cancel", "cancelled"),
    ("*", "created", "abandon", "abandoned"),
    ("*", "created", "time out", "expired"),
    ("apply", "opened", "apply", "applying"),
    ("buy", "opened", "buy", "buying"),
    ("both", "opened", "apply", "applying"),
    ("both", "opened", "buy", "buying"),
    ("*", "opened", "cancel", "cancelled"),
    ("*", "opened", "abandon", "abandoned"),
    ("*", "opened", "time out", "expired"),
    ("*", "applying", "approve", "approved"),
    ("*", "applying", "suspend", "pending"),
    ("*", "applying", "decline", "declined"),
    ("*", "applying", "fail", "retry"),
    ("*", "applying", "cancel", "cancelled"),
    ("*", "applying", "abandon", "abandoned"),
    ("*", "applying", "time out", "expired"),
    ("*", "retry", "apply", "applying"),
    ("*", "retry", "cancel", "cancelled"),
    ("*", "retry", "abandon", "abandoned"),
    ("*", "retry", "time out", "expired"),
    ("*", "retry", "return", "returned"),
    ("apply", "approved", "return", "returned"),
    ("both", "approved", "buy", "buying"),
    ("both", "approved", "cancel", "cancelled"),
    ("both", "approved", "abandon", "abandoned"),
    ("both", "approved", "time out", "expired"),
    ("*", "buying", "purchase", "purchased"),
    ("*", "buying", "refuse", "refused"),
    ("*", "buying", "cancel", "cancelled"),
    ("*", "buying", "abandon", "abandoned"),
    ("*", "buying", "time out", "expired"),
    ("*", "pending", "return", "returned"),
    ("*", "declined", "return", "returned"),
    ("*", "purchased", "return", "returned"),
    ("*", "refused", "return", "returned"),
    ("*", "cancelled", "return", "returned"),
    ("*", "expired", "return", "returned"),
    // Back at the shop, with the application still undecided.
    ("*", "waiting", "grant", "returned"),
    ("*", "waiting", "reject", "returned"),
];

const EVENTS: [(&str, Event); 15] = [
    ("open", Event::Open),
    ("apply", Event::Apply),
    ("approve", Event::Decide(Decision::Approved)),
    ("suspend", Event::Decide(Decision::Pending)),
    ("decline", Event::Decide(Decision::Declined)),
    ("fail", Event::Decide(Decision::Retry)),
    ("buy", Event::Buy),
    ("purchase", Event::Purchase),
    ("refuse", Event::Refuse),
    ("cancel", Event::Cancel),
    ("abandon", Event::Abandon),
    ("time out", Event::TimeOut),
    ("return", Event::Return),
    ("grant", Event::Review(Decision::Approved)),
    ("reject", Event::Review(Decision::Declined)),
];

const FLOWS: [(&str, Flow); 3] = [
    ("apply", Flow::Apply),
    ("buy", Flow::Buy),
    ("both", Flow::ApplyBuy),
];

/// An order according to the table: its flow, its stages, and its events, in words.
#[derive(Debug, Clone)]
struct Model {
    flow: &'static str,
    stages: Vec<&'static str>,
    events: Vec<&'static str>,
}

impl Model {
    fn stage(&self) -> &'static str {
        self.stages.last().expect("it begins with one")
    }

    fn next(&self, event: &str) -> Option<&'static str> {
        let here = match self.stage() {
            "returned" if self.outcome() == Some(Outcome::Pending) => "waiting",
            stage => stage,
        };
        let fits = |(flow, stage, what, _): &&Row| {
            (*flow == "*" || *flow == self.flow) && *stage == here && *what == event
        };
        TABLE.iter().find(fits).map(|(_, _, _, next)| *next)
    }

    /// The decision on the application: the last one, unless a new application has begun since.
    fn decision(&self) -> Option<Decision> {
        let about = |event: &&&str| {
            matches!(
                **event,
                "apply" | "approve" | "suspend" | "decline" | "fail" | "grant" | "reject"
            )
        };
        match *self.events.iter().rfind(about)? {
            "approve" | "grant" => Some(Decision::Approved),
            "suspend" => Some(Decision::Pending),
            "decline" | "reject" => Some(Decision::Declined),
            "fail" => Some(Decision::Retry),
            _ => None,
        }
    }

    /// How it ended, or stands. Returning to the shop does not change it, a late decision does.
    /// does.
    fn outcome(&self) -> Option<Outcome> {
        match self.events.last() {
            Some(&"grant") => return Some(Outcome::Approved),
            Some(&"reject") => return Some(Outcome::Declined),
            _ => {}
        }
        let stage = self.stages.iter().rfind(|stage| **stage != "returned")?;
        Some(match *stage {
            "approved" if self.flow == "apply" => Outcome::Approved,
            "pending" => Outcome::Pending,
            "declined" => Outcome::Declined,
            "retry" => Outcome::Retry,
            "purchased" => Outcome::Purchased,
            "refused" => Outcome::Refused,
            "cancelled" => Outcome::Cancelled,
            "abandoned" => Outcome::Abandoned,
            "expired" => Outcome::Expired,
            _ => return None,
        })
    }
}

struct Table;

impl ReferenceStateMachine for Table {
    type State = Model;
    type Transition = (&'static str, Event);

    fn init_state() -> BoxedStrategy<Model> {
        select(&FLOWS)
            .prop_map(|(flow, _)| Model {
                flow,
                stages: vec!["created"],
                events: Vec::new(),
            })
            .boxed()
    }

    /// Any event, but allowed ones more often.
    fn transitions(model: &Model) -> BoxedStrategy<Self::Transition> {
        let may = |(name, _): &(&str, Event)| model.next(name).is_some();
        let legal: Vec<(&str, Event)> = EVENTS.into_iter().filter(may).collect();
        if legal.is_empty() {
            return select(&EVENTS).boxed();
        }
        prop_oneof![3 => select(legal), 1 => select(&EVENTS)].boxed()
    }

    fn apply(mut model: Model, (name, _): &Self::Transition) -> Model {
        if let Some(stage) = model.next(name) {
            model.stages.push(stage);
            model.events.push(name);
        }
        model
    }
}

struct Order;

impl StateMachineTest for Order {
    type SystemUnderTest = Life;
    type Reference = Table;

    fn init_test(model: &Model) -> Life {
        let flow = FLOWS.iter().find(|(name, _)| *name == model.flow);
        Life::new(flow.expect("one of the flows").1)
    }

    fn apply(life: Life, model: &Model, (name, event): (&'static str, Event)) -> Life {
        match lifecycle::advance(life, event) {
            Ok(next) => {
                assert_eq!(model.events.last(), Some(&name), "{name} may not follow");
                next
            }
            Err(illegal) => {
                assert_eq!(illegal.life, life);
                assert_eq!(illegal.event, event);
                life
            }
        }
    }

    fn check_invariants(life: &Life, model: &Model) {
        assert_eq!(word(life.stage), model.stage());
        assert_eq!(life.decision, model.decision());
        assert_eq!(life.outcome, model.outcome());
        let leaves = |(name, _): &(&str, Event)| {
            !matches!(*name, "return" | "grant" | "reject") && model.next(name).is_some()
        };
        assert_eq!(life.is_over(), !EVENTS.iter().any(leaves), "{life:?}");
    }
}

/// A stage, as the admin API writes it.
fn word(stage: Stage) -> String {
    let word = serde_json::to_value(stage).unwrap();
    word.as_str().unwrap().to_owned()
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_order_does_what_the_table_says_and_nothing_else(sequential 1..20 => Order);
}

/// Checks that every row of the table is reachable.
#[test]
fn every_row_of_the_table_happens() {
    let mut seen = std::collections::BTreeSet::new();
    for (flow, start) in FLOWS {
        let mut lives = vec![Life::new(start)];
        let mut met = lives.clone();
        while let Some(life) = lives.pop() {
            for (name, event) in EVENTS {
                let Ok(next) = lifecycle::advance(life, event) else {
                    continue;
                };
                let row = TABLE.iter().position(|row| {
                    let waits =
                        life.stage == Stage::Returned && life.outcome == Some(Outcome::Pending);
                    let here = if waits {
                        "waiting".to_owned()
                    } else {
                        word(life.stage)
                    };
                    (row.0 == "*" || row.0 == flow) && row.1 == here && row.2 == name
                });
                let row = row.unwrap_or_else(|| panic!("{life:?} may not {name}"));
                assert_eq!(word(next.stage), TABLE[row].3, "{life:?} {name}");
                seen.insert(row);
                if !met.contains(&next) {
                    met.push(next);
                    lives.push(next);
                }
            }
        }
    }
    assert_eq!(seen.len(), TABLE.len(), "rows that never happen");
}
