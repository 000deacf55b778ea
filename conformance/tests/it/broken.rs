//! Broken shops: each has one fault, and the checker that is meant to find it finds it.

use crate::merchant::{merchants, stdout};
use serde::Deserialize;
use std::process::Command;
use std::sync::Mutex;

/// How many there are; `docs/guides/certifying-a-shop.md` says so too.
const ALL: usize = 188;

/// How many shops run at once: they mostly wait.
const AT_ONCE: usize = 8;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    faults: Vec<Fault>,
}

/// A row of `faults.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    program: String,
    name: String,
    /// What is wrong with the shop, for people.
    what: String,
    /// When it shows, for people.
    needs: Option<String>,
    /// The scenarios that are enough to find it.
    only: String,
    /// The checker that finds it.
    check: String,
    /// What it says.
    #[serde(default = "failed")]
    verdict: String,
    /// The dialect in which it shows.
    #[serde(default = "documented")]
    dialect: String,
}

fn failed() -> String {
    "FAILED".to_owned()
}

fn documented() -> String {
    "documented".to_owned()
}

fn faults() -> Vec<Fault> {
    let text = std::fs::read_to_string(merchants().join("faults.toml")).unwrap();
    let file: File = toml::from_str(&text).unwrap();
    assert_eq!(file.faults.len(), ALL);
    file.faults
}

/// What the certification says of a shop with this fault: the checks of its verdict.
fn failed_checks(fault: &Fault) -> (String, Vec<String>) {
    let mut driver = merchants().join(&fault.program);
    if driver.extension().is_none() {
        driver.push("merchant.toml");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"))
        .args(["merchant", "--seed", "3", "--only", &fault.only])
        .args(["--dialect", &fault.dialect, "--driver"])
        .arg(driver)
        .env("SHOP_FAULT", &fault.name)
        .output()
        .unwrap();
    let text = stdout(&output);
    let failed = text.lines().filter_map(|line| {
        let said = line
            .strip_prefix("  ")?
            .strip_prefix(fault.verdict.as_str())?;
        let (check, _) = said.strip_prefix(' ')?.split_once(':')?;
        Some(check.to_owned())
    });
    let failed = failed.collect();
    (text, failed)
}

#[test]
fn every_broken_shop_is_found_by_the_checker_that_is_meant_to_find_it() {
    let faults = faults();
    let rest = Mutex::new(faults.iter());
    let missed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = rest.lock().unwrap().next();
                    let Some(fault) = next else {
                        return;
                    };
                    let (text, failed) = failed_checks(fault);
                    if !failed.contains(&fault.check) {
                        let Fault {
                            program,
                            name,
                            what,
                            needs,
                            check,
                            ..
                        } = fault;
                        let needs = needs.as_deref().unwrap_or("always");
                        let line = format!(
                            "{program} {name} ({what} Shows: {needs}) by {check}, but {failed:?}:\n{text}"
                        );
                        missed.lock().unwrap().push(line);
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
