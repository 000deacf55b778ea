//! TLS 1.3 compared with nginx: full handshakes, and requests on open connections, with the same
//! certificate and one core each.
//!
//! `cargo bench -p flexiti-mock --bench secure`

mod load;

use anyhow::{Context as _, ensure};
use load::{Server, block_on, command, median, pin};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 5;
const SHOT: Duration = Duration::from_secs(2);
/// As long as the mock's answer to the same request.
const ANSWER: &str = r#"{"status":"ready"}"#;

fn main() -> anyhow::Result<()> {
    if !std::env::args().any(|arg| arg == "--bench") {
        println!("cargo bench -p flexiti-mock --bench secure");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let connector = certificates(folder.path())?;
    // Before this process is pinned, because child processes inherit the affinity.
    let pinned = pin();
    if pinned {
        println!("servers on core 0, load on core 1, {CONNECTIONS} connections");
    } else {
        println!("NOT pinned (needs taskset and two cores): the figures are rough");
    }
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key) = (file("cert.pem"), file("key.pem"));
    let tls = [
        "--threads",
        "1",
        "--tls-cert",
        &certificate,
        "--tls-key",
        &key,
    ];
    let mock = Server::mock(folder.path(), pinned, &tls)?;
    let nginx = Nginx::start(folder.path(), pinned)?;
    let request = "GET /__admin/ready HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    let mut rates = [[Vec::new(), Vec::new()], [Vec::new(), Vec::new()]];
    for _ in 0..ROUNDS {
        for (at, address) in [&mock.address, &nginx.address].into_iter().enumerate() {
            rates[at][0].push(block_on(handshakes(&connector, address, request))?);
            rates[at][1].push(block_on(requests(&connector, address, request))?);
        }
    }
    let [mock, nginx] = rates.map(|of| of.map(median));
    for (at, what) in ["handshakes/s", "requests/s"].into_iter().enumerate() {
        println!(
            "{what:<14} mock {:>8.0}   nginx {:>8.0}   ratio {:.2}",
            mock[at],
            nginx[at],
            mock[at] / nginx[at]
        );
    }
    Ok(())
}

/// Writes a certificate for 127.0.0.1 and its key; returns a connector that trusts the issuing CA.
fn certificates(folder: &Path) -> anyhow::Result<TlsConnector> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let ca_certificate = ca.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate()?;
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
    let certificate = own.signed_by(&key, &issuer)?;
    std::fs::write(folder.join("cert.pem"), certificate.pem())?;
    std::fs::write(folder.join("key.pem"), key.serialize_pem())?;
    let mut roots = RootCertStore::empty();
    roots.add(ca_certificate.der().clone())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // No resumption: every handshake is a full one.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn connect(connector: &TlsConnector, address: &str) -> anyhow::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("127.0.0.1")?;
    Ok(connector.connect(name, stream).await?)
}

async fn ask(stream: &mut TlsStream<TcpStream>, request: &str) -> anyhow::Result<()> {
    stream.write_all(request.as_bytes()).await?;
    let mut buffer = [0; 2048];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        ensure!(read > 0, "the connection ended within an answer");
        filled += read;
        let answer = &buffer[..filled];
        if answer.ends_with(ANSWER.as_bytes()) {
            ensure!(answer.starts_with(b"HTTP/1.1 200"), "not 200");
            return Ok(());
        }
    }
}

/// Connections per second, each with a handshake and one request.
async fn handshakes(connector: &TlsConnector, address: &str, request: &str) -> anyhow::Result<f64> {
    rate(connector, address, request, true).await
}

/// Requests per second on open connections.
async fn requests(connector: &TlsConnector, address: &str, request: &str) -> anyhow::Result<f64> {
    rate(connector, address, request, false).await
}

async fn rate(
    connector: &TlsConnector,
    address: &str,
    request: &str,
    anew: bool,
) -> anyhow::Result<f64> {
    let started = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (connector, address) = (connector.clone(), address.to_owned());
        let request = request.to_owned();
        running.spawn(async move {
            let mut stream = connect(&connector, &address).await?;
            let mut all = 0_u32;
            while started.elapsed() < SHOT {
                if anew {
                    stream = connect(&connector, &address).await?;
                }
                ask(&mut stream, &request).await?;
                all += 1;
            }
            anyhow::Ok(all)
        });
    }
    let mut all = 0;
    for done in running.join_all().await {
        all += done?;
    }
    Ok(f64::from(all) / started.elapsed().as_secs_f64())
}

/// nginx with one worker, a constant answer and no log.
struct Nginx {
    child: Child,
    address: String,
}

impl Nginx {
    fn start(folder: &Path, pinned: bool) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        drop(listener);
        let at = folder.display();
        let config = format!(
            "daemon off; worker_processes 1; pid {at}/nginx.pid; error_log /dev/null;\n\
             events {{ worker_connections 512; }}\n\
             http {{ access_log off; keepalive_requests 1000000000; server {{\n\
             listen {address} ssl; ssl_certificate {at}/cert.pem; ssl_certificate_key {at}/key.pem;\n\
             ssl_protocols TLSv1.3; ssl_session_tickets off;\n\
             location / {{ default_type application/json; return 200 '{ANSWER}'; }} }} }}\n"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, config)?;
        let child = command("nginx", pinned)
            .arg("-c")
            .arg(&file)
            .stderr(Stdio::null())
            .spawn()
            .context("nginx: apt-get install -y nginx-light")?;
        let nginx = Self {
            child,
            address: address.to_string(),
        };
        for _ in 0..200 {
            if std::net::TcpStream::connect(address).is_ok() {
                return Ok(nginx);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        anyhow::bail!("nginx does not start")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master process stops its worker.
        let pid = self.child.id().to_string();
        let _ = std::process::Command::new("sh")
            .args(["-c", &format!("kill -TERM {pid}")])
            .status();
        let _ = self.child.wait();
    }
}
