//! How the plans of the fuzzer are generated and shrunk.

use anyhow::{Context as _, anyhow};
use flexiti_contract::Contract;
use flexiti_contract::scenario::{Belief, By, Rank, Scenario, Start, Step, To};
use proptest::option;
use proptest::sample::{select, subsequence};
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How the ids of plans begin.
pub const PREFIX: &str = "fuzz.";
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

/// What the customer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Once,
    Twice,
    Never,
    ForgedFirst,
    ToldFirst,
    UnknownFirst,
    Crowd,
    AfterBystander,
    /// They send the checkout twice.
    Reload,
    /// They click twice.
    DoubleClick,
    /// They come back to the error URL, whatever became of the order.
    Error,
    /// They come back to the success URL.
    Success,
}

impl Way {
    const ALL: [Self; 12] = [
        Self::Once,
        Self::Twice,
        Self::Never,
        Self::ForgedFirst,
        Self::ToldFirst,
        Self::UnknownFirst,
        Self::Crowd,
        Self::AfterBystander,
        Self::Reload,
        Self::DoubleClick,
        Self::Error,
        Self::Success,
    ];

    fn is_sent_twice(self) -> bool {
        matches!(self, Self::Reload | Self::DoubleClick)
    }

    /// The URL that is requested before the customer has paid.
    fn forged(self) -> Option<To> {
        match self {
            Self::ForgedFirst | Self::AfterBystander => Some(To::Success),
            Self::ToldFirst => Some(To::Told),
            Self::UnknownFirst => Some(To::Unknown),
            _ => None,
        }
    }
}

/// What becomes of a pending application later on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Later {
    /// After how many days, one look at the order on each.
    days: u32,
    is_approved: bool,
}

/// A day of the mock's clock in milliseconds.
const DAY: u64 = 86_400_000;
/// The first order id that a reader of floating-point numbers gets wrong. No such number is fair,
/// unless it is a text.
const LARGE: u64 = 9_007_199_254_740_993;

/// A plan before it is written out as a scenario.
#[derive(Debug, Clone)]
pub struct FuzzRecipe {
    flow: &'static str,
    lang: &'static str,
    outcome: &'static str,
    way: Way,
    polls: u32,
    later: Option<Later>,
    /// Whether ids are texts of sixteen digits, which no reader may take for numbers.
    is_large: bool,
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
    let answers = (
        subsequence(meaningless(), 0..=VARIATIONS),
        subsequence(of_dialects(contract)?, 0..=VARIATIONS),
    );
    let faults = (faults("token"), faults("init"), faults("notification"));
    let strategy = (
        0..3_u32,
        select(Way::ALL.to_vec()),
        faults,
        answers,
        select(outcomes.to_vec()),
        select(vec!["en", "fr"]),
        (
            option::weighted(0.5, (1..4_u32, proptest::bool::ANY)),
            proptest::bool::weighted(0.15),
        ),
    );
    Ok(strategy.prop_map(
        |(polls, way, faults, answers, (flow, outcome), lang, more)| {
            let (token, init, notification) = faults;
            let (later, is_large) = more;
            // Windows that ask at the same moment cannot know each other's answers.
            let notification = notification.filter(|_| way != Way::Crowd);
            // Nor can those of which only one is answered.
            let (token, init) = if way.is_sent_twice() {
                (None, None)
            } else {
                (token, init)
            };
            let later = later.map(|(days, is_approved)| Later {
                days,
                // An apply/buy that is approved goes on to buy.
                is_approved: is_approved && flow == "apply",
            });
            FuzzRecipe {
                flow,
                lang,
                outcome,
                way,
                polls,
                later: later.filter(|_| outcome == "pending" && way != Way::Never),
                is_large,
                answers: [answers.0, answers.1].concat(),
                faults: [token, init, notification].into_iter().flatten().collect(),
            }
        },
    ))
}

/// The plans of a seed, in flows and languages that a shop has.
pub fn of_seed(
    contract: &Contract,
    seed: u64,
    has: impl Fn(&str, &str) -> bool,
) -> anyhow::Result<impl Iterator<Item = anyhow::Result<FuzzRecipe>>> {
    let recipes = recipes(contract)?;
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let all = std::iter::repeat_with(move || {
        let recipe = recipes.new_tree(&mut runner);
        let recipe = recipe.map_err(|why| anyhow!("no plan could be generated: {why}"))?;
        Ok(recipe.current())
    });
    Ok(all.filter(move |recipe| {
        let fits = |recipe: &FuzzRecipe| has(recipe.flow, recipe.lang);
        recipe.as_ref().map_or(true, fits)
    }))
}

/// A plan in one line: `apply/buy en, purchased: token_ttl=60; init reset`.
pub fn line(scenario: &Scenario, flow: &str, lang: &str) -> String {
    let mut outcomes = scenario.steps.iter().filter_map(|step| match step {
        Step::Complete { outcome, .. } => Some(outcome.as_str()),
        _ => None,
    });
    let outcome = outcomes.next_back().unwrap_or_default();
    let answers = scenario.answers.iter();
    let answers = answers.map(|(knob, answer)| format!("{knob}={answer}"));
    let faults = scenario.faults.iter().map(|fault| {
        let word = |pointer| fault.pointer(pointer).map(plain).unwrap_or_default();
        let words = [
            word("/match/endpoint"),
            word("/action/type"),
            word("/action/status"),
        ];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        words.join(" ")
    });
    let more: Vec<String> = answers.chain(faults).collect();
    format!("{flow} {lang}, {outcome}: {}", more.join("; "))
}

/// A value as it stands in a line.
pub fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The first plans of a seed as scenarios of a certification, in flows and languages that a shop
/// has: `fuzz.1` and so on.
pub fn scenarios(
    contract: &Contract,
    seed: u64,
    count: u32,
    has: impl Fn(&str, &str) -> bool,
) -> anyhow::Result<Vec<Scenario>> {
    let mut recipes = of_seed(contract, seed, has)?;
    let mut all = Vec::new();
    for number in 1..=count {
        let recipe = recipes.next().context("no plan could be generated")??;
        let mut scenario = recipe.scenario(&format!("{PREFIX}{number}"));
        let line = line(&scenario, recipe.flow, recipe.lang);
        scenario.requirement = format!("{} ({line})", scenario.requirement);
        all.push(scenario);
    }
    Ok(all)
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
            later: None,
            is_large: false,
            answers: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// The flow.
    pub fn flow(&self) -> &'static str {
        self.flow
    }

    /// The customer's language.
    pub fn lang(&self) -> &'static str {
        self.lang
    }

    /// The plan, written out under this id.
    pub fn scenario(&self, id: &str) -> Scenario {
        let mut answers: Map<String, Value> = self.answers.iter().cloned().collect();
        if self.is_large {
            answers.insert("first_order_id".to_owned(), LARGE.into());
            answers.insert("ids_as".to_owned(), "string".into());
        }
        let bystander = self.way == Way::AfterBystander;
        Scenario {
            id: id.to_owned(),
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
        }
    }

    /// How long the shop may take to learn the outcome while plans are tried. A finding is replayed
    /// with the patience of a certification.
    pub fn patience(&self) -> Duration {
        let faults = u32::try_from(self.faults.len()).unwrap_or(3);
        // A shop polls once a second, and waits a second when told to.
        Duration::from_millis(1_500)
            + Duration::from_millis(1_200)
                * (self.polls + faults + self.later.map_or(0, |later| later.days))
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
            plan.later = None;
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
            but(&|plan| plan.later = None),
            but(&|plan| plan.is_large = false),
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
                plan.later = None;
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
        let more = usize::from(self.later.is_some()) + usize::from(self.is_large);
        let parts = self.faults.len() + self.answers.len() + polls + more;
        let way = usize::from(self.way != Way::Once);
        (parts + way, unusual, usize::from(self.lang != "en"))
    }

    fn steps(&self) -> Vec<Step> {
        let back = || Step::Return {
            to: match self.way {
                Way::Error => To::Error,
                Way::Success => To::Success,
                _ => To::Own,
            },
            by: By::Customer,
        };
        let expect = if self.init_fails() {
            Start::Either
        } else {
            Start::Opens
        };
        let mut steps = match self.way {
            Way::DoubleClick => vec![Step::Again { windows: 2 }],
            Way::Reload => vec![Step::Checkout { expect }, Step::Again { windows: 1 }],
            _ => vec![Step::Checkout { expect }],
        };
        if self.way == Way::AfterBystander {
            steps.push(Step::Bystander {
                outcome: self.outcome.to_owned(),
            });
        }
        if let Some(to) = self.way.forged() {
            steps.push(Step::Return {
                to,
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
            every: self.way.is_sent_twice(),
        });
        match self.way {
            Way::Never => {}
            Way::Crowd => steps.push(Step::Crowd { browsers: 3 }),
            Way::Twice => steps.extend([back(), back()]),
            _ => steps.push(back()),
        }
        let one_of = match self.outcome {
            "purchased" | "approved" => vec![Belief::Paid],
            "pending" => vec![Belief::Pending],
            _ => vec![Belief::Failed, Belief::Pending],
        };
        steps.push(Step::Believe { one_of });
        if let Some(later) = self.later {
            for _ in 0..later.days {
                let one_of = vec![Belief::Pending];
                steps.extend([Step::Advance { ms: DAY }, Step::Believe { one_of }]);
            }
            let outcome = if later.is_approved {
                "approved"
            } else {
                "declined"
            };
            steps.push(Step::Complete {
                outcome: outcome.to_owned(),
                settle_after: None,
                every: false,
            });
            if later.is_approved {
                steps.push(back());
            }
            let one_of = if later.is_approved {
                vec![Belief::Paid]
            } else {
                vec![Belief::Failed]
            };
            steps.push(Step::Believe { one_of });
        }
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
            let scenario = recipe.scenario("fuzz.1");
            let mut dialect = contract.dialect("documented").unwrap();
            for (knob, answer) in &scenario.answers {
                dialect = dialect.with_answer(knob, answer.clone(), contract.sources()).unwrap();
            }
            let faults = json!({"faults": scenario.faults});
            prop_assert!(flexiti_mock::embed::admin::FaultPlan::read(faults).is_ok());
            // It is written and read without a change.
            let text = serde_json::to_string(&scenario).unwrap();
            let read: Scenario = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
    }
}
