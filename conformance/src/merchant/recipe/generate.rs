//! Generation of plans.

use super::plan::{Answer, FuzzRecipe, Later, PREFIX, Way, line};
use anyhow::{Context as _, anyhow};
use flexiti_contract::Contract;
use flexiti_contract::scenario::Scenario;
use proptest::option;
use proptest::sample::{select, subsequence};
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

/// Maximum number of variations of either kind in a plan.
const VARIATIONS: usize = 3;

/// Knobs about answers. Knobs that decide what is refused are left to the dialects.
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

/// Variations that any JSON parser with integers above 32 bits treats as equivalent (RFC 6749,
/// section 5.1).
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

/// The faults of a call, mildest first.
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
            // The same goes for windows where only one gets an answer.
            let (token, init) = if way.is_sent_twice() {
                (None, None)
            } else {
                (token, init)
            };
            let later = later.map(|(days, is_approved)| Later {
                days,
                // An approved apply/buy goes on to buy.
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

/// The plans of a seed, in the flows and languages that a shop has.
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

/// The first plans of a seed as scenarios of a certification, in the flows and languages that a
/// shop has: `fuzz.1` and so on.
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
            // Only a purchase is left.
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
            // It survives a round trip through JSON.
            let text = serde_json::to_string(&scenario).unwrap();
            let read: Scenario = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
    }
}
