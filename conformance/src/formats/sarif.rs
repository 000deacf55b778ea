//! SARIF 2.1.0 (OASIS), for code scanning: a rule for each row, a result for each finding.

use super::document::{Document, Finding, Outcome, Row};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString,
    Notification, PhysicalLocation, PropertyBag, ReportingConfiguration, ReportingDescriptor,
    Result as Finding210, ResultKind, ResultLevel, Run, SCHEMA_URL, Sarif, Suppression, Tool,
    ToolComponent,
};
use std::collections::BTreeMap;
use std::io::Write;

/// The id of the base URL that locations are relative to.
const BASE: &str = "TARGET";

/// Characters to percent-encode in a path: all but those allowed by RFC 3986, section 3.3.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Writes a document.
pub fn write(document: &Document, out: &mut dyn Write) -> anyhow::Result<()> {
    let rules: Vec<ReportingDescriptor> = document.rows.iter().map(rule).collect();
    let results: Vec<Finding210> = document
        .findings
        .iter()
        .map(|finding| result(document, finding))
        .collect();
    let driver = ToolComponent::builder()
        .name("flexiti-conformance")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules)
        .build();
    let mut run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .invocations(vec![invocation(document)])
        .column_kind(json!("unicodeCodePoints"))
        .properties(about(document))
        .results(results)
        .build();
    if let Some(base) = document.base_url.as_deref() {
        // A base must end in a slash (3.14.14).
        let base = format!("{}/", base.trim_end_matches('/'));
        let place = ArtifactLocation::builder().uri(base).build();
        run.original_uri_base_ids = Some(BTreeMap::from([(BASE.to_owned(), place)]));
    }
    let log = Sarif::builder()
        .schema(SCHEMA_URL)
        .version(json!("2.1.0"))
        .runs(vec![run])
        .build();
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)?;
    Ok(())
}

fn rule(row: &Row) -> ReportingDescriptor {
    let level = match row.level.as_str() {
        "must" => json!("error"),
        _ => json!("warning"),
    };
    let sources = row.sources.iter().map(String::as_str);
    let help: Vec<&str> = std::iter::once(row.requirement.as_str())
        .chain(sources)
        .collect();
    let help = help.join("\n");
    ReportingDescriptor::builder()
        .id(&row.id)
        .short_description(multiformat(&row.requirement))
        .full_description(multiformat(&row.requirement))
        .help(multiformat(&help))
        .default_configuration(ReportingConfiguration::builder().level(level).build())
        .properties(bag([
            ("outcome", json!(row.word)),
            ("why", json!(row.why)),
            ("evidence", json!(row.evidence)),
            ("tags", json!([row.group])),
        ]))
        .build()
}

fn result(document: &Document, finding: &Finding) -> Finding210 {
    let row = document.row(&finding.row);
    let requirement = row.map_or("", |row| row.requirement.as_str());
    let mut text = requirement.to_owned();
    for (word, said) in [("Expected", &finding.expected), ("Actual", &finding.actual)] {
        if !said.is_empty() {
            text = format!("{text}\n{word}: {said}");
        }
    }
    let index = document.rows.iter().position(|row| row.id == finding.row);
    let place = ArtifactLocation::builder()
        .uri(utf8_percent_encode(finding.path.trim_start_matches('/'), PATH).to_string());
    let place = match document.base_url {
        Some(_) => place.uri_base_id(BASE).build(),
        None => place.build(),
    };
    let location = Location::builder()
        .physical_location(PhysicalLocation::builder().artifact_location(place).build())
        .logical_locations(vec![
            LogicalLocation::builder()
                .fully_qualified_name(&finding.case)
                .build(),
        ])
        .build();
    let level = match finding.outcome {
        Outcome::Otherwise => ResultLevel::Note,
        _ => ResultLevel::Error,
    };
    let mut result = Finding210::builder()
        .rule_id(&finding.row)
        .kind(ResultKind::Fail)
        .level(level)
        .message(message(&text))
        .locations(vec![location])
        .partial_fingerprints(BTreeMap::from([(
            "clause/v1".to_owned(),
            finding.row.clone(),
        )]))
        .properties(bag([
            ("case", json!(finding.case)),
            ("cases", json!(finding.cases)),
            ("expected", json!(finding.expected)),
            ("actual", json!(finding.actual)),
            ("steps", json!(finding.story)),
            ("command", json!(finding.command)),
        ]))
        .build();
    result.rule_index = index.and_then(|index| i64::try_from(index).ok());
    let why = row.and_then(|row| row.why.clone()).unwrap_or_default();
    if finding.outcome == Outcome::Waived {
        let mut suppression = Suppression::builder().kind(json!("external")).build();
        suppression.status = Some(json!("accepted"));
        suppression.justification = Some(why);
        result.suppressions = Some(vec![suppression]);
    } else if finding.outcome == Outcome::Known {
        result.baseline_state = Some(json!("unchanged"));
    }
    result
}

fn invocation(document: &Document) -> Invocation {
    let said = document.stopped.iter().chain(&document.notes);
    let notes: Vec<Notification> = said
        .map(|note| Notification::builder().message(message(note)).build())
        .collect();
    Invocation::builder()
        .execution_successful(document.stopped.is_none())
        .exit_code(i64::from(document.exit_code))
        .tool_execution_notifications(notes)
        .build()
}

fn about(document: &Document) -> PropertyBag {
    let about = document.about.iter();
    bag(about.map(|about| (about.name, json!(about.value))))
}

fn bag<'n>(members: impl IntoIterator<Item = (&'n str, Value)>) -> PropertyBag {
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    let mut members: BTreeMap<String, Value> = members
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let tags = members.remove("tags");
    let tags = tags.and_then(|tags| serde_json::from_value(tags).ok());
    let mut bag = PropertyBag::builder()
        .additional_properties(members)
        .build();
    bag.tags = tags;
    bag
}

fn message(text: &str) -> Message {
    Message::builder().text(escaped(text)).build()
}

fn multiformat(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder()
        .text(escaped(text))
        .build()
}

/// Escapes a text for a message: braces are placeholders unless doubled (3.11.5), and
/// `[text](target)` would be a link (3.11.6).
fn escaped(text: &str) -> String {
    text.replace('{', "{{")
        .replace('}', "}}")
        .replace("](", "] (")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_placeholder_or_a_link() {
        assert_eq!(escaped("{0} [x](y)"), "{{0}} [x] (y)");
    }
}
