//! A run: plan, send, judge, report.

mod dry_run;
mod foundations;
mod generated;
mod lifetime;
mod options;
mod preflight;
mod reading;
mod roots;
mod runner;
mod selection;
mod sessions;
mod tally;

pub use dry_run::{dry_run, examples, planned};
pub use options::Options;
pub use preflight::{blocked, preflight};
pub use reading::{Reading, probe};
pub use selection::Selection;

pub use crate::waivers::Waivers;

use crate::formats::Reporter;
use crate::server::case::Case;
use crate::server::report::{Report, Status};
use crate::server::wire::Target;
use flexiti_contract::Rulebook;
use runner::Run;
use std::collections::HashSet;
use std::sync::Arc;

/// Judges a server.
pub fn server(
    target: &Target,
    reading: &Reading,
    options: &Options,
    waivers: &Waivers,
    reporters: &mut [Box<dyn Reporter>],
) -> anyhow::Result<Report> {
    let mut run = Run::new(target, reading, options, reporters)?;
    if let Some(working) = run.foundations()? {
        run.selected(&reading.plan(&working))?;
        run.generated(options, &working)?;
        run.courses(options, &working)?;
        run.lifetime(&working, options.waiting)?;
    }
    run.finish(options, waivers)
}

/// Runs given cases again.
pub fn replay(
    target: &Target,
    rulebook: &Arc<Rulebook>,
    cases: &[Case],
    options: &Options,
    reporters: &mut [Box<dyn Reporter>],
) -> anyhow::Result<Report> {
    let reading = Reading::by(rulebook);
    let mut run = Run::new(target, &reading, options, reporters)?;
    run.planned(cases)?;
    let about: HashSet<&str> = cases.iter().map(|case| case.clause.as_str()).collect();
    let mut report = run.finish(options, &Waivers::default())?;
    report.narrow(|clause| {
        about.contains(clause.id.as_str())
            || [Status::Failed, Status::Otherwise].contains(&clause.status)
    });
    Ok(report)
}
