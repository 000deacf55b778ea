//! Checks whether a run can begin, and reports one that cannot.

use super::options::Options;
use super::tally::{Outcomes, Tally};
use crate::formats::{Event, FORMAT_VERSION, Reporter};
use crate::server::report::{Circumstances, Report, Summary};
use crate::server::wire::{self, Blocked, Limits, Target};
use crate::waivers::Waivers;
use flexiti_contract::Rulebook;

/// Makes the first call, and keeps the notes on its answer.
pub fn preflight(target: &Target, options: &mut Options) -> Result<(), Blocked> {
    let (budget, rate) = (options.max_requests, options.rate);
    let limits = Limits::new(budget, rate, target.interrupted());
    options.notes.extend(wire::preflight(target, limits)?);
    Ok(())
}

/// Reports a run that could not begin: every clause is open, for the same reason.
pub fn blocked(
    target: &Target,
    rulebook: &Rulebook,
    options: &Options,
    blocked: &Blocked,
    reporters: &mut [Box<dyn Reporter>],
) -> anyhow::Result<Report> {
    let mut tally = Tally::default();
    for clause in rulebook.clauses() {
        tally.give_up(&clause.id, &blocked.because);
    }
    let Outcomes { rows, .. } = tally.rows(rulebook, &Waivers::default());
    let circumstances = Circumstances {
        dialect_answers: rulebook.dialect().to_json(),
        stopped: Some(blocked.word),
        because: Some(blocked.because.clone()),
        is_blocked: true,
        ..Circumstances::default()
    };
    let report = Report {
        format_version: FORMAT_VERSION,
        runner: env!("CARGO_PKG_VERSION"),
        seed: options.seed,
        target: target.base_url.clone(),
        dialect: rulebook.dialect().name.clone(),
        summary: Summary::of(&rows),
        clauses: rows,
        learned: Vec::new(),
        findings: Vec::new(),
        otherwise: Vec::new(),
        unused_waivers: Vec::new(),
        fail_on_open: options.fail_on_open,
        circumstances,
        power: None,
        baseline: None,
    };
    for reporter in reporters.iter_mut() {
        reporter.on(&Event::Finished(&report))?;
    }
    Ok(report)
}
