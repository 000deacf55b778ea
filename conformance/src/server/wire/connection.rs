//! Sends single requests: deadline, size limit, certificates, proxy, and why there is no answer.

use super::answer::Answer;
use crate::net::{Clients, authorities};
use anyhow::{Context as _, bail};
use flexiti_contract::hosts::AllowedHosts;
use reqwest::blocking::Client;
use reqwest::header::HeaderValue;
use reqwest::{Method, Proxy, Url};
use std::error::Error;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Timeout for a whole request and answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Maximum size of an answer, in bytes.
const LARGEST: u64 = 2 * 1024 * 1024;

/// How to reach a server, and how to interrupt that.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// The hosts that may be called.
    pub hosts: AllowedHosts,
    /// A PEM file of certificate authorities to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// The proxy, instead of the environment's.
    pub proxy: Option<String>,
    /// Set when the run has to end.
    pub interrupted: Arc<AtomicBool>,
}

/// Sends requests.
#[derive(Debug)]
pub(super) struct Connection {
    /// Clients with keep-alive.
    kept: Clients,
    /// Clients that open a connection for each request.
    fresh: Clients,
    /// Whether the server closes idle connections without notice: a request in flight then gets no
    /// answer, which says nothing about the server (RFC 9112, 9.3.1).
    closes: AtomicBool,
    /// How many times a fresh connection did not help.
    vain: AtomicU32,
}

/// After this many failures, requests are no longer retried on a fresh connection.
const IN_VAIN: u32 = 3;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// The kind of reason.
    pub kind: Silence,
    /// The reason as text.
    pub why: String,
}

/// Kinds of reasons for the lack of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The host name cannot be resolved.
    Dns,
    /// The connection was refused.
    Refused,
    /// The server's certificate is not trusted.
    Certificate,
    /// The server does not speak TLS.
    NoTls,
    /// The timeout expired.
    Timeout,
    /// The answer is too large.
    TooBig,
    /// It is not HTTP, the connection was closed, or anything else.
    Broken,
}

impl NoAnswer {
    fn new(kind: Silence, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { kind, why }
    }

    /// Whether the connection was closed before an answer came.
    fn is_closed(&self) -> bool {
        self.kind == Silence::Broken
            && ["closed before message completed", "reset"]
                .iter()
                .any(|words| self.why.contains(words))
    }

    /// Whether an answer did come, but was too large.
    pub fn is_too_big(&self) -> bool {
        self.kind == Silence::TooBig
    }

    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut causes: Vec<&(dyn Error + 'static)> = Vec::new();
        let mut next = Some(error);
        while let Some(cause) = next {
            causes.push(cause);
            next = cause.source();
        }
        let refused = |error: &&(dyn Error + 'static)| {
            let io = error.downcast_ref::<std::io::Error>();
            io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
        };
        let timeout = |error: &&(dyn Error + 'static)| {
            let own = error.downcast_ref::<reqwest::Error>();
            own.is_some_and(reqwest::Error::is_timeout)
        };
        let is_refused = causes.iter().any(refused);
        let is_timeout = causes.iter().any(timeout);
        let texts: Vec<String> = causes.iter().map(ToString::to_string).collect();
        let kind = match classified(&texts) {
            _ if is_timeout => Silence::Timeout,
            _ if is_refused => Silence::Refused,
            kind => kind,
        };
        let why = match kind {
            Silence::Timeout => format!("no whole answer within {} s", ANSWER_TIME.as_secs()),
            // The root cause is the helpful part.
            _ => texts.last().cloned().unwrap_or_default(),
        };
        Self { kind, why }
    }
}

/// Classifies an error by its messages and those of its causes.
fn classified(causes: &[String]) -> Silence {
    let says = |words: &str| causes.iter().any(|cause| cause.contains(words));
    if says("dns error") || says("failed to lookup address") {
        Silence::Dns
    } else if says("InvalidContentType") || says("received corrupt message") {
        Silence::NoTls
    } else if says("certificate") {
        Silence::Certificate
    } else {
        Silence::Broken
    }
}

const USER_AGENT: &str = concat!("flexiti-conformance/", env!("CARGO_PKG_VERSION"));

impl Connection {
    /// A connection as configured by `reach`. An error names the flag at fault.
    pub(super) fn new(reach: &Reach) -> anyhow::Result<Self> {
        let authorities = match &reach.ca {
            Some(file) => authorities(file)?,
            None => Vec::new(),
        };
        let proxy = reach.proxy.as_deref().map(proxy).transpose()?;
        let settings = || {
            Client::builder()
                // Some gateways reject requests without a user agent (RFC 9110, 10.1.5).
                .user_agent(USER_AGENT)
                .timeout(ANSWER_TIME)
                .redirect(reqwest::redirect::Policy::none())
                .tls_certs_merge(authorities.iter().cloned())
        };
        let alone = || settings().pool_max_idle_per_host(0);
        let both = Clients::new(settings, proxy.clone())
            .and_then(|kept| Ok((kept, Clients::new(alone, proxy)?)));
        let (kept, fresh) = match &reach.ca {
            Some(file) => both.with_context(|| format!("--ca {}", file.display()))?,
            None => both?,
        };
        Ok(Self {
            kept,
            fresh,
            closes: AtomicBool::new(false),
            vain: AtomicU32::new(0),
        })
    }

    /// Sends a request and reads the answer, up to the size limit and deadline.
    pub(super) fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Result<Answer, NoAnswer> {
        let send = |clients| send(clients, method, url, headers, body);
        if self.closes.load(Ordering::Relaxed) {
            return send(&self.fresh);
        }
        let outcome = send(&self.kept);
        let is_closed = matches!(&outcome, Err(none) if none.is_closed());
        if !is_closed || self.vain.load(Ordering::Relaxed) >= IN_VAIN {
            return outcome;
        }
        let again = send(&self.fresh);
        self.closes.fetch_or(again.is_ok(), Ordering::Relaxed);
        self.vain
            .fetch_add(u32::from(again.is_err()), Ordering::Relaxed);
        again
    }
}

fn send(
    clients: &Clients,
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: Option<&[u8]>,
) -> Result<Answer, NoAnswer> {
    let broken = |error: &dyn ToString| NoAnswer::new(Silence::Broken, error.to_string());
    let method = Method::from_bytes(method.as_bytes()).map_err(|e| broken(&e))?;
    // The timeout of the request covers the body; that of the client does not.
    let mut request = clients.request(method, url).timeout(ANSWER_TIME);
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|e| broken(&e))?;
        request = request.header(name, value);
    }
    if let Some(body) = body {
        request = request.body(body.to_vec());
    }
    let started = Instant::now();
    let mut response = request.send().map_err(|error| NoAnswer::of(&error))?;
    let mut body = Vec::new();
    let read = response.by_ref().take(LARGEST + 1).read_to_end(&mut body);
    read.map_err(|error| match error.get_ref() {
        Some(inner) => NoAnswer::of(inner),
        None => NoAnswer::of(&error),
    })?;
    if u64::try_from(body.len()).unwrap_or(u64::MAX) > LARGEST {
        let why = "the answer is over 2 MiB";
        return Err(NoAnswer::new(Silence::TooBig, why));
    }
    let own = |(name, value): (&reqwest::header::HeaderName, &HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), value.into_owned())
    };
    Ok(Answer {
        status: response.status().as_u16(),
        headers: response.headers().iter().map(own).collect(),
        body,
        took: started.elapsed(),
    })
}

/// Parses `--proxy`. The error does not repeat it, as it may contain a password.
fn proxy(text: &str) -> anyhow::Result<Proxy> {
    let url = Url::parse(text).ok();
    let known = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let Some(url) = url.filter(known) else {
        bail!("--proxy: expected http://HOST:PORT or https://HOST:PORT");
    };
    Proxy::all(url).context("--proxy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_silence_is_told_from_the_causes() {
        for (causes, kind) in [
            (
                &[
                    "client error (Connect)",
                    "dns error",
                    "Name or service not known",
                ][..],
                Silence::Dns,
            ),
            (
                &[
                    "client error (Connect)",
                    "invalid peer certificate: UnknownIssuer",
                ],
                Silence::Certificate,
            ),
            (
                &["received corrupt message of type InvalidContentType"],
                Silence::NoTls,
            ),
            (
                &["connection closed before message completed"],
                Silence::Broken,
            ),
        ] {
            let causes: Vec<String> = causes.iter().map(|&cause| cause.to_owned()).collect();
            assert_eq!(classified(&causes), kind, "{causes:?}");
        }
    }

    #[test]
    fn a_proxy_is_a_url_and_is_never_repeated() {
        assert!(proxy("http://127.0.0.1:3128").is_ok());
        for text in [
            "proxy.example:3128",
            "socks5://user:hunter2@127.0.0.1:1",
            "hunter2",
        ] {
            let message = format!("{:#}", proxy(text).unwrap_err());
            assert!(message.starts_with("--proxy: expected"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
