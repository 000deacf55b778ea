//! JUnit XML, for CI: a suite for each group, a test for each row.

use super::document::{Document, Outcome, Row};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::io::Write;
use std::time::Duration;

/// Writes a document.
pub fn write(document: &Document, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut suites: Vec<(&str, Vec<TestCase>)> = document
        .groups()
        .into_iter()
        .map(|(name, rows)| (name, rows.iter().map(|row| test(document, row)).collect()))
        .collect();
    suites.sort_by_key(|(name, _)| *name);
    if let Some(test) = stopped(document) {
        suites.push(("run", vec![test]));
    }
    let mut xml = Report::new("flexiti-conformance");
    let mut total = Duration::ZERO;
    for (name, tests) in suites {
        let took: Duration = tests.iter().filter_map(|test| test.time).sum();
        let mut suite = TestSuite::new(legal(name));
        suite.set_time(took);
        for about in &document.about {
            suite.add_property((about.name, legal(&about.value).as_str()));
        }
        suite.add_test_cases(tests);
        xml.add_test_suite(suite);
        total += took;
    }
    xml.set_time(total);
    xml.serialize(out)?;
    Ok(())
}

fn test(document: &Document, row: &Row) -> TestCase {
    let why = row.why.as_deref().unwrap_or_default();
    let finding = document.findings.iter().find(|found| found.row == row.id);
    let status = match row.outcome {
        Outcome::Verified | Outcome::Otherwise => TestCaseStatus::success(),
        Outcome::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            if let Some(found) = finding {
                status.set_message(legal(&format!("expected {}", found.expected)));
                let command = found.command.as_deref().unwrap_or_default();
                let (case, actual) = (&found.case, &found.actual);
                let lines = [case, &format!("actual: {actual}"), why, command];
                let lines = lines.iter().filter(|line| !line.is_empty()).copied();
                let story = lines.chain(found.story.iter().map(String::as_str));
                status.set_description(legal(&story.collect::<Vec<_>>().join("\n")));
            }
            status
        }
        Outcome::NotVerified | Outcome::NotTestable | Outcome::Waived | Outcome::Known => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(legal(&format!("{}: {why}", row.word)));
            status
        }
    };
    let mut test = TestCase::new(legal(&row.id), status);
    // Jenkins takes everything before the last dot of a class name as a package.
    test.set_classname(legal(&format!("flexiti.{}", row.group)));
    test.set_time(row.took);
    let sources = row.sources.join("; ");
    for (name, value) in [
        ("requirement", &row.requirement),
        ("level", &row.level),
        ("evidence", &row.evidence),
        ("source", &sources),
    ] {
        if !value.is_empty() {
            test.add_property((name, legal(value).as_str()));
        }
    }
    test
}

/// A failed test if the run ended early: with skipped tests alone, the run would look fine.
fn stopped(document: &Document) -> Option<TestCase> {
    let because = document.stopped.as_deref()?;
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(legal(because));
    let mut test = TestCase::new("the run was finished", status);
    test.set_classname("flexiti.run");
    test.set_time(Duration::ZERO);
    Some(test)
}

/// A text without the characters that XML 1.0 forbids (section 2.2).
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
