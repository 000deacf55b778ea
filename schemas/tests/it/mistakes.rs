//! A data file with a mistake is refused with the file and the key.

use flexiti_contract::{Contract, LoadError, Sources};

fn load_with(file: &str, from: &str, to: &str) -> LoadError {
    let mut sources = Sources::shipped();
    let text = sources.text(file).unwrap();
    assert!(text.contains(from), "{file} no longer has {from}");
    let text = text.replacen(from, to, 1);
    sources.replace(file, text);
    Contract::load(sources).expect_err("the mistake is noticed")
}

#[track_caller]
fn says(error: &LoadError, file: &str, words: &[&str]) {
    assert_eq!(error.file, file, "{error}");
    for word in words {
        assert!(error.what.contains(word), "{error} does not say {word}");
    }
}

#[test]
fn an_unknown_key() {
    let error = load_with("clauses/token.json", "\"level\"", "\"levle\"");
    says(
        &error,
        "clauses/token.json",
        &["/0", "unknown key `levle`", "evidence"],
    );
    let error = load_with("endpoints.json", "\"summary\"", "\"sumary\"");
    says(&error, "endpoints.json", &["/0", "unknown key `sumary`"]);
    let error = load_with("errors.json", "\"message\"", "\"mesage\"");
    says(
        &error,
        "errors.json",
        &["/not_found", "unknown key `mesage`"],
    );
    let error = load_with("response_keys.json", "\"reason\"", "\"reasn\"");
    says(
        &error,
        "response_keys.json",
        &["/0", "unknown key `reasn`", "middle_name"],
    );
    let error = load_with("dialects/documented.json", "\"token_ttl\"", "\"token_tll\"");
    says(
        &error,
        "dialects/documented.json",
        &["/answers", "unknown key `token_tll`", "token_ttl"],
    );
}

#[test]
fn a_value_that_is_not_allowed() {
    let error = load_with("clauses/http.json", "\"refusal\"", "\"refuse\"");
    says(&error, "clauses/http.json", &["/0/asserts", "refuse"]);
    let error = load_with("dialects/strict.json", "\"doc\"", "\"docs\"");
    assert!(error.to_string().contains("docs"), "{error}");
}

#[test]
fn names_that_lead_nowhere() {
    let error = load_with(
        "clauses/http.json",
        "\"error\": \"not_found\"",
        "\"error\": \"lost\"",
    );
    says(
        &error,
        "clauses/http.json",
        &["http.path.known", "/error", "`lost`"],
    );
    let error = load_with(
        "bodies/init.request.json",
        "\"x-clause\": \"init.vcc.type\"",
        "\"x-clause\": \"init.vcc.kind\"",
    );
    says(&error, "bodies/init.request.json", &["init.vcc.kind"]);
    let error = load_with(
        "bodies/init.request.json",
        "\"$knob\": \"text_pattern\"",
        "\"$knob\": \"text_patern\"",
    );
    says(&error, "bodies/init.request.json", &["text_patern"]);
    let error = load_with("clauses/http.json", "http.robust", "http.sturdy");
    says(&error, "clauses/", &["http.sturdy"]);
    let error = load_with(
        "clauses/http.json",
        "bad_percent_encoding\": [\"refuse",
        "bad_percent\": [\"refuse",
    );
    says(&error, "clauses/", &["bad_percent"]);
}

#[test]
fn an_error_that_the_programs_do_not_know_or_that_has_no_row() {
    let error = load_with("errors.json", "\"bad_json\":", "\"bad_jsno\":");
    says(&error, "errors.json", &["`bad_json`", "no row"]);
    let error = load_with(
        "errors.json",
        "{",
        r#"{"teapot": {"status": 418, "error": "teapot", "message": "Short and stout"},"#,
    );
    says(&error, "errors.json", &["/teapot", "unknown error id"]);
    // The answers to a knob that names the error of a clause.
    let error = load_with(
        "clauses/auth.json",
        r#"["token_unknown", "insufficient_scope", "not_found"]"#,
        r#"["token_unknown", "insufficient_scope", "accepted"]"#,
    );
    says(
        &error,
        "clauses/",
        &["auth.token.client", "foreign_token_error", "accepted"],
    );
    let error = load_with(
        "clauses/init.json",
        r#""invalid_request": "repeated_parameter""#,
        r#""invalid_reqeust": "repeated_parameter""#,
    );
    says(
        &error,
        "clauses/",
        &["init.parameters.repeated", "invalid_request"],
    );
    // What stands in a body for each answer to a knob.
    let error = load_with("bodies/token.response.json", r#""opaque":"#, r#""opauqe":"#);
    says(
        &error,
        "bodies/token.response.json",
        &["token_shape", "opaque"],
    );
    let error = load_with(
        "clauses/auth.json",
        "foreign_token_error\" }",
        "token_ttl\" }",
    );
    says(&error, "clauses/", &["auth.token.client", "token_ttl"]);
    let error = load_with("clauses/auth.json", "foreign_token_error\" }", "lost\" }");
    says(&error, "clauses/", &["auth.token.client", "no knob `lost`"]);
}

#[test]
fn a_status_that_is_not_that_of_a_refusal() {
    for status in ["200", "503", "4040"] {
        let error = load_with(
            "errors.json",
            "\"status\": 404",
            &format!("\"status\": {status}"),
        );
        says(&error, "errors.json", &["/not_found/status", status]);
    }
}

#[test]
fn a_clause_or_a_scenario_that_is_a_duplicate() {
    let error = load_with(
        "clauses/http.json",
        "http.method.allowed",
        "http.path.known",
    );
    says(&error, "clauses/", &["http.path.known", "duplicate id"]);
    let mut sources = Sources::shipped();
    let text = sources.text("scenarios.json").unwrap().to_owned();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let twice = serde_json::json!([rows[0], rows[0]]);
    sources.replace("scenarios.json", twice.to_string());
    let error = Contract::load(sources).unwrap_err();
    let id = rows[0]["id"].as_str().unwrap();
    says(&error, "scenarios.json", &[id, "duplicate id"]);
}

#[test]
fn broken_json_and_a_pattern_that_is_none() {
    let error = load_with("errors.json", "{", "{,");
    assert_eq!(error.file, "errors.json");
    let contract = Contract::shipped();
    let dialect = contract.dialect("documented").unwrap();
    let error = dialect
        .with_answer("lang_values", serde_json::json!("^(en"), contract.sources())
        .expect_err("not a pattern");
    assert!(error.what.contains("/answers/lang_values"), "{error}");
}

#[test]
fn an_unknown_dialect_lists_the_known_ones() {
    let error = Contract::shipped()
        .dialect("documentd")
        .expect_err("unknown");
    says(
        &error,
        "documentd",
        &["documented", "lenient", "strict", "hyperswitch"],
    );
}

#[test]
fn a_dialect_without_base_must_answer_everything() {
    let value =
        serde_json::json!({"name": "bare", "description": "nothing", "answers": {"token_ttl": 5}});
    let error = Contract::shipped()
        .dialect_from_json(value)
        .expect_err("incomplete");
    assert!(
        error.what.contains("no answer to reference_id_required"),
        "{error}"
    );
    assert!(!error.what.contains("token_ttl,"), "{error}");
}

#[test]
fn a_reviewers_rule_that_is_missing_or_leads_nowhere() {
    let error = load_with("lint.json", "\"remedy\"", "\"remedies\"");
    says(&error, "lint.json", &["/0", "unknown key `remedies`"]);
    let error = load_with("lint.json", "init.v2.flow", "init.v3.flow");
    says(&error, "lint.json", &["v2_apply_only", "init.v3.flow"]);
    let error = load_with("lint.json", "\"polling_fast\"", "\"token_shared\"");
    says(&error, "lint.json", &["token_shared", "duplicate id"]);
    let error = load_with("lint.json", "\"polling_fast\"", "\"polling_slow\"");
    says(&error, "lint.json", &["polling_slow"]);
    let mut sources = Sources::shipped();
    sources.replace("lint.json", "[]".to_owned());
    let error = Contract::load(sources).expect_err("no rows");
    says(&error, "lint.json", &["no row for the rule"]);
}

#[test]
fn a_source_without_a_title() {
    let error = load_with("clauses/http.json", "\"P-err\"", "\"P-errr\"");
    says(&error, "clauses/", &["http.path.known", "P-errr"]);
    let error = load_with("endpoints.json", "\"R-cur\"", "\"R-now\"");
    says(&error, "endpoints.json", &["/oauth/token", "R-now"]);
    let error = load_with("lint.json", "\"TC\"", "\"TCC\"");
    says(&error, "lint.json", &["browser_credentials", "TCC"]);
    let error = load_with("scenarios.json", "\"RFC-6585\"", "\"RFC-658\"");
    says(&error, "scenarios.json", &["RFC-658"]);
    let error = load_with("meta/dialect.schema.json", "\"R-bul\"", "\"R-bull\"");
    says(&error, "meta/dialect.schema.json", &["R-bull"]);
    let error = load_with("sources.json", "\"R-seed\"", "\"R-cur\"");
    says(&error, "sources.json", &["duplicate", "R-cur"]);
}
