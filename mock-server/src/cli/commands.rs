//! The subcommands that do not run a server.

use crate::admin::openapi_document;
use crate::cli::args::{self, Command, Dialects};
use crate::cli::serve_args::Serve;
use crate::cli::{data, exec, healthcheck};
use flexiti_contract::{Contract, Rulebook};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

/// Runs a subcommand.
pub fn run(command: Command, serve: &Serve) -> anyhow::Result<ExitCode> {
    let contract = Contract::shipped();
    match command {
        Command::Exec(args) => return exec::run(*args),
        Command::Healthcheck {
            address,
            tls,
            ready,
        } => {
            let is_secured = serve.tls.cert.is_some() || serve.tls.self_signed;
            return Ok(healthcheck::run(address, tls || is_secured, ready));
        }
        Command::Openapi { dialect } => {
            let rulebook = Rulebook::compile(contract, contract.dialect(&dialect)?)?;
            print(&openapi_document(
                &rulebook,
                &format!("http://{}", serve.listen),
            ));
        }
        Command::Data(command) => data::run(&command)?,
        Command::Generated(generated) => generated.run(args::command())?,
        Command::Dialect(Dialects::List) => {
            let mut text = String::new();
            for name in contract.dialect_names() {
                let dialect = contract.dialect(name)?;
                let _ = writeln!(text, "{name:<12} {}", dialect.description);
            }
            // The reader may stop early (`| head`).
            let _ = std::io::stdout().write_all(text.as_bytes());
        }
        Command::Dialect(Dialects::Show { dialect }) => {
            print(&contract.dialect(&dialect)?.to_json());
        }
        Command::Dialect(Dialects::Check { file }) => {
            let dialect = contract.dialect(&file)?;
            Rulebook::compile(contract, dialect.clone())?;
            let _ = writeln!(
                std::io::stdout(),
                "{file}: dialect `{}` can be used",
                dialect.name
            );
        }
        Command::Dialect(Dialects::Diff { left, right }) => diff(contract, &left, &right)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(value: &Value) {
    // The reader may stop early (`| head`).
    let _ = writeln!(std::io::stdout(), "{value:#}");
}

fn diff(contract: &Contract, left: &str, right: &str) -> anyhow::Result<()> {
    let dialects = [contract.dialect(left)?, contract.dialect(right)?];
    let mut text = String::new();
    for row in dialects[0].diff(&dialects[1], contract.sources())? {
        let _ = writeln!(text, "{}: {}", row.knob, row.question);
        for (dialect, answer) in dialects.iter().zip(&row.answers) {
            let _ = writeln!(text, "  {:<12} {answer}", dialect.name);
        }
        for evidence in row.evidence.as_array().into_iter().flatten() {
            let answer = &evidence["answer"];
            let answer = answer
                .as_str()
                .map_or_else(|| answer.to_string(), str::to_owned);
            let source = evidence["source"].as_array().into_iter().flatten();
            let source: Vec<&str> = source.filter_map(Value::as_str).collect();
            let mark = evidence["evidence"].as_str().unwrap_or_default();
            let _ = writeln!(
                text,
                "  evidence     {answer}: {mark}, {}",
                source.join(", ")
            );
        }
        text.push('\n');
    }
    // The reader may stop early (`| head`).
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}
