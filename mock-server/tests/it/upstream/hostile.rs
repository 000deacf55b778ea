//! An upstream that hangs, lies, redirects or sends too much: named in the answer and in the
//! journal, bounded in time and memory, and nothing that follows suffers.

use super::{in_front_of, journal};
use crate::secure;
use crate::shop::{self, GRANT};
use crate::wire::Answer;
use flexiti_mock::{Mock, Settings, TlsSettings, UpstreamMode, UpstreamSettings};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// A server that does with each connection what it is told.
fn listener(with: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let with = Arc::new(with);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let with = Arc::clone(&with);
            std::thread::spawn(move || with(stream));
        }
    });
    address
}

/// Reads what has come, and answers with these bytes.
fn answering(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    listener(move |mut stream| {
        let _ = stream.read(&mut [0; 8192]);
        let _ = stream.write_all(&bytes);
    })
}

fn base(address: SocketAddr) -> String {
    format!("http://{address}/flexiti/online-api")
}

fn front(url: &str, change: impl FnOnce(&mut UpstreamSettings)) -> Mock {
    let mut settings = in_front_of(url, UpstreamMode::Proxy, None);
    change(settings.upstream.as_mut().unwrap());
    shop::start(&settings)
}

fn ask(front: &Mock) -> Answer {
    shop::demo_token_call(&[GRANT]).send(front.address())
}

/// Asks, and checks that answer and journal say what went wrong.
fn fails(front: &Mock, status: u16, word: &str, says: &str) {
    let answer = ask(front);
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("x-flexiti-mock-upstream"), Some(word));
    let body = answer.json();
    assert_eq!(
        (&body["error"], &body["code"]),
        (&word.into(), &status.into())
    );
    let sentence = body["error_description"].as_str().unwrap();
    assert!(
        sentence.starts_with("flexiti-mock: the upstream http"),
        "{sentence}"
    );
    assert!(sentence.contains(says), "{sentence}");
    let rows = journal(front, "flexitidemo");
    let row = rows.last().unwrap();
    assert_eq!(row["status"], status);
    assert!(row["error"].as_str().unwrap().contains(says), "{row}");
    assert_eq!(row["upstream"]["mode"], "proxy");
}

#[test]
fn one_that_is_not_there_or_is_no_server_is_named() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let url = base(address);
    fails(&front(&url, |_| ()), 502, "upstream_unreachable", "refused");
    for (bytes, says) in [
        (&b"220 mail.example ESMTP\r\n"[..], "not HTTP/1.1"),
        (b"", "closed the connection"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}",
            "closed the connection",
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{}",
            "not HTTP/1.1",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "",
        ),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            "101",
        ),
    ] {
        let front = front(&base(answering(bytes)), |_| ());
        fails(&front, 502, "upstream_broken", says);
    }
}

#[test]
fn one_that_hangs_or_never_ends_is_left() {
    let silent = listener(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let dribbles = listener(|mut stream| {
        let _ = stream.read(&mut [0; 8192]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    for address in [silent, dribbles] {
        let front = front(&base(address), |it| {
            it.patience = Duration::from_millis(300);
        });
        fails(&front, 504, "upstream_timeout", "within 0.3 s");
    }
    let endless = listener(|mut stream| {
        let _ = stream.read(&mut [0; 8192]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = [&b"100000\r\n"[..], &vec![b'x'; 0x10_0000], b"\r\n"].concat();
        while stream.write_all(&chunk).is_ok() {}
    });
    let front = front(&base(endless), |_| ());
    fails(&front, 502, "upstream_too_large", "over 4 MiB");
    // The next one is answered as well.
    fails(&front, 502, "upstream_too_large", "over 4 MiB");
    shop::tokens_of(&front, &shop::token_call("local", "local-secret", &[GRANT]));
}

#[test]
fn a_redirection_is_an_answer_and_is_never_followed() {
    let elsewhere = listener(|stream| {
        panic!("nobody may come here: {stream:?}");
    });
    let there = answering(format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{elsewhere}/x\r\nset-cookie: s=0123456789abcdef; Path=/\r\nx-own: 1\r\ncontent-length: 3\r\nconnection: close, x-own\r\n\r\nabc"
    ));
    let front = front(&base(there), |_| ());
    let answer = ask(&front);
    assert_eq!(answer.status, 307);
    assert_eq!(
        answer.header("location"),
        Some(&*format!("http://{elsewhere}/x"))
    );
    assert_eq!(
        answer.header("set-cookie"),
        Some("s=0123456789abcdef; Path=/")
    );
    assert_eq!(answer.header("x-own"), None, "named by connection");
    assert_eq!(answer.text(), "abc");
    let row = super::latest(&front, "flexitidemo");
    let cookie = row["response_headers"]["set-cookie"].as_str().unwrap();
    assert!(
        cookie.starts_with("s=***") && cookie.ends_with("; Path=/"),
        "{cookie}"
    );
}

#[test]
fn a_certificate_is_trusted_by_the_file_that_is_given_and_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let real = shop::start(&Settings {
        tls: Some(TlsSettings::SelfSigned {
            ca_file: Some(ca_file.clone()),
        }),
        ..Settings::default()
    });
    let trusting = front(&real.base_url(), |it| it.ca = Some(ca_file.clone()));
    assert_eq!(ask(&trusting).status, 200);
    let strict = front(&real.base_url(), |_| ());
    fails(&strict, 502, "upstream_certificate", "--upstream-ca FILE");
    // The two that do not speak the same language.
    let plain = shop::start(&Settings::default());
    let url = plain.base_url().replace("http:", "https:");
    fails(
        &front(&url, |_| ()),
        502,
        "upstream_broken",
        "does not speak TLS",
    );
    let ca = std::fs::read_to_string(&ca_file).unwrap();
    let asked = secure::get(real.address(), &ca, "/__admin/requests");
    assert!(asked.contains("/oauth/token"), "{asked}");
}

#[test]
fn a_client_that_goes_away_takes_nothing_back() {
    let slow = listener(|mut stream| {
        let _ = stream.read(&mut [0; 8192]);
        std::thread::sleep(Duration::from_millis(150));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    });
    let front = front(&base(slow), |_| ());
    let mut stream = TcpStream::connect(front.address()).unwrap();
    let call = shop::demo_token_call(&[GRANT]).bytes(front.address());
    stream.write_all(&call).unwrap();
    drop(stream);
    let row = crate::process::wait_for("the exchange", Duration::from_secs(10), || {
        journal(&front, "flexitidemo").pop()
    });
    assert_eq!(row["status"], 200);
}
