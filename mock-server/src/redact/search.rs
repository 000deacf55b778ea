//! Where a text has secrets, however they are spelled. A text is searched as it stands, with its
//! escapes of either kind undone once, and again, and fully; each run of base64 in any of these is decoded and
//! searched in the same way. The work is bounded: what cannot be searched within it is not shown.

use crate::redact::secrets::{Found, Known};
use crate::redact::shape::{HEX, OPAQUE, Shape};
use crate::redact::spelling::{Escape, Unescaped, is_escaped, unescaped_fully, unescaped_once};
use flexiti_contract::Contract;
use std::cell::OnceCell;
use std::collections::HashSet;

/// What stands before the hash of a secret.
pub const HIDDEN: &str = "***";
/// How many hexadecimal digits follow: two of many thousand secrets have the same once in a hundred
/// thousand runs.
pub const HASH: usize = 12;
/// How deep spellings may be nested.
const DEPTH: usize = 12;
/// How much is searched for each byte of a text, and for any text.
const WORK: usize = 64;
const WORK_AT_LEAST: usize = 64 * 1024;
/// Nested spellings are made of printable signs; fewer in a row are chance.
const PRINTABLE: usize = 6;

/// A part of a text that may not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The secret that it spells.
    pub secret: String,
}

impl From<Found<'_>> for Hit {
    fn from(found: Found<'_>) -> Self {
        Self {
            start: found.start,
            end: found.end,
            secret: found.secret.to_owned(),
        }
    }
}

/// The text cannot be searched within the bounds.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsearchable;

/// The parts of a text that may not be shown, in order and apart from each other.
pub fn hits(known: &Known, text: &[u8]) -> Result<Vec<Hit>, Unsearchable> {
    if is_guid(text) {
        // Nearly every reference id: it spells nothing, and only a secret itself may be in it.
        let found = known.in_text(text).into_iter();
        return Ok(apart(found.map(Hit::from).collect()));
    }
    let shortest = known.shortest().unwrap_or(HEX.length);
    let mut search = Search {
        known,
        shortest: shortest.min(HEX.length),
        work: text.len() * WORK + WORK_AT_LEAST,
    };
    Ok(apart(search.view(text, 0)?))
}

/// Hits in order, those that overlap as one.
fn apart(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    let mut apart: Vec<Hit> = Vec::new();
    for hit in hits {
        match apart.last_mut() {
            Some(last) if hit.start < last.end => last.end = last.end.max(hit.end),
            _ => apart.push(hit),
        }
    }
    apart
}

struct Search<'s> {
    known: &'s Known,
    /// The shortest secret that there may be.
    shortest: usize,
    /// How many bytes may still be searched.
    work: usize,
}

impl Search<'_> {
    /// The hits in a text, and in what it spells.
    fn view(&mut self, text: &[u8], depth: usize) -> Result<Vec<Hit>, Unsearchable> {
        let mut seen = HashSet::new();
        let mut hits = self.level(text, depth, &mut seen)?;
        if is_escaped(text) {
            let bare = unescaped_fully(text);
            hits.extend(outside(self.level(&bare.bytes, depth, &mut seen)?, &bare));
        }
        Ok(hits)
    }

    /// The hits in a text, and in what is left of it once escapes of either kind are undone, one
    /// after the other and in any order. A text that was `seen` need not be searched again,
    /// whichever way led to it.
    fn level(
        &mut self,
        text: &[u8],
        depth: usize,
        seen: &mut HashSet<Vec<u8>>,
    ) -> Result<Vec<Hit>, Unsearchable> {
        self.work = self.work.checked_sub(text.len()).ok_or(Unsearchable)?;
        let mut hits = self.plain(text);
        named(text, &mut hits);
        self.base64(text, depth, &mut hits)?;
        if depth == DEPTH || !is_escaped(text) {
            return Ok(hits);
        }
        for kind in [Escape::Percent, Escape::Backslash] {
            let once = unescaped_once(text, kind);
            if once.bytes.len() < text.len() && seen.insert(once.bytes.clone()) {
                hits.extend(outside(self.level(&once.bytes, depth + 1, seen)?, &once));
            }
        }
        Ok(hits)
    }

    /// Secrets and tokens as they are.
    fn plain(&self, text: &[u8]) -> Vec<Hit> {
        let found = self.known.in_text(text).into_iter();
        let mut hits: Vec<Hit> = found.map(Hit::from).collect();
        for shape in [&HEX, &OPAQUE] {
            tokens(text, shape, &mut hits);
        }
        hits
    }

    /// The hits in each run of base64, wherever in it a text begins.
    fn base64(
        &mut self,
        text: &[u8],
        depth: usize,
        hits: &mut Vec<Hit>,
    ) -> Result<(), Unsearchable> {
        let least = (self.shortest * 4).div_ceil(3);
        let mut at = 0;
        while at < text.len() {
            if sextet(text[at]).is_none() {
                at += 1;
                continue;
            }
            let start = at;
            while at < text.len() && (sextet(text[at]).is_some() || goes_on(text, at)) {
                at += 1;
            }
            if at - start >= least && !is_guid(&text[start..at]) {
                self.run(&text[..at], start, depth, hits)?;
            }
        }
        Ok(())
    }

    /// The run from `offset` to the end of the text.
    fn run(
        &mut self,
        text: &[u8],
        offset: usize,
        depth: usize,
        hits: &mut Vec<Hit>,
    ) -> Result<(), Unsearchable> {
        let run = offset..text.len();
        let digits: Vec<u8> = run.clone().filter_map(|at| digit(text, at)).collect();
        // Where each digit stands; rarely asked for.
        let places = OnceCell::new();
        let places = || {
            places.get_or_init(|| -> Vec<usize> {
                let is_digit = |at: &usize| digit(text, *at).is_some();
                run.clone().filter(is_digit).collect()
            })
        };
        for skipped in 0..4.min(digits.len()) {
            let digits = &digits[skipped..];
            let bytes = decoded(digits);
            self.work = self.work.checked_sub(bytes.len()).ok_or(Unsearchable)?;
            let mut inner = self.plain(&bytes);
            for (from, to) in printable(&bytes) {
                let part = &bytes[from..to];
                if depth >= DEPTH {
                    return Err(Unsearchable);
                }
                for hit in self.view(part, depth + 1)? {
                    inner.push(Hit {
                        start: hit.start + from,
                        end: hit.end + from,
                        ..hit
                    });
                }
            }
            for hit in inner {
                // The digits that have any bit of it.
                let first = hit.start * 8 / 6;
                let last = ((hit.end * 8).div_ceil(6) - 1).min(digits.len() - 1);
                hits.push(Hit {
                    start: places()[skipped + first],
                    end: places()[skipped + last] + 1,
                    ..hit
                });
            }
        }
        Ok(())
    }
}

/// Whether a run of digits is a GUID, as every reference id is. It is searched as it stands; no text
/// is spelled in base64 by such digits alone.
fn is_guid(run: &[u8]) -> bool {
    match run.len() {
        32 => run.iter().all(u8::is_ascii_hexdigit),
        36 => run.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        }),
        _ => false,
    }
}

/// What stands between two lines of folded base64 at most: a line break, and the blanks by which the
/// header of a mail goes on.
const FOLD: usize = 8;

/// Whether base64 goes on beyond this blank: its line is folded, or the blank is the `+` of a form
/// that was decoded.
fn goes_on(text: &[u8], at: usize) -> bool {
    let blanks = text[at..].iter().take(FOLD);
    let blanks = blanks.take_while(|byte| is_blank(**byte)).count();
    let next = text.get(at + blanks);
    blanks > 0 && next.is_some_and(|next| sextet(*next).is_some())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b' ' | b'\t')
}

/// What stands here for a digit of base64: a single blank may be the `+` of a form.
fn digit(text: &[u8], at: usize) -> Option<u8> {
    let is_single = || {
        let beside = [at.checked_sub(1), Some(at + 1)];
        let mut beside = beside.iter().flatten().filter_map(|at| text.get(*at));
        text[at] == b' ' && !beside.any(|byte| is_blank(*byte))
    };
    sextet(text[at]).or_else(|| is_single().then_some(62))
}

/// What a digit of base64 stands for, in either alphabet.
fn sextet(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// The bytes that digits of base64 spell.
fn decoded(digits: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (fours, rest) = digits.as_chunks::<4>();
    let bits = |four: &[u8; 4]| {
        four.iter()
            .fold(0, |bits, digit| bits << 6 | u32::from(*digit))
    };
    for four in fours {
        let [_, decoded @ ..] = bits(four).to_be_bytes();
        bytes.extend_from_slice(&decoded);
    }
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    bytes.extend_from_slice(&bits(&last).to_be_bytes()[1..=rest.len() * 6 / 8]);
    bytes
}

/// The hits in what a text spells, as parts of that text.
fn outside(hits: Vec<Hit>, spelled: &Unescaped) -> impl Iterator<Item = Hit> {
    hits.into_iter().map(|hit| {
        let (start, end) = spelled.origin(hit.start, hit.end);
        Hit { start, end, ..hit }
    })
}

/// The parts of decoded bytes in which something may be nested: text, without control signs.
fn printable(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        let is_control =
            |sign: char| sign.is_control() && !matches!(sign, '\t' | '\r' | '\n' | '\0');
        let mut start = at;
        // Bytes that are text by chance are mostly fewer.
        let text = Some(chunk.valid()).filter(|text| text.len() >= PRINTABLE);
        for part in text.into_iter().flat_map(|text| text.split(is_control)) {
            if part.len() >= PRINTABLE {
                parts.push((start, start + part.len()));
            }
            // A control sign has one byte, or two beyond ASCII.
            let after = &bytes[start + part.len()..];
            start += part.len() + if after.first() == Some(&0xc2) { 2 } else { 1 };
        }
        at += chunk.valid().len() + chunk.invalid().len();
    }
    parts
}

/// Tokens and sessions, which are known by their shape.
fn tokens(text: &[u8], shape: &Shape, hits: &mut Vec<Hit>) {
    let mut at = 0;
    while at + shape.length <= text.len() {
        let rest = &text[at..];
        let run = rest.iter().position(|byte| !(shape.is_digit)(*byte));
        let run = run.unwrap_or(rest.len());
        if run >= shape.length
            && let Ok(run) = str::from_utf8(&rest[..run])
            && let Some(token) = shape.token(run.to_owned())
        {
            hits.push(Hit {
                start: at,
                end: at + run.len(),
                secret: token,
            });
        }
        at += run.max(1);
    }
}

/// What is secret by what stands before it: the value of a secret parameter, the password of a
/// URL, the keys of the Basic scheme.
fn named(text: &[u8], hits: &mut Vec<Hit>) {
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
        if start < end && !is_hidden(&text[start..end]) {
            let secret = String::from_utf8_lossy(&text[start..end]).into_owned();
            hits.push(Hit { start, end, secret });
        }
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

/// The secret value that a sign of assignment is followed by, or ends: where it is.
fn value(text: &[u8], at: usize) -> Option<(usize, usize)> {
    match text[at] {
        b'=' if name_before(&text[..at]) == b"name" => part_of_form(text, at + 1),
        b'=' if is_secret_name(name_before(text[..at].trim_ascii_end())) => {
            let blanks = text[at + 1..].iter().take_while(|byte| **byte == b' ');
            let start = at + 1 + blanks.count();
            let is_end = |byte: &u8| b"&;,\"'<> \r\n\t".contains(byte);
            let end = text[start..].iter().position(is_end);
            Some((start, end.map_or(text.len(), |end| start + end)))
        }
        b':' => {
            // A member of JSON.
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

/// The value of a part of `multipart/form-data` (RFC 7578) whose name is a secret parameter's, and
/// begins here.
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

/// How long the head of a part may be.
const HEAD: usize = 1_024;

/// How long keys of the Basic scheme may be.
const KEYS: usize = 1_024;
/// How long the name of a parameter may be.
const NAME: usize = 40;

/// The name that a text ends with; of `a[password]` and `a.password`, the last part; of `password[]`
/// and `password[0]`, what the list is called.
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
    str::from_utf8(name).is_ok_and(|name| Contract::shipped().is_secret_param(name))
}

/// Where a text in quotes ends.
fn closing_quote(text: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start;
    while at < text.len() && text[at] != quote {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at.min(text.len())
}

/// Where the password begins in `http://user:password`.
fn password_before(text: &[u8]) -> Option<usize> {
    // Passwords are no longer; so the search stays linear.
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

/// Whether a text is what stands in the place of a secret.
fn is_hidden(text: &[u8]) -> bool {
    let hash = text.strip_prefix(HIDDEN.as_bytes());
    hash.is_some_and(|hash| hash.len() == HASH && hash.iter().all(u8::is_ascii_hexdigit))
}
