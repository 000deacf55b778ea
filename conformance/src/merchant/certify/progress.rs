//! The state of a run in one dialect, over all lanes: what is left to play, and when to stop early.

use super::lanes::Queue;
use crate::merchant::driver::Driver;
use crate::merchant::driver::shop::FLOWS;
use crate::merchant::judge::{self, Judgement, Verdict};
use crate::merchant::scenarios::Play;
use crate::merchant::stage::{LOST, Trouble};
use crate::merchant::trace::{Happened, NO_NUMBER, Played};
use flexiti_contract::scenario::{Rank, Scenario};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long to test a shop that fails every check. A shop that works has no limit.
const HOPELESS: Duration = Duration::from_secs(40);
/// Total time in failed scenarios, over all lanes, after which more would only confirm the
/// failures.
const BROKEN: Duration = Duration::from_secs(120);
/// The number of failed scenarios, over all lanes, that this requires.
const MANY: usize = 5;

/// The state of a run in one dialect, over all lanes.
pub(super) struct Progress<'d> {
    pub(super) dialect: &'d str,
    /// What is left to play.
    pub(super) queue: Queue<'d>,
    started: Instant,
    /// How many plays in a row came to nothing.
    lost: AtomicUsize,
    /// The same for each flow with its own part of the driver file, which may be wrong while the
    /// rest is right.
    lost_in: [AtomicUsize; FLOWS.len()],
    /// How many in a row end the run.
    enough: usize,
    /// How many scenarios failed a documented requirement.
    failed: AtomicUsize,
    /// How long those took, in milliseconds.
    failing: AtomicU64,
}

impl<'d> Progress<'d> {
    pub(super) fn new(dialect: &'d str, plays: &[Play<'d>]) -> Self {
        Self {
            dialect,
            queue: Queue::new(plays),
            started: Instant::now(),
            lost: AtomicUsize::default(),
            lost_in: Default::default(),
            // With few plays, all of them.
            enough: LOST.min(plays.len()),
            failed: AtomicUsize::new(0),
            failing: AtomicU64::new(0),
        }
    }

    /// Records a played scenario, and returns the verdict on it alone.
    pub(super) fn note(&self, scenario: &Scenario, played: &Played, took: Duration) -> Verdict {
        let judged = judge::judge(scenario, played);
        let is_bad =
            |check: &Judgement| check.verdict == Verdict::Failed && check.level < Rank::Exemplary;
        if judged.iter().any(is_bad) {
            self.failed.fetch_add(1, Ordering::Relaxed);
            let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            self.failing.fetch_add(took, Ordering::Relaxed);
        }
        judge::worst(&judged)
    }

    /// Counts plays that came to nothing; an error if there were too many in a row.
    pub(super) fn go_on_after(
        &self,
        driver: &Driver,
        flow: &str,
        nothing: Option<String>,
    ) -> Result<(), Trouble> {
        let at = FLOWS.iter().position(|own| *own == flow);
        let own = at.filter(|_| driver.differs_in(flow));
        let lost = own.map_or(&self.lost, |at| &self.lost_in[at]);
        let Some(what) = nothing else {
            lost.store(0, Ordering::Relaxed);
            return Ok(());
        };
        let times = 1 + lost.fetch_add(1, Ordering::Relaxed);
        if times >= self.enough {
            let times = self.enough;
            return Err(Trouble::Lost { what, times });
        }
        Ok(())
    }

    /// Whether playing the rest would show nothing new.
    pub(super) fn is_over(&self, is_hopeless: bool) -> bool {
        let took = self.started.elapsed();
        let is_broken = self.failed.load(Ordering::Relaxed) >= MANY;
        let failing = Duration::from_millis(self.failing.load(Ordering::Relaxed));
        (is_hopeless && took > HOPELESS) || (is_broken && failing > BROKEN)
    }
}

/// Why a play says nothing about the shop: the customer saw nothing at all, or the order's status
/// could not be read.
pub(super) fn came_to_nothing(driver: &Driver, played: &Played, called_at: &str) -> Option<String> {
    // A shop that exited is a finding of its own.
    if played.ended.is_some() {
        return None;
    }
    let mut opened = false;
    let mut unread = None;
    for happened in &played.happened {
        match happened {
            Happened::Started {
                page: None,
                trouble: Some(why),
                ..
            } if played.exchanges.is_empty() && played.left_out.is_empty() => {
                return Some(format!(
                    "a customer sees nothing: {why}; it never called Flexiti, which is at {called_at}"
                ));
            }
            Happened::Started {
                page: None,
                trouble: Some(why),
                ..
            } => return Some(format!("a customer sees nothing: {why}")),
            Happened::Started {
                order: None,
                page: Some(page),
                ..
            } if played.exchanges.is_empty() && played.left_out.is_empty() => {
                let (url, status) = (&page.url, page.status);
                return Some(format!(
                    "it never called Flexiti, which is at {called_at}; the customer saw {url} with status {status}"
                ));
            }
            Happened::Started { order, .. } => opened |= order.is_some(),
            Happened::Believed {
                belief: Some(_), ..
            } => return None,
            Happened::Believed {
                belief: None, said, ..
            } => unread = Some(said),
            _ => {}
        }
    }
    let order = driver.order_in(&played.flow).filter(|_| opened)?;
    let said = unread?;
    let place = order.url.unwrap_or_else(|| order.command.join(" "));
    let number = if played.names_no_number() {
        format!("; {NO_NUMBER}")
    } else {
        String::new()
    };
    Some(format!(
        "order.url: {place} says `{said}`, which is listed under none of paid, pending, failed{number}"
    ))
}
