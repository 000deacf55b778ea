//! TLS on the listener: the program with a certificate of its own, and what its clients see.

use crate::faults::FAULTS;
use crate::process::{Running, program, run, stderr, stdout};
use crate::secure;
use crate::shop::{TOKEN, demo_token_call, init_call, text};
use crate::wire::{Call, connect, exchange};
use serde_json::{Value, json};
use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A server whose certificate was made at its start.
struct Secured {
    running: Running,
    ca_file: PathBuf,
    ca: String,
}

fn start(arguments: &[&str]) -> Secured {
    let running = Running::start(&[&["--tls-self-signed"], arguments].concat());
    let ca_file = PathBuf::from(running.url("ca_file"));
    let ca = std::fs::read_to_string(&ca_file).unwrap();
    Secured {
        running,
        ca_file,
        ca,
    }
}

impl Secured {
    fn address(&self) -> SocketAddr {
        self.running.address()
    }

    fn send(&self, call: &Call) -> crate::wire::Answer {
        secure::send(self.address(), &self.ca, call)
    }

    fn metric(&self, name: &str) -> u32 {
        let metrics = secure::get(self.address(), &self.ca, "/__admin/metrics");
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.expect("the figure").trim().parse().unwrap()
    }
}

/// Runs a program that is to trust the server, or not.
fn client(line: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).envs(environment.iter().copied());
    for name in ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"] {
        if environment.iter().all(|(set, _)| *set != name) {
            command.env_remove(name);
        }
    }
    command.env("NO_PROXY", "*").output().unwrap()
}

#[test]
fn clients_that_trust_the_authority_come_in_by_either_protocol() {
    let secured = start(&["--public-base-url", "https://mock.example:8443"]);
    let address = secured.address();
    let file = secured.ca_file.to_str().unwrap();
    let ready = &secured.running.ready;
    assert_eq!(
        text(ready, "base_url"),
        "https://mock.example:8443/flexiti/online-api"
    );
    assert_eq!(
        text(ready, "admin_url"),
        format!("https://{address}/__admin")
    );
    assert_eq!(text(ready, "listen_url"), format!("https://{address}"));

    let health = format!("https://{address}/__admin/health");
    let by_name = format!("https://localhost:{}/__admin/health", address.port());
    let at_public = format!("https://mock.example:{}/__admin/health", address.port());
    let resolve = format!("mock.example:{}:127.0.0.1", address.port());
    for (arguments, expected) in [
        (vec!["--http1.1", &*health], "200 1.1"),
        (vec!["--http2", &*health], "200 2"),
        (vec!["--http2-prior-knowledge", &*health], "200 2"),
        (vec!["--tlsv1.2", "--tls-max", "1.2", &*by_name], "200 2"),
        // The name of --public-base-url, under which the admin API does not answer but for this.
        (vec!["--resolve", &*resolve, &*at_public], "200 2"),
    ] {
        let with = [
            "curl",
            "-s",
            "-o",
            "/dev/null",
            "--cacert",
            file,
            "-w",
            "%{http_code} %{http_version}",
        ];
        let output = client(&[&with[..], &arguments].concat(), &[]);
        assert_eq!(
            stdout(&output),
            expected,
            "{arguments:?} {}",
            stderr(&output)
        );
    }
    // Nobody else takes it.
    assert_eq!(
        client(&["curl", "-s", &health], &[]).status.code(),
        Some(60)
    );

    let python = format!("import urllib.request as r; print(r.urlopen('{health}').status)");
    let node = format!("fetch('{health}').then(a => console.log(a.status))");
    for (line, name) in [
        (["python3", "-c", &*python], "SSL_CERT_FILE"),
        (["node", "-e", &*node], "NODE_EXTRA_CA_CERTS"),
    ] {
        let output = client(&line, &[(name, file)]);
        assert_eq!(stdout(&output), "200\n", "{}", stderr(&output));
        assert!(!client(&line, &[]).status.success(), "{line:?}");
    }

    // What the server says of its own address.
    let token = secured.send(&demo_token_call(&[])).json();
    let init = init_call(crate::shop::INIT, &text(&token, "access_token"));
    let order = secured.send(&init.form(&crate::shop::APPLY)).json();
    let url = text(&order, "redirection_url");
    assert!(
        url.starts_with("https://mock.example:8443/checkout/"),
        "{url}"
    );

    assert!(secured.ca_file.exists());
    let Secured {
        running, ca_file, ..
    } = secured;
    running.stopped();
    assert!(!ca_file.exists());
}

#[test]
fn the_banners_commands_work_as_pasted_and_so_does_the_health_check() {
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join("the CA's.pem");
    let secured = start(&["--tls-ca-file", named.to_str().unwrap()]);
    assert_eq!(secured.ca_file, named);
    let banner = secured.running.banner();
    let name = "the CA'\\''s.pem'";
    assert!(
        banner.contains("CA certificate") && banner.contains(name),
        "{banner}"
    );
    let commands: Vec<&str> = banner
        .lines()
        .filter(|line| line.contains("curl -s"))
        .collect();
    let output = Command::new("sh")
        .args(["-ec", &commands.join("\n")])
        .output();
    let said = stdout(&output.unwrap());
    let order: Value = serde_json::from_str(said.lines().nth(1).unwrap()).unwrap();
    let url = text(&order, "redirection_url");
    assert!(
        url.starts_with(&format!("https://{}/", secured.address())),
        "{url}"
    );

    let address = secured.address().to_string();
    let before = secured.metric("flexiti_mock_malformed_total");
    assert_eq!(
        run(&["healthcheck", "--tls", &address]).status.code(),
        Some(0)
    );
    let told = program()
        .env("FLEXITI_MOCK_TLS_SELF_SIGNED", "1")
        .args(["healthcheck", &address])
        .status();
    assert_eq!(told.unwrap().code(), Some(0));
    assert_eq!(secured.metric("flexiti_mock_malformed_total"), before);
    let plain = run(&["healthcheck", &address]);
    assert_eq!(plain.status.code(), Some(1));
    assert!(stderr(&plain).contains("--tls"), "{}", stderr(&plain));
}

#[test]
fn what_is_no_tls_is_told_so_and_a_slow_handshake_ends() {
    let secured = start(&["--head-timeout", "1"]);
    let address = secured.address();
    for bytes in [
        Call::post(TOKEN).body("x".repeat(50_000)).bytes(address),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
    ] {
        let answer = String::from_utf8(exchange(address, &bytes)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(
            answer.contains("a plain HTTP request on a TLS port"),
            "{answer}"
        );
    }
    // One who says nothing, one who stops in the middle, and one who talks nonsense.
    let silent = connect(address);
    let mut half = connect(address);
    half.write_all(&[0x16, 3, 1, 2, 0, 1]).unwrap();
    let mut nonsense = connect(address);
    nonsense.write_all(&[0x16; 600]).unwrap();
    for mut stream in [silent, half, nonsense] {
        let mut rest = Vec::new();
        // Closed, or reset where something was left unread.
        let _ = std::io::Read::read_to_end(&mut stream, &mut rest);
        assert!(rest.len() <= 7, "at most an alert: {rest:?}");
    }
    let said = secured.running.stopped();
    for words in [
        "a plain HTTP request on a TLS port",
        "did not end in time",
        "handshake failed",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn tls_to_a_port_in_the_clear_leaves_a_line_that_says_so() {
    let running = Running::start(&[]);
    let ca = secure::pair(|_| {}).certificate;
    assert!(!secure::trusts(running.address(), &ca));
    let said = running.stopped();
    assert!(
        said.contains("a TLS request on a plain HTTP port"),
        "{said}"
    );
}

#[test]
fn faults_break_the_wire_within_tls_as_they_do_in_the_clear() {
    let secured = start(&[]);
    let actions = [
        json!({"type": "empty"}),
        json!({"type": "reset"}),
        json!({"type": "truncate", "bytes": 5}),
        json!({"type": "dribble", "bytes": 40, "every_ms": 1}),
        json!({"type": "malformed_chunking"}),
    ];
    let faults = actions.map(|action| json!({"match": {"endpoint": "token"}, "action": action}));
    let put = Call::new("PUT", &format!("/__admin{FAULTS}")).json(&json!({"faults": faults}));
    assert_eq!(secured.send(&put).status, 200);
    let raw = || secure::raw(secured.address(), &secured.ca, &demo_token_call(&[]));
    assert_eq!(raw(), (Vec::new(), None));
    let (bytes, ended) = raw();
    assert_eq!((bytes.len(), ended), (0, Some(ErrorKind::ConnectionReset)));
    let ends = |bytes: &[u8]| {
        let at = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        (
            String::from_utf8_lossy(&bytes[..at]).into_owned(),
            bytes.len() - at - 4,
        )
    };
    let (bytes, ended) = raw();
    let (head, length) = ends(&bytes);
    assert_eq!((length, ended), (5, None), "{head}");
    let (bytes, ended) = raw();
    assert_eq!(ended, None);
    assert_eq!(crate::wire::Answer::parse(&bytes, false).0.status, 200);
    let (bytes, ended) = raw();
    assert_eq!(ended, None);
    assert!(bytes.windows(6).any(|six| six == b"\r\nzz\r\n"));
    // A parser's own refusal has its sentence here, too.
    let mut stream = secure::stream(secured.address(), &secured.ca).unwrap();
    stream.write_all(b"nonsense\r\n\r\n").unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.contains("not an HTTP/1.1 request"), "{answer}");
}

#[test]
fn a_command_finds_the_authority_in_its_environment() {
    let script = "curl -sf --cacert \"$FLEXITI_CA_FILE\" \"$FLEXITI_ADMIN_URL/health\" && [ \"$NODE_EXTRA_CA_CERTS\" = \"$FLEXITI_CA_FILE\" ]";
    let output = run(&["exec", "--tls-self-signed", "--", "sh", "-c", script]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(stdout(&output).contains("\"ok\""), "{said}");
}
