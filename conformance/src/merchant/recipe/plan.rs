//! A plan of the fuzzer, and its scenario.

use flexiti_contract::scenario::{Belief, By, Rank, Scenario, Start, Step, To};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Prefix of the ids of plans.
pub const PREFIX: &str = "fuzz.";
/// A knob and its answer.
pub type Answer = (String, Value);

/// What the customer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Once,
    Twice,
    Never,
    ForgedFirst,
    ToldFirst,
    UnknownFirst,
    Crowd,
    AfterBystander,
    /// Sends the checkout twice.
    Reload,
    /// Clicks twice.
    DoubleClick,
    /// Returns to the error URL, whatever the order's outcome.
    Error,
    /// Returns to the success URL.
    Success,
}

impl Way {
    /// Every one.
    pub const ALL: [Self; 12] = [
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

    /// Whether the checkout is sent more than once.
    pub fn is_sent_twice(self) -> bool {
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

/// What becomes of a pending application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// After how many days; the order is looked at on each.
    pub days: u32,
    pub is_approved: bool,
}

/// A day in milliseconds.
const DAY: u64 = 86_400_000;
/// The first order id that floating-point parsers get wrong. Sending it as a number would be
/// unfair; as text it is fine.
const LARGE: u64 = 9_007_199_254_740_993;

/// A plan before it is turned into a scenario.
#[derive(Debug, Clone)]
pub struct FuzzRecipe {
    pub(super) flow: &'static str,
    pub(super) lang: &'static str,
    pub(super) outcome: &'static str,
    pub(super) way: Way,
    pub(super) polls: u32,
    pub(super) later: Option<Later>,
    /// Whether ids are sixteen-digit texts, which must not be parsed as numbers.
    pub(super) is_large: bool,
    pub(super) answers: Vec<Answer>,
    pub(super) faults: Vec<Value>,
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

/// A value as shown in such a line.
pub fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

impl FuzzRecipe {
    /// The baseline purchase, without faults or variations.
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

    /// The plan as a scenario with this id.
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
            // A lost answer to init may leave an order behind.
            orders: 1 + usize::from(self.init_fails()) + usize::from(bystander),
            also: Vec::new(),
            control: None,
        }
    }

    /// How long the shop may take to learn the outcome while plans are tried. Findings are replayed
    /// with the patience of a certification.
    pub fn patience(&self) -> Duration {
        let faults = u32::try_from(self.faults.len()).unwrap_or(3);
        // A shop polls once a second, and waits a second when told to.
        Duration::from_millis(1_500)
            + Duration::from_millis(1_200)
                * (self.polls + faults + self.later.map_or(0, |later| later.days))
    }

    /// Whether init may fail. A delay or an expired token is no reason to give up.
    fn init_fails(&self) -> bool {
        self.faults.iter().any(|fault| {
            let kind = fault["action"]["type"].as_str().unwrap_or_default();
            fault["match"]["endpoint"] == "init" && !matches!(kind, "delay" | "expire_token")
        })
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
