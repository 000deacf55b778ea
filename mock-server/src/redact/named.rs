//! Values that are secret because of the name before them.

use crate::redact::base64_runs::{decoded, sextet};
use crate::redact::hit::{Hit, is_hidden};
use flexiti_contract::Contract;

/// Finds values that are secret because of what precedes them: values of secret parameters, text of
/// XML elements, passwords in URLs, Basic credentials.
pub(super) fn named(text: &[u8], hits: &mut Vec<Hit>) {
    for at in memchr::memchr_iter(b'>', text) {
        if let Some((start, end)) = element(text, at) {
            push(text, start, end, hits);
        }
    }
    let mut covered = 0;
    for at in memchr::memchr3_iter(b'=', b':', b'@', text) {
        let start = at + 1;
        if start < covered {
            continue;
        }
        let Some((start, end)) = value(text, at) else {
            continue;
        };
        covered = end;
        push(text, start, end, hits);
    }
    for at in memchr::memchr2_iter(b'b', b'B', text) {
        if let Some(rest) = text[at..].get(5..)
            && text[at..at + 5].eq_ignore_ascii_case(b"basic")
            && matches!(rest.first(), Some(b' ' | b'+'))
        {
            let keys = &rest[1..];
            let run = keys.iter().take(KEYS);
            let run = run.take_while(|digit| sextet(**digit).is_some());
            let digits: Vec<u8> = run.copied().filter_map(sextet).collect();
            let plain = decoded(&digits);
            let is_text = plain.iter().all(|byte| !byte.is_ascii_control());
            if let Some(colon) = plain.iter().position(|byte| *byte == b':')
                && is_text
            {
                hits.push(Hit {
                    start: at + 6,
                    end: at + 6 + digits.len(),
                    secret: String::from_utf8_lossy(&plain[colon + 1..]).into_owned(),
                });
            }
        }
    }
}

fn push(text: &[u8], start: usize, end: usize, hits: &mut Vec<Hit>) {
    if start < end && !is_hidden(&text[start..end]) {
        let secret = String::from_utf8_lossy(&text[start..end]).into_owned();
        hits.push(Hit { start, end, secret });
    }
}

/// The text of an XML element with a secret name whose start tag ends at `at`.
fn element(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let from = at.saturating_sub(TAG);
    let tag = &text[from + memchr::memrchr(b'<', &text[from..at])? + 1..at];
    let name = tag.split(u8::is_ascii_whitespace).next()?;
    let name = name.rsplit(|byte| *byte == b':').next()?;
    if !is_secret_name(name) || tag.ends_with(b"/") {
        return None;
    }
    let data = text[at + 1..].strip_prefix(b"<![CDATA[");
    let start = text.len() - data.unwrap_or(&text[at + 1..]).len();
    let end = match data {
        Some(data) => memchr::memmem::find(data, b"]]>"),
        None => memchr::memchr(b'<', &text[start..]),
    };
    Some((start, end.map_or(text.len(), |end| start + end)))
}

/// The position of the secret value that the assignment character at `at` precedes or ends.
fn value(text: &[u8], at: usize) -> Option<(usize, usize)> {
    match text[at] {
        b'=' if name_before(&text[..at]) == b"name" => part_of_form(text, at + 1),
        b'=' if is_secret_name(name_before(text[..at].trim_ascii_end())) => {
            let blanks = text[at + 1..].iter().take_while(|byte| **byte == b' ');
            let start = at + 1 + blanks.count();
            if let Some(quote @ (b'"' | b'\'')) = text.get(start).copied() {
                return Some((start + 1, closing_quote(text, start + 1, quote)));
            }
            let is_end = |byte: &u8| b"&;,\"'<> \r\n\t".contains(byte);
            let end = text[start..].iter().position(is_end);
            Some((start, end.map_or(text.len(), |end| start + end)))
        }
        b':' if is_key_of_yaml(&text[..at]) => {
            let blanks = text[at + 1..].iter().take_while(|byte| **byte == b' ');
            let start = at + 1 + blanks.count();
            if let Some(quote @ (b'"' | b'\'')) = text.get(start).copied() {
                return Some((start + 1, closing_quote(text, start + 1, quote)));
            }
            let end = text[start..].iter().position(|byte| b"\r\n".contains(byte));
            Some((start, end.map_or(text.len(), |end| start + end)))
        }
        b':' => {
            // A JSON member.
            let name = text[..at].trim_ascii_end();
            let name = name.strip_suffix(b"\"").or(name.strip_suffix(b"'"))?;
            let blanks = text[at + 1..].iter().take(8);
            let blanks = blanks.take_while(|byte| byte.is_ascii_whitespace()).count();
            let start = at + 2 + blanks;
            let quote = text.get(start - 1).copied();
            let quote = quote.filter(|byte| matches!(byte, b'"' | b'\''))?;
            let is_secret = is_secret_name(name_before(name));
            is_secret.then(|| (start, closing_quote(text, start, quote)))
        }
        b'@' => Some((password_before(&text[..at])?, at)),
        _ => None,
    }
}

/// Whether a text ends with a secret name that is alone on its line, like a YAML key.
fn is_key_of_yaml(text: &[u8]) -> bool {
    let name = name_before(text);
    if !is_secret_name(name) {
        return false;
    }
    let before = &text[..text.len() - name.len()];
    let before = &before[before.len().saturating_sub(TAG)..];
    let line = before.rsplit(|byte| *byte == b'\n').next();
    line.is_some_and(|line| line.iter().all(|byte| b" -\t".contains(byte)))
}

/// The value of a `multipart/form-data` part (RFC 7578), if its name, which begins at `at`, is
/// secret.
fn part_of_form(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = text[at..].strip_prefix(b"\"").unwrap_or(&text[at..]);
    let is_sign = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let name = rest.iter().take(NAME).take_while(is_sign).count();
    if !is_secret_name(&rest[..name]) {
        return None;
    }
    let head = &text[at..text.len().min(at + HEAD)];
    let ends = [&b"\r\n\r\n"[..], b"\n\n"];
    let end = |end: &&[u8]| Some(memchr::memmem::find(head, end)? + end.len());
    let start = at + ends.iter().filter_map(end).min()?;
    let end = memchr::memmem::find(&text[start..], b"\n--");
    let end = end.map_or(text.len(), |end| start + end);
    let end = end - usize::from(text[start..end].ends_with(b"\r"));
    Some((start, end))
}

/// The maximum length of a part's head, in bytes.
const HEAD: usize = 1_024;

/// The maximum length of an XML tag, or of the text before a YAML key, in bytes.
const TAG: usize = 256;
/// The maximum length of Basic credentials, in bytes.
const KEYS: usize = 1_024;
/// The maximum length of a parameter's name, in bytes.
const NAME: usize = 40;

/// The name at the end of a text: the last part of `a[password]` and `a.password`, the list's name
/// of `password[]` and `password[0]`.
fn name_before(text: &[u8]) -> &[u8] {
    let inside = text.strip_suffix(b"]");
    let digits = |text: &[u8]| text.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let list = inside.and_then(|inside| inside[..inside.len() - digits(inside)].strip_suffix(b"["));
    let text = list.or(inside).unwrap_or(text);
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let name = text
        .iter()
        .rev()
        .take(NAME)
        .take_while(|b| is_sign(b))
        .count();
    &text[text.len() - name..]
}

fn is_secret_name(name: &[u8]) -> bool {
    str::from_utf8(name).is_ok_and(is_secret)
}

/// Whether a parameter's name is secret: by the contract, or because it is that of a token in an
/// answer.
pub(super) fn is_secret(name: &str) -> bool {
    name.eq_ignore_ascii_case("access_token") || Contract::shipped().is_secret_param(name)
}

/// The end of a quoted text.
fn closing_quote(text: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start;
    while at < text.len() && text[at] != quote {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at.min(text.len())
}

/// Where the password begins in `http://user:password`.
fn password_before(text: &[u8]) -> Option<usize> {
    // Passwords are not longer than this, so the search stays linear.
    let from = text.len().saturating_sub(512);
    let near = &text[from..];
    let authority = memchr::memmem::rfind(near, b"://")? + 3;
    let inside = &near[authority..];
    if inside.iter().any(|byte| b"/?#\"' \r\n\t".contains(byte)) {
        return None;
    }
    let colon = inside.iter().position(|byte| *byte == b':')?;
    Some(from + authority + colon + 1)
}
