//! The results of a run, as all formats show them.

use std::time::Duration;

/// The results of a run.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// What was judged, in a few words.
    pub title: String,
    /// The circumstances: target, dialect, seed and so on.
    pub about: Vec<About>,
    /// The base URL that the findings' paths are relative to.
    pub base_url: Option<String>,
    /// What was judged, one row each.
    pub rows: Vec<Row>,
    /// The findings, each about a row.
    pub findings: Vec<Finding>,
    /// Open questions answered differently than expected.
    pub learned: Vec<Learned>,
    /// What changed since an earlier run, and what else a reader should know.
    pub notes: Vec<String>,
    /// Shell lines that set the variables used in the findings' commands.
    pub setup: Vec<String>,
    /// Why the run ended early.
    pub stopped: Option<String>,
    /// The exit code of the run.
    pub exit_code: u8,
}

/// A circumstance of a run.
#[derive(Debug, Clone)]
pub struct About {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// Something that was judged.
#[derive(Debug, Clone)]
pub struct Row {
    /// A dotted id.
    pub id: String,
    /// The first word of the id.
    pub group: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The outcome in a word.
    pub word: &'static str,
    /// What is required.
    pub requirement: String,
    /// How binding it is.
    pub level: String,
    /// What supports it.
    pub evidence: String,
    /// Where it is documented.
    pub sources: Vec<String>,
    /// Why it has no verdict, or does not count.
    pub why: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// The cases about it.
    pub cases: Vec<Case>,
}

/// A case about a row.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// Its outcome in a word.
    pub outcome: String,
    /// Why it has no verdict.
    pub because: Option<String>,
}

/// The outcome of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Broken.
    Failed,
    /// Broken, as in the baseline.
    Known,
    /// Broken, and allowed to be.
    Waived,
    /// An open question is answered differently than expected.
    Otherwise,
    /// No verdict, because something went wrong.
    NotVerified,
    /// The target lacks what a test needs, or the test was not selected.
    NotTestable,
    /// Kept.
    Verified,
}

/// Something that went wrong.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The id of its row.
    pub row: String,
    /// The row's outcome.
    pub outcome: Outcome,
    /// The case that shows it.
    pub case: String,
    /// How many cases show it.
    pub cases: usize,
    /// What was expected.
    pub expected: String,
    /// What was observed.
    pub actual: String,
    /// What happened, step by step.
    pub story: Vec<String>,
    /// A command line that reproduces it.
    pub command: Option<String>,
    /// Its path relative to the base URL.
    pub path: String,
}

/// An open question answered differently than expected.
#[derive(Debug, Clone)]
pub struct Learned {
    /// The knob or clause in question.
    pub question: String,
    /// The observed answer.
    pub answer: String,
    /// The expected answer.
    pub expected: String,
    /// A command line that reproduces it.
    pub command: String,
}

impl Document {
    /// The row with this id.
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The number of rows with each outcome, and the outcome's word.
    pub fn counts(&self) -> Vec<(Outcome, &'static str, usize)> {
        count(&self.rows)
    }

    /// The groups with their rows, in order of appearance.
    pub fn groups(&self) -> Vec<(&str, Vec<&Row>)> {
        let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
        for row in &self.rows {
            match groups.iter_mut().find(|(name, _)| *name == row.group) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((&row.group, vec![row])),
            }
        }
        groups
    }

    /// The counts in one line.
    pub fn summary(&self) -> String {
        let counts = self.counts();
        let words = counts
            .iter()
            .map(|(_, word, count)| format!("{count} {word}"));
        words.collect::<Vec<_>>().join(", ")
    }

    /// A verdict on the whole run.
    pub fn verdict(&self) -> &'static str {
        match self.exit_code {
            0 => "passed",
            1 => "failed",
            _ => "inconclusive",
        }
    }
}

/// Counts the rows with each outcome; verified and failed are always included.
fn count<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Vec<(Outcome, &'static str, usize)> {
    let mut counts = vec![
        (Outcome::Verified, "verified", 0),
        (Outcome::Failed, "failed", 0),
        (Outcome::Known, "known", 0),
        (Outcome::Waived, "waived", 0),
        (Outcome::Otherwise, "answered otherwise", 0),
        (Outcome::NotVerified, "not verified", 0),
        (Outcome::NotTestable, "not testable", 0),
    ];
    for row in rows {
        for (outcome, word, count) in &mut counts {
            if *outcome == row.outcome {
                *word = row.word;
                *count += 1;
            }
        }
    }
    let always = [Outcome::Verified, Outcome::Failed];
    counts.retain(|(outcome, _, count)| *count > 0 || always.contains(outcome));
    counts
}
