//! What a shop believes about an order, read from where the driver file says.

use super::browser::{Browser, Outgoing};
use super::cookies::From;
use super::request::Prepared;
use super::{Stage, extract};
use crate::merchant::driver::{Order, filled};
use crate::merchant::trace::Happened;
use flexiti_contract::scenario::Belief;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long a shop gets to be fooled.
const DOUBT: Duration = Duration::from_millis(300);
/// How many characters of the shop's answer are kept.
const SAID: usize = 200;
/// Time between two looks at a shop that learns the outcome by itself.
const LOOK: Duration = Duration::from_millis(40);
/// Time between two looks at a shop that asks Flexiti on every look: looking more often would make
/// it poll more than once a second.
const PATIENT_LOOK: Duration = Duration::from_millis(1_050);

/// How many outcomes a shop may fail to learn before it gets less time for the next.
const CHANCES: u32 = 2;
/// The time that it gets then.
const IMPATIENCE: Duration = Duration::from_millis(1_500);
/// After how long a customer reloads a page that does not show the outcome yet.
const RELOAD: Duration = Duration::from_millis(1_200);

/// The order that the shop is asked about.
pub struct Asked<'a> {
    /// The values of the driver file's placeholders.
    pub values: Vec<(String, String)>,
    /// The customer's browser.
    pub browser: &'a Browser,
    /// Whether the order was opened at Flexiti.
    pub is_open: bool,
    /// The shop, and the mock behind it.
    pub stage: &'a Stage<'a>,
}

/// Looks until the shop believes one of these, or that the order is paid, or the time is up.
/// A customer who is kept waiting looks at the page again now and then.
pub fn believe(
    asked: &Asked<'_>,
    one_of: &[Belief],
    look_again: &dyn Fn(),
) -> anyhow::Result<Happened> {
    let stage = asked.stage;
    let Some(order) = &stage.driver.order else {
        return Ok(Happened::NotAsked);
    };
    let deadline = Instant::now() + patience(stage);
    let mut reload = Instant::now() + RELOAD;
    loop {
        let ((belief, said), polls_flexiti) = stage.looking(|| ask(asked, order))?;
        let is_so = belief.is_some_and(|belief| one_of.contains(&belief));
        // Goods may be on their way at once.
        let is_wrong = belief == Some(Belief::Paid);
        // The state of an order that was never opened will not change.
        let is_late = Instant::now() > deadline;
        if is_late && asked.is_open && !is_so {
            stage.unlearned.fetch_add(1, Ordering::Relaxed);
        }
        if is_so || is_wrong || !asked.is_open || is_late {
            return Ok(Happened::Believed { belief, said });
        }
        if Instant::now() > reload {
            stage.looking(look_again)?;
            reload = Instant::now() + RELOAD;
        }
        std::thread::sleep(if polls_flexiti { PATIENT_LOOK } else { LOOK });
    }
}

/// How long the shop may take to learn an outcome. One that did not learn several has had its
/// chance: going on at this pace would take an hour.
fn patience(stage: &Stage<'_>) -> Duration {
    if stage.unlearned.load(Ordering::Relaxed) < CHANCES {
        stage.patience
    } else {
        stage.patience.min(IMPATIENCE)
    }
}

/// Looks, and looks again once the shop has had time to be fooled.
pub fn doubt(asked: &Asked<'_>, none_of: &[Belief]) -> anyhow::Result<Happened> {
    let stage = asked.stage;
    let Some(order) = &stage.driver.order else {
        return Ok(Happened::NotAsked);
    };
    let ((belief, said), _) = stage.looking(|| ask(asked, order))?;
    if belief.is_some_and(|belief| none_of.contains(&belief)) {
        return Ok(Happened::Believed { belief, said });
    }
    std::thread::sleep(DOUBT);
    let ((belief, said), _) = stage.looking(|| ask(asked, order))?;
    Ok(Happened::Believed { belief, said })
}

/// What the shop says about the order.
fn ask(asked: &Asked<'_>, order: &Order) -> (Option<Belief>, String) {
    let (belief, said) = answer(asked, order);
    // Redact before cutting: part of a secret would not be recognised.
    let said = asked.stage.told(said);
    (belief, said.chars().take(SAID).collect())
}

fn answer(asked: &Asked<'_>, order: &Order) -> (Option<Belief>, String) {
    let word = match status(asked, order) {
        Ok(word) => word,
        Err(why) => return (None, why),
    };
    let belief = [
        (&order.paid, Belief::Paid),
        (&order.pending, Belief::Pending),
        (&order.failed, Belief::Failed),
    ];
    let belief = belief.iter().find(|(words, _)| words.contains(&word));
    (belief.map(|(_, belief)| *belief), word)
}

/// The word for the status, from wherever the driver file says.
fn status(asked: &Asked<'_>, order: &Order) -> Result<String, String> {
    let mut values = asked.values.clone();
    let Some(url) = &order.url else {
        let line: Vec<String> = order
            .command
            .iter()
            .map(|part| filled(part, &values))
            .collect();
        return extract::in_text(&order.place(), &asked.stage.command(&line)?);
    };
    let browser = if order.as_customer {
        asked.browser
    } else {
        &asked.stage.owner
    };
    for (at, step) in (1..).zip(&order.steps) {
        let named = |why: String| format!("order.steps[{at}]: {why}");
        let request = Prepared::new(step, &values);
        let seen = browser.open(&request.as_outgoing()).map_err(named)?;
        let cookies = browser.cookies(&filled(&step.url, &values));
        for (name, place) in &step.extract {
            let value = extract::read(place, &seen, &cookies);
            let value = value.map_err(|why| named(format!("extract.{name}: {why}")))?;
            values.push((name.clone(), value));
        }
    }
    let url = filled(url, &values);
    let headers: Vec<(String, String)> = order
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), filled(value, &values)))
        .collect();
    let outgoing = Outgoing {
        headers: &headers,
        ..Outgoing::get(&url, From::Shop)
    };
    let seen = browser.open(&outgoing)?;
    extract::read(&order.place(), &seen, &[])
}
