//! TLS: certificates that are not trusted, and TLS where there is none.

use super::servers::Request;
use super::{judge, stderr};
use crate::support::mock;
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
