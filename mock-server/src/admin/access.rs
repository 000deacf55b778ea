//! Who may use the admin API.

use crate::admin::problem::{Problem, problem};
use crate::app::App;
use crate::http::forwarded::Forwarded;
use crate::http::request::Request;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use subtle::ConstantTimeEq as _;

/// The site that a browser's request comes from (Fetch Metadata).
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses pages of other origins, DNS rebinding, and, if there is an admin token, requests without
/// it.
pub fn may_enter(app: &App, request: &Request) -> Result<(), Problem> {
    let asked = request.header(&HOST).unwrap_or_default();
    // Behind a proxy, pages use the name under which the proxy is reached.
    let forwarded = &request.forwarded;
    let host = forwarded
        .host
        .as_deref()
        .map_or(asked.clone(), Cow::Borrowed);
    let origin = request.header(&ORIGIN);
    let foreign =
        |origin: &str| origin.split_once("://").map(|(_, authority)| authority) != Some(&*host);
    // Some requests of pages carry no `Origin`, but all carry `Sec-Fetch-Site`.
    let site = request.header(&FETCH_SITE);
    let site = site.as_deref().unwrap_or("none");
    if origin.is_some_and(|origin| foreign(&origin)) || !matches!(site, "same-origin" | "none") {
        let message = "the admin API does not answer pages of other origins";
        return Err(problem(StatusCode::FORBIDDEN, message));
    }
    let Some(expected) = &app.admin_token else {
        if forwarded.is_broken {
            let message = "the admin API refuses requests with malformed forwarding headers";
            return Err(problem(StatusCode::FORBIDDEN, message));
        }
        if is_loopback(&host) && is_loopback(&asked) && is_from_here(forwarded) {
            return Ok(());
        }
        let message = format!(
            "the admin API answers under a loopback name, not `{host}`; start the server with \
             --admin-token to call it under another name"
        );
        return Err(problem(StatusCode::FORBIDDEN, message));
    };
    let given = request.header(&AUTHORIZATION).unwrap_or_default();
    let given = given.strip_prefix("Bearer ").unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
        return Ok(());
    }
    let message = "the admin API needs `Authorization: Bearer` and the admin token: the \
                   one that --admin-token gave the server, or that it printed at its start";
    Err(problem(StatusCode::UNAUTHORIZED, message))
}

/// Whether the request did not come through a proxy, or came from this machine.
fn is_from_here(forwarded: &Forwarded) -> bool {
    if *forwarded == Forwarded::default() {
        return true;
    }
    let client = forwarded.client.as_deref();
    client.is_some_and(|client| client.parse().is_ok_and(|it: IpAddr| it.is_loopback()))
}

/// Whether a `Host` header names this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        // The colon is part of an IPv6 address.
        Some((_, port)) if port.ends_with(']') => host,
        Some((name, _)) => name,
        None => host,
    };
    let is_address = |name: &str| name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
    name == "localhost" || name == "[::1]" || is_address(name)
}
