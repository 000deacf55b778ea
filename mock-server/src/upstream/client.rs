//! One request to the upstream: timeout, size limit, certificates, proxy, and the reasons for
//! failures. A redirection is passed on, never followed.

use crate::config::UpstreamSettings;
use crate::http::route::BASE;
use crate::upstream::failure::{Failure, FailureKind, handshake};
use anyhow::{Context as _, bail, ensure};
use bytes::{Bytes, BytesMut};
use flexiti_contract::hosts::is_loopback;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use url::Url;

/// The largest answer that is passed on, in bytes.
pub const LARGEST: usize = 4 * 1024 * 1024;
/// The maximum number of concurrent requests; more wait.
const PLACES: usize = 32;

/// Sends requests to one server.
pub struct Client {
    base: Url,
    tls: Option<TlsConnector>,
    proxy: Option<Matcher>,
    patience: Duration,
    places: Semaphore,
    own: SocketAddr,
}

impl fmt::Debug for Client {
    /// Omits the proxy, whose URL may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.base.as_str()).finish()
    }
}

/// An answer from the upstream.
#[derive(Debug)]
pub struct Came {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Aborts a connection's task on drop.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Client {
    /// A client for the server in the settings, which must not be the one that listens on `own`.
    /// Errors name the flag.
    pub fn new(url: &str, settings: &UpstreamSettings, own: SocketAddr) -> anyhow::Result<Self> {
        let base = base(url)?;
        if let Some(why) = settings.hosts.refusal(&base) {
            bail!("--upstream: {why}");
        }
        let tls = (base.scheme() == "https").then(|| connector(settings.ca.as_deref()));
        let is_near = is_loopback(&base);
        Ok(Self {
            tls: tls.transpose()?,
            proxy: match &settings.proxy {
                _ if is_near => None,
                Some(proxy) => Some(explicit(proxy)?),
                None => Some(Matcher::from_env()),
            },
            patience: settings.patience,
            places: Semaphore::new(PLACES),
            own,
            base,
        })
    }

    /// A client for a server other than the upstream, with the system's CAs and, unless it is on
    /// this machine, the environment's proxy.
    #[cfg(feature = "otel")]
    pub fn of(base: Url, patience: Duration, own: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            tls: (base.scheme() == "https")
                .then(|| connector(None))
                .transpose()?,
            proxy: (!is_loopback(&base)).then(Matcher::from_env),
            patience,
            places: Semaphore::new(PLACES),
            own,
            base,
        })
    }

    /// The origin: scheme, host and port.
    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// Maps a path on this server to the upstream's: paths below our base path to paths below its
    /// own.
    pub fn path(&self, path: &str) -> String {
        match path.strip_prefix(BASE) {
            Some(rest) => format!("{}{rest}", self.base.path().trim_end_matches('/')),
            None => path.to_owned(),
        }
    }

    /// Sends a request for `target`, a path and query on the upstream, and reads the whole answer.
    pub async fn send(
        &self,
        method: Method,
        target: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Came, Failure> {
        let answered = async {
            // The semaphore is never closed.
            let _place = self.places.acquire().await.ok();
            self.exchange(method, target, headers, body).await
        };
        let late = |_| {
            let seconds = self.patience.as_secs_f64();
            let why = format!("no whole answer within {seconds} s");
            Err(Failure::new(FailureKind::Late, why))
        };
        tokio::time::timeout(self.patience, answered)
            .await
            .unwrap_or_else(late)
    }

    async fn exchange(
        &self,
        method: Method,
        target: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Came, Failure> {
        let broken =
            |error: &dyn fmt::Display| Failure::new(FailureKind::Broken, error.to_string());
        let whole = format!("{}{target}", self.origin());
        let uri: Uri = whole.parse().map_err(|e| broken(&e))?;
        let proxy = self.proxy.as_ref().and_then(|proxy| proxy.intercept(&uri));
        let (stream, is_absolute) = self.connect(proxy.as_ref()).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let _driver = Driver(tokio::spawn(async move { drop(connection.await) }));
        let wanted = if is_absolute { &whole } else { target };
        let mut request = Request::builder().method(method).uri(wanted);
        if let Some(all) = request.headers_mut() {
            *all = headers;
            if let Ok(host) = HeaderValue::from_str(self.host()) {
                all.insert(HOST, host);
            }
            let keys = proxy.as_ref().filter(|_| is_absolute);
            if let Some(keys) = keys.and_then(Intercept::basic_auth) {
                all.insert(PROXY_AUTHORIZATION, keys.clone());
            }
        }
        let request = request.body(Full::new(body)).map_err(|e| broken(&e))?;
        whole_answer(sender.send_request(request).await?).await
    }

    /// Host and port, as in the URL.
    fn host(&self) -> &str {
        let origin = self.base.as_str();
        let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// Connects to the server; also returns whether requests have to contain the full URL, as a
    /// proxy requires.
    async fn connect(&self, proxy: Option<&Intercept>) -> Result<(Box<dyn Stream>, bool), Failure> {
        let host = self.base.host_str().unwrap_or_default();
        let bare = host.trim_matches(['[', ']']);
        let port = self.base.port_or_known_default().unwrap_or(80);
        let stream = match proxy {
            None => {
                let stream = tcp(bare, port).await?;
                if is_own(&stream, self.own) {
                    let why = "the URL leads to this mock itself";
                    return Err(Failure::new(FailureKind::Own, why));
                }
                Box::new(stream) as Box<dyn Stream>
            }
            Some(proxy) => {
                let to = proxy.uri();
                let stream = tcp(
                    to.host().unwrap_or_default().trim_matches(['[', ']']),
                    to.port_u16().unwrap_or(80),
                )
                .await
                .map_err(|why| Failure::new(why.kind, format!("the proxy: {}", why.why)))?;
                if self.tls.is_none() {
                    return Ok((Box::new(stream), true));
                }
                tunnel(stream, &format!("{host}:{port}"), proxy).await?
            }
        };
        let Some(tls) = &self.tls else {
            return Ok((stream, false));
        };
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|error| Failure::new(FailureKind::Certificate, error.to_string()))?;
        let secured = tls
            .connect(name, stream)
            .await
            .map_err(|error| handshake(&error))?;
        Ok((Box::new(secured), false))
    }
}

async fn tcp(host: &str, port: u16) -> Result<TcpStream, Failure> {
    let unreachable = |error: std::io::Error| {
        Failure::new(FailureKind::Unreachable, format!("{host}:{port}: {error}"))
    };
    let stream = TcpStream::connect((host, port))
        .await
        .map_err(unreachable)?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// A tunnel to a server through a proxy (RFC 9110, section 9.3.6).
async fn tunnel(
    stream: TcpStream,
    authority: &str,
    proxy: &Intercept,
) -> Result<Box<dyn Stream>, Failure> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = connection.with_upgrades();
    // The task ends once the tunnel is established.
    let _driver = Driver(tokio::spawn(async move { drop(connection.await) }));
    let mut request = Request::connect(authority).header(HOST, authority);
    if let Some(keys) = proxy.basic_auth() {
        request = request.header(PROXY_AUTHORIZATION, keys.clone());
    }
    let failed = |why: String| Failure::new(FailureKind::Unreachable, format!("the proxy: {why}"));
    let request = request
        .body(Full::<Bytes>::default())
        .map_err(|error| failed(error.to_string()))?;
    let answer = sender.send_request(request).await?;
    if !answer.status().is_success() {
        return Err(failed(format!("it answers {}", answer.status())));
    }
    let upgraded = hyper::upgrade::on(answer).await?;
    Ok(Box::new(TokioIo::new(upgraded)))
}

async fn whole_answer(response: Response<Incoming>) -> Result<Came, Failure> {
    let (parts, mut body) = response.into_parts();
    if parts.status.is_informational() {
        let why = format!("it answers {}, which nobody asked for", parts.status);
        return Err(Failure::new(FailureKind::Broken, why));
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if whole.len() + data.len() > LARGEST {
            let why = format!("its answer is over {} MiB", LARGEST / 1024 / 1024);
            return Err(Failure::new(FailureKind::TooLarge, why));
        }
        whole.extend_from_slice(&data);
    }
    Ok(Came {
        status: parts.status,
        headers: parts.headers,
        body: whole.freeze(),
    })
}

/// Whether a connection leads back to the server that listens on `own`.
pub fn is_own(stream: &TcpStream, own: SocketAddr) -> bool {
    let (Ok(there), Ok(here)) = (stream.peer_addr(), stream.local_addr()) else {
        return false;
    };
    let is_ours = own.ip() == there.ip() || own.ip().is_unspecified() && there.ip() == here.ip();
    is_ours && own.port() == there.port()
}

/// Parses `--upstream`.
fn base(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).with_context(|| format!("--upstream: `{text}`"))?;
    // Do not repeat the other parts, which may contain a password.
    let more = !url.username().is_empty() || url.password().is_some();
    ensure!(
        !more && url.query().is_none() && url.fragment().is_none(),
        "--upstream: expected an address without user name, password, `?` and `#`"
    );
    ensure!(
        matches!(url.scheme(), "http" | "https"),
        "--upstream: `{text}`: must begin with http:// or https://"
    );
    ensure!(
        url.path().trim_end_matches('/').ends_with(BASE),
        "--upstream: `{text}`: must end with {BASE}, as base URLs do"
    );
    Ok(url)
}

/// Parses `--upstream-proxy`. The message does not repeat it, because it may contain a password.
fn explicit(text: &str) -> anyhow::Result<Matcher> {
    let url = Url::parse(text).ok();
    let known = url.is_some_and(|url| url.scheme() == "http" && url.has_host());
    ensure!(known, "--upstream-proxy: expected http://HOST:PORT");
    Ok(Matcher::builder().all(text.to_owned()).build())
}

/// A TLS connector that trusts the system's CAs, and those in a file.
fn connector(ca: Option<&Path>) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    // Unreadable certificates of the system are not our concern.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca {
        let name = || format!("--upstream-ca {}", file.display());
        let pem = std::fs::read(file).with_context(name)?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let found = found.map_err(|_| anyhow::anyhow!("{}: not PEM certificates", name()))?;
        ensure!(
            !found.is_empty(),
            "{}: no certificate in PEM format (`-----BEGIN CERTIFICATE-----`)",
            name()
        );
        for certificate in found {
            roots.add(certificate).with_context(name)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("--upstream: TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
