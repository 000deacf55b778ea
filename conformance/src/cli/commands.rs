//! The sub-commands.

use super::merchant;
use crate::cli::args::{Command, Format, ReportTo, Server, TargetArgs};
use crate::merchant::fuzz::Reproduction;
use crate::server::run::{self, Options, Reading, Waivers};
use crate::server::{Credentials, Finding, Json, Junit, Reporter, Target, Text, selftest};
use anyhow::Context as _;
use flexiti_contract::{Contract, Rulebook};
use flexiti_mock::{Mock, Settings};
use serde::Deserialize;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

/// Runs a sub-command and returns the exit code.
pub fn run(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Server(server) => judge(&server),
        Command::Replay {
            file,
            driver,
            target,
        } => replay(&file, driver.as_deref(), &target),
        Command::List { dialect } => list(&dialect),
        Command::Merchant(args) => merchant::run(args),
        Command::Verify {
            certificate,
            signer,
        } => merchant::verify(&certificate, signer.as_deref()),
        Command::SelfTest {
            dialect,
            seed,
            cases,
        } => self_test(dialect.as_deref(), seed, cases),
    }
}

fn rulebook(dialect: &str) -> anyhow::Result<Arc<Rulebook>> {
    let contract = Contract::shipped();
    let rulebook = Rulebook::compile(contract, contract.dialect(dialect)?)?;
    Ok(Arc::new(rulebook))
}

/// A target, and the mock behind it if the runner started one.
struct Reached {
    target: Target,
    _mock: Option<Mock>,
}

fn reach(args: &TargetArgs) -> anyhow::Result<Reached> {
    let mut credentials = Credentials {
        client_id: args.client_id.clone(),
        client_secret: args.client_secret.clone(),
        user: args.username.clone().zip(args.password.clone()),
    };
    let mut mock = None;
    let base_url = if let Some(url) = &args.base_url {
        url.clone()
    } else {
        let dialect = args.dialect.clone();
        let settings = Settings {
            dialect,
            ..Settings::default()
        };
        let demo = &settings.merchants[0];
        credentials = Credentials {
            client_id: demo.client_id.clone(),
            client_secret: demo.client_secret.clone(),
            user: demo.username.clone().zip(demo.password.clone()),
        };
        let started = Mock::start(&settings)?;
        mock.insert(started).base_url()
    };
    let target = Target::connect(&base_url, credentials, args.admin_token.clone())?;
    Ok(Reached {
        target,
        _mock: mock,
    })
}

fn judge(server: &Server) -> anyhow::Result<u8> {
    let rulebook = rulebook(&server.target.dialect)?;
    let waivers = match &server.waivers {
        Some(file) => Waivers::read(file)?,
        None => Waivers::default(),
    };
    let mut reporters = reporters(&server.report)?;
    let reached = reach(&server.target)?;
    let options = Options {
        seed: server
            .seed
            .unwrap_or_else(|| RandomState::new().hash_one(0) >> 32),
        cases: server.cases,
        max_requests: server.max_requests,
        rate: server.rate,
        fail_on_open: false,
    };
    let report = run::server(
        &reached.target,
        &Reading::by(&rulebook),
        &options,
        &waivers,
        &mut reporters,
    )?;
    Ok(report.exit_code())
}

fn reporters(reports: &[ReportTo]) -> anyhow::Result<Vec<Box<dyn Reporter>>> {
    let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
    for report in reports {
        let out: Box<dyn Write> = match &report.file {
            Some(file) => {
                let created = File::create(file);
                let created = created.with_context(|| format!("--report: {}", file.display()))?;
                Box::new(BufWriter::new(created))
            }
            None => Box::new(std::io::stdout()),
        };
        reporters.push(match report.format {
            Format::Text => Box::new(Text::new(out)),
            Format::Json => Box::new(Json(out)),
            Format::Junit => Box::new(Junit(out)),
        });
    }
    Ok(reporters)
}

/// The part of a JSON report that `replay` needs.
#[derive(Deserialize)]
struct Replayed {
    findings: Vec<Finding>,
}

fn replay(file: &Path, driver: Option<&Path>, args: &TargetArgs) -> anyhow::Result<u8> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name}"))?;
    if Reproduction::is_one(&text) {
        return merchant::replay(&Reproduction::read(file, &text)?, driver);
    }
    let replayed: Replayed = serde_json::from_str(&text).with_context(|| {
        format!("{name}: neither a JSON report of `server` nor a plan of `merchant fuzz`")
    })?;
    let cases: Vec<_> = replayed
        .findings
        .into_iter()
        .map(|finding| finding.replay)
        .collect();
    if cases.is_empty() {
        println!("{name}: no findings, nothing to replay");
        return Ok(0);
    }
    let rulebook = rulebook(&args.dialect)?;
    let reached = reach(args)?;
    let mut reporters: Vec<Box<dyn Reporter>> = vec![Box::new(Text::new(std::io::stdout()))];
    let report = run::replay(&reached.target, &rulebook, &cases, &mut reporters)?;
    Ok(report.exit_code())
}

fn list(dialect: &str) -> anyhow::Result<u8> {
    let rulebook = rulebook(dialect)?;
    let mut out = std::io::stdout().lock();
    for clause in rulebook.clauses() {
        let refusal = rulebook.refusal_of(&clause.id);
        let answer = refusal.map_or_else(String::new, |r| {
            format!(" → {} {}", r.status.as_u16(), r.error)
        });
        let line = format!(
            "{:<42} {:<11} {}{answer}\n",
            clause.id,
            clause.evidence.as_str(),
            clause.requirement
        );
        // `list | head` closes the pipe: not an error.
        if out.write_all(line.as_bytes()).is_err() {
            break;
        }
    }
    Ok(0)
}

fn self_test(dialect: Option<&str>, seed: u64, cases: u32) -> anyhow::Result<u8> {
    let mut power = selftest::Outcome::default();
    for sabotage in selftest::sabotages(dialect)? {
        let named = selftest::run(&sabotage, seed, cases)?;
        power.add(&sabotage, &named);
        if named != [sabotage.clause] {
            let named = if named.is_empty() {
                "nothing".to_owned()
            } else {
                named.join(", ")
            };
            println!(
                "{} ({}): named {named}",
                sabotage.clause, sabotage.dialect.name
            );
        }
    }
    println!(
        "{} of {} sabotages named exactly",
        power.power.killed, power.power.sabotages
    );
    Ok(u8::from(power.power.killed != power.power.sabotages))
}
