//! The formats of reports: one failing run in each of them is kept in `fixtures/golden`, and a
//! reader of each format reads it. `UPDATE_DOCS=1 cargo test -p flexiti-conformance --test it
//! formats::` writes the golden reports again.

mod hostile;
mod page;
pub(crate) mod readers;
mod shop;

use flexiti_mock::{Mock, Settings};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The formats, with the names of their golden reports.
const FORMATS: [(&str, &str); 8] = [
    ("text", "report.txt"),
    ("json", "report.json"),
    ("ndjson", "events.ndjson"),
    ("junit", "junit.xml"),
    ("sarif", "report.sarif"),
    ("html", "report.html"),
    ("markdown", "summary.md"),
    ("github", "annotations.txt"),
];

/// Judges a server, and writes every format into a folder.
fn judged(base_url: &str, folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"));
    command.args([
        "server",
        "--seed",
        "1",
        "--cases",
        "0",
        "--base-url",
        base_url,
    ]);
    for (format, file) in FORMATS {
        let place = folder.join(file);
        command.arg("--report");
        command.arg(format!("{format}={}", place.display()));
    }
    for name in ["BASE_URL", "CLIENT_ID", "CLIENT_SECRET"] {
        command.env_remove(format!("FLEXITI_{name}"));
    }
    command.args(more).output().unwrap()
}

/// What the golden reports are made of: a mock that asks for less than it is judged by.
fn failing_run(folder: &Path) {
    let mock = Mock::start(&Settings {
        dialect: "lenient".to_owned(),
        seed: Some(1),
        ..Settings::default()
    });
    let mock = mock.unwrap();
    let only = ["--dialect", "strict", "--only", "token.*"];
    let output = judged(&mock.base_url(), folder, &only);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
}

fn golden(file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("fixtures/golden").join(file)
}

/// A report without what differs from run to run: the port, the times and dates, the digest, the version.
fn normalised(text: &str) -> String {
    let mut text = text.to_owned();
    let version = env!("CARGO_PKG_VERSION");
    for (pattern, instead) in [
        (r"127\.0\.0\.1(:|%3A)[0-9]+", "127.0.0.1${1}4359"),
        (
            r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z",
            "2026-01-01T00:00:00.000Z",
        ),
        (r#"time="[0-9.]+""#, r#"time="0.000""#),
        (r#""sha256": "[0-9a-f]{64}""#, r#""sha256": "…""#),
    ] {
        let pattern = regex::Regex::new(pattern).unwrap();
        text = pattern.replace_all(&text, instead).into_owned();
    }
    // The version of XML and the like is not the program's.
    for quote in ["\"", ">", "`"] {
        let own = format!("{quote}{version}");
        text = text.replace(&own, &format!("{quote}VERSION"));
    }
    text
}

#[test]
fn the_golden_reports_are_current_and_their_readers_read_them() {
    let folder = tempfile::tempdir().unwrap();
    failing_run(folder.path());
    for (format, file) in FORMATS {
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        readers::read(format, &text);
        is_golden(file, &normalised(&text));
    }
}

/// Holds a report to the golden one.
fn is_golden(file: &str, text: &str) {
    let golden = golden(file);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(golden, text).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&golden).unwrap_or_default();
    let differs = known.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(
        known == text,
        "fixtures/golden/{file} is out of date at {differs:?}; \
         run `UPDATE_DOCS=1 cargo test -p flexiti-conformance --test it formats::`"
    );
}
