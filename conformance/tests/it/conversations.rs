//! Conversations in bytes: each breaks on a server that breaks its sentence of RFC 9110 or 9112, and
//! on no other.

use crate::support::{demo, mock, rulebook};
use flexiti_conformance::run::{self, Options, Reading, Selection, Waivers};
use flexiti_conformance::{Phase, Report, Target};
use flexiti_mock::Mock;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const CLAUSE: &str = "http.message";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}";
const BAD: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}";

/// A way to break one sentence: which first bytes of a connection are answered wrongly, and how.
/// Without an answer, the connection is left open and silent.
#[derive(Debug, Clone, Copy)]
struct Break {
    /// The case that has to notice.
    case: &'static str,
    /// Whether the RFC says MUST.
    must: bool,
    is_about: fn(&str) -> bool,
    says: &'static [&'static str],
    hangs_up: bool,
}

impl Break {
    const fn new(
        case: &'static str,
        is_about: fn(&str) -> bool,
        says: &'static [&'static str],
    ) -> Self {
        Self {
            case,
            must: true,
            is_about,
            says,
            hangs_up: false,
        }
    }

    const fn may(self) -> Self {
        Self {
            must: false,
            ..self
        }
    }

    const fn hanging_up(self) -> Self {
        Self {
            hangs_up: true,
            ..self
        }
    }
}

/// How many headers of this name the first request has.
fn count(text: &str, header: &str) -> usize {
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    head.matches(&format!("\r\n{header}:")).count()
}

const BREAKS: &[Break] = &[
    Break::new(
        "breaks/no Host",
        |it| it.contains("HTTP/1.1") && count(it, "host") == 0,
        &[OK],
    ),
    Break::new("breaks/two Hosts", |it| count(it, "host") == 2, &[OK]),
    Break::new(
        "breaks/a Host that is none",
        |it| it.contains("host: a b"),
        &[OK],
    ),
    Break::new(
        "keeps/absolute form",
        |it| it.starts_with("POST http"),
        &[BAD],
    ),
    Break::new(
        "keeps/chunked",
        |it| {
            let odd = [";a=b", "x-trailer", "content-length", "rot13"];
            it.contains("chunked") && !odd.iter().any(|odd| it.contains(odd))
        },
        &[BAD],
    ),
    Break::new(
        "keeps/chunked, with trailers",
        |it| it.contains("x-trailer"),
        &[BAD],
    ),
    Break::new(
        "keeps/chunked, with an extension",
        |it| it.contains(";a=b"),
        &[BAD],
    ),
    Break::new(
        "breaks/a length and chunks",
        |it| it.contains("content-length: 4\r\ntransfer-encoding"),
        &[OK],
    ),
    Break::new(
        "breaks/two lengths",
        |it| count(it, "content-length") == 2,
        &[OK],
    ),
    Break::new(
        "breaks/a header over two lines",
        |it| it.contains("\r\n two"),
        &[NOT_FOUND],
    ),
    Break::new(
        "breaks/a blank before a colon",
        |it| it.contains("length :"),
        &[OK],
    ),
    Break::new(
        "keeps/pipelined",
        |it| it.starts_with("GET") && it.contains("POST"),
        &[OK, NOT_FOUND],
    ),
    Break::new(
        "keeps/after an error, on the same connection",
        |it| it.contains("GET / nobody"),
        &[NOT_FOUND, BAD],
    ),
    Break::new(
        "keeps/HEAD, then a request",
        |it| it.starts_with("HEAD"),
        &[
            "HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\nhello",
            OK,
        ],
    ),
    // Five seconds, the longest that a conversation takes.
    Break::new("keeps/100-continue", |it| it.contains("100-continue"), &[]),
    Break::new(
        "keeps/HTTP/1.0",
        |it| it.contains("HTTP/1.0"),
        &["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"],
    )
    .hanging_up(),
    Break::new(
        "keeps/an empty line first",
        |it| it.starts_with("\r\n"),
        &[BAD],
    )
    .may(),
    Break::new(
        "breaks/an unknown method",
        |it| it.starts_with("BREW"),
        &[OK],
    )
    .may(),
    Break::new(
        "breaks/an unknown transfer coding",
        |it| it.contains("rot13"),
        &[OK],
    )
    .may(),
    Break::new(
        "keeps/OPTIONS of the server",
        |it| it.starts_with("OPTIONS *"),
        &["HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"],
    )
    .may(),
];

/// A server in front of a mock that breaks one thing at a time.
struct Gateway {
    address: SocketAddr,
    broken: Arc<Mutex<Option<Break>>>,
}

impl Gateway {
    fn before(mock: &Mock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let broken: Arc<Mutex<Option<Break>>> = Arc::default();
        let (to, now) = (mock.address(), Arc::clone(&broken));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let now = *now.lock().unwrap_or_else(PoisonError::into_inner);
                std::thread::spawn(move || drop(serve(client, to, now)));
            }
        });
        Self { address, broken }
    }

    /// Judges the server while it breaks this.
    fn judge(&self, broken: Option<Break>) -> Report {
        *self.broken.lock().unwrap() = broken;
        judge(&format!("http://{}/flexiti/online-api", self.address))
    }
}

fn serve(mut client: TcpStream, to: SocketAddr, broken: Option<Break>) -> std::io::Result<()> {
    let mut first = vec![0; 64 * 1024];
    let read = client.read(&mut first)?;
    first.truncate(read);
    let text = String::from_utf8_lossy(&first)
        .to_ascii_lowercase()
        .replace("http/1", "HTTP/1");
    let text = text
        .replacen("post ", "POST ", 2)
        .replacen("get ", "GET ", 2)
        .replacen("head ", "HEAD ", 1)
        .replacen("brew ", "BREW ", 1)
        .replacen("options ", "OPTIONS ", 1);
    if let Some(broken) = broken.filter(|it| (it.is_about)(&text)) {
        for answer in broken.says {
            client.write_all(answer.as_bytes())?;
        }
        if !broken.hangs_up {
            // Until the client has heard enough.
            client.set_read_timeout(Some(Duration::from_secs(9)))?;
            while client.read(&mut first)? > 0 {}
        }
        return Ok(());
    }
    let mut server = TcpStream::connect(to)?;
    server.write_all(&first)?;
    let (mut from, mut into) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut into);
        let _ = into.shutdown(Shutdown::Write);
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// Judges a server by the one clause.
fn judge(base_url: &str) -> Report {
    let target = Target::connect(base_url, demo(), None).unwrap();
    let options = Options {
        seed: 1,
        cases: 0,
        phases: vec![Phase::Protocol],
        selection: Selection {
            only: vec![CLAUSE.parse().unwrap()],
            skip: Vec::new(),
        },
        ..Options::default()
    };
    let reading = Reading::by(&rulebook("documented"));
    run::server(&target, &reading, &options, &Waivers::default(), &mut []).unwrap()
}

/// The cases of the clause that did not go as they should, with what came of each.
fn wrong(report: &Report) -> Vec<(String, &'static str)> {
    let row = report.clauses.iter().find(|row| row.id == CLAUSE).unwrap();
    let wrong = row.cases.iter().filter(|case| case.outcome != "kept");
    wrong
        .map(|case| (case.id[CLAUSE.len() + 1..].to_owned(), case.outcome))
        .collect()
}

#[test]
fn each_conversation_notices_its_breach_and_no_other_does() {
    let mock = mock("documented");
    let gateway = Gateway::before(&mock);
    let kept = wrong(&gateway.judge(None));
    assert!(kept.is_empty(), "{kept:?}");
    for broken in BREAKS {
        let report = gateway.judge(Some(*broken));
        assert_eq!(wrong(&report), [(broken.case.to_owned(), "otherwise")]);
        // No page of Flexiti's says how its server reads messages.
        assert!(report.findings.is_empty());
        if broken.must {
            let finding = &report.otherwise[0];
            assert!(finding.expected.contains("RFC 91"), "{}", finding.expected);
            assert!(finding.expected.contains("MUST"), "{}", finding.expected);
            assert!(finding.curl.contains("printf %b"), "{}", finding.curl);
            assert!(
                !finding.curl.contains("flexitidemo-secret"),
                "{}",
                finding.curl
            );
        }
    }
    let planned = gateway.judge(None);
    let rows = planned.clauses.iter().find(|row| row.id == CLAUSE).unwrap();
    // A client that has said everything cannot be told from one that waits, by its first bytes.
    assert_eq!(rows.cases.len(), BREAKS.len() + 1);
}

/// A server that leaves every conversation without an answer costs seconds, not minutes.
#[test]
fn a_server_that_never_answers_is_given_up() {
    let mock = mock("documented");
    let gateway = Gateway::before(&mock);
    // The client library names what it accepts; a conversation does not.
    let silent = Break::new("", |it| count(it, "accept") == 0, &[]);
    let report = gateway.judge(Some(silent));
    let row = report.clauses.iter().find(|row| row.id == CLAUSE).unwrap();
    let given_up = row.cases.iter().filter(|case| {
        let because = case.because.as_deref().unwrap_or_default();
        because.contains("consecutive conversations got no answer")
    });
    assert!(given_up.count() > 5, "{:?}", row.cases);
}
