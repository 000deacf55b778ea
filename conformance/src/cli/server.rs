//! `server`: judges a server and writes the reports.

use super::args::{LimitArgs, Server};
use super::exit_code::INCONCLUSIVE;
use super::reports::Reports;
use super::say::complain;
use super::target::{self, DEMO_CLIENT};
use super::values::drawn_seed;
use crate::formats::INTERVAL;
use crate::server::run::{self, Options, Reading, Selection, Waivers};
use crate::server::{Baseline, Stored};
use crate::waivers::Subject;
use anyhow::{Context as _, anyhow};
use flexiti_contract::{Contract, Dialect, Rulebook};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::Arc;

/// Placeholder address for a mock that is not started.
const NOWHERE: &str = "http://127.0.0.1:PORT/flexiti/online-api";

/// Compiles a dialect of the shipped contract.
pub fn rulebook(dialect: Dialect) -> anyhow::Result<Arc<Rulebook>> {
    Ok(Arc::new(Rulebook::compile(Contract::shipped(), dialect)?))
}

/// Converts the flags about limits to options.
pub fn limits(args: &LimitArgs) -> Options {
    Options {
        max_requests: args.max_requests,
        rate: args.rate,
        ..Options::default()
    }
}

/// Judges a server and returns the exit code.
pub fn judge(args: &Server) -> anyhow::Result<u8> {
    let dialect = args.target.dialect.as_deref().unwrap_or("documented");
    let rulebook = rulebook(Contract::shipped().dialect(dialect)?)?;
    let waivers = match &args.waivers {
        Some(file) => waivers(file)?,
        None => Waivers::default(),
    };
    let selection = Selection {
        only: args.only.clone(),
        skip: args.skip.clone(),
    };
    selection.check(&rulebook).map_err(anyhow::Error::msg)?;
    let mut options = Options {
        seed: args.seed.unwrap_or_else(drawn_seed),
        cases: args.cases,
        jobs: usize::from(args.jobs),
        waiting: args.allow_waiting,
        fail_on_open: args.fail_on.is_some(),
        selection,
        baseline: args.baseline.as_deref().map(baseline).transpose()?,
        ..limits(&args.limits)
    };
    if args.dry_run {
        return dry_run(args, &rulebook, &options);
    }
    let mut reports = Reports::open(&args.report, args.verbose, INTERVAL)?;
    let mut reached = target::reach(&args.target, &rulebook, &mut options)?;
    options.select(&args.phase, reached.is_near);
    if let Err(blocked) = reached.greet(&args.target, &mut options) {
        complain!("flexiti-conformance: {}", blocked.because);
        let reporters = reports.without_text_on_standard_output();
        run::blocked(&reached.target, &rulebook, &options, &blocked, reporters)?;
        reports.keep()?;
        return Ok(INCONCLUSIVE);
    }
    // The runner's own mock needs no probe: its dialect is known.
    let reading = if args.target.base_url.is_none() {
        Reading::by(&rulebook)
    } else {
        let yardstick = rulebook.dialect();
        let probed = run::probe(&reached.target, yardstick, &mut options)?;
        Reading::of(&probed, yardstick)?
    };
    let reporters = &mut reports.reporters;
    let report = run::server(&reached.target, &reading, &options, &waivers, reporters)?;
    let because = report.circumstances.because.as_ref();
    if let Some(because) = because.filter(|_| !reports.is_text_on_standard_output()) {
        complain!("flexiti-conformance: {because}");
    }
    reports.keep()?;
    Ok(report.exit_code())
}

/// Reads waivers of clauses and cases; the cases are not known until the server has been probed.
fn waivers(file: &Path) -> anyhow::Result<Waivers> {
    let clauses = Contract::shipped().clauses.iter();
    let ids: Vec<&str> = clauses.map(|clause| clause.id.as_str()).collect();
    let subject = Subject {
        noun: "clause",
        ids: &ids,
        case: "case",
        cases: None,
        must_expire: false,
    };
    Waivers::read(file, subject)
}

fn baseline(file: &Path) -> anyhow::Result<Baseline> {
    let name = format!("--baseline: {}", file.display());
    let text = std::fs::read_to_string(file).with_context(|| name.clone())?;
    let stored = Stored::read(&text).map_err(|why| {
        // A plan can be replayed, but it cannot be a baseline.
        anyhow!(
            "{name}: {}",
            why.replace(", or a plan of `merchant fuzz`", "")
        )
    })?;
    stored.sealed().map_err(|why| anyhow!("{name}: {why}"))?;
    Ok(Baseline::of(stored))
}

fn dry_run(args: &Server, rulebook: &Rulebook, options: &Options) -> anyhow::Result<u8> {
    let base_url = match &args.target.base_url {
        Some(url) => target::base_url(url)?,
        None => NOWHERE.to_owned(),
    };
    let client_id = args.target.client_id.as_deref().unwrap_or(DEMO_CLIENT);
    let mut out = std::io::stdout().lock();
    let written = run::dry_run(&base_url, client_id, rulebook, options, &mut out);
    match written.and_then(|()| out.flush()) {
        // `--dry-run | head` closes the pipe: not an error.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(0),
    }
}
