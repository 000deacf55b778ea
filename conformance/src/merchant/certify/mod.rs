//! A whole run: every scenario, in every flow and language that it has, in each dialect.

mod lanes;
mod options;

pub use lanes::lanes;
pub use options::{Options, names};

use super::driver::Driver;
use super::judge::results::{Act, Has};
use super::judge::{self, Judgement, Verdict};
use super::scenarios::Play;
use super::stage::{LOST, Stage, Trouble};
use super::trace::{Happened, NO_NUMBER, Played};
use flexiti_contract::scenario::{Rank, Scenario};
use lanes::shared_out;
use options::silences;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

/// How a run goes.
#[derive(Debug)]
pub enum Told {
    /// A scenario begins.
    Next {
        /// How many were played.
        done: usize,
        /// How many there are.
        total: usize,
        /// Which one.
        scenario: String,
    },
    /// A scenario was played.
    Played {
        /// Scenario, flow and language.
        name: String,
        /// The dialect.
        dialect: String,
        /// The verdict on it, before the others are known.
        verdict: Verdict,
    },
}

/// Why a play says nothing about the shop: its customer saw nothing at all, or the shop's status
/// of the order cannot be read.
fn came_to_nothing(driver: &Driver, played: &Played, called_at: &str) -> Option<String> {
    // A shop that ended is a finding of its own.
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
                    "it never called Flexiti; it should call {called_at}; a customer sees nothing: {why}"
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
                    "it never called Flexiti; it should call {called_at}. The customer saw {url} with status {status}"
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
    let order = driver.order.as_ref().filter(|_| opened)?;
    let said = unread?;
    let place = order.url.clone().unwrap_or_else(|| order.command.join(" "));
    let number = if played.names_no_number() {
        format!("; {NO_NUMBER}")
    } else {
        String::new()
    };
    Some(format!(
        "order.url: {place} says `{said}`, which is listed under none of paid, pending, failed{number}"
    ))
}

/// How long a shop is tried that fails as often as it is looked at. One that is right has all the
/// time that it needs.
const HOPELESS: Duration = Duration::from_secs(40);
/// How long a shop is tried that has failed in many scenarios: the last one that was begun may take
/// a third of a minute, and nobody waits for more than one to hear what is known already.
const BROKEN: Duration = Duration::from_secs(30);
/// In how many scenarios, of all lanes, it has failed then.
const MANY: usize = 5;

/// How the run in one dialect goes, over all lanes.
struct Going<'d> {
    dialect: &'d str,
    started: Instant,
    /// In how many scenarios something that the documentation asks for was not done.
    failed: AtomicUsize,
}

impl<'d> Going<'d> {
    fn new(dialect: &'d str) -> Self {
        Self {
            dialect,
            started: Instant::now(),
            failed: AtomicUsize::new(0),
        }
    }

    /// Notes how a scenario went, and gives its verdict as far as it goes by itself.
    fn note(&self, scenario: &Scenario, played: &Played) -> Verdict {
        let judged = judge::judge(scenario, played);
        let is_bad =
            |check: &Judgement| check.verdict == Verdict::Failed && check.level < Rank::Exemplary;
        if judged.iter().any(is_bad) {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        judge::worst(&judged)
    }

    /// Whether the rest would say no more.
    fn is_over(&self, is_hopeless: bool) -> bool {
        let took = self.started.elapsed();
        let is_broken = self.failed.load(Ordering::Relaxed) >= MANY;
        (is_hopeless && took > HOPELESS) || (is_broken && took > BROKEN)
    }
}

/// A run, over all dialects and lanes.
struct Run<'o> {
    options: &'o Options,
    total: usize,
    done: AtomicUsize,
    /// Nobody listens any more.
    is_over: AtomicBool,
}

impl Run<'_> {
    /// Puts one shop through the plays of a lane.
    fn lane(
        &self,
        lane: usize,
        driver: &Driver,
        going: &Going<'_>,
        plays: &[Play<'_>],
        say: &Sender<Told>,
    ) -> anyhow::Result<Act> {
        let dialect = going.dialect;
        // Each dialect gets a freshly started shop: no state carries over.
        let mut stage = Stage::new(driver, self.options.seed, dialect)?;
        let mut played = Vec::new();
        let mut lost = 0;
        let mut cut = 0;
        for (scenario, flow, lang) in plays {
            if self.is_over.load(Ordering::Relaxed) {
                anyhow::bail!("nobody listens any more");
            }
            if going.is_over(stage.is_hopeless()) {
                cut = plays.len() - played.len();
                break;
            }
            // Nobody listens to a run that has failed.
            let _ = say.send(Told::Next {
                done: self.done.load(Ordering::Relaxed),
                total: self.total,
                scenario: scenario.id.clone(),
            });
            let play = stage.play(scenario, flow, lang)?;
            // If Flexiti fails, the fault may explain the silence, which is then judged.
            let nothing = came_to_nothing(driver, &play, &stage.called_at())
                .filter(|_| scenario.faults.is_empty());
            match nothing {
                Some(what) => {
                    lost += 1;
                    // Of few, all of them are enough.
                    if lost == LOST || lost == plays.len() {
                        return Err(Trouble::Lost { what, times: lost }.into());
                    }
                }
                None => lost = 0,
            }
            let verdict = going.note(scenario, &play);
            self.done.fetch_add(1, Ordering::Relaxed);
            let _ = say.send(Told::Played {
                name: play.name(),
                dialect: dialect.to_owned(),
                verdict,
            });
            played.push(play);
        }
        let mut act = Act {
            dialect: stage.dialect(),
            pages: stage.scan()?,
            has: Has {
                flows: driver.shop.flows.clone(),
                languages: driver.shop.languages.clone(),
                timeout_s: driver.checkout.timeout_s,
            },
            has_reset: !driver.shop.reset.is_empty(),
            asked_again: Some(stage.asked_again()),
            cut,
            played,
            record: None,
        };
        act.record = Some(stage.record(lane, &act.played, &act.rest())?);
        Ok(act)
    }
}

/// Puts a shop through the scenarios, in all dialects at once and in several [`lanes`] each where
/// there are drivers with ports of their own for all of them, otherwise in one after the other.
/// `tell` hears how it goes, and ends the run if it cannot go on listening.
pub fn run(
    drivers: &[Driver],
    options: &Options,
    tell: &mut dyn FnMut(Told) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Act>> {
    let Some(first) = drivers.first() else {
        anyhow::bail!("no shop to certify");
    };
    let mut plays = options.plays(first);
    let generated = options.planned(first)?;
    let planned = generated.iter();
    plays.extend(
        planned.flat_map(|plan| plan.plays().map(move |(_, flow, lang)| (plan, flow, lang))),
    );
    plays.sort_by_key(|(scenario, ..)| silences(scenario));
    let run = Run {
        options,
        total: plays.len() * options.dialects.len(),
        done: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
    };
    let going: Vec<Going> = options.dialects.iter().map(|it| Going::new(it)).collect();
    let run = &run;
    let (say, heard) = mpsc::channel();
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        if let [driver] = drivers {
            let (going, plays, say) = (&going, &plays, say.clone());
            running.push(scope.spawn(move || {
                let dialects = going.iter().enumerate();
                dialects
                    .map(|(lane, going)| run.lane(lane, driver, going, plays, &say))
                    .collect::<anyhow::Result<Vec<Act>>>()
            }));
        } else {
            let lanes = shared_out(&plays, lanes(options.dialects.len()));
            let runs = going.iter();
            let runs =
                runs.flat_map(|going| lanes.iter().cloned().map(move |plays| (going, plays)));
            let runs = drivers.iter().zip(runs);
            let runs = runs.filter(|(_, (_, plays))| !plays.is_empty());
            for (lane, (driver, (going, plays))) in runs.enumerate() {
                let say = say.clone();
                let act = move || {
                    run.lane(lane, driver, going, &plays, &say)
                        .map(|act| vec![act])
                };
                running.push(scope.spawn(act));
            }
        }
        drop(say);
        let mut told = Ok(());
        for event in heard {
            if told.is_ok() {
                told = tell(event);
                run.is_over.store(told.is_err(), Ordering::Relaxed);
            }
        }
        let ended = running.into_iter().map(|running| {
            let ended = running.join();
            ended.unwrap_or_else(|_| Err(anyhow::anyhow!("a dialect's run panicked")))
        });
        let acts: anyhow::Result<Vec<Vec<Act>>> = ended.collect();
        told?;
        Ok(acts?.into_iter().flatten().collect())
    })
}
