//! `docs/reference/configuration.md`: flags and variables come from the programs' help. The keys of
//! the TOML file are compared with those that the mock lists when it refuses a key.

use super::command_line::help_of;
use super::markdown::{cell, parse};
use super::programs::program;
use super::{keep, read};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

const PAGE: &str = "docs/reference/configuration.md";

fn variables(name: &str) -> String {
    // Several sub-commands share a variable: each is shown once.
    let mut rows: Vec<(String, String, String, String)> = Vec::new();
    for help in help_of(&[name]) {
        for option in &help.options {
            let Some(variable) = &option.variable else {
                continue;
            };
            if rows.iter().any(|row| row.1 == *variable) {
                continue;
            }
            rows.push((
                cell(&option.name),
                variable.clone(),
                option.default_cell(),
                option.meaning(),
            ));
        }
    }
    let mut table = "| flag | variable | default | meaning |\n|---|---|---|---|\n".to_owned();
    for (flag, variable, default, meaning) in rows {
        let _ = writeln!(table, "| `{flag}` | `{variable}` | {default} | {meaning} |");
    }
    table
}

#[test]
fn the_variables_of_the_configuration_page_are_current() {
    keep(
        PAGE,
        &[
            ("flexiti-mock", variables("flexiti-mock")),
            ("flexiti-conformance", variables("flexiti-conformance")),
        ],
    );
}

/// Starts the mock with a configuration; `Err` is the message if it is refused.
fn start(config: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let (file, ready) = (
        folder.path().join("shop.toml"),
        folder.path().join("ready.json"),
    );
    std::fs::write(&file, config).unwrap();
    let mut process = program("flexiti-mock")
        .args(["--listen", "127.0.0.1:0", "--config"])
        .arg(&file)
        .arg("--ready-file")
        .arg(&ready)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if ready.exists() {
            process.kill().unwrap();
            process.wait().unwrap();
            return Ok(());
        }
        if process.try_wait().unwrap().is_some() {
            let output = process.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(2));
            return Err(String::from_utf8(output.stderr).unwrap());
        }
        assert!(
            Instant::now() < deadline,
            "the mock neither started nor ended"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn example() -> String {
    let fences = parse(&read(PAGE)).fences;
    let example = fences.into_iter().find(|it| it.language == "toml");
    example.expect("the page has an example").text
}

/// The keys of the example, by table.
fn keys(example: &str) -> BTreeMap<String, Vec<String>> {
    let parsed: toml::Table = toml::from_str(example).unwrap();
    let table = |(name, rows): (String, toml::Value)| {
        let row = rows[0].as_table().unwrap();
        (name, row.keys().cloned().collect())
    };
    parsed.into_iter().map(table).collect()
}

#[test]
fn the_example_is_accepted_and_has_every_key() {
    let example = example();
    start(&example).unwrap();
    let documented = keys(&example);
    for (table, mut keys) in documented {
        let header = format!("[[{table}]]\n");
        let (before, after) = example.split_once(&header).unwrap();
        let refused = start(&format!("{before}{header}unheard_of = 1\n{after}")).unwrap_err();
        let (what, known) = refused.split_once("expected one of ").unwrap();
        assert!(what.contains("`unheard_of`"), "{refused}");
        let mut known: Vec<String> = known
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        known.sort();
        keys.sort();
        assert_eq!(keys, known, "the keys of [[{table}]] in {PAGE}");
    }
}

#[test]
fn every_table_of_the_file_is_in_the_example() {
    let refused = start("[[unheard_of]]\nkey = 1\n").unwrap_err();
    let (_, known) = refused.split_once("expected one of ").unwrap();
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    let documented: Vec<String> = keys(&example()).into_keys().collect();
    assert_eq!(documented.len(), known.len(), "{refused}");
    for table in documented {
        assert!(known.contains(&table.as_str()), "{refused}");
    }
}
