//! Fuzzes an integration: generates plans of legal Flexiti behaviour and plays them until one
//! breaks the shop, then shrinks that plan to the smallest one that still does.
//!
//! Everything in a plan is legal: answers that some shipped dialect gives, or that any JSON parser
//! treats as equal; faults that occur on any network, each at most once; and what customers do. A
//! shop may give up if init fails. In everything else it has to pass the checks of a certification.

mod reproduction;
pub mod text;

pub use reproduction::Reproduction;

use crate::merchant::driver::Driver;
use crate::merchant::judge::Judgement;
use crate::merchant::recipe::{self, FuzzRecipe};
use crate::merchant::stage::{PATIENCE, Stage};
use anyhow::{Context as _, ensure};
use flexiti_contract::Contract;
use flexiti_contract::scenario::Rank;
use std::time::{Duration, Instant};

/// The check that waits for the shop.
const BELIEF: &str = "belief";
/// The time limit of shrinking.
const SHRINK: Duration = Duration::from_secs(20);

/// What to fuzz.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seed of the plans.
    pub seed: u64,
    /// Number of plans.
    pub cases: u32,
    /// Name or path of the dialect that the plans vary.
    pub dialect: String,
}

/// The result.
#[derive(Debug)]
pub enum Fuzzed {
    /// The number of plans that were played; none broke the shop.
    Held(u32),
    /// The baseline purchase, without any fault, already fails, so plans would show nothing more.
    Baseline(Box<Reproduction>, Vec<Judgement>),
    /// The plan that broke the shop, and broke it again after a restart.
    Broke(Box<Reproduction>, Vec<Judgement>, Shrunk),
    /// The plan that broke the shop, but not again after a restart.
    Once(Box<Reproduction>),
}

/// The cost of shrinking.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shrunk {
    /// Number of plans played.
    pub plans: u32,
    /// Time taken.
    pub took: Duration,
}

/// Plays plans until one breaks the shop. `tell` is called with each plan before it is played.
pub fn run(
    driver: &Driver,
    options: &Options,
    tell: &dyn Fn(&Reproduction),
) -> anyhow::Result<Fuzzed> {
    ensure!(
        driver.order.is_some(),
        "the driver file has no [order]: fuzzing looks at what the shop believes"
    );
    let shop = &driver.shop;
    let has = |flow: &str, lang: &str| shop.has(flow, lang);
    let mut recipes = recipe::of_seed(Contract::shipped(), options.seed, has)?;
    let mut floor = Floor::new(driver, options, tell)?;
    let baseline = FuzzRecipe::baseline();
    let failed = floor.play(&baseline, PATIENCE)?;
    if failed.iter().any(|failed| failed.level < Rank::Exemplary) {
        return Ok(Fuzzed::Baseline(Box::new(floor.plan(&baseline)), failed));
    }
    // A review finding on every purchase is not caused by a plan.
    floor.known = names(&failed);
    for _ in 0..options.cases {
        let recipe = recipes.next().context("no plan could be generated")??;
        let broke = floor.breaks(&recipe)?;
        if let Some(earlier) = floor.ended_after.take() {
            return floor.found(&earlier, &earlier, Shrunk::default());
        }
        // Slow is not wrong: retry what may only be late with full patience.
        let may_be_late = floor.hurry && broke == [BELIEF];
        if broke.is_empty() || (may_be_late && floor.is_only_slow(&recipe)?) {
            continue;
        }
        let (small, shrunk) = floor.shrink(recipe.clone(), &broke);
        return floor.found(&small, &recipe, shrunk);
    }
    Ok(Fuzzed::Held(options.cases))
}

/// Plays plans one after the other, with the same shop for as long as it lives.
struct Floor<'f> {
    driver: &'f Driver,
    options: &'f Options,
    tell: &'f dyn Fn(&Reproduction),
    stage: Option<Stage<'f>>,
    /// Checks that fail even without a plan.
    known: Vec<String>,
    /// Whether the shop gets less time than in a certification.
    hurry: bool,
    /// The latest plan that the shop survived.
    latest: Option<FuzzRecipe>,
    /// The plan after which the shop exited, if it did so before the next one.
    ended_after: Option<FuzzRecipe>,
}

impl<'f> Floor<'f> {
    fn new(
        driver: &'f Driver,
        options: &'f Options,
        tell: &'f dyn Fn(&Reproduction),
    ) -> anyhow::Result<Self> {
        Ok(Self {
            driver,
            options,
            tell,
            stage: Some(Stage::new(driver, options.seed, &options.dialect)?),
            known: Vec::new(),
            hurry: true,
            latest: None,
            ended_after: None,
        })
    }

    fn plan(&self, recipe: &FuzzRecipe) -> Reproduction {
        let Options { dialect, seed, .. } = self.options;
        let scenario = recipe.scenario("fuzz.case");
        Reproduction::new(dialect, *seed, recipe.flow(), recipe.lang(), scenario)
    }

    /// Plays a plan and returns the checks that failed.
    fn play(&mut self, recipe: &FuzzRecipe, patience: Duration) -> anyhow::Result<Vec<Judgement>> {
        let plan = self.plan(recipe);
        (self.tell)(&plan);
        let kept = self.stage.as_mut();
        if kept.is_some_and(|stage| stage.check().is_err()) {
            self.stage = None;
            self.ended_after = self.latest.take();
        }
        let mut stage = match self.stage.take() {
            Some(stage) => stage,
            None => Stage::new(self.driver, self.options.seed, &self.options.dialect)?,
        };
        stage.patience = patience;
        let failed = plan.play(&mut stage)?;
        // If the shop exited during this plan, the plan was blamed for it.
        if stage.check().is_ok() {
            self.stage = Some(stage);
            self.latest = Some(recipe.clone());
        }
        Ok(failed)
    }

    /// Plays a plan and returns the checks that fail because of it.
    fn breaks(&mut self, recipe: &FuzzRecipe) -> anyhow::Result<Vec<String>> {
        let patience = if self.hurry {
            recipe.patience()
        } else {
            PATIENCE
        };
        let failed = self.play(recipe, patience)?;
        let known = &self.known;
        let broke = names(&failed).into_iter();
        Ok(broke.filter(|name| !known.contains(name)).collect())
    }

    /// Whether a plan that broke the shop no longer does when the shop has more time. If so, the
    /// shop gets that time for the rest of the run.
    fn is_only_slow(&mut self, recipe: &FuzzRecipe) -> anyhow::Result<bool> {
        self.hurry = false;
        if self.breaks(recipe)?.is_empty() {
            return Ok(true);
        }
        self.hurry = true;
        Ok(false)
    }

    /// The smallest plan, found in time, that still fails one of the checks `first`: shrinking must
    /// not slip into another fault of the shop.
    fn shrink(&mut self, mut recipe: FuzzRecipe, first: &[String]) -> (FuzzRecipe, Shrunk) {
        let since = Instant::now();
        let mut plans = 0;
        'smaller: loop {
            for smaller in recipe.smaller() {
                if since.elapsed() > SHRINK {
                    break 'smaller;
                }
                plans += 1;
                // If the shop cannot be started any more, the finding still stands.
                let Ok(broke) = self.breaks(&smaller) else {
                    break 'smaller;
                };
                if broke.iter().any(|name| first.contains(name)) {
                    recipe = smaller;
                    continue 'smaller;
                }
            }
            break;
        }
        let took = since.elapsed();
        (recipe, Shrunk { plans, took })
    }

    /// Replays the finding with a freshly started shop: the small plan, or else the original one.
    fn found(
        mut self,
        small: &FuzzRecipe,
        whole: &FuzzRecipe,
        shrunk: Shrunk,
    ) -> anyhow::Result<Fuzzed> {
        self.stage = None;
        for recipe in [small, whole] {
            let mut plan = self.plan(recipe);
            let mut failed = plan.replay(self.driver)?;
            failed.retain(|failed| !self.known.contains(&failed.check));
            if !failed.is_empty() {
                plan.broke = names(&failed);
                return Ok(Fuzzed::Broke(Box::new(plan), failed, shrunk));
            }
        }
        Ok(Fuzzed::Once(Box::new(self.plan(small))))
    }
}

/// The names of the checks, without duplicates.
fn names(failed: &[Judgement]) -> Vec<String> {
    let mut names: Vec<String> = failed.iter().map(|failed| failed.check.clone()).collect();
    names.sort();
    names.dedup();
    names
}
