//! `replay`: runs the findings of a report, or a plan that broke a shop, again.

use super::args::{LimitArgs, TargetArgs};
use super::exit_code::INCONCLUSIVE;
use super::say::{complain, say};
use super::{merchant, server, target};
use crate::formats::{Reporter, Text};
use crate::merchant::fuzz::Reproduction;
use crate::pattern::Pattern;
use crate::server::{Stored, run};
use anyhow::{Context as _, anyhow};
use flexiti_contract::{Contract, Dialect};
use std::path::Path;

/// The dialect that the findings of a report were judged by.
fn dialect(stored: &Stored) -> anyhow::Result<Dialect> {
    let contract = Contract::shipped();
    if !stored.dialect_answers.is_null() {
        let carried = contract.dialect_from_json(stored.dialect_answers.clone());
        return carried.context("dialect_answers: give a dialect with --dialect instead");
    }
    let name = stored.dialect.as_deref().unwrap_or("documented");
    let named = contract.dialect(name);
    named.context("dialect: the report does not carry it; give its file with --dialect")
}

/// Replays the findings of a report, or a plan, and returns the exit code.
pub fn run(
    file: &Path,
    case: Option<&Pattern>,
    driver: Option<&Path>,
    args: &TargetArgs,
    limits: &LimitArgs,
) -> anyhow::Result<u8> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name}"))?;
    if Reproduction::is_one(&text) {
        let ca = args.way.ca.as_deref();
        return merchant::replay(&Reproduction::read(file, &text)?, driver, ca);
    }
    let wrong = |why: String| anyhow!("{name}: {why}");
    let stored = Stored::read(&text).map_err(wrong)?;
    let dialect = match &args.dialect {
        Some(dialect) => Contract::shipped().dialect(dialect)?,
        None => dialect(&stored).with_context(|| format!("{name}"))?,
    };
    let rulebook = server::rulebook(dialect)?;
    let planned = run::planned(&rulebook);
    let planned: Vec<&str> = planned.iter().map(String::as_str).collect();
    let unplanned = stored.unplanned(&planned).map_err(wrong)?;
    stored.sealed().map_err(wrong)?;
    for case in unplanned {
        complain!("flexiti-conformance: {name}: {case} is no longer planned; sent unchanged");
    }
    if let Some(case) = case {
        let ids: Vec<&str> = stored.findings.iter().map(|it| it.case.as_str()).collect();
        let checked = case.check("case", &ids);
        checked.map_err(|why| wrong(format!("--case: {why}")))?;
    }
    let wanted = |id: &str| case.is_none_or(|case| case.matches(id));
    let findings = stored.findings.into_iter();
    let cases: Vec<_> = findings
        .map(|finding| finding.replay)
        .filter(|replayed| wanted(&replayed.id))
        .collect();
    if cases.is_empty() {
        say!("{name}: no findings, nothing to replay");
        return Ok(0);
    }
    let mut options = server::limits(limits);
    let mut reached = target::reach(args, &rulebook, &mut options)?;
    if let Err(blocked) = reached.greet(args, &mut options) {
        complain!("flexiti-conformance: {}", blocked.because);
        return Ok(INCONCLUSIVE);
    }
    let mut reporters: Vec<Box<dyn Reporter>> = vec![Box::new(Text::new(std::io::stdout()))];
    let report = run::replay(&reached.target, &rulebook, &cases, &options, &mut reporters)?;
    Ok(report.exit_code())
}
