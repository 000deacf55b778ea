//! `docs/reference/scenarios.md`: what `schemas/scenarios.json` puts a shop through, in words.

use super::keep;
use super::markdown::sources;
use flexiti_contract::Contract;
use flexiti_contract::scenario::{Belief, By, Deed, Rank, Scenario, Start, Step, To};
use serde_json::Value;
use std::fmt::Write as _;

const RANKS: [(Rank, &str); 3] = [
    (Rank::Basic, "Basic"),
    (Rank::Robust, "Robust"),
    (Rank::Exemplary, "Exemplary"),
];

fn scenarios(contract: &Contract) -> String {
    let all = contract.scenarios().unwrap();
    let mut text = String::new();
    let plays: usize = all.iter().map(|it| it.plays().count()).sum();
    let _ = writeln!(
        text,
        "{} scenarios, {plays} with their flows and languages.\n",
        all.len()
    );
    for (rank, name) in RANKS {
        let of_rank: Vec<&Scenario> = all.iter().filter(|it| it.level == rank).collect();
        if of_rank.is_empty() {
            continue;
        }
        let _ = writeln!(text, "## {name}\n");
        for scenario in of_rank {
            text.push_str(&section(scenario));
        }
    }
    text
}

fn section(scenario: &Scenario) -> String {
    let mut text = format!("### {}\n\n{}\n\n", scenario.id, scenario.requirement);
    let words = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|it| format!("`{it}`")).collect();
        words.join(", ")
    };
    let _ = writeln!(
        text,
        "Played with flow {} in {}.\n",
        words(&scenario.flows),
        words(&scenario.langs)
    );
    for fault in &scenario.faults {
        let _ = writeln!(text, "- Planned fault: {}.", self::fault(fault));
    }
    for (knob, answer) in &scenario.answers {
        let _ = writeln!(
            text,
            "- [`{knob}`](dialects-and-knobs.md#{knob}) is `{answer}`."
        );
    }
    if !scenario.faults.is_empty() || !scenario.answers.is_empty() {
        text.push('\n');
    }
    for (at, step) in scenario.steps.iter().enumerate() {
        let _ = writeln!(text, "{}. {}", at + 1, self::step(step));
    }
    text.push('\n');
    let mut also = vec![match scenario.orders {
        0 => "no order may be opened".to_owned(),
        1 => "at most one order may be opened".to_owned(),
        n => format!("at most {n} orders may be opened"),
    }];
    also.extend(scenario.also.iter().map(|deed| match deed {
        Deed::Refresh => "the shop has to refresh its token before it ends".to_owned(),
        Deed::Renew => "the shop has to request another token once its own has ended".to_owned(),
    }));
    if let Some(control) = &scenario.control {
        let _ = write!(text, "Says something only if `{control}` has passed. ");
    }
    let mut also = also.join("; ");
    also[..1].make_ascii_uppercase();
    let _ = writeln!(text, "{also}.\n");
    let mut facts = Vec::new();
    if let Some(case) = &scenario.test_case {
        facts.push(format!("Flexiti's test case {case}"));
    }
    if !scenario.source.is_empty() {
        facts.push(format!("sources {}", sources(&scenario.source)));
    }
    if facts.is_empty() {
        facts.push("this project's own advice".to_owned());
    }
    let _ = writeln!(text, "Rests on: {}.\n", facts.join("; "));
    text
}

/// A planned fault: which requests, how often, and what happens.
fn fault(fault: &Value) -> String {
    let action = fault["action"].as_object().unwrap();
    let kind = action["type"].as_str().unwrap();
    let mut text = format!("[`{kind}`](fault-actions.md#{kind})");
    let details: Vec<String> = action
        .iter()
        .filter(|(name, _)| *name != "type")
        .map(|(name, value)| match value.as_object() {
            Some(headers) => headers
                .iter()
                .map(|(name, value)| format!("`{name}: {}`", value.as_str().unwrap_or_default()))
                .collect::<Vec<_>>()
                .join(", "),
            None => format!("{name} {value}"),
        })
        .collect();
    if !details.is_empty() {
        let _ = write!(text, " ({})", details.join(", "));
    }
    match fault["match"]["endpoint"].as_str() {
        Some(endpoint) => {
            let _ = write!(text, " on `{endpoint}`");
        }
        None => text.push_str(" on every endpoint"),
    }
    let times = match fault["times"].as_u64() {
        None | Some(1) => "once".to_owned(),
        Some(0) => "always".to_owned(),
        Some(n) => format!("{n} times"),
    };
    format!("{text}, {times}")
}

fn step(step: &Step) -> String {
    match step {
        Step::Checkout { expect } => match expect {
            Start::Opens => "The customer starts to pay; Flexiti's page opens.",
            Start::Fails => "The customer starts to pay; no page opens, and the shop says so.",
            Start::Either => {
                "The customer starts to pay; Flexiti's page opens, or the shop says that it cannot."
            }
        }
        .to_owned(),
        Step::Complete {
            outcome,
            settle_after,
            every,
        } => {
            let every = if *every { " in every window" } else { "" };
            let shown = match settle_after {
                None => String::new(),
                Some(after) => match (after["polls"].as_u64(), after["ms"].as_u64()) {
                    (Some(n), _) => format!("; the first {n} notifications do not show it yet"),
                    (_, Some(ms)) => format!("; notifications show it {ms} ms later"),
                    _ => panic!("settle_after {after}"),
                },
            };
            format!("The order comes to the outcome `{outcome}`{every}{shown}.")
        }
        Step::Return { to, by } => {
            let who = match by {
                By::Customer => "The customer's browser",
                By::Stranger => "A browser without the customer's cookies",
                By::Other => "The other customer's browser",
            };
            let where_to = match to {
                To::Own => "the callback URL that Flexiti sends the customer to",
                To::Success => "the success URL, whatever the outcome",
                To::Known => "the success URL with the order's id",
                To::Told => "the success URL with the order's id and a made-up status",
                To::Foreign => "the success URL with the id of somebody else's order",
                To::Error => "the error URL, whatever the outcome",
                To::Unknown => "the success URL with the id of an order that does not exist",
                To::Malformed => {
                    "the success URL with mark-up in place of an id, and another host's address"
                }
                To::Token => "the success URL with the order's id and a made-up token",
                To::Status => "the page that tells the customer of the order",
            };
            format!("{who} requests {where_to}.")
        }
        Step::Crowd { browsers } => {
            format!("The customer comes back in {browsers} windows at once.")
        }
        Step::Retry => {
            "The customer starts to pay once more, or begins anew where the shop wants another order for that.".to_owned()
        }
        Step::Browse => {
            "The customer fills the cart, and before they go on, another one does in the shop's other language.".to_owned()
        }
        Step::Fail => "From now on the faults strike.".to_owned(),
        Step::Bystander { outcome } => format!(
            "Another customer starts to pay for the same goods; their order comes to `{outcome}`."
        ),
        Step::Believe { one_of } => format!("The shop comes to believe: {}.", beliefs(one_of)),
        Step::Doubt { none_of } => format!("The shop must not believe: {}.", beliefs(none_of)),
        Step::Again { windows } => match windows {
            1 => "The customer sends the checkout again, as after a reload.".to_owned(),
            n => format!("The customer sends the checkout again in {n} windows at once."),
        },
        Step::Wait { ms } => format!("{} pass for everybody.", duration(*ms)),
        Step::Advance { ms } => format!("{} pass on Flexiti's clock.", duration(*ms)),
    }
}

fn beliefs(beliefs: &[Belief]) -> String {
    let words = beliefs.iter().map(|belief| match belief {
        Belief::Paid => "paid",
        Belief::Pending => "pending",
        Belief::Failed => "failed",
    });
    words.collect::<Vec<_>>().join(" or ")
}

fn duration(ms: u64) -> String {
    match ms {
        ms if ms % 3_600_000 == 0 => format!("{} hours", ms / 3_600_000),
        ms if ms % 60_000 == 0 => format!("{} minutes", ms / 60_000),
        ms => format!("{ms} milliseconds"),
    }
}

#[test]
fn the_scenarios_page_is_current() {
    let text = scenarios(Contract::shipped());
    keep("docs/reference/scenarios.md", &[("scenarios", text)]);
}
