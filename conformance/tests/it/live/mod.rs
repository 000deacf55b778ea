//! `server` on a live system: what it may call, how gently, and what comes of servers that are
//! down, misconfigured, or no servers of Flexiti at all.

mod credentials;
mod hosts;
mod limits;
mod preflight;
mod probing;
mod proxies;
mod reports;
mod robust;
mod secrets;
pub(crate) mod servers;
mod tls;

use serde_json::Value;
use std::process::{Command, Output};

/// The program, without the variables that it reads.
fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"));
    command.args(args);
    for name in [
        "BASE_URL",
        "CLIENT_ID",
        "CLIENT_SECRET",
        "USERNAME",
        "PASSWORD",
    ] {
        command.env_remove(format!("FLEXITI_{name}"));
    }
    command
}

pub(crate) fn run(args: &[&str]) -> Output {
    program(args).output().unwrap()
}

/// Judges the server at a base URL, without generated cases unless they are asked for.
pub(crate) fn judge(base_url: &str, more: &[&str]) -> Output {
    let args = ["server", "--seed", "1", "--base-url", base_url];
    let none: &[&str] = if more.contains(&"--cases") {
        &[]
    } else {
        &["--cases", "0"]
    };
    // The servers here read one request of each connection, and hardly that.
    let is_chosen = more.iter().any(|flag| ["--only", "--skip"].contains(flag));
    let skip: &[&str] = if is_chosen {
        &[]
    } else {
        &["--skip", "http.message"]
    };
    run(&[&args, none, skip, more].concat())
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The JSON report on standard output, which fits its schema.
pub(crate) fn report(output: &Output) -> Value {
    let text = stdout(output);
    let report = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", stderr(output)));
    crate::formats::readers::json(&text);
    report
}

/// The row of a clause.
pub(crate) fn clause<'r>(report: &'r Value, id: &str) -> &'r Value {
    let clauses = report["clauses"].as_array().unwrap();
    clauses.iter().find(|clause| clause["id"] == id).unwrap()
}

/// The ids of the clauses that failed.
fn failed(report: &Value) -> Vec<&str> {
    let clauses = report["clauses"].as_array().unwrap().iter();
    let failed = clauses.filter(|clause| clause["status"] == "failed");
    failed.filter_map(|clause| clause["id"].as_str()).collect()
}
