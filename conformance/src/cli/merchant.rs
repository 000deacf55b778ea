//! The `merchant` command.

use super::certify;
use super::exit_code::{FAILED, INCONCLUSIVE};
use super::merchant_args::{Fuzz, Merchant, MerchantCommand};
use super::merchant_drivers::{drivers_at, lone_driver, trusted};
use super::reports::Reports;
use super::say::{self, say};
use super::signals;
use super::values::drawn_seed;
use crate::merchant::certificate::{key, text};
use crate::merchant::certify::Options;
use crate::merchant::driver::{self, EXAMPLE, MockAt};
use crate::merchant::end_all;
use crate::merchant::fuzz::{self, Fuzzed, Reproduction};
use crate::merchant::judge::Judgement;
use crate::merchant::report::{Report, Terms};
use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Runs `merchant`.
pub fn run(merchant: Merchant) -> anyhow::Result<u8> {
    signals::before_the_end(end_all)?;
    match merchant.command {
        Some(MerchantCommand::Init { file }) => init(&file),
        Some(MerchantCommand::Check {
            file,
            listen,
            public_base_url,
            ca,
        }) => {
            let mock = MockAt {
                listen,
                public_base_url,
                authorities: trusted(ca.as_deref())?,
            };
            check(&file, &mock)
        }
        Some(MerchantCommand::Fuzz(args)) => fuzz(&args),
        Some(MerchantCommand::Schema) => {
            say!("{:#}", driver::schema());
            Ok(0)
        }
        Some(MerchantCommand::Keygen { file }) => {
            let public = key::generate(&file)?;
            say!("{}: keep it secret\npublic key: {public}", file.display());
            Ok(0)
        }
        None => certify::run(&merchant.run),
    }
}

fn init(file: &Path) -> anyhow::Result<u8> {
    let name = file.display();
    let created = OpenOptions::new().write(true).create_new(true).open(file);
    let created = created.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            anyhow!("{name}: already exists and is not overwritten; name another file")
        }
        _ => anyhow!("{name}: {error}"),
    });
    let mut created = created?;
    created
        .write_all(EXAMPLE.as_bytes())
        .with_context(|| format!("{name}"))?;
    say!("{name}: fill it in, then try it with: flexiti-conformance merchant check {name}");
    Ok(0)
}

/// The scenarios that `merchant check` plays: one for each flow, and for each status that a shop
/// reports.
const CHECKED: [&str; 4] = [
    "outcome.purchased",
    "outcome.approved",
    "outcome.declined",
    "outcome.pending",
];

fn check(file: &Path, mock: &MockAt) -> anyhow::Result<u8> {
    let options = Options {
        seed: 0,
        dialects: vec!["documented".to_owned()],
        only: CHECKED.iter().filter_map(|id| id.parse().ok()).collect(),
        skip: Vec::new(),
        fuzz: 0,
    };
    let drivers = drivers_at(file, 1, mock)?;
    let reports = &mut Reports::open(&[], false, certify::LIFE_SIGN)?;
    let subject = certify::subject(&drivers[0]);
    let certificate = certify::certificate(&drivers, &options, subject, reports)?;
    let code = Report::of(&certificate, &Terms::default()).exit_code();
    if code == 0 {
        let played = options.plays(&drivers[0]).len();
        let name = file.display();
        say!("{name}: the driver file works, {played} checkouts behaved as expected");
        if drivers[0].callbacks.by_language() {
            say!(
                "note: [callbacks] has {{lang}}, and Flexiti keeps one success and one error URL for an account (GS): make sure that you have an account for each language"
            );
        }
    } else {
        say::text(format_args!("{}", text::text(&certificate)));
    }
    Ok(code)
}

fn fuzz(args: &Fuzz) -> anyhow::Result<u8> {
    let seed = args.seed.unwrap_or_else(drawn_seed);
    let options = fuzz::Options {
        seed,
        cases: args.cases,
        dialect: args.dialect.clone(),
    };
    let driver = &lone_driver(&args.file, args.ca.as_deref())?;
    say!("seed {seed}\n");
    let bar =
        ProgressBar::no_length().with_style(ProgressStyle::with_template("{pos} {wide_msg}")?);
    let tell = |plan: &Reproduction| {
        bar.inc(1);
        bar.set_message(fuzz::text::plan_line(plan));
    };
    let fuzzed = fuzz::run(driver, &options, &tell)?;
    bar.finish_and_clear();
    let save = |plan: &Reproduction| {
        let (path, file) = (args.save.display(), args.file.display());
        let saved = std::fs::write(&args.save, plan.to_file()?);
        saved.with_context(|| format!("--save: {path}"))?;
        say!("\n{path}: replay it with: flexiti-conformance replay {path} --driver {file}");
        anyhow::Ok(())
    };
    match fuzzed {
        Fuzzed::Held(cases) => {
            say!("{cases} plans, none of which breaks the shop");
            Ok(0)
        }
        Fuzzed::Baseline(plan, failed) => {
            say!("the baseline purchase fails; fix that first:");
            say::text(format_args!("{}", fuzz::text::broken(&plan, &failed)));
            Ok(FAILED)
        }
        Fuzzed::Broke(plan, failed, shrunk) => {
            say::text(format_args!("{}", fuzz::text::broken(&plan, &failed)));
            let (plans, took) = (shrunk.plans, shrunk.took.as_secs_f64());
            say!("\nshrunk with {plans} more plans in {took:.1} s");
            save(&plan)?;
            Ok(FAILED)
        }
        Fuzzed::Once(plan) => {
            say!("this plan broke the shop once, but not again after a restart:");
            say::text(format_args!("{}", fuzz::text::broken(&plan, &[])));
            save(&plan)?;
            Ok(INCONCLUSIVE)
        }
    }
}

/// Replays a saved plan.
pub fn replay(plan: &Reproduction, driver: Option<&Path>, ca: Option<&Path>) -> anyhow::Result<u8> {
    signals::before_the_end(end_all)?;
    let file = driver.context("--driver: a plan needs the driver file of its shop")?;
    let driver = &lone_driver(file, ca)?;
    let failed: Vec<Judgement> = plan.replay(driver)?;
    say::text(format_args!("{}", fuzz::text::broken(plan, &failed)));
    if failed.is_empty() {
        say!("  nothing breaks");
        return Ok(0);
    }
    Ok(FAILED)
}
