//! Reads what a shop believes about an order, as the driver file says.

use crate::merchant::driver::{Order, filled, filled_url};
use crate::merchant::judge;
use crate::merchant::stage::Stage;
use crate::merchant::stage::browser::cookies::From;
use crate::merchant::stage::browser::{Browser, Outgoing, extract};
use crate::merchant::stage::request::Prepared;
use crate::merchant::stage::shop::pace::{GRACE, Known};
use crate::merchant::trace::{ExchangeSummary, ExchangeView, Happened};
use flexiti_contract::scenario::Belief;
use std::time::{Duration, Instant};

/// How long a shop is given to fall for a false claim.
const DOUBT: Duration = Duration::from_millis(300);
/// How many characters of the shop's answer are kept.
const SAID: usize = 200;
/// Polling interval for a shop that learns the outcome by itself.
const LOOK: Duration = Duration::from_millis(40);
/// Polling interval for a shop that asks Flexiti on every poll: more often would make it ask more
/// than once a second.
const PATIENT_LOOK: Duration = Duration::from_millis(1_050);

/// How soon a customer reloads a page that does not show the outcome yet.
const RELOAD: Duration = Duration::from_millis(1_200);

/// The order to ask the shop about.
pub struct Asked<'a> {
    /// Its flow.
    pub flow: &'a str,
    /// The values of the driver file's placeholders.
    pub values: Vec<(String, String)>,
    /// The customer's browser.
    pub browser: &'a Browser,
    /// The order at Flexiti, if one was opened.
    pub order: Option<u64>,
    /// The journal id after which notifications show its outcome.
    pub settled: Option<u64>,
    /// Whether the scenario plans no faults.
    pub is_undisturbed: bool,
    /// Whether faults are planned for notifications about the order.
    pub has_faults: bool,
    /// How long Flexiti leaves notifications unanswered.
    pub silence: Duration,
    /// How often the shop has to ask before a notification shows the outcome.
    pub polls: u32,
    /// The shop, and the mock behind it.
    pub stage: &'a Stage<'a>,
}

/// Polls until the shop believes one of these, or that the order is paid, or time is up. Reloads
/// the customer's page now and then.
pub fn believe(
    asked: &Asked<'_>,
    one_of: &[Belief],
    look_again: &dyn Fn(),
) -> anyhow::Result<Happened> {
    let stage = asked.stage;
    let Some(order) = &stage.driver.order_in(asked.flow) else {
        return Ok(Happened::NotAsked);
    };
    let started = Instant::now();
    let most = Duration::from_secs(stage.driver.checkout.patience_s.into());
    let mut known = Known::default();
    let mut had_asked = false;
    let mut reload = Instant::now() + RELOAD;
    loop {
        let ((belief, said), polls_flexiti) = stage.looking(|| ask(asked, order))?;
        let waited = started.elapsed();
        let notified = notified(asked)?;
        let is_told = notified.told.is_some();
        let by_itself = order.asks_every_s.map(|s| Duration::from_secs(s.into()));
        known.next = notified.next.map(|next| waited + next).max(by_itself);
        known.told = known.told.or(is_told.then_some(waited));
        let no_purchase = notified
            .told
            .is_some_and(|call| judge::denies_purchase(&call));
        let is_so = belief.is_some_and(|belief| one_of.contains(&belief))
            || (belief == Some(Belief::Failed) && no_purchase);
        // Goods may ship at once.
        let is_wrong = belief == Some(Belief::Paid);
        let pace = stage.pace();
        let usual = stage.patience + asked.silence;
        let pause = by_itself.unwrap_or_default().max(pace.pause);
        let most = most.max(usual) + pause * asked.polls;
        let is_late = waited > pace.limit(known, usual, most);
        // The status of an order that was never opened will not change.
        let is_open = asked.order.is_some();
        // A shop that asks in the background has not hit the planned faults yet.
        let is_idle = asked.has_faults && notified.asked == 0;
        // What it believes before asking about the outcome does not show what it makes of it.
        let is_unaware = asked.settled.is_some() && !had_asked && asked.is_undisturbed;
        had_asked |= notified.asked_since;
        let is_early = (is_idle || is_unaware) && waited < GRACE;
        if (is_so && !is_early) || is_wrong || !is_open || is_late {
            // A pending order says nothing about the shop's pace.
            let is_outcome = is_so && belief != Some(Belief::Pending);
            if is_open && (is_outcome || (is_late && !is_so)) {
                stage.has_learned(is_outcome);
            }
            let waited_ms = u64::try_from(waited.as_millis()).ok();
            return Ok(Happened::Believed {
                belief,
                said,
                waited_ms,
                unasked: is_late && asked.settled.is_some() && !notified.asked_since,
            });
        }
        if Instant::now() > reload {
            stage.looking(look_again)?;
            reload = Instant::now() + RELOAD;
        }
        std::thread::sleep(if polls_flexiti { PATIENT_LOOK } else { LOOK });
    }
}

/// What Flexiti has told the shop about the order so far.
struct Notified {
    /// How often the shop has asked.
    asked: usize,
    /// Whether it has asked since the outcome was there.
    asked_since: bool,
    /// The call whose answer showed the outcome.
    told: Option<ExchangeView>,
    /// How soon the shop should ask again, judging by its latest pause.
    next: Option<Duration>,
}

fn notified(asked: &Asked<'_>) -> anyhow::Result<Notified> {
    let Some(order) = asked.order else {
        return Ok(Notified {
            asked: 0,
            asked_since: false,
            told: None,
            next: None,
        });
    };
    let admin = asked.stage.mock.admin();
    let calls = admin.requests(&asked.stage.window())?.requests;
    // If a fault answers a call, only its path is known.
    let number = asked.values.iter();
    let mut number = number.filter(|(name, _)| name == "merchant_orderid");
    let names = [
        Some(order.to_string()),
        number.next().map(|(_, number)| number.clone()),
    ];
    let is_about = |call: &&ExchangeSummary| {
        let last = call.path.rsplit('/').next().map(str::to_owned);
        call.order_id == Some(order) || names.contains(&last)
    };
    let calls: Vec<&ExchangeSummary> = calls.iter().filter(is_about).collect();
    // The first call is init.
    let asks = calls.get(1..).unwrap_or_default();
    let is_since = |call: &&ExchangeSummary| asked.settled.is_some_and(|settled| call.id > settled);
    let is_told =
        |call: &&&ExchangeSummary| is_since(call) && call.status == 200 && call.fault.is_none();
    let told = asks.iter().find(is_told);
    let told = told.map(|call| admin.request(call.id)).transpose()?;
    let next = match calls.as_slice() {
        [.., before, last] => {
            let at = |call: &ExchangeSummary| call.at.as_millisecond();
            let pause = at(last) - at(before);
            let due = at(last) + 2 * pause - jiff::Timestamp::now().as_millisecond();
            u64::try_from(due).ok().map(Duration::from_millis)
        }
        _ => None,
    };
    Ok(Notified {
        asked: asks.len(),
        asked_since: asks.iter().any(is_since),
        told,
        next,
    })
}

/// How long, and how many times, to let a shop retry while Flexiti tells it nothing. A shop that
/// retries more often will do so until it gets an answer.
const TRYING: Duration = Duration::from_secs(6);
const TRIES: usize = 4;

/// Asks, and asks again once the shop has had time to fall for a false claim.
pub fn doubt(asked: &Asked<'_>, none_of: &[Belief]) -> anyhow::Result<Happened> {
    let stage = asked.stage;
    let Some(order) = &stage.driver.order_in(asked.flow) else {
        return Ok(Happened::NotAsked);
    };
    let ((belief, said), _) = stage.looking(|| ask(asked, order))?;
    if belief.is_some_and(|belief| none_of.contains(&belief)) {
        return Ok(believed(belief, said));
    }
    if asked.has_faults && asked.order.is_some() {
        meets_faults(asked)?;
    }
    std::thread::sleep(DOUBT);
    let ((belief, said), _) = stage.looking(|| ask(asked, order))?;
    Ok(believed(belief, said))
}

/// Waits until a shop that asks in the background has hit its planned faults and stopped retrying:
/// only then does its reaction show.
fn meets_faults(asked: &Asked<'_>) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let notified = notified(asked)?;
        let limit = if notified.asked > 0 { TRYING } else { GRACE };
        let has_given_up = notified.asked > 0 && notified.next.is_none();
        let is_idle = has_given_up || notified.asked >= TRIES;
        if is_idle || started.elapsed() > limit {
            return Ok(());
        }
        std::thread::sleep(LOOK);
    }
}

fn believed(belief: Option<Belief>, said: String) -> Happened {
    Happened::Believed {
        belief,
        said,
        waited_ms: None,
        unasked: false,
    }
}

/// What the shop says about the order.
fn ask(asked: &Asked<'_>, order: &Order) -> (Option<Belief>, String) {
    let (belief, said) = answer(asked, order);
    // Redact before truncating: a partial secret would not be recognized.
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

/// The status word, from wherever the driver file says.
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
        let cookies = browser.cookies(&filled_url(&step.url, &values));
        for (name, place) in &step.extract {
            let value = extract::read(place, &seen, &cookies);
            let value = value.map_err(|why| named(format!("extract.{name}: {why}")))?;
            values.push((name.clone(), value));
        }
    }
    let url = filled_url(url, &values);
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
    let word = extract::read(&order.place(), &seen, &[]);
    let status = seen.page.status;
    word.map_err(|why| match status {
        // The customer's own page is gone, or no longer accessible to them.
        400.. => format!("status {status}: {why}"),
        _ => why,
    })
}
