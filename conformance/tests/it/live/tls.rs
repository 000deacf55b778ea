//! TLS: certificates that are not trusted, and TLS where there is none.

use super::servers::Request;
use super::{judge, run, stderr, stdout};
use crate::support::mock;
use flexiti_mock::{Mock, Settings, TlsSettings};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// A TLS server on loopback in front of a mock, and the certificate that it shows.
fn with_tls(to: SocketAddr) -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(vec![made.cert.der().clone()], key.into())
    .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let config = Arc::clone(&config);
            std::thread::spawn(move || {
                let server = rustls::ServerConnection::new(config).unwrap();
                let mut stream = rustls::StreamOwned::new(server, stream);
                if let Some(request) = Request::read(&mut stream, 0) {
                    let _ = stream.write_all(&request.forwarded(to));
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            });
        }
    });
    (address, made.cert.pem())
}

#[test]
fn a_certificate_is_trusted_if_its_authority_is_given() {
    let mock = mock("documented");
    let (address, pem) = with_tls(mock.address());
    let url = format!("https://{address}/flexiti/online-api");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| crate::merchant::write(&folder, name, text);

    let unknown = judge(&url, &[]);
    let said = stderr(&unknown);
    assert_eq!(unknown.status.code(), Some(3), "{said}");
    assert!(
        said.contains("not trusted") && said.contains("--ca FILE"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");

    let known = judge(&url, &["--ca", &file("ca.pem", &pem)]);
    assert!(known.status.success(), "{}", stderr(&known));

    let cut = pem.replace("MII", "XXX");
    for (name, text) in [("empty.pem", ""), ("none.pem", "no PEM"), ("cut.pem", &cut)] {
        let name = file(name, text);
        let bad = judge(&url, &["--ca", &name]);
        let said = stderr(&bad);
        assert_eq!(bad.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("--ca {name}")), "{said}");
    }
    assert_eq!(
        judge(&url, &["--ca", "no-such-file"]).status.code(),
        Some(2)
    );
}

/// A mock that speaks TLS by itself; the authority is a file.
fn secured() -> (Mock, String) {
    let settings = Settings {
        tls: Some(TlsSettings::SelfSigned { ca_file: None }),
        ..Settings::default()
    };
    let mock = Mock::start(&settings).unwrap();
    let ca = mock.ca_file().unwrap().display().to_string();
    (mock, ca)
}

#[test]
fn every_command_that_calls_a_server_takes_an_authority() {
    let (mock, ca) = secured();
    let url = &*mock.base_url();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    for command in [
        &[
            "server",
            "--base-url",
            url,
            "--seed",
            "1",
            "--cases",
            "0",
            "--only",
            "token.*,http.message",
        ][..],
        &["probe", "--base-url", url],
        &["diff", "--left", url, "--right", url, "--cases", "0"],
    ] {
        let output = run(&[command, &["--ca", &ca]].concat());
        assert!(output.status.success(), "{command:?}: {}", stderr(&output));
        let output = run(command);
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        assert!(
            stderr(&output).contains("not trusted"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn a_shop_with_https_is_reached_with_its_authority() {
    let (mock, ca) = secured();
    let folder = tempfile::tempdir().unwrap();
    let url = mock.admin_url();
    // No shop at all, but one that is ready.
    let driver = format!(
        "[shop]\nready_url = \"{url}/health\"\nstart_s = 1\n\n[callbacks]\nsuccess = \"{url}/thanks\"\nerror = \"{url}/sorry\"\n\n[checkout]\nurl = \"{url}/pay\"\n"
    );
    let driver = crate::merchant::write(&folder, "merchant.toml", &driver);
    let check = ["merchant", "check", &driver, "--listen", "127.0.0.1:0"];
    let said = |output: &std::process::Output| stdout(output) + &stderr(output);
    let unknown = run(&check);
    assert!(
        said(&unknown).contains("does not answer at"),
        "{}",
        said(&unknown)
    );
    let known = run(&[&check[..], &["--ca", &ca]].concat());
    assert!(
        !said(&known).contains("does not answer at"),
        "{}",
        said(&known)
    );
    let wrong = run(&[&check[..], &["--ca", "no-such-file"]].concat());
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        stderr(&wrong).contains("--ca no-such-file"),
        "{}",
        stderr(&wrong)
    );
}

#[test]
fn tls_in_the_wrong_place_is_named() {
    let mock = mock("documented");
    let (address, _) = with_tls(mock.address());
    let output = judge(&format!("http://{address}/flexiti/online-api"), &[]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains(&format!("use --base-url https://{address}/flexiti")),
        "{said}"
    );

    let url = format!("https://{}/flexiti/online-api", mock.address());
    let output = judge(&url, &[]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("does not speak TLS; use --base-url http://"),
        "{said}"
    );
}
