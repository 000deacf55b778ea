//! A reader of each format, which is not what wrote it.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Reads a report of a failing run as the programs do that it is made for.
pub fn read(format: &str, text: &str) {
    match format {
        "text" => assert!(text.contains("\nFAILED token."), "{text}"),
        "json" => json(text),
        "ndjson" => ndjson(text),
        "junit" => junit(text),
        "sarif" => sarif(text),
        "html" => html(text),
        "markdown" => markdown(text),
        "github" => drop(github(text)),
        other => panic!("no reader for {other}"),
    }
}

fn fits(schema: &str, value: &Value) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let file = root.join("schemas/meta").join(schema);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    valid(&schema, value);
}

fn valid(schema: &Value, value: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// A JSON report, by the schema that is shipped.
pub fn json(text: &str) {
    let report: Value = serde_json::from_str(text).unwrap();
    fits("report.schema.json", &report);
    let rows = report["clauses"].as_array().unwrap();
    for (status, count) in report["summary"].as_object().unwrap() {
        let counted = rows.iter().filter(|row| row["status"] == status.as_str());
        assert_eq!(*count, counted.count(), "{status}");
    }
}

/// The JSON report of a certification, by the schema that is shipped.
pub fn shop_json(text: &str) -> Value {
    let report: Value = serde_json::from_str(text).unwrap();
    fits("merchant-report.schema.json", &report);
    let rows = report["scenarios"].as_array().unwrap();
    for (status, count) in report["summary"].as_object().unwrap() {
        let counted = rows.iter().filter(|row| row["status"] == status.as_str());
        assert_eq!(*count, counted.count(), "{status}");
    }
    for finding in report["findings"].as_array().unwrap() {
        let same =
            |row: &&Value| row["id"] == finding["scenario"] && row["dialect"] == finding["dialect"];
        let row = rows.iter().find(same).unwrap();
        let checks = row["checks"].as_array().unwrap();
        assert!(
            checks
                .iter()
                .any(|it| it["check"] == finding["check"] && it["status"] == finding["status"])
        );
    }
    report
}

/// The events of a certification, one on each line.
pub fn shop_ndjson(text: &str) -> Vec<Value> {
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let events: Vec<Value> = lines.collect();
    for event in &events {
        fits("merchant-event.schema.json", event);
    }
    let of = |kind: &str| events.iter().filter(|it| it["event"] == kind).count();
    assert_eq!((of("started"), of("finished")), (1, 1));
    assert_eq!(events[0]["event"], "started");
    assert_eq!(events[events.len() - 1]["event"], "finished");
    // Every scenario that was played has its row.
    for case in events.iter().filter(|event| event["event"] == "case") {
        let row = |it: &Value| {
            it["event"] == "scenario" && it["id"] == case["id"] && it["dialect"] == case["dialect"]
        };
        assert!(events.iter().any(row), "{case}");
    }
    events
}

/// Events, one on each line.
pub fn ndjson(text: &str) {
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for event in &events {
        fits("event.schema.json", event);
    }
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|it| it["event"].as_str())
        .collect();
    assert_eq!(
        (kinds.first(), kinds.last()),
        (Some(&"started"), Some(&"finished"))
    );
    // What is found has been seen in a case before.
    for finding in events.iter().filter(|event| event["event"] == "finding") {
        let case = &finding["finding"]["case"];
        assert!(
            events
                .iter()
                .any(|it| it["event"] == "case" && it["id"] == *case),
            "{case}"
        );
    }
}

/// JUnit, by an XML parser that is strict about characters, and by the fields that CI reads.
pub fn junit(text: &str) {
    let document = roxmltree::Document::parse(text).unwrap();
    quick_junit::Report::deserialize_from_str(text).unwrap();
    let named = |name: &'static str| {
        document
            .descendants()
            .filter(move |it| it.has_tag_name(name))
    };
    assert!(named("testcase").count() > 0);
    for element in named("testcase")
        .chain(named("testsuite"))
        .chain(named("testsuites"))
    {
        let time = element.attribute("time").unwrap();
        assert!(time.parse::<f64>().is_ok(), "{time}");
    }
    for case in named("testcase") {
        let class = case.attribute("classname").unwrap();
        let group = class.strip_prefix("flexiti.").unwrap();
        assert!(!group.contains(['.', ' ', '(']), "{class}");
    }
    let count = |name| named(name).count().to_string();
    let suites = document.root_element();
    assert_eq!(suites.attribute("failures"), Some(&*count("failure")));
}

/// SARIF, by `serde-sarif` and by the schema of OASIS that it ships.
pub fn sarif(text: &str) {
    let log: serde_sarif::sarif::Sarif = serde_json::from_str(text).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    valid(&sarif_schema(), &value);
    let run = &log.runs[0];
    let rules = run.tool.driver.rules.as_ref().unwrap();
    for result in run.results.as_ref().unwrap() {
        let index = usize::try_from(result.rule_index.unwrap()).unwrap();
        assert_eq!(Some(&rules[index].id), result.rule_id.as_ref());
        assert!(result.locations.as_ref().is_some_and(|it| !it.is_empty()));
    }
}

/// The schema in the sources of the crate.
fn sarif_schema() -> Value {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let package = packages.find(|it| it["name"] == "serde-sarif").unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let file = manifest.with_file_name("src").join("schema.json");
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    // OASIS's pattern has a bracket too many, which is no regular expression.
    for owner in ["run", "toolComponent"] {
        let language = format!("/definitions/{owner}/properties/language");
        let language = schema.pointer_mut(&language).and_then(Value::as_object_mut);
        language.unwrap().shift_remove("pattern").unwrap();
    }
    schema
}

/// A page that asks nobody for anything, and has no element and no attribute but its own.
pub fn html(text: &str) {
    assert!(text.contains("default-src 'none'"));
    let tags = regex::Regex::new(r"<([a-zA-Z][a-zA-Z0-9]*)([^>]*)>").unwrap();
    let attributes = regex::Regex::new(r#"([a-zA-Z-]+)(?:="([^"]*)")?"#).unwrap();
    let elements = "html head meta link title style body main h1 h2 span p dl dt dd code strong \
                    fieldset legend label input div details summary br ol ul li pre table thead \
                    tbody tr th td script";
    let known = "lang charset name content http-equiv rel href id class type checked hidden for \
                 placeholder autocomplete role data-text open scope";
    let known: Vec<&str> = known.split_whitespace().collect();
    let mut scripts = 0;
    for tag in tags.captures_iter(text) {
        assert!(
            elements.split_whitespace().any(|it| it == &tag[1]),
            "{}",
            &tag[0]
        );
        scripts += usize::from(&tag[1] == "script");
        for attribute in attributes.captures_iter(&tag[2]) {
            assert!(known.contains(&&attribute[1]), "{}", &tag[0]);
            if &attribute[1] == "href" {
                assert_eq!(&attribute[2], "data:,");
            }
        }
    }
    assert_eq!(scripts, 1);
    assert!(!text.contains("@import") && !text.contains("url("));
}

/// Markdown, by a parser of `CommonMark` with GitHub's tables: no markup but the page's own.
pub fn markdown(text: &str) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let mut tables = 0;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                let own = [
                    "<details",
                    "</details",
                    "<summary",
                    "</summary",
                    "<code",
                    "</code",
                ];
                for tag in html.split_inclusive('>').map(str::trim) {
                    let at = tag.find('<').unwrap_or(tag.len());
                    let tag = &tag[at..];
                    assert!(
                        tag.is_empty() || own.iter().any(|own| tag.starts_with(own)),
                        "{html}"
                    );
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => panic!("a link to {dest_url}"),
            Event::Start(Tag::Image { dest_url, .. }) => panic!("an image from {dest_url}"),
            Event::Start(Tag::Table(_)) => tables += 1,
            _ => {}
        }
    }
    assert!(tables > 0 && text.len() < 1_048_576);
}

/// Workflow commands, as GitHub's runner takes them apart; gives kind, title and message of each.
pub fn github(text: &str) -> Vec<(String, String, String)> {
    let decoded = |text: &str| {
        let text = text.replace("%0A", "\n").replace("%0D", "\r");
        text.replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%25", "%")
    };
    let mut commands = Vec::new();
    for line in text.lines() {
        let rest = line.strip_prefix("::").unwrap();
        let (command, message) = rest.split_once("::").unwrap();
        let (kind, properties) = command.split_once(' ').unwrap();
        let title = properties.strip_prefix("title=").unwrap();
        assert!(["error", "warning", "notice"].contains(&kind), "{line}");
        assert!(!title.contains([':', ',', '=']), "{line}");
        commands.push((kind.to_owned(), decoded(title), decoded(message)));
    }
    assert_eq!(commands.last().unwrap().0, "notice");
    commands
}
