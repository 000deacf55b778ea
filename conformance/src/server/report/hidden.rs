//! Masks secrets in a report, the last step before it is written.

use super::contents::Report;
use serde_json::Value;

/// How to mask secrets in a text.
pub struct Hide<'h> {
    /// For the server's words.
    pub said: &'h dyn Fn(&str) -> String,
    /// For a command line.
    pub command: &'h dyn Fn(&str) -> String,
    /// For a case, so that it can still be replayed.
    pub case: &'h dyn Fn(&str) -> String,
}

impl Report {
    /// Masks secrets in all texts from a server or request.
    pub fn hide(&mut self, hide: &Hide<'_>) {
        for finding in self.findings.iter_mut().chain(&mut self.otherwise) {
            finding.expected = (hide.said)(&finding.expected);
            finding.actual = (hide.said)(&finding.actual);
            finding.curl = (hide.command)(&finding.curl);
            let replay = serde_json::to_value(&finding.replay).map(|case| texts(case, hide.case));
            if let Ok(replay) = replay.and_then(serde_json::from_value) {
                finding.replay = replay;
            }
        }
        for learned in &mut self.learned {
            let answer = std::mem::take(&mut learned.answer);
            learned.answer = texts(answer, hide.said);
            let expected = std::mem::take(&mut learned.expected);
            learned.expected = texts(expected, hide.said);
            learned.exchange.actual = (hide.said)(&learned.exchange.actual);
            learned.exchange.curl = (hide.command)(&learned.exchange.curl);
        }
        for clause in &mut self.clauses {
            clause.why = clause.why.as_deref().map(hide.said);
            for case in &mut clause.cases {
                case.because = case.because.as_deref().map(hide.said);
            }
        }
        let circumstances = &mut self.circumstances;
        circumstances.because = circumstances.because.as_deref().map(hide.said);
        for note in &mut circumstances.notes {
            *note = (hide.said)(note);
        }
        for line in &mut circumstances.setup {
            *line = (hide.command)(line);
        }
    }
}

/// Changes every text in a JSON value.
fn texts(value: Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => change(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| texts(item, change)).collect(),
        Value::Object(members) => {
            let changed = members.into_iter();
            changed
                .map(|(name, value)| (name, texts(value, change)))
                .collect()
        }
        other => other,
    }
}
