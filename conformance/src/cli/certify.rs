//! Certification: plays the scenarios for a shop and writes the resulting files.

use super::exit_code::FAILED;
use super::merchant_args::{MerchantRun, RequiredLevel};
use super::merchant_drivers::{drivers_at, trusted};
use super::reports::Reports;
use super::say::{self, complain, say};
use super::values::drawn_seed;
use crate::formats::{Done, Event};
use crate::merchant::certificate::{Certificate, Subject, key, page, text, verify};
use crate::merchant::certify::{self, Options, Told};
use crate::merchant::driver::{Driver, MockAt};
use crate::merchant::exec;
use crate::merchant::report::{Baseline, Beginning, REVIEW, Report, Terms, checker_ids};
use crate::waivers::{self, Waivers};
use anyhow::{Context as _, anyhow, bail};
use flexiti_contract::Contract;
use flexiti_contract::scenario::Rank;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a run that takes minutes reports progress without a terminal.
pub(super) const LIFE_SIGN: Duration = Duration::from_secs(30);

/// Runs `merchant` without a sub-command.
pub fn run(run: &MerchantRun) -> anyhow::Result<u8> {
    let seed = run.seed.unwrap_or_else(drawn_seed);
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
    // The run takes a while: find out first whether the certificate can be signed.
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
            // A failed run outweighs an inconclusive one.
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
    // A mock with a fixed address serves one shop at a time.
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

/// The subject of a certificate, from a driver file.
pub(super) fn subject(driver: &Driver) -> Subject {
    Subject {
        shop: driver.shop.name.clone(),
        version: driver.shop.version.clone(),
        driver: driver.digest(),
        mock: env!("CARGO_PKG_VERSION").to_owned(),
        signer: None,
    }
}

/// Plays the scenarios and reports progress.
pub(super) fn certificate(
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
        // A certificate that does not verify is worthless.
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
