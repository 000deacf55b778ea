//! What the steps of a scenario do to the mock. A record with anything else is forged.

use crate::merchant::record::What;
use crate::merchant::trace::{Happened, Played};
use anyhow::{bail, ensure};
use flexiti_contract::scenario::{Scenario, Step, outcome_in};
use std::collections::BTreeSet;

/// Something that must be on record, or may be.
struct Act {
    what: What,
    is_certain: bool,
}

/// Checks that what was done to the mock is what the scenario's steps do, given their results.
/// `plans` says whether the scenario plans faults for notifications.
pub fn follows(
    scenario: &Scenario,
    played: &Played,
    plans: bool,
    steered: &[What],
) -> anyhow::Result<()> {
    let (acts, is_whole) = script(scenario, played, plans)?;
    let mut rest = steered.iter().peekable();
    for act in acts {
        let is_done = rest.next_if(|what| **what == act.what).is_some();
        ensure!(
            is_done || !act.is_certain,
            "the record does not say that {}, which the scenario does",
            said(&act.what)
        );
    }
    // After a failed step nothing is certain, and nothing is proven.
    let more = rest.next().filter(|_| is_whole);
    ensure!(
        more.is_none(),
        "the record says that {}, which the scenario does not do",
        more.map(said).unwrap_or_default()
    );
    Ok(())
}

fn script(scenario: &Scenario, played: &Played, plans: bool) -> anyhow::Result<(Vec<Act>, bool)> {
    let mut acts = Vec::new();
    let mut order = None;
    let mut others = BTreeSet::new();
    let fails_later = scenario.steps.contains(&Step::Fail);
    for (step, happened) in scenario.steps.iter().zip(&played.happened) {
        let mut add = |what: What, is_certain: bool| acts.push(Act { what, is_certain });
        let complete =
            |order: u64, outcome: &str, settle_after: Option<&serde_json::Value>| What::Complete {
                order,
                outcome: outcome_in(&played.flow, outcome).to_owned(),
                settle_after: settle_after.cloned(),
            };
        match (step, happened) {
            (_, Happened::Failed { .. }) => return Ok((acts, false)),
            (Step::Complete { outcome, .. }, Happened::Completed(told))
                if told != outcome_in(&played.flow, outcome) =>
            {
                bail!("the trace says `{told}`, where the scenario has `{outcome}`")
            }
            (Step::Complete { .. }, Happened::Skipped) if order.is_some() => {
                bail!("the trace says that nothing was done with an order that was open")
            }
            (Step::Advance { ms } | Step::Wait { ms }, Happened::Advanced(told)) if told != ms => {
                bail!("the trace says that {told} ms passed, where the scenario has {ms}")
            }
            (Step::Checkout { .. } | Step::Retry, Happened::Started { order: opened, .. }) => {
                order = *opened;
                if plans && !fails_later {
                    add(What::Plan { order }, true);
                }
            }
            (Step::Again { .. }, Happened::SentAgain { orders, .. }) => {
                // Without an earlier page, the steps that lead to it may have failed.
                let is_certain = order.is_some() || !orders.is_empty();
                others.extend(orders);
                order = orders.last().copied().or(order);
                if plans && !fails_later {
                    add(What::Plan { order }, is_certain);
                }
            }
            (
                Step::Complete {
                    outcome,
                    settle_after,
                    every,
                },
                happened,
            ) => {
                for other in others
                    .iter()
                    .filter(|other| *every && Some(**other) != order)
                {
                    add(complete(*other, outcome, None), true);
                }
                if let (Some(order), Happened::Completed(_)) = (order, happened) {
                    add(complete(order, outcome, settle_after.as_ref()), true);
                }
            }
            (
                Step::Bystander { outcome },
                Happened::Started {
                    order: Some(other), ..
                },
            ) => {
                add(complete(*other, outcome, None), true);
            }
            (Step::Fail, _) if plans => add(What::Plan { order }, true),
            (Step::Advance { ms }, _) => add(What::Advance(*ms), true),
            _ => {}
        }
    }
    Ok((acts, true))
}

fn said(what: &What) -> String {
    match what {
        What::Plan { order: None } => "faults are planned for no order".to_owned(),
        What::Plan { order: Some(order) } => format!("faults are planned for order {order}"),
        What::Complete { order, outcome, .. } => format!("order {order} is brought to `{outcome}`"),
        What::Advance(ms) => format!("the clock moves on by {ms} ms"),
        What::Call(_) | What::Scene(_) | What::Looked | What::Over { .. } => {
            "something happens".to_owned()
        }
    }
}
