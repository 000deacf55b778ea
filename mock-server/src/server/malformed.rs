//! Requests that are no HTTP, or cannot be framed: they never reach the pipeline. Each leaves a
//! log line and a count, and is answered with a sentence.

use crate::http::reply::Reply;
use crate::pipeline::Service;
use crate::server::own_words;
use crate::server::socket::{Other, Socket};
use hyper::header::{CONNECTION, HOST, HeaderValue};
use hyper::http::uri::Authority;
use hyper::{Request, StatusCode, Version};

/// The largest head of a request; hyper answers 431 beyond it.
pub const HEADER_SIZE: usize = 64 * 1024;

/// Whether a request names one host (RFC 9112, section 3.2; RFC 9113, section 8.3.1); otherwise
/// why not.
pub fn host<B>(request: &Request<B>) -> Result<(), &'static str> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let authority = request.uri().authority();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => Err("the request has more than one Host header; send exactly one"),
        (host, _) if request.version() == Version::HTTP_2 => match (host, authority) {
            (None, None) => Err("the request has neither :authority nor a Host header"),
            (Some(host), Some(authority))
                if !authority
                    .as_str()
                    .as_bytes()
                    .eq_ignore_ascii_case(host.as_bytes()) =>
            {
                Err("the request names two hosts: :authority and the Host header differ")
            }
            _ => Ok(()),
        },
        (None, _) if request.version() >= Version::HTTP_11 => {
            Err("the request has no Host header; HTTP/1.1 needs exactly one")
        }
        (Some(host), _) if !is_host(host) => {
            Err("the Host header is no host and no host with a port, such as localhost:4359")
        }
        _ => Ok(()),
    }
}

/// Whether a value names a host, perhaps with a port; one that names none is empty.
fn is_host(value: &HeaderValue) -> bool {
    let authority = Authority::try_from(value.as_bytes());
    value.is_empty() || authority.is_ok_and(|it| !it.as_str().contains('@'))
}

/// The answer to a request whose connection is not to be trusted any further.
pub fn reply(why: &str) -> Reply {
    let kind = "text/plain; charset=utf-8";
    Reply::text(StatusCode::BAD_REQUEST, kind, &format!("{why}\n")).with(CONNECTION, "close")
}

/// Logs and counts a request that never reached the pipeline.
pub fn refused(service: &Service, why: &str) {
    service.metrics.malformed();
    tracing::info!(malformed = why, "refused what is not HTTP");
}

/// A connection has ended in an error: where that was the client's, it is told and logged.
pub fn ended(service: &Service, socket: &Socket, error: &hyper::Error) {
    if error.is_timeout() {
        if socket.is_half_way() {
            let why = "the head of the request did not arrive in time (--head-timeout)";
            socket.last_words(&own_words::answer(408, why));
            refused(service, why);
        }
    } else if error.is_parse() && socket.other() == Some(&Other::Tls) {
        refused(
            service,
            "TLS on a port that does not speak it: ask for http://, or start the server with --tls-cert or --tls-self-signed",
        );
    } else if error.is_parse() {
        refused(service, &error.to_string());
    }
}
