//! The `merchant` and `verify` commands.

use super::exit_code::{FAILED, INCONCLUSIVE};
use super::merchant_args::{Fuzz, Merchant, MerchantCommand, MerchantRun, RequiredLevel};
use super::merchant_drivers::{drivers_at, lone_driver, trusted};
use super::reports::Reports;
use super::say::{self, complain, say};
use super::signals;
use crate::formats::{Done, Event};
use crate::merchant::certificate::{Certificate, Subject, key, page, text, verify};
use crate::merchant::certify::{self, Options, Told};
use crate::merchant::driver::{self, Driver, EXAMPLE, MockAt};
use crate::merchant::end_all;
use crate::merchant::exec;
use crate::merchant::fuzz::{self, Fuzzed, Reproduction};
use crate::merchant::judge::Judgement;
use crate::merchant::report::{Baseline, Beginning, REVIEW, Report, Terms, checker_ids};
use crate::waivers::{self, Waivers};
use anyhow::{Context as _, anyhow, bail};
use flexiti_contract::Contract;
use flexiti_contract::scenario::Rank;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::OpenOptions;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a run that takes minutes says that it goes on, where there is no terminal.
const LIFE_SIGN: Duration = Duration::from_secs(30);

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
        None => certify(&merchant.run),
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

/// What `merchant check` plays: each flow, and each kind of word that the shop has for an order.
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
    let reports = &mut Reports::open(&[], false, LIFE_SIGN)?;
    let certificate = certificate(&drivers, &options, subject(&drivers[0]), reports)?;
    let code = Report::of(&certificate, &Terms::default()).exit_code();
    if code == 0 {
        let played = options.plays(&drivers[0]).len();
        let name = file.display();
        say!("{name}: the driver file works, {played} checkouts came to what was expected");
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

/// A new seed.
fn drawn() -> u64 {
    RandomState::new().hash_one(0) >> 32
}

fn fuzz(args: &Fuzz) -> anyhow::Result<u8> {
    let seed = args.seed.unwrap_or_else(drawn);
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

fn certify(run: &MerchantRun) -> anyhow::Result<u8> {
    let seed = run.seed.unwrap_or_else(drawn);
    let contract = Contract::shipped();
    let dialects = if run.dialect == ["all"] {
        contract
            .dialect_names()
            .into_iter()
            .map(str::to_owned)
            .collect()
    } else {
        run.dialect.clone()
    };
    for dialect in &dialects {
        contract.dialect(dialect)?;
    }
    let terms = Terms {
        require: run.require.map(rank),
        waivers: run
            .waivers
            .as_deref()
            .map_or_else(|| Ok(Waivers::default()), waivers_in)?,
        baseline: run.baseline.as_deref().map(baseline).transpose()?,
    };
    // The run takes a while: find out before it whether the certificate can be signed.
    let key = run.key.as_deref().map(key::read).transpose()?;
    if let Some(command) = &run.exec {
        say!("seed {seed}\n");
        let limit = Duration::from_secs(run.exec_limit);
        let mut worst = 0;
        for dialect in &dialects {
            if dialects.len() > 1 {
                say!("dialect `{dialect}`:");
            }
            let judged = exec::run(command, dialect, seed, limit)?;
            say::text(format_args!("{}", judged.text));
            // A finding counts for more than a run that says nothing.
            worst = match (worst, judged.code) {
                (FAILED, _) | (_, FAILED) => FAILED,
                (one, other) => one.max(other),
            };
        }
        return Ok(worst);
    }
    let Some(file) = &run.driver else {
        bail!("give --driver FILE (`merchant init` writes one) or --exec COMMAND");
    };
    // A mock at one address serves one shop after the other.
    let shops = match run.listen {
        Some(_) => 1,
        None => dialects.len() * certify::shops(dialects.len(), usize::MAX).most,
    };
    let mock = MockAt {
        listen: run.listen,
        public_base_url: run.public_base_url.clone(),
        authorities: trusted(run.ca.as_deref())?,
    };
    let drivers = drivers_at(file, shops, &mock)?;
    let options = Options {
        seed,
        dialects,
        only: run.only.clone(),
        skip: run.skip.clone(),
        fuzz: run.fuzz,
    };
    options.check(&drivers[0])?;
    let own = subject(&drivers[0]);
    let files = Files {
        reports: Reports::open(&run.report, false, LIFE_SIGN)?,
        subject: Subject {
            version: run.shop_version.clone().or(own.version),
            signer: run.signed_by.clone(),
            ..own
        },
        certificate: key.zip(run.certificate.clone()),
        html: run.html.clone(),
        badge: run.badge.clone(),
    };
    certified(&drivers, &options, files, &terms)
}

/// Waivers of checks, and of scenarios.
fn waivers_in(file: &Path) -> anyhow::Result<Waivers> {
    let mut names = certify::names();
    names.push(REVIEW.to_owned());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let subject = waivers::Subject {
        noun: "check",
        ids: &checker_ids(),
        case: "scenario",
        cases: Some(&names),
        must_expire: true,
    };
    Waivers::read(file, subject)
}

fn baseline(file: &Path) -> anyhow::Result<Baseline> {
    let name = format!("--baseline: {}", file.display());
    let text = std::fs::read_to_string(file).with_context(|| name.clone())?;
    Baseline::read(&text).map_err(|why| anyhow!("{name}: {why}"))
}

/// The level of a flag.
fn rank(level: RequiredLevel) -> Rank {
    match level {
        RequiredLevel::Basic => Rank::Basic,
        RequiredLevel::Robust => Rank::Robust,
        RequiredLevel::Exemplary => Rank::Exemplary,
    }
}

/// The files to write.
struct Files {
    reports: Reports,
    subject: Subject,
    certificate: Option<(key::SigningKey, PathBuf)>,
    html: Option<PathBuf>,
    badge: Option<PathBuf>,
}

/// What a driver file says of its shop.
fn subject(driver: &Driver) -> Subject {
    Subject {
        shop: driver.shop.name.clone(),
        version: driver.shop.version.clone(),
        driver: driver.digest(),
        mock: env!("CARGO_PKG_VERSION").to_owned(),
        signer: None,
    }
}

/// Runs the scenarios; the reporters hear how it goes.
fn certificate(
    drivers: &[Driver],
    options: &Options,
    subject: Subject,
    reports: &mut Reports,
) -> anyhow::Result<Certificate> {
    let beginning = Beginning {
        shop: subject.shop.clone(),
        dialects: options.dialects.clone(),
        seed: options.seed,
    };
    reports.tell(&Event::Started(&beginning))?;
    let started = jiff::Timestamp::now();
    let acts = certify::run(drivers, options, &mut |told| match told {
        Told::Next {
            done,
            total,
            scenario,
        } => reports.tell(&Event::Progress {
            done,
            total,
            next: Some(&scenario),
        }),
        Told::Played {
            name,
            dialect,
            verdict,
        } => reports.tell(&Event::Case(Done {
            id: &name,
            of: ("dialect", &dialect),
            outcome: &text::word(verdict).to_lowercase(),
        })),
    })?;
    Certificate::new(
        Contract::shipped(),
        acts,
        (options.seed, options.fuzz),
        subject,
        started,
    )
}

fn certified(
    drivers: &[Driver],
    options: &Options,
    files: Files,
    terms: &Terms,
) -> anyhow::Result<u8> {
    let mut reports = files.reports;
    let certificate = certificate(drivers, options, files.subject, &mut reports)?;
    let report = Report::of(&certificate, terms);
    reports.tell(&Event::Finished(&report))?;
    // Standard output may belong to another format.
    let is_read = reports.is_text_on_standard_output();
    reports.keep()?;
    let write = |flag: &str, path: &Path, text: String| {
        std::fs::write(path, text).with_context(|| format!("{flag}: {}", path.display()))?;
        if is_read {
            say!("{flag}: {}", path.display());
        } else {
            complain!("{flag}: {}", path.display());
        }
        anyhow::Ok(())
    };
    if let Some((key, path)) = &files.certificate {
        let text = certificate.to_file(key)?;
        // What nobody could verify is worth nothing.
        verify::check(Contract::shipped(), &text, None)
            .context("--certificate: not written, because it would not be verified")?;
        write("--certificate", path, text)?;
    }
    if let Some(path) = &files.html {
        write("--html", path, page::html(&certificate)?)?;
    }
    if let Some(path) = &files.badge {
        write("--badge", path, page::badge(&certificate)?)?;
    }
    Ok(report.exit_code())
}

/// Runs `verify`.
pub fn verify_file(file: &Path, signer: Option<&str>, html: Option<&Path>) -> anyhow::Result<u8> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name}"))?;
    match verify::check(Contract::shipped(), &text, signer) {
        Ok(checked) => {
            let certificate = checked.certificate;
            let scenarios: usize = certificate.results.iter().map(|r| r.scenarios.len()).sum();
            say!(
                "{name}: valid\n  level      {}",
                text::rank(certificate.level)
            );
            say::text(format_args!("{}", text::subject(&certificate)));
            say!(
                "  issued     {}, expires {}\n  scenarios  {scenarios} judged again from the trace\n  answers    {} calls answered again by a mock with seed {}\n  signed by  {}",
                certificate.issued,
                certificate.expires,
                checked.calls,
                certificate.seed,
                checked.signer
            );
            if signer.is_none() {
                say!(
                    "  unknown key: anyone can generate one; pass --signer KEY to name the key you trust"
                );
            }
            if let Some(path) = html {
                std::fs::write(path, page::html(&certificate)?)
                    .with_context(|| format!("--html: {}", path.display()))?;
                say!("--html: {}", path.display());
            }
            Ok(0)
        }
        Err(error) => {
            say!("{name}: REFUSED: {}", text::shown(&format!("{error:#}")));
            Ok(FAILED)
        }
    }
}
