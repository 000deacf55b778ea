//! The program against a server that was written from the documentation alone, without looking at
//! the mock or at this runner: whatever it answers to the open questions, it is accused of nothing;
//! and if it breaks a documented sentence, it is accused of that and of nothing else.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const DATA: &str = include_str!("../stranger/faults.json");

/// How many combinations of settings are drawn.
const COMBINATIONS: u64 = 50;

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stranger/stranger.py")
}

fn data() -> Value {
    serde_json::from_str(DATA).unwrap()
}

/// A catalogue of the server: `settings` or `faults`.
fn catalogue(name: &str) -> Vec<Value> {
    let output = Command::new("python3")
        .arg(script())
        .arg(format!("--list-{name}"))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A running server. It ends when its standard input is closed.
struct Stranger {
    process: Child,
    _stdout: BufReader<ChildStdout>,
    base_url: String,
}

impl Stranger {
    fn start() -> Self {
        let mut process = Command::new("python3")
            .arg(script())
            .arg("--until-stdin-closes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        Self {
            process,
            _stdout: stdout,
            base_url: said["base_url"].as_str().unwrap().to_owned(),
        }
    }

    /// Switches settings and fault, and forgets all tokens and orders.
    fn switch(&self, settings: &Map<String, Value>, fault: Option<&str>) {
        let root = self.base_url.split("/flexiti").next().unwrap();
        // Built with TLS, a client wants it even for http. An error: it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let answer = reqwest::blocking::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .put(format!("{root}/__stranger"))
            .body(json!({ "settings": settings, "fault": fault }).to_string())
            .send()
            .unwrap();
        let status = answer.status().as_u16();
        assert_eq!(status, 204, "{fault:?}: {}", answer.text().unwrap());
    }

    /// What the program says of the server as it is.
    fn judged(&self, seed: u64) -> Judged {
        self.judged_with(seed, &["--cases", "0"])
    }

    /// The same with more flags.
    fn judged_with(&self, seed: u64, flags: &[&str]) -> Judged {
        let seed = seed.to_string();
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("report.txt");
        let output = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"))
            .args(["server", "--base-url", &self.base_url, "--seed", &seed])
            .args(["--report", "json=-", "--report"])
            .arg(format!("text={}", text.display()))
            // There always is a second account.
            .args(["--other-client-id", "other"])
            .env("FLEXITI_OTHER_CLIENT_SECRET", "other-secret")
            // Python's server waits for more where a conversation ends: it would cost minutes.
            .args(["--skip", "http.message"])
            .args(flags)
            .env_remove("FLEXITI_BASE_URL")
            .env_remove("FLEXITI_CLIENT_ID")
            .env_remove("FLEXITI_CLIENT_SECRET")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value = serde_json::from_slice(&output.stdout).expect(&stderr);
        Judged {
            code: output.status.code(),
            findings: report["findings"].as_array().unwrap().clone(),
            rows: report["clauses"].as_array().unwrap().clone(),
            text: std::fs::read_to_string(text).unwrap_or_default(),
            stderr,
        }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

struct Judged {
    code: Option<i32>,
    findings: Vec<Value>,
    /// A row for each clause.
    rows: Vec<Value>,
    /// The report as text.
    text: String,
    stderr: String,
}

impl Judged {
    fn clauses(&self) -> BTreeSet<&str> {
        let findings = self.findings.iter();
        findings
            .map(|finding| finding["clause"].as_str().unwrap())
            .collect()
    }

    /// The findings, a line for each.
    fn told(&self) -> String {
        let line = |finding: &Value| {
            let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            let (case, expected, actual) = (text("case"), text("expected"), text("actual"));
            format!("{case}\n  expected {expected}\n  actual {actual}\n")
        };
        self.findings.iter().map(line).collect::<String>() + &self.stderr
    }
}

/// Numbers that look drawn, and are the same in every run (Knuth's constants for 64 bits).
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// An answer to every open question. What the data excludes is mended with the default of the
/// setting that is named first.
fn combination(seed: u64, settings: &[Value], excluded: &[Value]) -> Map<String, Value> {
    let mut drawn = Drawn(seed);
    let mut chosen = Map::new();
    for setting in settings {
        let values = setting["values"].as_array().unwrap();
        let value = values[drawn.below(values.len())].clone();
        chosen.insert(setting["name"].as_str().unwrap().to_owned(), value);
    }
    for row in excluded {
        let together = row["settings"].as_object().unwrap();
        if together.iter().all(|(name, value)| chosen[name] == *value) {
            let (first, _) = together.iter().next().unwrap();
            let setting = settings.iter().find(|s| s["name"] == first.as_str());
            chosen.insert(first.clone(), setting.unwrap()["default"].clone());
        }
    }
    chosen
}

#[test]
fn no_answer_to_an_open_question_is_an_accusation() {
    let (settings, data) = (catalogue("settings"), data());
    let excluded = data["excluded_settings"].as_array().unwrap();
    let stranger = Stranger::start();
    let combinations = (1..=COMBINATIONS).map(|seed| combination(seed, &settings, excluded));
    let mut accused = Vec::new();
    for (seed, chosen) in [Map::new()].into_iter().chain(combinations).enumerate() {
        stranger.switch(&chosen, None);
        let judged = stranger.judged(u64::try_from(seed).unwrap());
        // Without an admin API, some answers leave too little to see: that is exit code 3.
        let fair = judged.findings.is_empty() && [Some(0), Some(3)].contains(&judged.code);
        if !fair {
            let settings = Value::Object(chosen);
            let (code, told) = (judged.code, judged.told());
            accused.push(format!(
                "combination {seed}, exit code {code:?}:\n{told}{settings}\n"
            ));
        }
    }
    assert!(accused.is_empty(), "{}", accused.join("\n"));
}

/// Whether these are the clauses that the data names: all of them, or some of those of which any
/// says it.
fn is_right(clauses: &BTreeSet<&str>, wanted: &Value) -> bool {
    let set = |list: &Value| -> BTreeSet<String> {
        let ids = list.as_array().unwrap().iter();
        ids.map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    let found: BTreeSet<String> = clauses.iter().map(|id| (*id).to_owned()).collect();
    match wanted.get("any_of") {
        Some(any) => !found.is_empty() && found.is_subset(&set(any)),
        None => found == set(wanted),
    }
}

/// Two tests, which run beside each other: each has every other fault.
fn every_other_broken_sentence_is_found(first: usize) {
    let data = data();
    let stranger = Stranger::start();
    let mut wrong = Vec::new();
    let found = data["found"].as_object().unwrap();
    for (fault, wanted) in found.iter().skip(first).step_by(2) {
        stranger.switch(&Map::new(), Some(fault));
        // It shows in a run only that takes longer.
        let is_slow = fault == "access_token_lives_three_seconds";
        let rate: &[&str] = if is_slow { &["--rate", "100"] } else { &[] };
        let judged = stranger.judged_with(1, &[&["--cases", "0"], rate].concat());
        let clauses = judged.clauses();
        if judged.code != Some(1) || !is_right(&clauses, wanted) {
            let (code, told) = (judged.code, judged.told());
            wrong.push(format!(
                "{fault}, exit code {code:?}: {clauses:?}, not {wanted}\n{told}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_broken_sentence_is_found_and_nothing_else_1() {
    every_other_broken_sentence_is_found(0);
}

#[test]
fn a_broken_sentence_is_found_and_nothing_else_2() {
    every_other_broken_sentence_is_found(1);
}

#[test]
fn one_of_the_two_who_say_who_buys_is_enough_if_the_refusal_asks_for_the_other() {
    let stranger = Stranger::start();
    let listed = json!({ "init_error_shape": "doc_with_list" });
    let listed = listed.as_object().unwrap();
    stranger.switch(listed, Some("customer_id_always_required"));
    let judged = stranger.judged(1);
    let wanted = BTreeSet::from(["init.buy.identity"]);
    assert_eq!(judged.clauses(), wanted, "{}", judged.told());
}

#[test]
fn one_answer_in_twenty_may_be_503_and_the_report_says_how_many_were() {
    let stranger = Stranger::start();
    let gateway = json!({ "gateway": "unavailable_now_and_then" });
    stranger.switch(gateway.as_object().unwrap(), None);
    let judged = stranger.judged(1);
    assert_eq!(judged.code, Some(0), "{}", judged.told());
    let noted = "answers were 502 to 504, while others succeeded";
    assert!(judged.text.contains(noted), "{}", judged.text);
}

/// A client that sends wrong secrets to see them refused may be kept out for it.
#[test]
fn a_client_that_is_kept_out_for_a_while_waits() {
    let stranger = Stranger::start();
    let settings = json!({ "lockout": "ten_wrong_secrets" });
    stranger.switch(settings.as_object().unwrap(), None);
    let judged = stranger.judged(1);
    assert_eq!(judged.code, Some(0), "{}", judged.told());
    let noted = "429 (too many requests), or the client was locked out";
    assert!(judged.text.contains(noted), "{}", judged.text);
}

/// A live server knows none of the customers that the pages print. That it refuses to sell to them is
/// no contradiction, whatever it calls that.
#[test]
fn a_server_may_know_none_of_the_customers_of_the_examples() {
    let stranger = Stranger::start();
    for answer in [
        "409_customer_not_found",
        "404_not_found",
        "409_wrong_inputs",
    ] {
        for unknown in [
            "at_buy",
            "at_apply_buy",
            "cards_at_buy",
            "ids_at_apply_buy_and_cards_at_buy",
        ] {
            let settings = json!({ "buy_unknown_customer": answer, "unknown_customers": unknown });
            stranger.switch(settings.as_object().unwrap(), None);
            let judged = stranger.judged_with(1, &["--cases", "0"]);
            assert_eq!(
                judged.code,
                Some(0),
                "{answer}, {unknown}: {}",
                judged.told()
            );
            let noted = "Buy was not tried: it needs a customer";
            let is_noted = judged.text.contains(noted);
            assert_eq!(is_noted, unknown == "at_buy", "{unknown}: {}", judged.text);
        }
    }
}

#[test]
fn a_gateway_may_refuse_generated_text_on_a_page_of_its_own() {
    let stranger = Stranger::start();
    let gateway = json!({ "gateway": "refuses_signs" });
    stranger.switch(gateway.as_object().unwrap(), None);
    let judged = stranger.judged_with(1, &["--cases", "150"]);
    assert!(judged.findings.is_empty(), "{}", judged.told());
}

/// No page says when an order is finished; but a shop that ships goods on a word that came before its
/// customer should hear of it first.
#[test]
fn a_good_end_before_the_customer_came_is_no_violation_and_is_told_first() {
    let stranger = Stranger::start();
    let finished = json!({ "order_finishes": "at_init" });
    stranger.switch(finished.as_object().unwrap(), None);
    let judged = stranger.judged_with(1, &["--cases", "0", "--only", "notification.*"]);
    assert!(judged.findings.is_empty(), "{}", judged.told());
    let (_, suspects) = judged.text.split_once("almost certainly a bug").unwrap();
    let (suspects, _) = suspects.split_once("learned:").unwrap_or((suspects, ""));
    assert!(suspects.contains("anything but \"SUCCESS\""), "{suspects}");
}

/// The stranger keeps the documented sentences whatever it is set to, and each of its faults breaks
/// one.
#[test]
fn the_stranger_is_what_it_says() {
    let output = Command::new("python3")
        .arg(script().with_file_name("test_stranger.py"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

#[test]
fn time_passes_for_real_where_that_is_allowed() {
    let stranger = Stranger::start();
    let outcome = |flags: &[&str]| {
        let only = ["--cases", "0", "--only", "auth.token.alive"];
        let judged = stranger.judged_with(1, &[&only, flags].concat());
        let row = judged.rows.iter().find(|row| row["id"] == only[3]);
        let cases = row.unwrap()["cases"].as_array().unwrap();
        let waits = |case: &&Value| case["id"].as_str().unwrap().contains("five seconds");
        let case = cases.iter().find(waits).unwrap();
        case["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(outcome(&[]), "not testable");
    assert_eq!(outcome(&["--allow-waiting", "5"]), "kept");
}

#[test]
fn the_data_speaks_of_every_fault_once_and_of_clauses_that_exist() {
    let data = data();
    let groups = ["found", "not_found", "out_of_scope"];
    let names = groups
        .iter()
        .flat_map(|group| data[*group].as_object().unwrap().keys());
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    let faults = catalogue("faults");
    let mut known: Vec<&str> = faults.iter().map(|f| f["name"].as_str().unwrap()).collect();
    known.sort_unstable();
    assert_eq!(names, known);
    let contract = flexiti_contract::Contract::shipped();
    for (fault, wanted) in data["found"].as_object().unwrap() {
        let ids = wanted.get("any_of").unwrap_or(wanted).as_array().unwrap();
        for id in ids {
            assert!(
                contract.clause(id.as_str().unwrap()).is_some(),
                "{fault}: {id}"
            );
        }
    }
    let settings = catalogue("settings");
    for row in data["excluded_settings"].as_array().unwrap() {
        for (name, value) in row["settings"].as_object().unwrap() {
            let setting = settings.iter().find(|s| s["name"] == name.as_str());
            let values = setting.unwrap()["values"].as_array().unwrap();
            assert!(values.contains(value), "{name}: {value}");
        }
    }
}
