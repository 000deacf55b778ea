//! The ways to an upstream and back: proxies, HEAD, HTTP/2, and what is taken off on the way.

use super::{in_front_of, latest};
use crate::shop::{self, BASIC, GRANT, REFERENCE, TOKEN};
use crate::wire::Call;
use flexiti_contract::hosts::AllowedHosts;
use flexiti_mock::{Mock, Settings, TlsSettings, UpstreamMode, UpstreamSettings};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

const HOST: &str = "sandbox.test";

/// Accepts one connection, and hands over what came up to the end of a head.
fn once(then: impl FnOnce(TcpStream) + Send + 'static) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, heads) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.windows(4).any(|four| four == b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        sender.send(String::from_utf8(head).unwrap()).unwrap();
        then(stream);
    });
    (address, heads)
}

fn front(url: &str, change: impl FnOnce(&mut UpstreamSettings)) -> Mock {
    let mut settings = in_front_of(url, UpstreamMode::Proxy, None);
    change(settings.upstream.as_mut().unwrap());
    shop::start(&settings)
}

#[test]
fn a_proxy_is_asked_for_hosts_that_are_not_this_machine() {
    let (address, heads) = once(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    });
    let proxied = |it: &mut UpstreamSettings, proxy: SocketAddr| {
        it.hosts = AllowedHosts::new(vec![HOST.to_owned()], false);
        it.proxy = Some(format!("http://user:pass@{proxy}"));
    };
    let plain = front(&format!("http://{HOST}/flexiti/online-api"), |it| {
        proxied(it, address);
    });
    let answer = shop::demo_token_call(&[GRANT]).send(plain.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let head = heads.recv().unwrap();
    assert!(
        head.starts_with(&format!("POST http://{HOST}{TOKEN} HTTP/1.1\r\n")),
        "{head}"
    );
    assert!(
        head.contains("proxy-authorization: Basic dXNlcjpwYXNz"),
        "{head}"
    );
    assert!(head.contains(&format!("host: {HOST}\r\n")), "{head}");

    // Through a tunnel, the certificate is the server's.
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let real = shop::start(&Settings {
        tls: Some(TlsSettings::SelfSigned {
            ca_file: Some(ca_file.clone()),
        }),
        public_base_url: Some(format!("https://{HOST}")),
        ..Settings::default()
    });
    let there = real.address();
    let (address, heads) = once(move |mut client| {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
        let mut server = TcpStream::connect(there).unwrap();
        let mut up = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut up.0, &mut up.1));
        let _ = std::io::copy(&mut server, &mut client);
    });
    let secured = front(&format!("https://{HOST}/flexiti/online-api"), |it| {
        proxied(it, address);
        it.ca = Some(ca_file);
    });
    let answer = shop::demo_token_call(&[GRANT]).send(secured.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let head = heads.recv().unwrap();
    assert!(
        head.starts_with(&format!("CONNECT {HOST}:443 HTTP/1.1\r\n")),
        "{head}"
    );
    // A proxy that refuses is named.
    let (address, _heads) = once(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n");
    });
    let refused = front(&format!("https://{HOST}/flexiti/online-api"), |it| {
        proxied(it, address);
    });
    let answer = shop::demo_token_call(&[GRANT]).send(refused.address());
    assert_eq!(answer.status, 502);
    assert_eq!(
        answer.header("x-flexiti-mock-upstream"),
        Some("upstream_unreachable")
    );
    let text = answer.text();
    assert!(
        text.contains("the proxy: it answers 407") && !text.contains("pass"),
        "{text}"
    );
}

#[test]
fn what_is_about_the_connection_stays_and_all_else_goes_on() {
    let (address, heads) = once(|mut stream| {
        let answer = "HTTP/1.1 203 Fine\r\ncontent-type: Application/X; a=b\r\nx-two: 1\r\nx-two: 2\r\nkeep-alive: timeout=5\r\ncontent-length: 5\r\n\r\n";
        let _ = stream.write_all(answer.as_bytes());
    });
    // Below a prefix, as behind a gateway.
    let front = front(
        &format!("http://{address}/gate/flexiti/online-api/"),
        |_| (),
    );
    let answer = Call::new("HEAD", &format!("{TOKEN}?a=%20b"))
        .header("authorization", BASIC)
        .header("x-reference-id", REFERENCE)
        .header("x-Odd", "1")
        .header("x-odd", "2")
        .header("te", "trailers")
        .header("x-hop", "1")
        .header("connection", "close, x-hop")
        .header("accept-encoding", "gzip, br")
        .send(front.address());
    let head = heads.recv().unwrap();
    assert!(
        head.starts_with("HEAD /gate/flexiti/online-api/oauth/token?a=%20b HTTP/1.1\r\n"),
        "{head}"
    );
    for (line, is_there) in [
        (format!("host: {address}\r\n"), true),
        (format!("authorization: {BASIC}\r\n"), true),
        ("x-odd: 1\r\nx-odd: 2\r\n".to_owned(), true),
        ("accept-encoding: identity\r\n".to_owned(), true),
        ("x-hop".to_owned(), false),
        ("te: ".to_owned(), false),
    ] {
        assert_eq!(head.contains(&line), is_there, "{line} {head}");
    }
    assert_eq!(answer.status, 203);
    assert_eq!(answer.header("content-type"), Some("Application/X; a=b"));
    assert_eq!(answer.header("content-length"), Some("5"));
    assert_eq!(answer.header("keep-alive"), None);
    let row = latest(&front, "flexitidemo");
    assert_eq!(row["response_headers"]["x-two"], "1, 2");
    assert_eq!(row["method"], "HEAD");
}
