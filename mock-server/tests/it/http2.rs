//! HTTP/2: by prior knowledge on a port in the clear, with limits and faults of its own.

use crate::faults::{consumed, plan, token_request};
use crate::shop::{self, APPLY, INIT, KEYS, TOKEN, admin, server, start, text};
use crate::wire::{connect, exchange};
use bytes::Bytes;
use flexiti_mock::{Mock, ServerLimits, Settings};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::header::{COOKIE, HOST, HeaderMap};
use hyper::{Request, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use std::future::Future;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A SETTINGS frame without settings.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let patience = Duration::from_secs(20);
    let within = async { tokio::time::timeout(patience, future).await };
    runtime.unwrap().block_on(within).expect("in time")
}

/// A connection, and the task that ends with it.
type Client = (SendRequest<Full<Bytes>>, JoinHandle<hyper::Result<()>>);

async fn client(mock: &Mock) -> Client {
    let stream = tokio::net::TcpStream::connect(mock.address())
        .await
        .unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    (sender, tokio::spawn(connection))
}

fn request(mock: &Mock, method: &str, path: &str, body: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(format!("http://{}{path}", mock.address()))
        .header("x-reference-id", shop::REFERENCE)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::from(body.to_owned()))
        .unwrap()
}

fn token_of(mock: &Mock) -> Request<Full<Bytes>> {
    request(
        mock,
        "POST",
        TOKEN,
        &format!("grant_type=client_credentials&{KEYS}"),
    )
}

/// An answer: its head, as much of its body as came, and whether that was all.
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    is_whole: bool,
}

async fn send(sender: &mut SendRequest<Full<Bytes>>, request: Request<Full<Bytes>>) -> Option<Got> {
    sender.ready().await.unwrap();
    let answer = sender.send_request(request).await.ok()?;
    assert_eq!(answer.version(), Version::HTTP_2);
    let (head, mut incoming) = answer.into_parts();
    let mut got = Got {
        status: head.status,
        headers: head.headers,
        body: String::new(),
        is_whole: true,
    };
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else {
            got.is_whole = false;
            break;
        };
        let data = frame.into_data().unwrap_or_default();
        got.body.push_str(std::str::from_utf8(&data).unwrap());
    }
    Some(got)
}

#[test]
fn a_client_that_begins_with_http2_is_answered_on_one_connection() {
    let mock = server("documented");
    wait(async {
        let (mut sender, _) = client(&mock).await;
        let token = send(&mut sender, token_of(&mock)).await.unwrap();
        assert_eq!(token.status, 200, "{}", token.body);
        let token: Value = serde_json::from_str(&token.body).unwrap();
        let mut init = request(&mock, "POST", INIT, &crate::wire::form(&APPLY));
        let bearer = format!("Bearer {}", text(&token, "access_token"));
        init.headers_mut()
            .insert("authorization", bearer.parse().unwrap());
        // Cookies may come in crumbs (RFC 9113, section 8.2.3).
        init.headers_mut().append(COOKIE, "a=1".parse().unwrap());
        init.headers_mut().append(COOKIE, "b=2".parse().unwrap());
        let order = send(&mut sender, init).await.unwrap();
        assert_eq!(order.status, 200, "{}", order.body);
        assert!(order.headers.contains_key("date"));
        assert!(!order.headers.contains_key("connection"));
        // Many at once.
        let many = (0..50).map(|_| {
            let mut sender = sender.clone();
            let request = token_of(&mock);
            tokio::spawn(async move { send(&mut sender, request).await.unwrap().status })
        });
        for one in many.collect::<Vec<_>>() {
            assert_eq!(one.await.unwrap(), 200);
        }
        // No host, or two: what names the server is needed, as in HTTP/1.
        let mut two = request(&mock, "GET", "/", "");
        two.headers_mut().insert(HOST, "elsewhere".parse().unwrap());
        let refused = send(&mut sender, two).await.unwrap();
        assert_eq!(refused.status, 400);
        assert!(refused.body.contains(":authority"), "{}", refused.body);
        // A method without a path: refused, and nothing else is disturbed.
        let mut connect = request(&mock, "CONNECT", "/", "");
        *connect.uri_mut() = "shop.example:443".parse().unwrap();
        assert!(
            send(&mut sender, connect)
                .await
                .is_none_or(|got| got.status.is_client_error())
        );
        // More of a head than is read.
        let mut long = request(&mock, "GET", "/", "");
        let value = "x".repeat(16 * 1024);
        for at in 0..5 {
            let name: hyper::header::HeaderName = format!("x-{at}").parse().unwrap();
            long.headers_mut().insert(name, value.parse().unwrap());
        }
        let refused = send(&mut sender, long).await;
        assert!(refused.is_none_or(|got| got.status == 431));
        let health = request(&mock, "GET", "/__admin/health", "");
        let whole = send(&mut sender, health).await.unwrap();
        assert_eq!(whole.status, 200);
        // HEAD has the same head, and no body, however long that would be.
        let health = request(&mock, "HEAD", "/__admin/health", "");
        let head = send(&mut sender, health).await.unwrap();
        assert_eq!(
            (head.status, &*head.body, head.is_whole),
            (whole.status, "", true)
        );
        assert_eq!(head.headers["content-length"], whole.body.len().to_string());
        let events = request(&mock, "HEAD", "/__admin/events", "");
        let head = send(&mut sender, events).await.unwrap();
        assert_eq!(
            (head.status, &*head.body, head.is_whole),
            (whole.status, "", true)
        );
    });
    // The journal has it as any other request: with a host, and with one line of cookies.
    let rows = admin(&mock, "GET", "/requests?endpoint=init", &Value::Null).json();
    let id = &rows["requests"][0]["id"];
    let row = admin(&mock, "GET", &format!("/requests/{id}"), &Value::Null).json();
    assert_eq!(row["headers"]["host"], mock.address().to_string(), "{row}");
    let cookies = text(&row["headers"], "cookie");
    assert_eq!(cookies.matches("; ").count(), 1, "{cookies}");
}

#[test]
fn the_preface_is_known_however_it_is_cut_and_what_only_resembles_it_is_http1() {
    let mock = server("documented");
    let mut stream = connect(mock.address());
    stream.set_nodelay(true).unwrap();
    for byte in PREFACE {
        stream.write_all(&[*byte]).unwrap();
    }
    stream.write_all(SETTINGS).unwrap();
    let mut answer = [0; 9];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[3], 4, "a SETTINGS frame: {answer:?}");

    for (head, status) in [
        (&b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"[..], "400"),
        (
            b"PRINT / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            "404",
        ),
        (
            b"P / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            "404",
        ),
    ] {
        let answer = String::from_utf8(exchange(mock.address(), head)).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        let mut slowly = connect(mock.address());
        slowly.set_nodelay(true).unwrap();
        for byte in head {
            // Once the rest is not needed any more, the server may be gone.
            let _ = slowly.write_all(&[*byte]);
        }
        let mut answer = [0; 12];
        slowly.read_exact(&mut answer).unwrap();
        assert_eq!(&answer[9..], status.as_bytes());
    }
}

#[test]
fn what_breaks_an_answer_breaks_its_stream_only() {
    let mock = server("documented");
    let faults = [
        "empty",
        "reset",
        "lost_response",
        "truncate",
        "malformed_chunking",
    ];
    let mut actions: Vec<Value> = faults.iter().map(|name| json!({"type": name})).collect();
    actions.push(json!({"type": "dribble", "bytes": 40, "every_ms": 1}));
    let faults: Vec<Value> = actions
        .iter()
        .map(|action| json!({"match": {"endpoint": "token"}, "action": action}))
        .collect();
    plan(&mock, &json!(faults));
    wait(async {
        let (mut sender, connection) = client(&mock).await;
        for _ in 0..3 {
            assert!(send(&mut sender, token_of(&mock)).await.is_none());
        }
        let cut = send(&mut sender, token_of(&mock)).await.unwrap();
        let length: usize = cut.headers["content-length"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!((cut.status, cut.is_whole), (StatusCode::OK, false));
        assert!(
            cut.body.len() < length && !cut.body.is_empty(),
            "{}",
            cut.body
        );
        // The length in the head is not that of the body.
        assert!(
            send(&mut sender, token_of(&mock))
                .await
                .is_none_or(|got| !got.is_whole)
        );
        let slow = send(&mut sender, token_of(&mock)).await.unwrap();
        assert!(slow.is_whole && slow.body.ends_with('}'), "{}", slow.body);
        // The connection never noticed.
        let well = send(&mut sender, token_of(&mock)).await.unwrap();
        assert_eq!((well.status, well.is_whole), (StatusCode::OK, true));
        assert!(!connection.is_finished());
    });
    assert_eq!(consumed(&mock), [1; 6]);
    assert_eq!(token_request().send(mock.address()).status, 200);
}

fn impatient() -> Mock {
    start(&Settings {
        limits: ServerLimits {
            head_time: Duration::from_millis(300),
            body_time: Duration::from_millis(300),
            write_time: Duration::from_millis(300),
            ..ServerLimits::default()
        },
        ..Settings::default()
    })
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream][..], payload].concat()
}

/// `GET / http x`, in HPACK: three entries of the static table, and a literal.
const GET: &[u8] = &[0x82, 0x84, 0x86, 0x41, 1, b'x'];
const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;

/// The kinds of the frames that come until the server closes the connection.
fn until_closed(stream: &mut impl std::io::Read) -> Vec<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    // A connection that is reset has ended, too.
    let _ = stream.read_to_end(&mut all);
    let mut frames = Vec::new();
    let mut rest = &all[..];
    while rest.len() >= 9 {
        let length = usize::from(rest[1]) << 8 | usize::from(rest[2]);
        let end = (9 + length).min(rest.len());
        frames.push((rest[3], rest[9..end].to_vec()));
        rest = &rest[end..];
    }
    frames
}

#[test]
fn a_connection_is_idle_without_streams_and_then_ends() {
    let mock = impatient();
    let begun = [PREFACE, SETTINGS].concat();
    // Nothing asked; half a head; a whole request, and nothing after it; half a body.
    let half = frame(HEADERS, 0, 1, GET);
    let whole = frame(HEADERS, 5, 1, GET);
    let body = frame(HEADERS, 4, 1, &[&[0x83], &GET[1..]].concat());
    for (what, more) in [
        ("idle", vec![]),
        ("half", half),
        ("whole", whole),
        ("body", body),
    ] {
        let mut stream = connect(mock.address());
        stream.write_all(&[&begun[..], &more].concat()).unwrap();
        let frames = until_closed(&mut stream);
        let answers = frames.iter().filter(|(kind, _)| *kind == HEADERS).count();
        assert_eq!(
            answers,
            usize::from(matches!(what, "whole" | "body")),
            "{what}"
        );
        assert!(
            frames.iter().any(|(kind, _)| *kind == GOAWAY),
            "{what}: {frames:?}"
        );
    }
    // Whoever asks again and again stays.
    wait(async {
        let (mut sender, _) = client(&mock).await;
        let since = Instant::now();
        while since.elapsed() < Duration::from_millis(700) {
            let health = request(&mock, "GET", "/__admin/health", "");
            assert_eq!(send(&mut sender, health).await.unwrap().status, 200);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
}

#[test]
fn streams_that_are_opened_only_to_be_reset_end_the_connection() {
    let mock = impatient();
    let mut bytes = [PREFACE, SETTINGS].concat();
    for stream in (1..250).step_by(2) {
        bytes.extend(frame(HEADERS, 5, stream, GET));
        bytes.extend(frame(3, 0, stream, &[0, 0, 0, 8]));
    }
    let mut stream = connect(mock.address());
    let _ = stream.write_all(&bytes);
    let frames = until_closed(&mut stream);
    let goaway = frames.iter().find(|(kind, _)| *kind == GOAWAY);
    let (_, payload) = goaway.unwrap_or_else(|| panic!("{frames:?}"));
    // ENHANCE_YOUR_CALM (RFC 9113, section 7).
    assert_eq!(payload[4..8], [0, 0, 0, 11], "{frames:?}");
    let metrics = admin(&mock, "GET", "/metrics", &Value::Null).text();
    assert!(
        metrics.contains("flexiti_mock_malformed_total 1"),
        "{metrics}"
    );
    crate::shop::assert_well(&mock);
}
