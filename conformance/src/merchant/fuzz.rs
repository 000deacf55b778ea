//! Fuzzing an integration: legal ways of Flexiti to answer are made up and played until one
//! breaks the shop, and that one is shrunk to the smallest that still does.
//!
//! Everything in a plan is legal: answers that the dialect's schema has evidence for, faults that
//! any server on a network has, each at most once, and what customers do. A shop may give up
//! where init failed; it may never believe what no notification has said, pay twice, or leak.

use super::draft::{self, Draft};
use super::driver::Driver;
use super::judge::Judgement;
use super::plan::Plan;
use super::stage::Stage;
use anyhow::bail;
use flexiti_contract::Contract;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// How long shrinking may take.
const SHRINK: Duration = Duration::from_secs(20);

/// What to try.
#[derive(Debug, Clone)]
pub struct Options {
    /// Makes the plans repeatable.
    pub seed: u64,
    /// How many.
    pub cases: u32,
    /// Name or path of the dialect that they vary.
    pub dialect: String,
}

/// What came of it.
#[derive(Debug)]
pub enum Fuzzed {
    /// So many plans were played, and none broke the shop.
    Held(u32),
    /// This one does, and so it did again before a shop that had just started.
    Broke(Box<Plan>, Vec<Judgement>, Shrunk),
    /// This one did, but not before a shop that had just started.
    Once(Box<Plan>),
}

/// What it took to make a plan small.
#[derive(Debug, Clone, Copy)]
pub struct Shrunk {
    /// How many plans were played for it.
    pub plans: u32,
    /// How long that took.
    pub took: Duration,
}

/// Plays plans until one breaks the shop. `tell` hears of each one before it is played.
pub fn run(driver: &Driver, options: &Options, tell: &dyn Fn(&Plan)) -> anyhow::Result<Fuzzed> {
    let contract = Contract::shipped();
    contract.dialect(&options.dialect)?;
    let stage = RefCell::new(Some(Stage::new(driver, options.seed, &options.dialect)?));
    // Which checks fail under a plan.
    let try_out = |draft: &Draft| {
        let plan = draft.plan(&options.dialect, options.seed);
        tell(&plan);
        let mut kept = stage.borrow_mut();
        let mut stage = match kept.take() {
            Some(stage) => stage,
            None => Stage::new(driver, options.seed, &options.dialect)?,
        };
        stage.patience = draft.patience();
        let failed = plan.play(&mut stage)?;
        // One that has ended is started again for the next plan.
        if stage.check().is_ok() {
            *kept = Some(stage);
        }
        anyhow::Ok(names(&failed))
    };
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&options.seed.to_le_bytes());
    let config = Config {
        cases: options.cases,
        // A run takes a second: `smaller` knows better what to leave out first.
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let first = RefCell::new(Ok(Vec::new()));
    let found = runner.run(&draft::drafts(contract)?, |draft| {
        let broke = try_out(&draft);
        if matches!(&broke, Ok(names) if names.is_empty()) {
            return Ok(());
        }
        *first.borrow_mut() = broke;
        Err(TestCaseError::fail("broke"))
    });
    // A shop that cannot be started says nothing about plans.
    let first = first.into_inner()?;
    let draft = match found {
        Ok(()) => return Ok(Fuzzed::Held(options.cases)),
        Err(TestError::Fail(_, draft)) => draft,
        Err(TestError::Abort(why)) => bail!("no plan could be made up: {why}"),
    };
    let (draft, shrunk) = shrunk(draft, &first, &try_out)?;
    drop(stage);
    let mut plan = draft.plan(&options.dialect, options.seed);
    let failed = plan.replay(driver)?;
    plan.broke = names(&failed);
    let plan = Box::new(plan);
    Ok(if failed.is_empty() {
        Fuzzed::Once(plan)
    } else {
        Fuzzed::Broke(plan, failed, shrunk)
    })
}

/// The smallest plan that is found in time under which one of the checks `first` still fails:
/// another mistake of the shop's is another plan's.
fn shrunk(
    mut draft: Draft,
    first: &[String],
    try_out: &dyn Fn(&Draft) -> anyhow::Result<Vec<String>>,
) -> anyhow::Result<(Draft, Shrunk)> {
    let since = Instant::now();
    let mut plans = 0;
    'smaller: loop {
        for smaller in draft.smaller() {
            if since.elapsed() > SHRINK {
                break 'smaller;
            }
            plans += 1;
            if try_out(&smaller)?.iter().any(|name| first.contains(name)) {
                draft = smaller;
                continue 'smaller;
            }
        }
        break;
    }
    let took = since.elapsed();
    Ok((draft, Shrunk { plans, took }))
}

/// The checks, each once.
fn names(failed: &[Judgement]) -> Vec<String> {
    let mut names: Vec<String> = failed.iter().map(|failed| failed.check.clone()).collect();
    names.sort();
    names.dedup();
    names
}
