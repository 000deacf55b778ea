//! Reasons why there is no upstream answer to pass on.

use hyper::StatusCode;

/// Why there is no answer to pass on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// The reason, for people.
    pub why: String,
}

/// Kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The server or the proxy cannot be reached.
    Unreachable,
    /// Its certificate is not trusted.
    Certificate,
    /// It did not answer in time.
    Late,
    /// Its answer is too large.
    TooLarge,
    /// Its answer is not HTTP, or ends early.
    Broken,
    /// It is this server itself.
    Own,
}

impl FailureKind {
    /// The error code in the answer.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "upstream_unreachable",
            Self::Certificate => "upstream_certificate",
            Self::Late => "upstream_timeout",
            Self::TooLarge => "upstream_too_large",
            Self::Broken => "upstream_broken",
            Self::Own => "upstream_is_this_server",
        }
    }

    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Late => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        }
    }
}

impl Failure {
    pub fn new(kind: FailureKind, why: impl Into<String>) -> Self {
        Self {
            kind,
            why: why.into(),
        }
    }
}

impl From<hyper::Error> for Failure {
    fn from(error: hyper::Error) -> Self {
        let cause = std::error::Error::source(&error);
        let cause = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
        let ends = cause.is_some_and(|it| it.kind() == std::io::ErrorKind::UnexpectedEof);
        let why = if ends || error.is_incomplete_message() {
            "it closed the connection before the end of its answer".to_owned()
        } else if error.is_parse() {
            format!("what it answers is not HTTP/1.1 ({error})")
        } else {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            cause.unwrap_or_else(|| error.to_string())
        };
        Self::new(FailureKind::Broken, why)
    }
}

/// The failure for a TLS error.
pub fn handshake(error: &std::io::Error) -> Failure {
    let cause = error.get_ref();
    let cause = cause.and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(why)) => Failure::new(
            FailureKind::Certificate,
            format!(
                "its certificate is not trusted ({why}); --upstream-ca FILE names an authority to trust"
            ),
        ),
        Some(rustls::Error::InvalidMessage(_)) => Failure::new(
            FailureKind::Broken,
            "it does not speak TLS; for plain HTTP, use a URL that begins with http://",
        ),
        _ => Failure::new(FailureKind::Broken, format!("the TLS handshake: {error}")),
    }
}
