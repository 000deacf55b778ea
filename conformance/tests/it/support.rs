use flexiti_conformance::run::{self, Options, Reading, Waivers};
use flexiti_conformance::{Credentials, Report, Target, selftest};
use flexiti_contract::{Contract, Rulebook};
use flexiti_mock::{Mock, Settings};
use std::sync::Arc;

pub(crate) fn rulebook(dialect: &str) -> Arc<Rulebook> {
    let contract = Contract::shipped();
    Arc::new(Rulebook::compile(contract, contract.dialect(dialect).unwrap()).unwrap())
}

pub(crate) fn mock(dialect: &str) -> Mock {
    let dialect = dialect.to_owned();
    Mock::start(&Settings {
        dialect,
        ..Settings::default()
    })
    .unwrap()
}

pub(crate) fn demo() -> Credentials {
    selftest::demo()
}

/// Holds a mock to a dialect.
pub(crate) fn judge(mock: &Mock, dialect: &str, seed: u64, cases: u32) -> Report {
    let target = Target::connect(&mock.base_url(), demo(), None).unwrap();
    let options = Options {
        seed,
        cases,
        ..Options::default()
    };
    run::server(
        &target,
        &Reading::by(&rulebook(dialect)),
        &options,
        &Waivers::default(),
        &mut [],
    )
    .unwrap()
}

/// The same server behind a forwarder that hides the admin API, as a remote sandbox would.
pub(crate) struct Forwarder {
    pub(crate) base_url: String,
}

/// Forwards whole requests, one connection each, and answers 404 for the admin API.
pub(crate) fn without_admin(mock: &Mock) -> Forwarder {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!(
        "http://{}/flexiti/online-api",
        listener.local_addr().unwrap()
    );
    let target = mock.address();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let mut client = client;
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|n| n == 1) {
                head.push(byte[0]);
            }
            let text = String::from_utf8_lossy(&head).into_owned();
            if text.contains(" /__admin") {
                let _ = client.write_all(
                    b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                );
                continue;
            }
            let lower = text.to_ascii_lowercase();
            let length = lower
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next());
            let mut body = vec![0; length.and_then(|n| n.trim().parse().ok()).unwrap_or(0)];
            let _ = client.read_exact(&mut body);
            let mut server = std::net::TcpStream::connect(target).unwrap();
            let head = text.replacen("\r\n", "\r\nconnection: close\r\n", 1);
            let _ = server.write_all(head.as_bytes());
            let _ = server.write_all(&body);
            let _ = std::io::copy(&mut server, &mut client);
        }
    });
    Forwarder { base_url }
}
