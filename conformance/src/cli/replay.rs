//! `replay`: the findings of a report, or a plan that broke a shop, once more.

use super::args::{LimitArgs, TargetArgs};
use super::exit_code::INCONCLUSIVE;
use super::{merchant, server, target};
use crate::merchant::fuzz::Reproduction;
use crate::server::{Finding, Reporter, Text, run};
use anyhow::Context as _;
use flexiti_contract::{Contract, Dialect};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// The part of a JSON report that `replay` needs.
#[derive(Deserialize)]
struct Replayed {
    /// A name, or what a file of its own calls itself.
    #[serde(default)]
    dialect: Option<String>,
    /// The whole dialect; older reports have none.
    #[serde(default)]
    dialect_answers: Value,
    findings: Vec<Finding>,
}

impl Replayed {
    /// The dialect that the findings were judged by.
    fn dialect(&self) -> anyhow::Result<Dialect> {
        let contract = Contract::shipped();
        if !self.dialect_answers.is_null() {
            let carried = contract.dialect_from_json(self.dialect_answers.clone());
            return carried.context("dialect_answers: give a dialect with --dialect instead");
        }
        let name = self.dialect.as_deref().unwrap_or("documented");
        let named = contract.dialect(name);
        named.context("dialect: the report does not carry it; give its file with --dialect")
    }
}

/// Runs the findings of a report again, or a plan, and gives the exit code.
pub fn run(
    file: &Path,
    driver: Option<&Path>,
    args: &TargetArgs,
    limits: &LimitArgs,
) -> anyhow::Result<u8> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name}"))?;
    if Reproduction::is_one(&text) {
        return merchant::replay(&Reproduction::read(file, &text)?, driver);
    }
    let replayed: Replayed = serde_json::from_str(&text).with_context(|| {
        format!("{name}: neither a JSON report of `server` nor a plan of `merchant fuzz`")
    })?;
    let dialect = match &args.dialect {
        Some(dialect) => Contract::shipped().dialect(dialect)?,
        None => replayed.dialect().with_context(|| format!("{name}"))?,
    };
    let findings = replayed.findings.into_iter();
    let cases: Vec<_> = findings.map(|finding| finding.replay).collect();
    if cases.is_empty() {
        println!("{name}: no findings, nothing to replay");
        return Ok(0);
    }
    let rulebook = server::rulebook(dialect)?;
    let mut options = server::limits(limits);
    let mut reached = target::reach(args, &rulebook, &mut options)?;
    if let Err(blocked) = reached.greet(args, &mut options) {
        eprintln!("flexiti-conformance: {}", blocked.because);
        return Ok(INCONCLUSIVE);
    }
    let mut reporters: Vec<Box<dyn Reporter>> = vec![Box::new(Text::new(std::io::stdout()))];
    let report = run::replay(&reached.target, &rulebook, &cases, &options, &mut reporters)?;
    Ok(report.exit_code())
}
