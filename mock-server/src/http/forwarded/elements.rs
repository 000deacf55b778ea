//! Parses forwarding headers: nodes, hosts, and the elements of `Forwarded` (RFC 7239).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The information that one proxy adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// The client that sent the request to the proxy.
    pub client: Option<Node>,
    /// The scheme that the client used.
    pub scheme: Option<&'static str>,
    /// The host that the client requested.
    pub host: Option<String>,
}

/// The sender of a request, as a proxy identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// An address.
    Address(IpAddr),
    /// `unknown`, or an obfuscated identifier.
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
    /// Parses a node (RFC 7239, section 6): an IPv6 address must be in brackets, and a port may
    /// follow.
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

    /// Parses an address in `X-Forwarded-For`, where an IPv6 address need not be in brackets.
    pub fn bare(text: &str) -> Option<Self> {
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

pub fn scheme(text: &str) -> Option<&'static str> {
    ["http", "https"]
        .into_iter()
        .find(|it| it.eq_ignore_ascii_case(text))
}

/// Whether a text is a host with an optional port (RFC 9110, section 7.2), and contains nothing
/// that would lead a URL elsewhere.
pub fn is_authority(text: &str) -> bool {
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
        // Browsers interpret hosts that merely look like an address in various ways.
        && url::Host::parse(name).is_ok_and(|host| host.to_string().eq_ignore_ascii_case(name))
}

/// Parses the elements of `Forwarded`, the client's first; the error says what is wrong.
pub fn elements(whole: &str) -> Result<Vec<Element>, &'static str> {
    let mut elements = Vec::new();
    let mut rest = whole;
    loop {
        rest = skip(rest);
        let Some(next) = rest.chars().next() else {
            return Ok(elements);
        };
        if next == ',' {
            // Empty list elements are ignored (RFC 9110, section 5.6.1).
            rest = &rest[1..];
            continue;
        }
        elements.push(element(&mut rest)?);
    }
}

/// Parses one element, up to the next comma.
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
            return Err("unexpected text after a value");
        }
    }
}

/// Parses a name and its value. Colons and brackets are accepted without quotes, because hosts with
/// a port are often sent so.
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
