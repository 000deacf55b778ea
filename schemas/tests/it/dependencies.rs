//! The lock file against `deny.toml`: licences, sources and duplicates, as `cargo deny` reads them,
//! without a tool that would have to be fetched.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use toml::Table;

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8(output.stdout).unwrap()
}

/// Every package of every platform and feature.
fn packages() -> Vec<Value> {
    let told = cargo(&["metadata", "--locked", "--format-version", "1"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    told["packages"].as_array().unwrap().clone()
}

fn rules() -> Table {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deny.toml");
    std::fs::read_to_string(file).unwrap().parse().unwrap()
}

fn texts(list: &toml::Value) -> BTreeSet<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn everything_comes_from_the_registry_under_an_allowed_licence() {
    let rules = rules();
    let allowed = texts(&rules["licenses"]["allow"]);
    let exceptions = rules["licenses"]["exceptions"].as_array().unwrap();
    let (mut excepted, mut sources) = (BTreeSet::new(), BTreeSet::new());
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let Some(source) = package["source"].as_str() else {
            // One of our own.
            assert!(name.starts_with("flexiti-"), "{name}: no source");
            continue;
        };
        assert!(source.starts_with("registry+"), "{name}: {source}");
        sources.insert(source.to_owned());
        let licence = package["license"].as_str().unwrap_or_default();
        let parsed = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX);
        let parsed = parsed.unwrap_or_else(|error| panic!("{name}: {licence}: {error}"));
        let by = |allowed: &BTreeSet<String>| {
            parsed.evaluate(|required| allowed.contains(&required.to_string()))
        };
        if by(&allowed) {
            continue;
        }
        let own = exceptions
            .iter()
            .find(|row| row["crate"].as_str() == Some(name));
        let own = own.map(|row| texts(&row["allow"]));
        assert!(own.is_some_and(|own| by(&own)), "{name}: {licence}");
        excepted.insert(name.to_owned());
    }
    assert_eq!(sources.len(), 1, "{sources:?}");
    let listed = exceptions.iter().map(|row| row["crate"].as_str().unwrap());
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    assert_eq!(excepted, listed, "exceptions that nothing needs");
}

#[test]
fn no_program_is_built_with_an_exception() {
    let built = cargo(&[
        "tree",
        "--workspace",
        "--locked",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
    ]);
    for row in rules()["licenses"]["exceptions"].as_array().unwrap() {
        let name = row["crate"].as_str().unwrap();
        let used = built
            .lines()
            .any(|line| line.split(' ').next() == Some(name));
        assert!(!used, "{name} is part of a program");
    }
}

#[test]
fn a_crate_has_one_version_or_its_older_ones_are_listed() {
    let mut versions: BTreeMap<String, Vec<Vec<u64>>> = BTreeMap::new();
    for package in packages() {
        let version = package["version"].as_str().unwrap();
        let version = version.split(['-', '+']).next().unwrap();
        let version = version.split('.').map(|part| part.parse().unwrap());
        let name = package["name"].as_str().unwrap().to_owned();
        versions.entry(name).or_default().push(version.collect());
    }
    let mut older = BTreeSet::new();
    for (name, mut versions) in versions {
        versions.sort();
        versions.pop();
        older.extend(versions.iter().map(|version| {
            let version: Vec<String> = version.iter().map(u64::to_string).collect();
            format!("{name}@{}", version.join("."))
        }));
    }
    assert_eq!(older, texts(&rules()["bans"]["skip"]));
}
