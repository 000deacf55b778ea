//! The report as JUnit XML, for CI: a suite for each endpoint's clauses, a test for each clause.

use super::contents::{ClauseRow, Report, Status};
use super::event::{Event, Reporter};
use quick_junit::{NonSuccessKind, Report as Xml, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

/// Writes the whole report when the run is over.
pub struct Junit<W>(pub W);

impl<W: Write> Reporter for Junit<W> {
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        if let Event::Finished(report) = event {
            xml(report).serialize(&mut self.0)?;
            self.0.flush()?;
        }
        Ok(())
    }
}

fn xml(report: &Report) -> Xml {
    let mut suites: BTreeMap<&str, Vec<TestCase>> = BTreeMap::new();
    for clause in &report.clauses {
        let test = test(report, clause);
        suites.entry(group(&clause.id)).or_default().push(test);
    }
    if let Some(test) = stopped(report) {
        suites.entry("run").or_default().push(test);
    }
    let mut xml = Xml::new("flexiti-conformance");
    let mut total = Duration::ZERO;
    for (name, tests) in suites {
        let took: Duration = tests.iter().filter_map(|test| test.time).sum();
        let mut suite = TestSuite::new(legal(name));
        suite.set_time(took);
        suite.add_test_cases(tests);
        xml.add_test_suite(suite);
        total += took;
    }
    xml.set_time(total);
    xml
}

/// The first word of a clause's id. Jenkins takes what stands before the last full stop of a class
/// name for a package.
fn group(id: &str) -> &str {
    id.split('.').next().unwrap_or_default()
}

fn test(report: &Report, clause: &ClauseRow) -> TestCase {
    let status = match clause.status {
        Status::Verified | Status::Otherwise => TestCaseStatus::success(),
        Status::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            if let Some(finding) = report.findings.iter().find(|f| f.clause == clause.id) {
                status.set_message(legal(&format!("expected {}", finding.expected)));
                let (case, actual, curl) = (&finding.case, &finding.actual, &finding.curl);
                status.set_description(legal(&format!("{case}\nactual: {actual}\n{curl}")));
            }
            status
        }
        Status::NotVerified | Status::NotTestable | Status::Waived => {
            let mut status = TestCaseStatus::skipped();
            let word = match clause.status {
                Status::Waived => "waived",
                Status::NotTestable => "not testable",
                _ => "not verified",
            };
            let why = clause.why.as_deref().unwrap_or_default();
            status.set_message(legal(&format!("{word}: {why}")));
            status
        }
    };
    let mut test = TestCase::new(legal(&clause.id), status);
    test.set_classname(legal(&format!("flexiti.{}", group(&clause.id))));
    let took = report.circumstances.took.get(&clause.id);
    test.set_time(took.copied().unwrap_or_default());
    let source = clause.source.join(", ");
    for (name, value) in [("requirement", &clause.requirement), ("source", &source)] {
        test.add_property((name, legal(value).as_str()));
    }
    test
}

/// A test that did not pass if the run ended early: skipped tests alone would look fine.
fn stopped(report: &Report) -> Option<TestCase> {
    let because = report.circumstances.because.as_deref()?;
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(legal(because));
    let mut test = TestCase::new("the run was finished", status);
    test.set_classname("flexiti.run");
    test.set_time(Duration::ZERO);
    Some(test)
}

/// A text without the characters that XML 1.0 forbids.
fn legal(text: &str) -> String {
    let forbidden = |c: char| {
        let control = c < ' ' && !matches!(c, '\t' | '\n' | '\r');
        control || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    text.replace(forbidden, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_replaced() {
        let text = "a\tb\u{0}c\u{1b}d\u{fffe}e\u{ffff}f\u{e000}";
        assert_eq!(
            legal(text),
            "a\tb\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f\u{e000}"
        );
    }
}
