//! What proxies in front of the server say of a request: `Forwarded` (RFC 7239), and the
//! `X-Forwarded-…` headers that came before it.
//!
//! Each proxy adds its own words at the end, and anybody may have sent what stands before them. So
//! they are read from the end, as far as each was added by a proxy that is trusted: what a
//! stranger wrote is never reached.

use hyper::HeaderMap;
use hyper::header::{FORWARDED, HOST, HeaderName};
use ipnet::IpNet;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const X_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const X_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// All of them.
const HEADERS: [HeaderName; 6] = [FORWARDED, X_FOR, X_PROTO, X_HOST, X_PORT, X_PREFIX];

/// The addresses whose word counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Those of these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// How a client reaches the server, where proxies that are trusted say so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// Who asked: an address, or what the first proxy says in its place.
    pub client: Option<String>,
    /// `http` or `https`.
    pub scheme: Option<&'static str>,
    /// The host that the client asked, with its port.
    pub host: Option<String>,
    /// What stands before every path there; no slash at its end.
    pub prefix: Option<String>,
    /// Some of it could not be read, and is left out.
    pub is_broken: bool,
}

impl Forwarded {
    /// What the headers of a request from `peer` say, and each header that does not count, with
    /// the reason.
    pub fn read(
        headers: &HeaderMap,
        peer: IpAddr,
        trusted: &TrustedProxies,
    ) -> (Self, Vec<String>) {
        let mut ignored = Vec::new();
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
        let (mut read, hops) = match elements(headers) {
            Ok(Some(elements)) => {
                let standard = Self::standard(&elements, trusted);
                let (other, _) = Self::before_the_standard(headers, trusted, &mut |_, _| ());
                // One of them came through a proxy that knows only the other.
                if differ(standard.0.client.as_deref(), other.client.as_deref()) {
                    broken(&FORWARDED, "x-forwarded-for names another client");
                    (Self::default(), 1)
                } else {
                    standard
                }
            }
            Ok(None) => Self::before_the_standard(headers, trusted, &mut broken),
            Err(why) => {
                broken(&FORWARDED, why);
                (Self::default(), 1)
            }
        };
        // The standard has no word for it.
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

    /// What `Forwarded` says, and how many proxies said it.
    fn standard(elements: &[Element], trusted: &TrustedProxies) -> (Self, usize) {
        let mut read = Self::default();
        let mut hops = 0;
        for element in elements.iter().rev() {
            hops += 1;
            // What is further from the server overrides: it is nearer to the client.
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

    /// What the other headers say, and how many proxies said it. A value that cannot be read is
    /// left out.
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

    /// Adds a port to the host that names none.
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

    /// Where the client reaches the server, without a slash at the end; nothing if no proxy says
    /// otherwise than `own`, under which the server would be reached without one.
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

/// The host that the last proxy asked.
fn own_host(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST)?.to_str().ok()?;
    is_authority(host).then(|| host.to_owned())
}

/// What one proxy says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Element {
    client: Option<Node>,
    scheme: Option<&'static str>,
    host: Option<String>,
}

/// Who asked a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Address(IpAddr),
    /// `unknown`, or a name that says nothing.
    Obfuscated(String),
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Obfuscated(name) => name.fmt(f),
        }
    }
}

impl Node {
    /// A node of the standard (RFC 7239, section 6): an address of version 6 stands in brackets,
    /// and a port may follow.
    fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix('[') {
            let (address, rest) = rest.split_once(']')?;
            let address = address.parse::<Ipv6Addr>().ok()?;
            let is_end = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_node_port);
            return is_end.then(|| Self::Address(IpAddr::from(address).to_canonical()));
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        };
        if !port.is_none_or(is_node_port) {
            return None;
        }
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let is_obfuscated = name.len() > 1 && is_obfuscated(name);
        (is_obfuscated || name.eq_ignore_ascii_case("unknown"))
            .then(|| Self::Obfuscated(name.to_owned()))
    }

    /// The same in `X-Forwarded-For`, where nothing tells how addresses of version 6 stand.
    fn bare(text: &str) -> Option<Self> {
        match text.parse::<IpAddr>() {
            Ok(address) => Some(Self::Address(address.to_canonical())),
            Err(_) => Self::parse(text),
        }
    }
}

fn is_obfuscated(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    name.starts_with('_') && name.bytes().all(plain)
}

fn is_node_port(text: &str) -> bool {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    is_number || (text.len() > 1 && is_obfuscated(text))
}

fn scheme(text: &str) -> Option<&'static str> {
    ["http", "https"]
        .into_iter()
        .find(|it| it.eq_ignore_ascii_case(text))
}

/// Whether a text is a host, and a port if any (RFC 9110, section 7.2), and nothing that would
/// lead a URL elsewhere.
fn is_authority(text: &str) -> bool {
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split_once(']').is_some_and(|(address, rest)| {
            address.parse::<Ipv6Addr>().is_ok()
                && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
        });
    }
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !name.is_empty()
        && name.len() <= 255
        && name.bytes().all(plain)
        && port.is_none_or(is_port)
        // What looks like an address and is none, browsers read in ways of their own.
        && url::Host::parse(name).is_ok_and(|host| host.to_string().eq_ignore_ascii_case(name))
}

/// Whether a text may stand before every path.
fn is_prefix(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..");
    text.bytes().all(plain)
        && text.strip_prefix('/').is_some_and(|rest| {
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            rest.is_empty() || rest.split('/').all(is_segment)
        })
}

/// Whether two clients are told apart by their addresses.
fn differ(one: Option<&str>, other: Option<&str>) -> bool {
    let address = |it: Option<&str>| it.and_then(|it| it.parse::<IpAddr>().ok());
    address(one)
        .zip(address(other))
        .is_some_and(|(one, other)| one != other)
}

/// The values of a header that is a list, in all of its lines.
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

/// The value of the outermost of so many trusted proxies, where each adds one. Where there are
/// fewer, the trusted ones pass one on.
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

/// The elements of `Forwarded`, the client's first; nothing if there is no such header.
fn elements(headers: &HeaderMap) -> Result<Option<Vec<Element>>, &'static str> {
    let Some(whole) = joined(headers, &FORWARDED)? else {
        return Ok(None);
    };
    let mut elements = Vec::new();
    let mut rest = &*whole;
    loop {
        rest = skip(rest);
        let Some(next) = rest.chars().next() else {
            return Ok((!elements.is_empty()).then_some(elements));
        };
        if next == ',' {
            // An empty element of a list says nothing (RFC 9110, section 5.6.1).
            rest = &rest[1..];
            continue;
        }
        elements.push(element(&mut rest)?);
    }
}

/// Reads one element, up to the comma after it.
fn element(rest: &mut &str) -> Result<Element, &'static str> {
    let mut element = Element::default();
    let mut named: Vec<String> = Vec::new();
    loop {
        *rest = skip(rest);
        if let Some(after) = rest.strip_prefix(';') {
            *rest = after;
            continue;
        }
        if rest.is_empty() || rest.starts_with(',') {
            return Ok(element);
        }
        let (name, value) = pair(rest)?;
        if named.contains(&name) {
            return Err("a parameter twice in one element");
        }
        match &*name {
            "for" => element.client = Some(Node::parse(&value).ok_or("`for` is not a node")?),
            "proto" => {
                element.scheme = Some(scheme(&value).ok_or("`proto` is neither http nor https")?);
            }
            "host" if is_authority(&value) => element.host = Some(value),
            "host" => return Err("`host` is not a host"),
            _ => {}
        }
        named.push(name);
        *rest = skip(rest);
        if !(rest.is_empty() || rest.starts_with([',', ';'])) {
            return Err("something stands after a value");
        }
    }
}

/// Reads a name and its value. Colons and brackets are let through where quotes should be: hosts
/// with a port are often sent so.
fn pair(rest: &mut &str) -> Result<(String, String), &'static str> {
    let is_token = |it: char| it.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(it);
    let end = rest.find(|it| !is_token(it)).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let value = after.strip_prefix('=').filter(|_| !name.is_empty());
    let value = value.ok_or("not a list of name=value")?;
    let name = name.to_ascii_lowercase();
    if let Some(quoted) = value.strip_prefix('"') {
        let mut text = String::new();
        let mut signs = quoted.char_indices();
        while let Some((at, sign)) = signs.next() {
            match sign {
                '"' => {
                    *rest = &quoted[at + 1..];
                    return Ok((name, text));
                }
                '\\' => text.push(signs.next().ok_or("a quote is not closed")?.1),
                _ => text.push(sign),
            }
        }
        return Err("a quote is not closed");
    }
    let is_value = |it: char| is_token(it) || ":[]".contains(it);
    let end = value.find(|it| !is_value(it)).unwrap_or(value.len());
    let (text, after) = value.split_at(end);
    if text.is_empty() {
        return Err("a name has no value");
    }
    *rest = after;
    Ok((name, text.to_owned()))
}

fn skip(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

#[cfg(test)]
mod tests;
