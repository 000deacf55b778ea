//! A whole run: every scenario, in each of its flows and languages, in each dialect.

mod lanes;
mod options;
mod progress;

pub use lanes::shops;
pub use options::{Options, names};

use super::driver::Driver;
use super::judge::Verdict;
use super::judge::results::{Act, Has};
use super::scenarios::Play;
use super::stage::Stage;
use crate::merchant::certify::progress::{Progress, came_to_nothing};
use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The progress of a run.
#[derive(Debug)]
pub enum Told {
    /// A scenario begins.
    Next {
        /// How many have been played.
        done: usize,
        /// How many there are.
        total: usize,
        /// Its name.
        scenario: String,
    },
    /// A scenario was played.
    Played {
        /// Scenario, flow and language.
        name: String,
        /// The dialect.
        dialect: String,
        /// Its own verdict, before the other scenarios are known.
        verdict: Verdict,
    },
}

/// A run, over all dialects and lanes.
struct Run<'o> {
    options: &'o Options,
    total: usize,
    done: AtomicUsize,
    /// Set when the receiver is gone or a lane has failed.
    is_over: AtomicBool,
    /// Limits how many shops start at once, since a starting shop takes all the CPU it can get.
    /// Each slot holds how long its last start took.
    starts: Vec<Mutex<Duration>>,
}

/// If a start takes longer, the machine is busy: only the lanes that are needed start a shop.
const QUICK: Duration = Duration::from_secs(1);

/// Ends a lane because another has failed, or the receiver is gone.
#[derive(Debug, thiserror::Error)]
#[error("the run is over")]
struct Over;

/// One of the shops that run at once.
#[derive(Debug, Clone, Copy)]
struct Lane {
    at: usize,
    /// Whether to start it however long starts take.
    is_needed: bool,
}

impl Run<'_> {
    /// Runs the plays of a lane on one shop. If that fails, the other lanes end too.
    fn lane<'p>(
        &self,
        lane: Lane,
        driver: &'p Driver,
        going: &Progress<'p>,
        say: &Sender<Told>,
    ) -> anyhow::Result<Option<(Stage<'p>, Act)>> {
        let act = self.play(lane, driver, going, say);
        self.is_over.fetch_or(act.is_err(), Ordering::Relaxed);
        act
    }

    /// Waits for a slot, then starts the shop and returns it with its first plays; `None` if it is
    /// not needed.
    fn start<'p>(
        &self,
        lane: Lane,
        driver: &'p Driver,
        going: &Progress<'p>,
    ) -> anyhow::Result<Option<(Stage<'p>, Vec<Play<'p>>)>> {
        let turn = self.starts[lane.at % self.starts.len()].lock();
        let mut took = turn.unwrap_or_else(PoisonError::into_inner);
        if self.is_over.load(Ordering::Relaxed) {
            return Err(Over.into());
        }
        if !lane.is_needed && *took > QUICK {
            return Ok(None);
        }
        let Some(first) = going.queue.next() else {
            return Ok(None);
        };
        let started = Instant::now();
        // Each lane starts a fresh shop, so no state carries over between dialects.
        let stage = Stage::new(driver, self.options.seed, going.dialect)?;
        *took = started.elapsed();
        Ok(Some((stage, first)))
    }

    fn play<'p>(
        &self,
        lane: Lane,
        driver: &'p Driver,
        going: &Progress<'p>,
        say: &Sender<Told>,
    ) -> anyhow::Result<Option<(Stage<'p>, Act)>> {
        let dialect = going.dialect;
        let Some((mut stage, first)) = self.start(lane, driver, going)? else {
            return Ok(None);
        };
        let mut next = VecDeque::from(first);
        let mut played = Vec::new();
        let mut cut = 0;
        while let Some((scenario, flow, lang)) = next.pop_front() {
            if self.is_over.load(Ordering::Relaxed) {
                return Err(Over.into());
            }
            if going.is_over(stage.is_hopeless()) {
                cut = 1 + next.len() + going.queue.cut();
                break;
            }
            // A failed run has no receiver.
            let _ = say.send(Told::Next {
                done: self.done.load(Ordering::Relaxed),
                total: self.total,
                scenario: scenario.id.clone(),
            });
            let begun = Instant::now();
            let play = stage.play(scenario, flow, lang)?;
            // If a fault is planned, it may explain why nothing was seen; the judge decides.
            let nothing = came_to_nothing(driver, &play, &stage.called_at())
                .filter(|_| scenario.faults.is_empty());
            going.go_on_after(driver, flow, nothing)?;
            let verdict = going.note(scenario, &play, begun.elapsed());
            self.done.fetch_add(1, Ordering::Relaxed);
            let _ = say.send(Told::Played {
                name: play.name(),
                dialect: dialect.to_owned(),
                verdict,
            });
            played.push(play);
            if next.is_empty() {
                next.extend(going.queue.next().into_iter().flatten());
            }
        }
        let act = Act {
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
        Ok(Some((stage, act)))
    }
}

/// Plays the scenarios in all dialects. If there are enough drivers with their own ports, all
/// dialects run at once with several [`shops`] each; otherwise one dialect runs after the other.
/// `tell` receives the progress; its error ends the run.
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
    let run = Run {
        options,
        total: plays.len() * options.dialects.len(),
        done: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
        starts: (0..cores()).map(|_| Mutex::default()).collect(),
    };
    let dialects = options.dialects.iter();
    let going: Vec<Progress> = dialects.map(|it| Progress::new(it, &plays)).collect();
    let run = &run;
    let (say, heard) = mpsc::channel();
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        if let [driver] = drivers {
            let (going, say) = (&going, say.clone());
            running.push(scope.spawn(move || {
                let acts = going.iter().enumerate().map(|(at, going)| {
                    let is_needed = true;
                    let act = run.lane(Lane { at, is_needed }, driver, going, &say)?;
                    act.map(|(stage, act)| recorded(at, stage, act)).transpose()
                });
                let acts: anyhow::Result<Vec<Option<Act>>> = acts.collect();
                Ok(acts?.into_iter().flatten().map(Ran::Done).collect())
            }));
        } else {
            let lanes = shops(options.dialects.len(), plays.len());
            let all = going.iter();
            let all = all.flat_map(|going| (0..lanes.most).map(move |lane| (going, lane)));
            for (at, (driver, (going, lane))) in drivers.iter().zip(all).enumerate() {
                let say = say.clone();
                let is_needed = lane < lanes.least;
                running.push(scope.spawn(move || {
                    let act = run.lane(Lane { at, is_needed }, driver, going, &say)?;
                    let ran = act.map(|(stage, act)| Ran::Here(Box::new(stage), act));
                    Ok(ran.into_iter().collect())
                }));
            }
        }
        drop(say);
        let mut told = Ok(());
        for event in heard {
            if told.is_ok() {
                told = tell(event);
                run.is_over.fetch_or(told.is_err(), Ordering::Relaxed);
            }
        }
        let ended = running.into_iter().map(|running| {
            let ended = running.join();
            ended.unwrap_or_else(|_| Err(anyhow::anyhow!("a dialect's run panicked")))
        });
        let ended: Vec<anyhow::Result<Vec<Ran<'_>>>> = ended.collect();
        told?;
        let mut all = Vec::new();
        let mut why: Option<anyhow::Error> = None;
        for one in ended {
            match one {
                Ok(one) => all.extend(one),
                // The lane that failed has the reason; the others only stopped because of it.
                Err(error) if why.as_ref().is_none_or(anyhow::Error::is::<Over>) => {
                    why = Some(error);
                }
                Err(_) => {}
            }
        }
        if let Some(why) = why {
            return Err(why);
        }
        // The number of lanes is known only now.
        let acts = all.into_iter().enumerate().map(|(at, ran)| match ran {
            Ran::Done(act) => Ok(act),
            Ran::Here(stage, act) => recorded(at, *stage, act),
        });
        acts.collect()
    })
}

/// A shop that has been through its plays.
enum Ran<'d> {
    /// Fully recorded.
    Done(Act),
    /// Still running.
    Here(Box<Stage<'d>>, Act),
}

/// Completes the record, and stops the shop.
fn recorded(lane: usize, mut stage: Stage<'_>, mut act: Act) -> anyhow::Result<Act> {
    act.record = Some(stage.record(lane, &act.played, &act.rest())?);
    Ok(act)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}
