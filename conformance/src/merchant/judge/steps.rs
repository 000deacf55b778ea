//! Checks the result of each step, the number of orders, and that the planned faults struck.

use super::judgement::{Judgement, Verdict};
use super::orders;
use super::story::{Story, is_init, kind};
use crate::merchant::recipe;
use crate::merchant::trace::{EmptyWords, ExchangeView, Happened, NO_NUMBER, Page};
use flexiti_contract::scenario::{Belief, Start, Step, To};
use std::collections::HashSet;

pub fn judge(story: &Story<'_>) -> Vec<Judgement> {
    let steps = story.scenario.steps.iter().zip(&story.played.happened);
    let mut all: Vec<Judgement> = steps
        .filter_map(|(step, came)| one(story, step, came))
        .collect();
    all.extend(turned_away(story));
    all.extend(gave_up_early(story));
    all.extend(orders::judge(story));
    all.extend(faults(story));
    all.extend(ended(story));
    all.extend(refused_resent(story));
    all
}

/// A shop that exited during a scenario.
fn ended(story: &Story<'_>) -> Option<Judgement> {
    let said = story.played.ended.as_ref()?;
    Some(Judgement::failed("shop_ended", said.clone()))
}

/// An init that Flexiti refused will be refused again if nothing in it has changed.
fn refused_resent(story: &Story<'_>) -> Option<Judgement> {
    let is_final = |call: &&ExchangeView| {
        let status = call.row.status;
        (400..500).contains(&status) && ![401, 408, 425, 429].contains(&status)
    };
    let inits: Vec<&ExchangeView> = story.calls(is_init).collect();
    let first = inits.iter().copied().find(is_final)?;
    // If a planned fault answers a call, only its body is known.
    let sent = |call: &ExchangeView| call.row.body.clone();
    let same = |call: &&&ExchangeView| {
        call.row.id > first.row.id && sent(call).is_some() && sent(call) == sent(first)
    };
    // A customer who was turned away may retry, with nothing else to send.
    let tries = story.played.happened.iter().map(|happened| match happened {
        Happened::Started { times, .. } => times - 1,
        _ => 0,
    });
    let again = inits.iter().filter(same).map(|call| call.row.id);
    let again: Vec<u64> = again.skip(tries.sum()).collect();
    let wrong = (!again.is_empty()).then(|| {
        let (status, times) = (first.row.status, again.len());
        format!("init was refused with {status} and sent again unchanged, {times} times")
    });
    Some(Judgement::unless("refused_resent", wrong).of(again))
}

/// The steps that could not be carried out.
pub fn failed(story: &Story<'_>) -> Vec<Judgement> {
    let failures = story.played.failures();
    let judgements = failures.map(|(step, why)| {
        let message = format!("step {step} could not be carried out: {why}");
        Judgement::new("step_failed", Verdict::Inconclusive, message)
    });
    judgements.collect()
}

fn one(story: &Story<'_>, step: &Step, came: &Happened) -> Option<Judgement> {
    match (step, came) {
        (
            Step::Checkout { .. } | Step::Retry,
            Happened::Started {
                order,
                page,
                trouble,
                ..
            },
        ) => {
            let expect = step.start()?;
            let saw = match (page, trouble) {
                (_, Some(trouble)) => trouble.clone(),
                (Some(page), None) => format!("{} with status {}", page.url, page.status),
                (None, None) => "nothing".to_owned(),
            };
            let of_driver = trouble.as_deref().filter(|why| why.starts_with(STEPS));
            match expect {
                // What comes before the checkout has nothing to do with Flexiti.
                Start::Opens if of_driver.is_some() && story.scenario.faults.is_empty() => {
                    Some(Judgement::new("start", Verdict::Inconclusive, saw))
                }
                Start::Opens if order.is_none() => Some(Judgement::failed(
                    "start",
                    format!(
                        "Flexiti's page did not open; the customer saw {saw}{}",
                        why_not(story)
                    ),
                )),
                Start::Fails if order.is_some() => Some(Judgement::failed(
                    "start",
                    "a page opened although Flexiti opened no order",
                )),
                // Whatever goes wrong, the customer must be told.
                _ if order.is_none() => Some(told(page.as_ref(), &saw)),
                _ => Some(Judgement::passed("start")),
            }
        }
        (
            Step::Again { .. },
            Happened::SentAgain {
                pages, troubles, ..
            },
        ) => {
            let broken = pages.iter().find(|page| page.status >= 500);
            let wrong = match (troubles.first(), broken) {
                (Some(trouble), _) => Some(format!("the customer was told nothing: {trouble}")),
                (None, Some(page)) => Some(format!(
                    "the customer who sent the checkout again saw {} with status {}",
                    page.url, page.status
                )),
                (None, None) => None,
            };
            Some(Judgement::unless("customer_told", wrong))
        }
        (Step::Bystander { .. }, Happened::Started { order: None, .. }) if !story.may_fail() => {
            let message = "the other customer was turned away";
            Some(Judgement::new("start", Verdict::Inconclusive, message))
        }
        (Step::Believe { .. } | Step::Doubt { .. }, _) => belief(story, step, came),
        (_, Happened::Skipped) if !story.may_fail() => {
            let message = "a step could not be taken, as no order was open";
            Some(Judgement::new("start", Verdict::Inconclusive, message))
        }
        _ => None,
    }
}

/// Prefix of an error in a checkout step of the driver file.
const STEPS: &str = "checkout.steps[";

/// Checks what the customer was told if no order was opened.
fn told(page: Option<&Page>, saw: &str) -> Judgement {
    let Some(page) = page else {
        let message = format!("the customer was told nothing: {saw}");
        return Judgement::failed("customer_told", message);
    };
    let wrong = page.empty_words.map(|words| match words {
        EmptyWords::Blank => format!("the customer saw an empty page: {saw}"),
        EmptyWords::AllIsWell => {
            format!("Flexiti opened no order, and {saw}, says that all is well")
        }
    });
    let check = if wrong.is_some() {
        "customer_told"
    } else {
        "start"
    };
    Judgement::unless(check, wrong)
}

/// Why Flexiti's page did not open, by the last answer to init.
fn why_not(story: &Story<'_>) -> String {
    let Some(last) = story.calls(is_init).last() else {
        return String::new();
    };
    if (200..300).contains(&last.row.status) {
        return "; init was answered, but nothing that the customer saw leads to its \
                `redirection_url`"
            .to_owned();
    }
    let refused = last
        .row
        .violations
        .iter()
        .map(|reason| match &reason.param {
            Some(param) => format!("{} ({param})", reason.clause),
            None => reason.clause.clone(),
        });
    let refused: Vec<String> = refused.collect();
    if refused.is_empty() {
        return String::new();
    }
    format!("; Flexiti refused init: {}", refused.join(", "))
}

/// Checks what the shop believes about an order.
fn belief(story: &Story<'_>, step: &Step, came: &Happened) -> Option<Judgement> {
    match (step, came) {
        (Step::Believe { .. } | Step::Doubt { .. }, Happened::Believed { belief, said, .. })
            if story.gave_up() =>
        {
            // The shop may forget an order that it gave up, but must not report it as paid.
            let paid = *belief == Some(Belief::Paid);
            let wrong = paid.then(|| {
                format!("the shop says `{said}` of an order for which Flexiti opened none")
            });
            Some(Judgement::unless("paid_without_order", wrong))
        }
        (
            Step::Believe { one_of },
            Happened::Believed {
                belief,
                said,
                waited_ms,
                unasked,
            },
        ) => {
            // Without faults, other scenarios check what the shop's belief rests on.
            let is_guess = !story.played.faults.is_empty() && !story.has_heard();
            if *belief == Some(Belief::Paid) && is_guess && !story.was_fooled() {
                // True or not, the shop cannot know it.
                let message =
                    format!("the shop says `{said}`, and has got no notification that says so");
                return Some(Judgement::failed(UNHEARD, message));
            }
            let is_so = match belief {
                Some(Belief::Failed) if story.was_told_of_failure() => true,
                Some(belief) => one_of.contains(belief),
                None => false,
            };
            let wrong = (!is_so).then(|| {
                let right: Vec<&str> = one_of.iter().map(|belief| word(*belief)).collect();
                let waited = waited_ms.filter(|_| *belief != Some(Belief::Paid));
                let waited = waited.map_or_else(String::new, |ms| {
                    format!(" after {}.{} s", ms / 1_000, ms % 1_000 / 100)
                });
                // A shop that has made up its mind asks no more.
                let unasked = if *unasked && *belief != Some(Belief::Failed) {
                    format!("; {UNASKED}")
                } else {
                    String::new()
                };
                let number = if belief.is_none() && story.played.names_no_number() {
                    format!("; {NO_NUMBER}")
                } else {
                    String::new()
                };
                format!(
                    "the shop says `{said}` of the order{waited}; it should be {}{unasked}{number}",
                    right.join(" or ")
                )
            });
            Some(Judgement::unless("belief", wrong))
        }
        (Step::Doubt { none_of }, Happened::Believed { belief, said, .. }) => {
            let fell = belief.is_some_and(|belief| none_of.contains(&belief));
            let check = doubt(story);
            let wrong = fell.then(|| {
                let unheard = format!("the shop says `{said}` though no notification has said so");
                match check {
                    UNHEARD => unheard,
                    "belief" => format!(
                        "the shop says `{said}`, and the notifications that it got say nothing of the kind: {}",
                        story.last_heard().unwrap_or_default()
                    ),
                    _ => match story.last_heard() {
                        Some(heard) => format!(
                            "{unheard}: it believed the callback, or misread what it was told ({heard})"
                        ),
                        None => format!("{unheard}: it believed the callback"),
                    },
                }
            });
            Some(Judgement::unless(check, wrong))
        }
        (Step::Believe { .. }, Happened::NotAsked) => {
            let message = "the driver file has no [order]: what the shop believes is unknown";
            Some(Judgement::new("belief", Verdict::NotTestable, message))
        }
        (Step::Doubt { .. }, Happened::NotAsked) => {
            let message = "the driver file has no [order]: what the shop believes is unknown";
            let check = if story.gave_up() {
                "paid_without_order"
            } else {
                doubt(story)
            };
            Some(Judgement::new(check, Verdict::NotTestable, message))
        }
        _ => None,
    }
}

/// The mistake of a shop that believes what it had to doubt: it misread the notifications it got,
/// took a failed call for good news, or believed a callback. A shop that believes every callback is
/// caught in the scenarios where no notification fails.
fn doubt(story: &Story<'_>) -> &'static str {
    let forges = |step: &Step| matches!(step, Step::Return { to, .. } if ![To::Own, To::Status].contains(to));
    let is_forged = story.scenario.steps.iter().any(forges);
    let fails = story.has_failed_to_hear();
    match (fails, is_forged) {
        (_, false) if story.last_heard().is_some() => "belief",
        (true, _) => UNHEARD,
        (false, _) => "outcome_from_callback",
    }
}

const UNHEARD: &str = "paid_unheard";

/// A possible reason why a shop does not know an outcome.
const UNASKED: &str = "it has not asked Flexiti about this order since its outcome; if it polls on a timer, say how often: `asks_every_s` in [order]";

fn word(belief: Belief) -> &'static str {
    match belief {
        Belief::Paid => "paid",
        Belief::Pending => "pending",
        Belief::Failed => "failed",
    }
}

/// A customer who reached Flexiti's page only on the second try.
fn turned_away(story: &Story<'_>) -> Option<Judgement> {
    let mut steps = story.scenario.steps.iter().zip(&story.played.happened);
    let again = steps.any(|(step, came)| {
        matches!(
            step,
            Step::Checkout {
                expect: Start::Opens
            }
        ) && matches!(came, Happened::Started { times, order: Some(_), .. } if *times > 1)
    });
    let message = "the shop turned its customer away after one transient failure; the customer's \
                   second try reached Flexiti's page";
    again.then(|| Judgement::advice("turned_away", Some(message.to_owned())))
}

/// A shop that did not wait for a slow answer, although Flexiti opened the order.
fn gave_up_early(story: &Story<'_>) -> Option<Judgement> {
    let inits: Vec<&ExchangeView> = story.calls(is_init).collect();
    let is_slow = |call: &&ExchangeView| story.planned_delay(call) >= SLOW_MS;
    let at = inits.iter().position(is_slow)?;
    let (slow, again) = (inits[at], inits.get(at + 1));
    let gap = again.map(|again| again.row.at.as_millisecond() - slow.row.at.as_millisecond());
    let early = gap.filter(|gap| *gap < EARLY_MS);
    let wrong = early.map(|gap| {
        let delay = story.planned_delay(slow);
        format!(
            "the shop abandoned an init, and sent another, after {gap} ms; Flexiti took \
             {delay} ms and opened an order"
        )
    });
    Some(Judgement::advice("gave_up_early", wrong))
}

/// Minimum delay at which a shop can be seen to wait.
const SLOW_MS: i64 = 3_000;
/// A shop that sends another init before this did not wait long enough.
const EARLY_MS: i64 = 4_000;

/// A scenario whose fault never struck proves nothing. A plan of the fuzzer is exempt: it has
/// several faults, and one may keep the shop from the call that another is for.
fn faults(story: &Story<'_>) -> Option<Judgement> {
    if story.scenario.id.starts_with(recipe::PREFIX) {
        return None;
    }
    // A shop that knows the outcome need not ask again.
    if story.scenario.steps.contains(&Step::Fail) {
        return None;
    }
    // No document requires a shop to ask unprompted.
    let mut asked = story.calls(|endpoint| kind(endpoint) == "notification");
    if story.scenario.good_practice && asked.next().is_none() {
        return None;
    }
    let ours: HashSet<u64> = story
        .played
        .exchanges
        .iter()
        .map(|call| call.row.id)
        .collect();
    let planned = &story.played.faults;
    let idle = planned.iter().position(|fault| {
        // A shop that met a lasting fault in its other calls may rightly stop calling.
        let is_known = fault.fault.times() == 0 && !fault.consumed_by.is_empty();
        !is_known && !fault.consumed_by.iter().any(|id| ours.contains(id))
    });
    let idle = idle?;
    let (verdict, message) = if planned[idle].consumed_by.is_empty() {
        let what = "struck no call of the shop: it did not make the call that the fault is for";
        (Verdict::Inconclusive, what)
    } else {
        // A shop may be busy with earlier orders; it was given more than one chance.
        let what = "struck only calls of the shop about earlier orders, whenever it was tried";
        (Verdict::NotTestable, what)
    };
    let message = format!("the planned fault {} {message}", idle + 1);
    Some(Judgement::new("fault_consumed", verdict, message))
}
