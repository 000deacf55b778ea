//! Requests that are not HTTP or have broken framing and therefore never reach the pipeline. Each
//! is logged and counted, and answered with an explanation.

use crate::http::reply::Reply;
use crate::pipeline::Service;
use crate::server::default_responses;
use crate::server::socket::{Other, Socket};
use hyper::header::{CONNECTION, HOST, HeaderValue};
use hyper::http::uri::Authority;
use hyper::{Request, StatusCode, Version};

/// The maximum size of a request's head; above it, hyper answers 431.
pub const HEADER_SIZE: usize = 64 * 1024;

/// Checks that a request names one host (RFC 9112, section 3.2; RFC 9113, section 8.3.1); the error
/// says what is wrong.
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
            Err("the Host header is not a host with an optional port, such as localhost:4359")
        }
        _ => Ok(()),
    }
}

/// Whether a value is a host with an optional port, or empty.
fn is_host(value: &HeaderValue) -> bool {
    let authority = Authority::try_from(value.as_bytes());
    value.is_empty() || authority.is_ok_and(|it| !it.as_str().contains('@'))
}

/// The answer to a request after which the connection cannot be trusted.
pub fn reply(why: &str) -> Reply {
    let kind = "text/plain; charset=utf-8";
    Reply::text(StatusCode::BAD_REQUEST, kind, &format!("{why}\n")).with(CONNECTION, "close")
}

/// Logs and counts a request that never reached the pipeline.
pub fn refused(service: &Service, why: &str) {
    service.metrics.malformed();
    tracing::info!(malformed = why, "refused what is not HTTP");
}

/// Handles a connection's error: if the client caused it, it is told and the error is logged.
pub fn ended(service: &Service, socket: &Socket, error: &hyper::Error) {
    if error.is_timeout() {
        if socket.is_half_way() {
            let why = "the head of the request did not arrive in time (--head-timeout)";
            socket.last_words(&default_responses::answer(408, why));
            refused(service, why);
        }
    } else if error.is_parse() && socket.other() == Some(&Other::Tls) {
        refused(
            service,
            "a TLS request on a plain HTTP port: use http://, or start the server with --tls-cert or --tls-self-signed",
        );
    } else if error.is_parse() {
        refused(service, &error.to_string());
    }
}
