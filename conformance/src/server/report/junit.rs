//! The report as JUnit XML, for CI: a suite for each endpoint's clauses, a test for each clause.

use super::contents::{ClauseRow, Report, Status};
use super::event::{Event, Reporter};
use quick_junit::{NonSuccessKind, Report as Xml, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeMap;
use std::io::Write;

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
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for clause in &report.clauses {
        let family = clause.id.split('.').next().unwrap_or_default();
        let suite = suites
            .entry(family)
            .or_insert_with(|| TestSuite::new(family));
        suite.add_test_case(test(report, clause));
    }
    let mut xml = Xml::new("flexiti-conformance");
    xml.add_test_suites(suites.into_values());
    xml
}

fn test(report: &Report, clause: &ClauseRow) -> TestCase {
    let status = match clause.status {
        Status::Verified | Status::Otherwise => TestCaseStatus::success(),
        Status::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            if let Some(finding) = report.findings.iter().find(|f| f.clause == clause.id) {
                status.set_message(format!("expected {}", finding.expected));
                let (case, actual, curl) = (&finding.case, &finding.actual, &finding.curl);
                status.set_description(format!("{case}\nactual: {actual}\n{curl}"));
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
            status.set_message(format!(
                "{word}: {}",
                clause.why.as_deref().unwrap_or_default()
            ));
            status
        }
    };
    let mut test = TestCase::new(&clause.id, status);
    test.set_classname(format!(
        "{} ({})",
        clause.requirement,
        clause.source.join(", ")
    ));
    test
}
