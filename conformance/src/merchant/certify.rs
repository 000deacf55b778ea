//! A whole run: every scenario, in every flow and language that it has, in each dialect.

use super::driver::Driver;
use super::judge::results::Act;
use super::scenarios;
use super::stage::{LOST, Stage, Trouble};
use super::trace::{Happened, Played};
use flexiti_contract::scenario::Scenario;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seeds amounts, order numbers and random choices.
    pub seed: u64,
    /// Names or paths of the dialects, the merchant's own one first.
    pub dialects: Vec<String>,
    /// Only the scenarios whose id starts with this.
    pub only: Option<String>,
}

/// A scenario in one of its flows and languages.
type Play<'p> = (&'p Scenario, &'p str, &'p str);

impl Options {
    /// The selected scenarios, one entry for each flow and language.
    pub fn plays(&self) -> Vec<Play<'static>> {
        let wanted = |row: &&Scenario| {
            let only = self.only.as_deref().unwrap_or_default();
            row.id.starts_with(only)
        };
        let mut plays = Vec::new();
        for scenario in scenarios::all().iter().filter(wanted) {
            let own = scenario.plays();
            plays.extend(own.map(|(_, flow, lang)| (scenario, flow, lang)));
        }
        plays
    }
}

/// Why a play says nothing about the shop: its customer saw nothing at all, or the shop's status
/// of the order cannot be read.
fn came_to_nothing(driver: &Driver, played: &Played) -> Option<String> {
    let mut opened = false;
    let mut unread = None;
    for happened in &played.happened {
        match happened {
            Happened::Started {
                page: None,
                trouble: Some(why),
                ..
            } => return Some(format!("a customer sees nothing: {why}")),
            Happened::Started { order, .. } => opened |= order.is_some(),
            Happened::Believed {
                belief: Some(_), ..
            } => return None,
            Happened::Believed { belief: None, said } => unread = Some(said),
            _ => {}
        }
    }
    let order = driver.order.as_ref().filter(|_| opened)?;
    let said = unread?;
    Some(format!(
        "order.url: {} says `{said}`, which is listed under none of paid, pending, failed",
        order.url
    ))
}

/// How many shops of one dialect run at once if the runner picks their ports. A shop that polls
/// Flexiti once a second mostly waits.
pub const LANES: usize = 2;

/// Puts a shop through the scenarios, in all dialects at once and in two lanes each where there
/// are [`LANES`] drivers with ports of their own for each dialect, otherwise in one after the
/// other. `tell` hears how many of how many are done, and which is next.
pub fn run(
    drivers: &[Driver],
    options: &Options,
    tell: &(dyn Fn(usize, usize, &str) + Sync),
) -> anyhow::Result<Vec<Act>> {
    let plays = options.plays();
    let total = plays.len() * options.dialects.len();
    let done = AtomicUsize::new(0);
    let one = |driver: &Driver, dialect: &str, plays: &[Play<'_>]| {
        // Each dialect gets a freshly started shop: no state carries over.
        let mut stage = Stage::new(driver, options.seed, dialect)?;
        let mut played = Vec::new();
        let mut lost = 0;
        for (scenario, flow, lang) in plays {
            tell(done.load(Ordering::Relaxed), total, &scenario.id);
            let play = stage.play(scenario, flow, lang)?;
            // If Flexiti fails, the fault may explain the silence, which is then judged.
            let nothing = came_to_nothing(driver, &play).filter(|_| scenario.faults.is_empty());
            match nothing {
                Some(what) if lost + 1 == LOST => return Err(Trouble::Lost { what }.into()),
                Some(_) => lost += 1,
                None => lost = 0,
            }
            played.push(play);
            done.fetch_add(1, Ordering::Relaxed);
        }
        anyhow::Ok(Act {
            dialect: stage.dialect(),
            pages: stage.scan()?,
            played,
        })
    };
    if let [driver] = drivers {
        let dialects = options.dialects.iter();
        return dialects
            .map(|dialect| one(driver, dialect, &plays))
            .collect();
    }
    // One lane plays all languages of a scenario, and each lane keeps the order of the list.
    let mut lanes: Vec<Vec<Play<'_>>> = vec![Vec::new(); LANES];
    for (at, scenario) in plays
        .chunk_by(|one, next| one.0.id == next.0.id)
        .enumerate()
    {
        lanes[at % LANES].extend(scenario);
    }
    let dialects = options.dialects.iter();
    let runs = dialects.flat_map(|dialect| lanes.iter().map(move |plays| (dialect, plays)));
    std::thread::scope(|scope| {
        let running: Vec<_> = drivers
            .iter()
            .zip(runs)
            .filter(|(_, (_, plays))| !plays.is_empty())
            .map(|(driver, (dialect, plays))| scope.spawn(|| one(driver, dialect, plays)))
            .collect();
        let ended = running.into_iter().map(|running| {
            let ended = running.join();
            ended.unwrap_or_else(|_| Err(anyhow::anyhow!("a dialect's run panicked")))
        });
        ended.collect()
    })
}
