//! GitHub annotations: workflow commands on standard output, one per line. See
//! `docs.github.com/actions/reference/workflows-and-actions/workflow-commands` for their syntax,
//! and `packages/core/src/command.ts` in `actions/toolkit` for the escapes.

use super::document::{Document, Outcome};
use std::fmt::Write as _;

/// Maximum length of a finding's text before it is truncated.
const LONGEST: usize = 4_000;

/// An `::error` for each failure, a `::warning` for anything else that keeps the run from passing,
/// and a `::notice` with the counts. GitHub shows only the first ten of each kind, so the notice
/// names all failures.
pub fn text(document: &Document) -> String {
    let mut text = String::new();
    let mut command = |kind: &str, title: &str, message: &str| {
        let (title, message) = (property(title), data(message));
        let _ = writeln!(text, "::{kind} title={title}::{message}");
    };
    let failed = document.findings.iter();
    for found in failed.filter(|found| found.outcome == Outcome::Failed) {
        let row = document.row(&found.row);
        let requirement = row.map_or("", |row| row.requirement.as_str());
        let mut message = format!("{requirement}\ncase: {}", found.case);
        for (name, value) in [
            ("expected", found.expected.as_str()),
            ("actual", &found.actual),
            ("repeat", found.command.as_deref().unwrap_or_default()),
        ] {
            if !value.is_empty() {
                let _ = write!(message, "\n{name}: {}", cut(value));
            }
        }
        command("error", &found.row, &message);
    }
    if let Some(because) = &document.stopped {
        command("error", "the run ended early", because);
    }
    for note in &document.notes {
        command("warning", &document.title, note);
    }
    let with = |outcome: Outcome| {
        let rows = document.rows.iter();
        let ids = rows.filter(move |row| row.outcome == outcome);
        ids.map(|row| row.id.as_str()).collect::<Vec<_>>()
    };
    let mut message = document.summary();
    for (outcome, word) in [
        (Outcome::Failed, "failed"),
        (Outcome::Known, "known"),
        (Outcome::NotVerified, "not verified"),
    ] {
        let ids = with(outcome);
        if !ids.is_empty() {
            let _ = write!(message, "\n{word}: {}", ids.join(", "));
        }
    }
    command("notice", &document.title, &message);
    text
}

/// Truncates a text to fit into an annotation.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Escapes a message: percent signs and line breaks.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property value: also colons and commas, which would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_the_toolkit() {
        assert_eq!(data("100% a\r\nb::error::c"), "100%25 a%0D%0Ab::error::c");
        assert_eq!(property("a:b, c%0A\n"), "a%3Ab%2C c%250A%0A");
    }
}
