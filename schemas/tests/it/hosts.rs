//! Production hosts and transcripts: the shipped files and what the code reads fit their schemas.

use flexiti_contract::Contract;
use flexiti_contract::hosts::production_hosts;
use flexiti_contract::transcript::{Answer, Header, Recorded, Request, archive_entry, read};
use serde_json::Value;

fn schema(text: &str) -> jsonschema::Validator {
    let schema = serde_json::from_str(text).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[test]
fn the_production_hosts_fit_their_schema_and_their_sources() {
    let text = include_str!("../../hosts.json");
    let rows: Value = serde_json::from_str(text).unwrap();
    let validator = schema(include_str!("../../meta/hosts.schema.json"));
    let wrong: Vec<String> = validator
        .iter_errors(&rows)
        .map(|it| it.to_string())
        .collect();
    assert_eq!(wrong, [""; 0]);
    let citations = &Contract::shipped().citations;
    for row in production_hosts() {
        for source in &row.source {
            assert!(citations.iter().any(|it| it.key == *source), "{source}");
        }
    }
}

#[test]
fn a_transcript_fits_its_schema_and_is_read_as_it_was_written() {
    let answered = Recorded {
        at: "2026-01-31T10:00:00.000Z".to_owned(),
        client_id: Some("shop".to_owned()),
        endpoint: Some("token".to_owned()),
        server: "https://sandbox.example".to_owned(),
        request: Request {
            method: "POST".to_owned(),
            path: "/flexiti/online-api/oauth/token".to_owned(),
            query: Some("a=%20b".to_owned()),
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            body: Some("x".to_owned()),
        },
        answer: Some(Answer {
            status: 200,
            headers: vec![],
            body: Some("{}".to_owned()),
            length: 2,
        }),
        error: None,
        took_us: 1_500,
    };
    let failed = Recorded {
        client_id: None,
        endpoint: None,
        answer: None,
        error: Some("refused".to_owned()),
        ..answered.clone()
    };
    let validator = schema(include_str!("../../meta/transcript.schema.json"));
    let header = serde_json::to_value(Header::new()).unwrap();
    let lines = [&answered, &failed].map(|it| serde_json::to_value(it).unwrap());
    for line in std::iter::once(&header).chain(&lines) {
        let wrong: Vec<String> = validator
            .iter_errors(line)
            .map(|it| it.to_string())
            .collect();
        assert_eq!(wrong, [""; 0], "{line}");
    }
    let mut longer = lines[0].clone();
    longer["more"] = 1.into();
    assert!(!validator.is_valid(&longer));
    let text = format!("{header}\n{}\n{}\n", lines[0], lines[1]);
    assert_eq!(read(&text).unwrap(), [answered.clone(), failed.clone()]);
    let entries = [archive_entry(&answered), archive_entry(&failed)];
    let archive = serde_json::json!({"log": {"version": "1.2", "entries": entries}});
    assert_eq!(read(&archive.to_string()).unwrap(), [answered, failed]);
    let broken = text.replacen("\"at\"", "\"att\"", 1);
    let error = read(&broken).unwrap_err();
    assert!(error.starts_with("line 2: "), "{error}");
}
