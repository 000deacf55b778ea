//! The sub-commands.

use super::args::{self, Command};
use super::self_test::SelfTest;
use super::{diff, drift, explain, merchant, probe, replay, self_test, server, unknown, verify};
use flexiti_contract::Contract;
use std::io::Write as _;

/// Runs a sub-command and returns the exit code.
pub fn run(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Server(args) => server::judge(&args),
        Command::Replay {
            file,
            transcript,
            report,
            case,
            driver,
            target,
            limits,
        } => match (transcript, file) {
            (Some(transcript), _) => drift::run(&transcript, &report, &target, &limits),
            (None, Some(file)) => {
                replay::run(&file, case.as_ref(), driver.as_deref(), &target, &limits)
            }
            (None, None) => anyhow::bail!("a file, or --transcript FILE"),
        },
        Command::Probe {
            target,
            limits,
            out,
        } => probe::run(&target, &limits, out.as_deref()),
        Command::Diff(args) => diff::run(&args),
        Command::List { dialect } => list(&dialect),
        Command::Explain { clause, dialect } => explain::run(&clause, &dialect),
        Command::Generated(generated) => {
            generated.run(args::command())?;
            Ok(0)
        }
        Command::Merchant(args) => merchant::run(args),
        Command::Verify {
            certificate,
            signer,
            html,
        } => verify::run(&certificate, signer.as_deref(), html.as_deref()),
        Command::SelfTest {
            seed,
            unknown: Some(count),
            without_clauses,
            cases,
            ..
        } => unknown::run(count, without_clauses, seed, cases),
        Command::SelfTest {
            dialect,
            seed,
            seeds,
            cases,
            jobs,
            ..
        } => self_test::run(&SelfTest {
            dialect: dialect.as_deref(),
            seed,
            seeds,
            cases,
            jobs,
        }),
    }
}

fn list(dialect: &str) -> anyhow::Result<u8> {
    let rulebook = server::rulebook(Contract::shipped().dialect(dialect)?)?;
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
