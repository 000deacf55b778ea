//! Checks of the command's requests after it has ended.

use crate::admin::value_of;
use crate::cli::complaint::complain;
use crate::cli::exec::exit_code::FAILED;
use crate::embed::Mock;
use crate::embed::admin::{Expected, Finding};
use crate::files::{check_place, write_private};
use crate::http::json::without_repeats;
use anyhow::{Context as _, anyhow, ensure};
use flexiti_contract::Contract;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// How many requests a finding lists.
const NAMED: usize = 10;

/// The requested checks.
pub struct Judgement {
    lint: bool,
    expectations: Vec<Expectation>,
    journal: Option<PathBuf>,
}

struct Expectation {
    /// The file, and the position in it.
    place: String,
    expected: Expected,
}

impl Judgement {
    /// Reads the expectations, and checks that the journal can be written.
    pub fn prepare(
        lint: bool,
        files: &[PathBuf],
        journal: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let mut expectations = Vec::new();
        for file in files {
            expectations.extend(read(file)?);
        }
        if let Some(path) = &journal {
            check_place("--journal", path)?;
        }
        Ok(Self {
            lint,
            expectations,
            journal,
        })
    }

    /// Reports on standard error what is wrong with a merchant's requests, writes its journal, and
    /// returns the exit code.
    pub fn of(&self, mock: &Mock, client_id: &str) -> u8 {
        let mut is_right = true;
        for expectation in &self.expectations {
            is_right &= expectation.is_met(mock, client_id);
        }
        if self.lint {
            is_right &= lint(mock, client_id);
        }
        if let Some(path) = &self.journal {
            is_right &= write(mock, client_id, path);
        }
        if is_right { 0 } else { FAILED }
    }
}

impl Expectation {
    fn is_met(&self, mock: &Mock, client_id: &str) -> bool {
        let mut expected = self.expected.clone();
        expected.client_id = Some(client_id.to_owned());
        let failure = match mock.admin().verify(&expected) {
            Ok(Ok(_)) => return true,
            Ok(Err(failure)) => failure.message,
            // The command may have deleted its merchant.
            Err(problem) => problem.to_string(),
        };
        complain(&format!("verify: {}: {failure}", self.place));
        false
    }
}

/// The expectations in a file: one, or a list.
fn read(file: &Path) -> anyhow::Result<Vec<Expectation>> {
    let name = format!("--verify: {}", file.display());
    let bytes = std::fs::read(file).with_context(|| name.clone())?;
    let value = without_repeats(&bytes).map_err(|error| anyhow!("{name}: {error}"))?;
    let list = match value {
        Value::Array(list) => list,
        one => vec![one],
    };
    ensure!(
        !list.is_empty(),
        "{name}: an empty list; nothing would be verified"
    );
    let is_one = list.len() == 1;
    let read = |(at, value): (usize, Value)| {
        let place = if is_one {
            file.display().to_string()
        } else {
            format!("{}[{at}]", file.display())
        };
        let expected: Result<Expected, String> = value_of(value);
        let expected = expected.and_then(|expected| expected.checked(Contract::shipped()));
        let expected = expected.map_err(|what| anyhow!("--verify: {place}: {what}"))?;
        ensure!(
            expected.client_id.is_none(),
            "--verify: {place}: client_id: leave it out; the command's own merchant is judged"
        );
        Ok(Expectation { place, expected })
    };
    list.into_iter().enumerate().map(read).collect()
}

/// Whether a reviewer would have no objections.
fn lint(mock: &Mock, client_id: &str) -> bool {
    let findings = match mock.admin().lint(client_id) {
        Ok(lint) => lint.findings,
        Err(problem) => {
            complain(&format!("lint: {problem}"));
            return false;
        }
    };
    for finding in &findings {
        complain(&in_words(finding));
    }
    let app = mock.app();
    let dropped = app.journal().dropped(Some(client_id));
    if dropped > 0 {
        complain(&format!(
            "lint: the journal dropped {dropped} requests, which were not judged; raise --journal-limit and --journal-bytes"
        ));
        return false;
    }
    if app.exchanges(Some(client_id)).is_empty() {
        complain(
            "lint: nothing to judge: the command sent no request with FLEXITI_CLIENT_ID to FLEXITI_BASE_URL",
        );
        return false;
    }
    findings.is_empty()
}

fn in_words(finding: &Finding) -> String {
    let rule = serde_json::to_value(finding.rule).unwrap_or_default();
    let rule = rule.as_str().unwrap_or_default();
    let mut text = format!("lint: {rule}: {}", finding.message);
    let named = finding.requests.iter().take(NAMED).map(u64::to_string);
    let named: Vec<String> = named.collect();
    if !named.is_empty() {
        let more = finding.requests.len().saturating_sub(NAMED);
        let _ = write!(text, "\n  requests: {}", named.join(", "));
        if more > 0 {
            let _ = write!(text, " and {more} more");
        }
    }
    if let Some(clause) = &finding.clause {
        let _ = write!(text, "\n  clause: {clause}");
    }
    let _ = write!(text, "\n  change: {}", finding.remedy);
    text
}

/// Writes the journal; returns whether that succeeded.
fn write(mock: &Mock, client_id: &str, path: &Path) -> bool {
    let mut archive = Vec::new();
    let written = mock
        .admin()
        .archive(client_id, &mut archive)
        .and_then(|()| write_private(path, &archive));
    if let Err(error) = written {
        complain(&format!("--journal: {}: {error}", path.display()));
        return false;
    }
    true
}
