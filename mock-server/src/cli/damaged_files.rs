//! Property tests: a damaged file or plan never makes the program panic. An error about a path names
//! it; one about settings or an export reveals no secret. `PROPTEST_CASES` sets the number of cases.

use crate::Settings;
use crate::dialects::{Dialects, compile};
use crate::fault::{FaultPlan, Faults};
use crate::random::Random;
use crate::store::{Imported, examine};
use flexiti_contract::{Contract, Rulebook, transcript};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

#[path = "../../../fixtures/fuzz/mutants.rs"]
mod mutants;

use mutants::mutants;

const SETTINGS: &str = include_str!("../../../fixtures/fuzz/settings.toml");
const DIALECT: &str = include_str!("../../../fixtures/fuzz/dialect.json");
const FAULTS: &str = include_str!("../../../fixtures/fuzz/faults.json");
const STORE: &str = include_str!("../../../fixtures/fuzz/store.json");
const TRANSCRIPT: &str = include_str!("../../../fixtures/fuzz/transcript.ndjson");

static RULEBOOK: LazyLock<Arc<Rulebook>> =
    LazyLock::new(|| compile(Contract::shipped(), "documented").unwrap());

/// A file that holds `text`, in a folder of its own.
fn file(name: &str, text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn fault_plan(text: &str) -> Result<Faults, String> {
    let plan = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Faults::new(FaultPlan::read(plan)?, Random::new(Some(1)), &RULEBOOK, 0)
}

fn store(text: &str) -> anyhow::Result<()> {
    let dialects = Dialects::new(Arc::clone(&RULEBOOK));
    examine(&Imported::read(text)?, &dialects).map(drop)
}

#[test]
fn the_files_are_read_before_they_are_damaged() {
    let (_folder, path) = file("settings.toml", SETTINGS);
    assert_eq!(Settings::read(&path).unwrap().merchants.len(), 1);
    let (_folder, path) = file("dialect.json", DIALECT);
    compile(Contract::shipped(), path.to_str().unwrap()).unwrap();
    fault_plan(FAULTS).unwrap();
    store(STORE).unwrap();
    assert_eq!(transcript::read(TRANSCRIPT).unwrap().len(), 3);
}

proptest! {
    #[test]
    fn settings(text in mutants(SETTINGS)) {
        let (_folder, path) = file("settings.toml", &text);
        if let Err(error) = Settings::read(&path) {
            let message = format!("{error:#}");
            prop_assert!(message.contains("settings.toml"), "{message}");
            prop_assert!(!message.contains("planted-"), "{message}");
        }
    }

    #[test]
    fn dialects(text in mutants(DIALECT)) {
        let (_folder, path) = file("dialect.json", &text);
        if let Err(error) = compile(Contract::shipped(), path.to_str().unwrap()) {
            let message = format!("{error:#}");
            prop_assert!(message.contains("dialect.json"), "{message}");
        }
    }

    #[test]
    fn fault_plans(text in mutants(FAULTS)) {
        if let Err(message) = fault_plan(&text) {
            prop_assert!(!message.is_empty());
        }
    }

    #[test]
    fn exports_of_a_store(text in mutants(STORE)) {
        if let Err(error) = store(&text) {
            let message = format!("{error:#}");
            prop_assert!(!message.contains("flexitidemo-secret"), "{message}");
        }
    }

    #[test]
    fn transcripts(text in mutants(TRANSCRIPT)) {
        if let Err(message) = transcript::read(&text) {
            prop_assert!(!message.is_empty());
        }
    }
}
