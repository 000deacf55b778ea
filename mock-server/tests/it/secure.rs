//! A client that speaks TLS, and certificates for servers.

use crate::wire::{Answer, Call, connect};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

/// A certificate and its key, as PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

/// A certificate for 127.0.0.1 that signs itself.
pub fn pair(change: impl FnOnce(&mut CertificateParams)) -> Pair {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    Pair {
        certificate: params.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

/// A connection to a server that this authority vouches for.
pub fn stream(
    address: SocketAddr,
    ca: &str,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(ca.as_bytes()).unwrap();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::IpAddress(address.ip().into());
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut tcp = connect(address);
    while connection.is_handshaking() {
        connection.complete_io(&mut tcp)?;
    }
    Ok(StreamOwned::new(connection, tcp))
}

/// Whether the server's certificate is one that this authority vouches for.
pub fn trusts(address: SocketAddr, ca: &str) -> bool {
    stream(address, ca).is_ok()
}

/// The bytes that come for a request, and how they ended.
pub fn raw(address: SocketAddr, ca: &str, call: &Call) -> (Vec<u8>, Option<io::ErrorKind>) {
    let mut stream = stream(address, ca).unwrap();
    stream.write_all(&call.bytes(address)).unwrap();
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).err();
    (bytes, ended.map(|error| error.kind()))
}

/// The answer to a request.
pub fn send(address: SocketAddr, ca: &str, call: &Call) -> Answer {
    let (bytes, ended) = raw(address, ca, call);
    assert_eq!(ended, None, "{}", String::from_utf8_lossy(&bytes));
    Answer::parse(&bytes, false).0
}

/// The body of the answer to a GET.
pub fn get(address: SocketAddr, ca: &str, path: &str) -> String {
    let answer = send(address, ca, &Call::get(path));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}
