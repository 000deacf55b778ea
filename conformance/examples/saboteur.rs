//! A mock with one fault, for other judges than this project's.
//!
//! Without an argument it lists the faults that show in the dialect `documented`, a line each:
//! `clause:ID` for a clause that is not kept, `bug:NAME` for a bug. With one of them, or with
//! `untouched`, it serves such a mock until its standard input is closed, and prints the base URL.

use anyhow::Context as _;
use flexiti_conformance::selftest::{bugs, sabotages};
use flexiti_contract::Contract;
use flexiti_mock::{Mock, Settings};
use std::io::{Read as _, stdin};

fn main() -> anyhow::Result<()> {
    let documented = Contract::shipped().dialect("documented")?;
    let Some(fault) = std::env::args().nth(1) else {
        for sabotage in sabotages(Some("documented"))? {
            println!("clause:{}", sabotage.clause);
        }
        for planted in bugs::planted()? {
            if planted.bug.answers.is_empty() {
                println!("bug:{}", planted.bug.name);
            }
        }
        return Ok(());
    };
    let settings = Settings::default();
    let mock = match fault.split_once(':') {
        Some(("clause", clause)) => Mock::sabotaged(&settings, documented, clause)?,
        Some(("bug", bug)) => Mock::with_bug(&settings, documented, bug)?,
        _ if fault == "untouched" => Mock::start(&settings)?,
        _ => anyhow::bail!("`{fault}`: expected `untouched`, `clause:ID` or `bug:NAME`"),
    };
    println!("{}", mock.base_url());
    let ended = stdin().read_to_end(&mut Vec::new());
    ended.context("cannot read standard input").map(|_| ())
}
