//! Forwarding headers: what proxies in front of the server report about a request, in `Forwarded`
//! (RFC 7239) and the older `X-Forwarded-…` headers.
//!
//! Each proxy appends to these headers, and a client can send anything before that. They are
//! therefore read from the end, as far as each part was added by a trusted proxy, so that forged
//! parts are never reached.

mod elements;

use elements::{Element, Node, elements, is_authority, scheme};
use hyper::HeaderMap;
use hyper::header::{FORWARDED, HOST, HeaderName};
use ipnet::IpNet;
use std::borrow::Cow;
use std::net::IpAddr;

const X_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const X_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// All forwarding headers.
const HEADERS: [HeaderName; 6] = [FORWARDED, X_FOR, X_PROTO, X_HOST, X_PORT, X_PREFIX];

/// The addresses of trusted proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts all proxies in these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// How a client reaches the server, according to trusted proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// The client's address, or the first proxy's identifier for it.
    pub client: Option<String>,
    /// `http` or `https`.
    pub scheme: Option<&'static str>,
    /// The host that the client requested, with its port.
    pub host: Option<String>,
    /// The prefix of every path that the client sees, without a trailing slash.
    pub prefix: Option<String>,
    /// Some of the headers were malformed and are ignored.
    pub is_broken: bool,
}

impl Forwarded {
    /// Reads the headers of a request from `peer`. Also returns each ignored header with the
    /// reason.
    pub fn read(
        headers: &HeaderMap,
        peer: IpAddr,
        trusted: &TrustedProxies,
    ) -> (Self, Vec<String>) {
        let mut ignored = Vec::new();
        // Usually there are none, so check each header once instead of searching for each of these.
        let is_one =
            |name: &HeaderName| *name == FORWARDED || name.as_str().starts_with("x-forwarded-");
        if !headers.keys().any(is_one) {
            return (Self::default(), ignored);
        }
        if !trusted.has(peer) {
            for name in HEADERS.iter().filter(|name| headers.contains_key(*name)) {
                ignored.push(format!(
                    "{name}: {} is not a trusted proxy",
                    peer.to_canonical()
                ));
            }
            return (Self::default(), ignored);
        }
        let mut broken = |name: &HeaderName, why: &str| ignored.push(format!("{name}: {why}"));
        let parsed = joined(headers, &FORWARDED);
        let parsed = parsed.and_then(|whole| whole.map(|it| elements(&it)).transpose());
        let (mut read, hops) = match parsed {
            Ok(Some(elements)) if !elements.is_empty() => {
                let standard = Self::standard(&elements, trusted);
                let (other, _) = Self::before_the_standard(headers, trusted, &mut |_, _| ());
                // One of them passed a proxy that handles only the other.
                if differ(standard.0.client.as_deref(), other.client.as_deref()) {
                    broken(&FORWARDED, "x-forwarded-for names another client");
                    (Self::default(), 1)
                } else {
                    standard
                }
            }
            Ok(_) => Self::before_the_standard(headers, trusted, &mut broken),
            Err(why) => {
                broken(&FORWARDED, why);
                (Self::default(), 1)
            }
        };
        // `Forwarded` has no parameter for the prefix.
        match outermost(headers, &X_PREFIX, hops) {
            Ok(Some(value)) if is_prefix(&value) => {
                read.prefix = Some(value.trim_end_matches('/').to_owned());
            }
            Ok(Some(_)) => broken(&X_PREFIX, "not the beginning of a path"),
            Ok(None) => {}
            Err(why) => broken(&X_PREFIX, why),
        }
        read.is_broken = !ignored.is_empty();
        (read, ignored)
    }

    /// Reads `Forwarded`; returns how many trusted proxies added to it.
    fn standard(elements: &[Element], trusted: &TrustedProxies) -> (Self, usize) {
        let mut read = Self::default();
        let mut hops = 0;
        for element in elements.iter().rev() {
            hops += 1;
            // Elements further from the server override, because they are closer to the client.
            read.scheme = element.scheme.or(read.scheme);
            read.host = element.host.clone().or(read.host);
            read.client = element.client.as_ref().map(ToString::to_string);
            match element.client {
                Some(Node::Address(address)) if trusted.has(address) => {}
                _ => break,
            }
        }
        (read, hops)
    }

    /// Reads the `X-Forwarded-…` headers; returns how many trusted proxies added to them. Malformed
    /// values are ignored.
    fn before_the_standard(
        headers: &HeaderMap,
        trusted: &TrustedProxies,
        broken: &mut impl FnMut(&HeaderName, &str),
    ) -> (Self, usize) {
        let mut read = Self::default();
        let mut hops = 1;
        let nodes = list(headers, &X_FOR).and_then(|values| {
            let nodes = values.iter().map(|it| Node::bare(it));
            nodes
                .collect::<Option<Vec<Node>>>()
                .ok_or("not a list of addresses")
        });
        match nodes {
            Ok(nodes) => {
                let is_proxy =
                    |it: &&Node| matches!(it, Node::Address(address) if trusted.has(*address));
                let proxies = nodes.iter().rev().take_while(is_proxy).count();
                hops = (proxies + 1).min(nodes.len().max(1));
                let client = nodes.len().checked_sub(hops).and_then(|at| nodes.get(at));
                read.client = client.map(ToString::to_string);
            }
            Err(why) => broken(&X_FOR, why),
        }
        match outermost(headers, &X_PROTO, hops) {
            Ok(Some(value)) => match scheme(&value) {
                Some(scheme) => read.scheme = Some(scheme),
                None => broken(&X_PROTO, "neither http nor https"),
            },
            Ok(None) => {}
            Err(why) => broken(&X_PROTO, why),
        }
        match outermost(headers, &X_HOST, hops) {
            Ok(Some(value)) if is_authority(&value) => read.host = Some(value),
            Ok(Some(_)) => broken(&X_HOST, "not a host"),
            Ok(None) => {}
            Err(why) => broken(&X_HOST, why),
        }
        match outermost(headers, &X_PORT, hops) {
            Ok(Some(value)) => match value.parse().ok().filter(|port: &u16| *port > 0) {
                Some(port) => read.at_port(headers, port),
                None => broken(&X_PORT, "not a port"),
            },
            Ok(None) => {}
            Err(why) => broken(&X_PORT, why),
        }
        (read, hops)
    }

    /// Adds a port to a host that has none.
    fn at_port(&mut self, headers: &HeaderMap, port: u16) {
        let usual = if self.scheme == Some("https") {
            443
        } else {
            80
        };
        let host = self.host.take().or_else(|| own_host(headers));
        self.host = host.map(|host| {
            let has_port = host
                .rsplit_once(':')
                .is_some_and(|(_, end)| !end.ends_with(']'));
            if has_port || port == usual {
                host
            } else {
                format!("{host}:{port}")
            }
        });
    }

    /// The origin under which the client reaches the server, without a trailing slash; `None` if no
    /// proxy reports anything that differs from `own`, the server's origin without proxies.
    pub fn origin(&self, headers: &HeaderMap, own: &str) -> Option<String> {
        if self.scheme.is_none() && self.host.is_none() && self.prefix.is_none() {
            return None;
        }
        let (own_scheme, own_authority) = own.split_once("://")?;
        let scheme = self.scheme.unwrap_or(own_scheme);
        let host = self.host.clone().or_else(|| own_host(headers));
        let host = host.as_deref().unwrap_or(own_authority);
        let prefix = self.prefix.as_deref().unwrap_or_default();
        Some(format!("{scheme}://{host}{prefix}"))
    }
}

/// The host that the last proxy requested.
fn own_host(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST)?.to_str().ok()?;
    is_authority(host).then(|| host.to_owned())
}

/// Whether a text is a valid path prefix.
fn is_prefix(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..");
    text.bytes().all(plain)
        && text.strip_prefix('/').is_some_and(|rest| {
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            rest.is_empty() || rest.split('/').all(is_segment)
        })
}

/// Whether both are addresses and differ.
fn differ(one: Option<&str>, other: Option<&str>) -> bool {
    let address = |it: Option<&str>| it.and_then(|it| it.parse::<IpAddr>().ok());
    address(one)
        .zip(address(other))
        .is_some_and(|(one, other)| one != other)
}

/// The values of a list header, joined from all its lines.
fn joined<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<Option<Cow<'h, str>>, &'static str> {
    let mut lines = headers.get_all(name).iter();
    let Some(first) = lines.next() else {
        return Ok(None);
    };
    let text = |line: &'h hyper::header::HeaderValue| line.to_str().map_err(|_| "not plain text");
    let mut whole = Cow::Borrowed(text(first)?);
    for line in lines {
        let whole = whole.to_mut();
        whole.push(',');
        whole.push_str(text(line)?);
    }
    Ok(Some(whole))
}

fn list(headers: &HeaderMap, name: &HeaderName) -> Result<Vec<String>, &'static str> {
    let Some(whole) = joined(headers, name)? else {
        return Ok(Vec::new());
    };
    let values = whole.split(',').map(|it| it.trim_matches([' ', '\t']));
    Ok(values
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect())
}

/// The value added by the outermost of `hops` trusted proxies, if each adds one. If there are fewer
/// values, some proxies pass on the one that they received.
fn outermost(
    headers: &HeaderMap,
    name: &HeaderName,
    hops: usize,
) -> Result<Option<String>, &'static str> {
    let mut values = list(headers, name)?;
    if values.is_empty() {
        return Ok(None);
    }
    let at = values.len().saturating_sub(hops);
    Ok(Some(values.swap_remove(at)))
}

#[cfg(test)]
mod tests;
