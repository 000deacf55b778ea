//! A report as a document, for all formats.

use super::circumstances::Circumstances;
use super::contents::{ClauseRow, Finding, Report, Status};
use super::power::Power;
use super::shown::shown;
use crate::formats::{self, About, Document, Outcome};
use crate::server::case::{Case, Step, To, Turn};
use flexiti_contract::Contract;

impl Report {
    /// The document for all formats.
    pub fn as_document(&self) -> Document {
        let circumstances = &self.circumstances;
        let mut findings: Vec<formats::Finding> = self
            .findings
            .iter()
            .map(|found| self.finding(found))
            .collect();
        findings.extend(self.otherwise.iter().map(|found| formats::Finding {
            outcome: Outcome::Otherwise,
            ..self.finding(found)
        }));
        let learned = self.learned.iter().map(|learned| {
            let question = learned.knob.as_ref().or(learned.clause.as_ref());
            formats::Learned {
                question: question.cloned().unwrap_or_default(),
                answer: shown(&learned.answer),
                expected: shown(&learned.expected),
                command: formats::command(&learned.exchange.curl),
            }
        });
        Document {
            title: "Flexiti Online API conformance".to_owned(),
            about: self.about(),
            base_url: Some(self.target.clone()),
            rows: self
                .clauses
                .iter()
                .map(|row| clause(row, circumstances))
                .collect(),
            findings,
            learned: learned.collect(),
            notes: self.notes(),
            setup: circumstances.setup.clone(),
            stopped: circumstances.because.clone(),
            exit_code: self.exit_code(),
        }
    }

    fn about(&self) -> Vec<About> {
        let mut about = vec![
            ("target", self.target.clone()),
            ("dialect", self.dialect.clone()),
            ("seed", self.seed.to_string()),
            ("version", self.runner.to_owned()),
        ];
        if let Some(power) = &self.power {
            let Power {
                version,
                seed,
                sabotages,
                killed,
            } = power;
            about.push((
                "detection power",
                format!(
                    "{killed} of {sabotages} planted faults named (seed {seed}, version {version})"
                ),
            ));
        }
        let about = about.into_iter();
        about.map(|(name, value)| About { name, value }).collect()
    }

    /// Further notes for the reader.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.circumstances.notes.clone();
        let unused = self.unused_waivers.iter();
        notes.extend(
            unused.map(|waiver| {
                format!("waiver not needed: {waiver} did not fail; remove the waiver")
            }),
        );
        if let Some(changes) = &self.baseline {
            for (word, clauses) in [
                ("no longer fails", &changes.no_longer),
                ("failed in the baseline, not tested now", &changes.not_seen),
            ] {
                if !clauses.is_empty() {
                    notes.push(format!("{word}: {}", clauses.join(", ")));
                }
            }
        }
        notes
    }

    fn finding(&self, found: &Finding) -> formats::Finding {
        let row = self.clauses.iter().find(|row| row.id == found.clause);
        formats::Finding {
            row: found.clause.clone(),
            outcome: row.map_or(Outcome::Failed, |row| outcome(row.status)),
            case: found.case.clone(),
            cases: found.cases,
            expected: found.expected.clone(),
            actual: found.actual.clone(),
            story: found.replay.steps.iter().map(step).collect(),
            command: Some(formats::command(&found.curl)),
            path: path(&found.replay),
        }
    }
}

fn clause(row: &ClauseRow, circumstances: &Circumstances) -> formats::Row {
    let (outcome, word) = (outcome(row.status), word(row.status));
    let cases = row.cases.iter().map(|case| formats::Case {
        id: case.id.clone(),
        outcome: case.outcome.to_owned(),
        because: case.because.clone(),
    });
    let citation = |key: &String| {
        let mut citations = Contract::shipped().citations.iter();
        let citation = citations.find(|citation| citation.key == *key);
        citation.map_or_else(
            || key.clone(),
            |citation| format!("{key} {}", citation.title),
        )
    };
    let level = serde_json::to_value(row.level).unwrap_or_default();
    let took = circumstances.took.get(&row.id);
    formats::Row {
        id: row.id.clone(),
        group: row.id.split('.').next().unwrap_or_default().to_owned(),
        outcome,
        word,
        requirement: row.requirement.clone(),
        level: level.as_str().unwrap_or_default().to_owned(),
        evidence: row.evidence.as_str().to_owned(),
        sources: row.source.iter().map(citation).collect(),
        why: row.why.clone(),
        took: took.copied().unwrap_or_default(),
        cases: cases.collect(),
    }
}

fn outcome(status: Status) -> Outcome {
    match status {
        Status::Verified => Outcome::Verified,
        Status::Failed => Outcome::Failed,
        Status::Otherwise => Outcome::Otherwise,
        Status::NotVerified => Outcome::NotVerified,
        Status::NotTestable => Outcome::NotTestable,
        Status::Waived => Outcome::Waived,
        Status::Known => Outcome::Known,
    }
}

/// A status in words.
pub fn word(status: Status) -> &'static str {
    match status {
        Status::Verified => "verified",
        Status::Failed => "failed",
        Status::Otherwise => "answered otherwise",
        Status::NotVerified => "not verified",
        Status::NotTestable => "not testable",
        Status::Waived => "waived",
        Status::Known => "known",
    }
}

/// A step of a case on one line.
fn step(step: &Step) -> String {
    match step {
        Step::Send(request) => match &request.to {
            To::Path(path) => format!("{} {path}", request.method),
            To::Url(url) => format!("{} {url}", request.method),
        },
        Step::Talk(turns) => talked(turns),
        Step::Advance(seconds) => format!("the clock advances by {seconds} s"),
        Step::Deprovision => "the account loses its role".to_owned(),
        Step::Complete { order, outcome } => format!("order {order} is completed as {outcome}"),
    }
}

/// A conversation on one line.
fn talked(turns: &[Turn]) -> String {
    let turns = turns.iter().map(|turn| match turn {
        Turn::Say(text) => format!("say {text:?}"),
        Turn::Hear | Turn::HearHead | Turn::HearFirst => "hear an answer".to_owned(),
        Turn::Shut => "say nothing more".to_owned(),
        Turn::HearEnd => "wait for the end".to_owned(),
    });
    turns.collect::<Vec<_>>().join(", ")
}

/// The path of the last request.
fn path(case: &Case) -> String {
    let paths = case.steps.iter().rev().filter_map(|step| match step {
        Step::Send(request) => match &request.to {
            To::Path(path) => Some(path.as_str()),
            To::Url(_) => None,
        },
        _ => None,
    });
    paths.into_iter().next().unwrap_or_default().to_owned()
}
