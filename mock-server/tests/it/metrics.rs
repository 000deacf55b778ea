//! The figures, read by a parser of Prometheus's text format.

use crate::shop::{APPLY, INIT, admin, init_call, order, server, token};
use flexiti_mock::Mock;
use prometheus_parse::{Sample, Scrape, Value as Figure};
use serde_json::{Value, json};

fn scrape(mock: &Mock) -> Scrape {
    let answer = admin(mock, "GET", "/metrics", &Value::Null);
    assert_eq!(answer.status, 200);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(answer.header("content-type"), Some(kind));
    let text = answer.text();
    let lines = text.lines().map(|line| Ok(line.to_owned()));
    let scrape = Scrape::parse(lines).unwrap();
    // Nothing was passed over as unreadable.
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let told: usize = scrape.samples.iter().map(lines_of).sum();
    assert_eq!(told, samples.count(), "{text}");
    scrape
}

/// How many lines a sample takes: a histogram has one for each bucket; its sum and count are
/// samples of their own.
fn lines_of(sample: &Sample) -> usize {
    match &sample.value {
        Figure::Histogram(buckets) => buckets.len(),
        _ => 1,
    }
}

fn figure(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let has = |sample: &&Sample| {
        let named = |(label, value): &(&str, &str)| sample.labels.get(label) == Some(*value);
        sample.metric == format!("flexiti_mock_{name}") && labels.iter().all(named)
    };
    let sample = scrape.samples.iter().find(has)?;
    match sample.value {
        Figure::Counter(value) | Figure::Gauge(value) | Figure::Untyped(value) => Some(value),
        _ => None,
    }
}

#[test]
fn requests_refusals_faults_and_what_is_held_are_counted() {
    let mock = server("documented");
    let plan = json!({"faults": [{"match": {"endpoint": "token"}, "action": {"type": "status", "status": 503}}]});
    admin(&mock, "PUT", "/merchants/flexitidemo/faults", &plan);
    crate::shop::demo_token_call(&[]).send(mock.address());
    order(&mock, &APPLY);
    let wrong = [("lang", "de"), APPLY[1], APPLY[2]];
    let call = init_call(INIT, &token(&mock)).form(&wrong);
    assert_eq!(call.send(mock.address()).status, 409);
    let scrape = scrape(&mock);
    let requests = |endpoint, status| {
        let labels = [("endpoint", endpoint), ("status", status)];
        figure(&scrape, "requests_total", &labels)
    };
    assert_eq!(requests("token", "200"), Some(2.0));
    assert_eq!(requests("token", "503"), Some(1.0));
    assert_eq!(requests("init_plain", "200"), Some(1.0));
    assert_eq!(requests("init_plain", "409"), Some(1.0));
    assert_eq!(requests("init_v2", "200"), None);
    let clause = [("clause", "init.lang.values")];
    assert_eq!(figure(&scrape, "violations_total", &clause), Some(1.0));
    assert_eq!(
        figure(&scrape, "faults_total", &[("type", "status")]),
        Some(1.0)
    );
    for (what, count) in [
        ("merchants", 1.0),
        ("orders", 1.0),
        ("access_tokens", 2.0),
        ("refresh_tokens", 2.0),
        ("exchanges", 5.0),
    ] {
        assert_eq!(
            figure(&scrape, "held", &[("what", what)]),
            Some(count),
            "{what}"
        );
    }
    assert!(figure(&scrape, "held", &[("what", "journal_bytes")]) > Some(1_000.0));
    assert_eq!(figure(&scrape, "journal_dropped", &[]), Some(0.0));
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(figure(&scrape, "build_info", &version), Some(1.0));
    let token_time = [("endpoint", "token")];
    let count = figure(&scrape, "request_duration_seconds_count", &token_time);
    assert_eq!(count, Some(3.0));
    let sum = figure(&scrape, "request_duration_seconds_sum", &token_time);
    assert!(sum > Some(0.0), "{sum:?}");
}

#[test]
fn no_label_names_a_merchant() {
    let mock = server("documented");
    order(&mock, &APPLY);
    let text = admin(&mock, "GET", "/metrics", &Value::Null).text();
    assert!(!text.contains("flexitidemo"), "{text}");
}
