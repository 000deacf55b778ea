//! Traces: a span for each exchange at a collector of OpenTelemetry, which keeps no server from
//! answering or ending.

use crate::process::{Running, program, run, stderr, wait_for};
use crate::shop::{APPLY, INIT, TOKEN, demo_token_call, init_call, text};
use crate::wire::Call;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const SOON: Duration = Duration::from_secs(10);

/// What a collector was sent: the head, and the body.
type Sent = (String, Vec<u8>);

/// A collector that answers 200; its URL, and what comes in.
fn collector() -> (String, Receiver<Sent>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, sent) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = sender.send(take(stream.unwrap()));
        }
    });
    (url, sent)
}

fn take(stream: TcpStream) -> Sent {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let lower = head.to_ascii_lowercase();
    let (_, length) = lower.split_once("content-length: ").unwrap();
    let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let answer =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    reader.get_mut().write_all(answer).unwrap();
    (lower, body)
}

fn tracing(url: &str, more: &[(&str, &str)]) -> Running {
    let mut command = program();
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        .env("OTEL_BSP_SCHEDULE_DELAY", "20")
        .envs(more.iter().copied());
    Running::spawn(command)
}

/// The spans of a body in JSON, with the attributes of their resource.
fn spans(body: &[u8]) -> Vec<(Value, Value)> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let mut found = Vec::new();
    for resource in body["resourceSpans"].as_array().unwrap() {
        for scope in resource["scopeSpans"].as_array().unwrap() {
            let own = resource["resource"]["attributes"].clone();
            let all = scope["spans"].as_array().unwrap().iter();
            found.extend(all.map(|span| (span.clone(), own.clone())));
        }
    }
    found
}

/// The value of an attribute, as text.
fn attribute(attributes: &Value, name: &str) -> Option<String> {
    let mut all = attributes.as_array()?.iter();
    let found = all.find(|it| it["key"] == name)?;
    let (_, value) = found["value"].as_object()?.iter().next()?;
    Some(
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
    )
}

#[test]
fn each_exchange_is_a_span_of_the_trace_that_its_client_is_in() {
    let (url, sent) = collector();
    let running = tracing(
        &url,
        &[
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=opensesame"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=ci"),
        ],
    );
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let granted = demo_token_call(&[]).header("traceparent", &parent);
    let token = text(&granted.send(running.address()).json(), "access_token");
    let opened = init_call(INIT, &token).form(&APPLY).send(running.address());
    let order = opened.json()["online_order_id"].to_string();
    let refused = init_call(INIT, &token).form(&[("lang", "en")]);
    assert_eq!(refused.send(running.address()).status, 409);
    let mut found = Vec::new();
    let mut bodies = String::new();
    while found.len() < 3 {
        let (head, body) = sent.recv_timeout(SOON).expect("spans");
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        assert!(head.contains("x-key: opensesame"), "{head}");
        bodies.push_str(&String::from_utf8_lossy(&body));
        found.extend(spans(&body));
    }
    let named = |name: &str| {
        let mut all = found.iter();
        all.find(|(span, _)| span["name"] == name)
            .unwrap_or_else(|| panic!("{name}: {bodies}"))
    };
    let (span, resource) = named("POST /oauth/token");
    assert_eq!(span["traceId"], TRACE);
    assert_eq!(span["parentSpanId"], PARENT);
    assert_eq!(attribute(resource, "service.name").unwrap(), "flexiti-mock");
    assert_eq!(attribute(resource, "deployment.environment").unwrap(), "ci");
    let of = |span: &Value, name: &str| attribute(&span["attributes"], name);
    assert_eq!(of(span, "http.route").unwrap(), "/oauth/token");
    assert_eq!(of(span, "url.path").unwrap(), TOKEN);
    assert_eq!(of(span, "http.response.status_code").unwrap(), "200");
    assert_eq!(of(span, "flexiti.refused"), None);
    let init = "POST /online/client-id/{clientId}/systems/init";
    let (accepted, refused): (Vec<_>, Vec<_>) = found
        .iter()
        .map(|(span, _)| span)
        .filter(|span| span["name"] == init)
        .partition(|span| of(span, "flexiti.refused").is_none());
    assert_eq!(of(accepted[0], "flexiti.order_id").unwrap(), order);
    assert_eq!(of(accepted[0], "flexiti.client_id").unwrap(), "flexitidemo");
    assert_ne!(accepted[0]["traceId"], TRACE);
    assert!(of(accepted[0], "flexiti.reference_id").is_some());
    let reasons = of(refused[0], "flexiti.refused").unwrap();
    assert!(
        reasons.contains("init.plain.flow.required flow"),
        "{reasons}"
    );
    for secret in ["flexitidemo-secret", token.as_str(), "opensesame"] {
        assert!(!bodies.contains(secret), "{secret}");
    }
    running.stopped();
}

#[test]
fn what_waits_is_sent_at_the_end_and_as_protobuf_unless_said_otherwise() {
    let (url, sent) = collector();
    let name = ("OTEL_SERVICE_NAME", "sandbox-of-ann");
    let running = tracing(&url, &[("OTEL_BSP_SCHEDULE_DELAY", "60000"), name]);
    assert_eq!(demo_token_call(&[]).send(running.address()).status, 200);
    running.stopped();
    let (head, body) = sent.recv_timeout(SOON).expect("spans");
    assert!(
        head.contains("content-type: application/x-protobuf"),
        "{head}"
    );
    let body = String::from_utf8_lossy(&body);
    assert!(body.contains("/oauth/token") && body.contains(name.1));
}

#[test]
fn a_collector_that_is_not_there_or_says_nothing_stops_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    // Whoever has this port has given it back.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let gone_url = format!("http://{}", gone.unwrap());
    for (url, is_told) in [(silent_url, false), (gone_url, true)] {
        let running = tracing(&url, &[]);
        for _ in 0..50 {
            assert_eq!(demo_token_call(&[]).send(running.address()).status, 200);
        }
        if is_told {
            wait_for("the line", SOON, || {
                running.stderr().contains("traces are lost").then_some(())
            });
        }
        let log = running.stopped();
        // Said once, and not for each span.
        assert!(log.matches("traces are lost").count() <= 1, "{log}");
    }
}

#[test]
fn a_server_does_not_collect_its_own_traces() {
    // Below those that the system gives to whoever asks for any port, so that nobody takes it meanwhile.
    let first = 20_000 + u16::try_from(std::process::id() % 5_000).unwrap();
    let port = (first..first + 5_000)
        .map(|port| format!("127.0.0.1:{port}"))
        .find(|address| TcpListener::bind(address).is_ok())
        .unwrap();
    let mut command = program();
    command
        .args(["--listen", &port])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{port}"))
        .env("OTEL_BSP_SCHEDULE_DELAY", "20");
    let running = Running::spawn(command);
    assert_eq!(demo_token_call(&[]).send(running.address()).status, 200);
    wait_for("the line", SOON, || {
        running
            .stderr()
            .contains("leads to this mock itself")
            .then_some(())
    });
    let requests = Call::get("/__admin/requests").send(running.address());
    assert_eq!(requests.json()["requests"].as_array().unwrap().len(), 1);
    running.stopped();
}

#[test]
fn a_collector_that_is_no_address_is_named() {
    let output = program()
        .args(["--listen", "127.0.0.1:0"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "4318")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let told = stderr(&output);
    assert!(
        told.contains("OTEL_EXPORTER_OTLP_ENDPOINT: not a URL"),
        "{told}"
    );
    // Nobody who does not ask for traces hears of them.
    let quiet = run(&["--version"]);
    assert!(!stderr(&quiet).contains("OTEL"));
}
