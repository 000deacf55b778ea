//! How plans are generated and shrunk.

use super::reproduction::Reproduction;
use flexiti_contract::Contract;
use flexiti_contract::scenario::{Belief, By, Rank, Scenario, Start, Step, To};
use proptest::option;
use proptest::sample::{select, subsequence};
use proptest::strategy::Strategy;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The most variations of either kind in a plan.
const VARIATIONS: usize = 3;

/// A knob, and its answer.
type Answer = (String, Value);

/// Knobs about answers. Knobs that decide what is refused are left to dialects.
const ANSWERS: &[&str] = &[
    "token_type",
    "token_ttl",
    "token_style",
    "error_shape",
    "ids_as",
    "rotate_refresh",
    "refresh_revokes_access",
    "refresh_after_access_expiry",
    "notification_unfinished",
    "notification_callback_url",
    "purchase_block_name",
    "purchase_block_without_purchase",
    "apply_status_words",
    "purchase_status_words",
    "declined_goes_to",
    "pending_goes_to",
    "callback_params",
    "callback_lang",
];

/// Variations that mean the same to any JSON reader (RFC 6749, section 5.1) that counts beyond 32
/// bits.
fn meaningless() -> Vec<Answer> {
    [
        ("response_members", json!("more")),
        ("response_member_order", json!("reversed")),
        ("first_order_id", json!(2_147_483_648_u64)),
        ("first_order_id", json!(4_294_967_311_u64)),
        ("token_ttl", json!(60)),
        ("token_ttl", json!(1_199)),
    ]
    .map(|(knob, answer)| (knob.to_owned(), answer))
    .into()
}

/// The answers of the shipped dialects.
fn of_dialects(contract: &Contract) -> anyhow::Result<Vec<Answer>> {
    let mut all = Vec::new();
    for name in contract.dialect_names() {
        let dialect = contract.dialect(name)?;
        let answers = ANSWERS
            .iter()
            .map(|knob| ((*knob).to_owned(), dialect.answer(knob).clone()));
        for answer in answers {
            if !all.contains(&answer) {
                all.push(answer);
            }
        }
    }
    Ok(all)
}

/// Faults of a call, the mildest first.
fn faults(endpoint: &'static str) -> impl Strategy<Value = Option<Value>> {
    let mut actions = vec![
        json!({"type": "delay", "ms": 200}),
        json!({"type": "status", "status": 500}),
        json!({"type": "status", "status": 503, "headers": {"Retry-After": "1"}}),
        json!({"type": "status", "status": 429, "headers": {"Retry-After": "1"}}),
        json!({"type": "status", "status": 504}),
        json!({"type": "reset"}),
        json!({"type": "empty"}),
        json!({"type": "truncate"}),
        json!({"type": "malformed"}),
        json!({"type": "malformed_chunking"}),
        json!({"type": "wrong_type"}),
    ];
    match endpoint {
        "init" => actions.extend([
            json!({"type": "expire_token"}),
            json!({"type": "lost_response"}),
        ]),
        "notification" => actions.extend([
            json!({"type": "expire_token"}),
            json!({"type": "late_notification"}),
            json!({"type": "status", "status": 404}),
        ]),
        _ => {}
    }
    let fault = move |action| json!({"match": {"endpoint": endpoint}, "action": action});
    option::weighted(0.4, select(actions).prop_map(fault))
}

/// How the customer comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Once,
    Twice,
    Never,
    ForgedFirst,
    Crowd,
    AfterBystander,
}

/// A plan before it is written out as a scenario.
#[derive(Debug, Clone)]
pub struct FuzzRecipe {
    flow: &'static str,
    lang: &'static str,
    outcome: &'static str,
    way: Way,
    polls: u32,
    answers: Vec<Answer>,
    faults: Vec<Value>,
}

/// Generates recipes.
pub fn recipes(contract: &Contract) -> anyhow::Result<impl Strategy<Value = FuzzRecipe>> {
    let outcomes = [
        ("apply/buy", "purchased"),
        ("apply/buy", "declined"),
        ("apply/buy", "pending"),
        ("apply/buy", "refused"),
        ("apply/buy", "cancelled"),
        ("buy", "purchased"),
        ("buy", "refused"),
        ("buy", "cancelled"),
        ("apply", "approved"),
        ("apply", "declined"),
        ("apply", "pending"),
        ("apply", "retry"),
        ("apply", "cancelled"),
    ];
    let ways = [
        Way::Once,
        Way::Twice,
        Way::Never,
        Way::ForgedFirst,
        Way::Crowd,
        Way::AfterBystander,
    ];
    let answers = (
        subsequence(meaningless(), 0..=VARIATIONS),
        subsequence(of_dialects(contract)?, 0..=VARIATIONS),
    );
    let faults = (faults("token"), faults("init"), faults("notification"));
    let strategy = (
        0..3_u32,
        select(ways.to_vec()),
        faults,
        answers,
        select(outcomes.to_vec()),
        select(vec!["en", "fr"]),
    );
    Ok(
        strategy.prop_map(|(polls, way, faults, answers, (flow, outcome), lang)| {
            let (token, init, notification) = faults;
            // Windows that ask at the same moment cannot know each other's answers.
            let notification = notification.filter(|_| way != Way::Crowd);
            FuzzRecipe {
                flow,
                lang,
                outcome,
                way,
                polls,
                answers: [answers.0, answers.1].concat(),
                faults: [token, init, notification].into_iter().flatten().collect(),
            }
        }),
    )
}

impl FuzzRecipe {
    /// The baseline purchase, in which nothing goes wrong.
    pub fn baseline() -> Self {
        Self {
            flow: "apply/buy",
            lang: "en",
            outcome: "purchased",
            way: Way::Once,
            polls: 0,
            answers: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// The plan, written out.
    pub fn plan(&self, dialect: &str, seed: u64) -> Reproduction {
        let answers: Map<String, Value> = self.answers.iter().cloned().collect();
        let bystander = self.way == Way::AfterBystander;
        let scenario = Scenario {
            id: "fuzz.case".to_owned(),
            requirement: "Whatever Flexiti may answer, the shop does right.".to_owned(),
            source: vec!["own".to_owned()],
            test_case: None,
            good_practice: false,
            level: Rank::Robust,
            flows: vec![self.flow.to_owned()],
            langs: vec![self.lang.to_owned()],
            answers,
            faults: self.faults.clone(),
            steps: self.steps(),
            // A lost answer to init may have left an order behind.
            orders: 1 + usize::from(self.init_fails()) + usize::from(bystander),
            also: Vec::new(),
            control: None,
        };
        Reproduction::new(dialect, seed, self.flow, self.lang, scenario)
    }

    /// How long the shop may take to learn the outcome while plans are tried. A finding is replayed
    /// with the patience of a certification.
    pub fn patience(&self) -> Duration {
        let faults = u32::try_from(self.faults.len()).unwrap_or(3);
        // A shop polls once a second, and waits a second when told to.
        Duration::from_millis(1_500) + Duration::from_millis(1_200) * (self.polls + faults)
    }

    /// Whether init may fail. A delay or a dead token is no reason to give up.
    fn init_fails(&self) -> bool {
        self.faults.iter().any(|fault| {
            let kind = fault["action"]["type"].as_str().unwrap_or_default();
            fault["match"]["endpoint"] == "init" && !matches!(kind, "delay" | "expire_token")
        })
    }

    /// Smaller plans, those without whole groups first, because a run takes a second.
    pub fn smaller(&self) -> Vec<Self> {
        let but = |change: &dyn Fn(&mut Self)| {
            let mut smaller = self.clone();
            change(&mut smaller);
            smaller
        };
        let bare = |plan: &mut Self| {
            plan.way = Way::Once;
            plan.polls = 0;
        };
        let mut all = vec![
            but(&|plan| {
                bare(plan);
                plan.faults.clear();
            }),
            but(&|plan| {
                bare(plan);
                plan.answers.clear();
            }),
            but(&bare),
            but(&|plan| plan.faults.clear()),
            but(&|plan| plan.answers.clear()),
            but(&|plan| plan.polls = 0),
            but(&|plan| plan.way = Way::Once),
        ];
        let half = self.answers.len() / 2;
        all.push(but(&|plan| plan.answers.truncate(half)));
        all.push(but(&|plan| drop(plan.answers.drain(..half))));
        for at in 0..self.faults.len() {
            all.push(but(&|plan| drop(plan.faults.remove(at))));
        }
        for at in 0..self.answers.len() {
            all.push(but(&|plan| drop(plan.answers.remove(at))));
        }
        // What most shops sell.
        for outcome in ["purchased", "declined"] {
            all.push(but(&|plan| {
                plan.flow = "apply/buy";
                plan.outcome = outcome;
            }));
        }
        all.push(but(&|plan| plan.lang = "en"));
        all.retain(|smaller| smaller.size() < self.size());
        all
    }

    /// The measure that shrinking reduces.
    fn size(&self) -> (usize, usize, usize) {
        let unusual = usize::from(self.flow != "apply/buy")
            + match self.outcome {
                "purchased" => 0,
                "declined" => 1,
                _ => 2,
            };
        let polls = usize::try_from(self.polls).unwrap_or(usize::MAX);
        let parts = self.faults.len() + self.answers.len() + polls;
        let way = usize::from(self.way != Way::Once);
        (parts + way, unusual, usize::from(self.lang != "en"))
    }

    fn steps(&self) -> Vec<Step> {
        let back = || Step::Return {
            to: To::Own,
            by: By::Customer,
        };
        let expect = if self.init_fails() {
            Start::Either
        } else {
            Start::Opens
        };
        let mut steps = vec![Step::Checkout { expect }];
        let tricked = matches!(self.way, Way::ForgedFirst | Way::AfterBystander);
        if self.way == Way::AfterBystander {
            steps.push(Step::Bystander {
                outcome: self.outcome.to_owned(),
            });
        }
        if tricked {
            steps.push(Step::Return {
                to: To::Success,
                by: By::Customer,
            });
            steps.push(Step::Doubt {
                none_of: vec![Belief::Paid],
            });
        }
        let settle_after = (self.polls > 0).then(|| json!({"polls": self.polls}));
        steps.push(Step::Complete {
            outcome: self.outcome.to_owned(),
            settle_after,
            every: false,
        });
        match self.way {
            Way::Never => {}
            Way::Crowd => steps.push(Step::Crowd { browsers: 3 }),
            Way::Twice => steps.extend([back(), back()]),
            Way::Once | Way::ForgedFirst | Way::AfterBystander => steps.push(back()),
        }
        let one_of = match self.outcome {
            "purchased" | "approved" => vec![Belief::Paid],
            "pending" => vec![Belief::Pending],
            _ => vec![Belief::Failed, Belief::Pending],
        };
        steps.push(Step::Believe { one_of });
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn smaller_plans_are_smaller_and_come_to_an_end(
            recipe in recipes(Contract::shipped()).unwrap()
        ) {
            let mut recipe = recipe;
            let mut steps = 0;
            while let Some(smaller) = recipe.smaller().into_iter().next_back() {
                prop_assert!(smaller.size() < recipe.size());
                recipe = smaller;
                steps += 1;
            }
            prop_assert!(steps < 40, "{steps}");
            // Nothing is left but a purchase.
            prop_assert_eq!(recipe.size(), (0, 0, 0));
            prop_assert_eq!(recipe.outcome, "purchased");
        }

        #[test]
        fn every_plan_is_one_that_the_mock_takes(
            recipe in recipes(Contract::shipped()).unwrap()
        ) {
            let contract = Contract::shipped();
            let plan = recipe.plan("documented", 1);
            let mut dialect = contract.dialect("documented").unwrap();
            for (knob, answer) in &plan.scenario.answers {
                dialect = dialect.with_answer(knob, answer.clone(), contract.sources()).unwrap();
            }
            let faults = json!({"faults": plan.scenario.faults});
            prop_assert!(flexiti_mock::embed::admin::FaultPlan::read(faults).is_ok());
            // It is written and read without a change.
            let text = plan.to_file().unwrap();
            let read = Reproduction::read(std::path::Path::new("plan.json"), &text).unwrap();
            prop_assert_eq!(read.to_file().unwrap(), text);
        }
    }
}
