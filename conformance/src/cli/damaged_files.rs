//! Property tests: a damaged file never makes the program panic; where a path is read, the message
//! names it.
//! `PROPTEST_CASES` sets how many are read. Certificates are damaged, and signed again, in
//! `tests/it/forged.rs`.

use crate::merchant::driver::Driver;
use crate::merchant::fuzz::Reproduction;
use crate::server::Stored;
use crate::waivers::{Subject, Waivers};
use flexiti_contract::Contract;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[path = "../../../fixtures/fuzz/mutants.rs"]
mod mutants;

use mutants::mutants;

const DRIVER: &str = include_str!("../../tests/merchants/plain/forms.toml");
const REPORT: &str = include_str!("../../../fixtures/golden/report.json");
const PLAN: &str = include_str!("../../../fixtures/fuzz/plan.json");
const WAIVERS: &str = include_str!("../../../fixtures/fuzz/waivers.toml");

/// A file that holds `text`, in a folder of its own.
fn file(name: &str, text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn waivers(path: &Path) -> anyhow::Result<Waivers> {
    let clauses = Contract::shipped().clauses.iter();
    let ids: Vec<&str> = clauses.map(|clause| clause.id.as_str()).collect();
    let subject = Subject {
        noun: "clause",
        ids: &ids,
        case: "case",
        cases: None,
        must_expire: false,
    };
    Waivers::read(path, subject)
}

#[test]
fn the_files_are_read_before_they_are_damaged() {
    let (_folder, path) = file("merchant.toml", DRIVER);
    Driver::read(&path, 4000).unwrap();
    let (_folder, path) = file("waivers.toml", WAIVERS);
    waivers(&path).unwrap();
    Stored::read(REPORT).unwrap();
    Reproduction::read(Path::new("plan.json"), PLAN).unwrap();
}

proptest! {
    #[test]
    fn driver_files(text in mutants(DRIVER)) {
        let (_folder, path) = file("merchant.toml", &text);
        if let Err(error) = Driver::read(&path, 4000) {
            let message = format!("{error:#}");
            prop_assert!(message.contains("merchant.toml"), "{message}");
        }
    }

    #[test]
    fn waiver_files(text in mutants(WAIVERS)) {
        let (_folder, path) = file("waivers.toml", &text);
        if let Err(error) = waivers(&path) {
            let message = format!("{error:#}");
            prop_assert!(message.contains("waivers.toml"), "{message}");
        }
    }

    #[test]
    fn reports(text in mutants(REPORT)) {
        if let Err(message) = Stored::read(&text) {
            prop_assert!(!message.is_empty());
        }
    }

    #[test]
    fn plans(text in mutants(PLAN)) {
        if let Err(error) = Reproduction::read(Path::new("plan.json"), &text) {
            let message = format!("{error:#}");
            prop_assert!(message.contains("plan.json"), "{message}");
        }
    }
}
