//! Finds secrets in a text, however they are encoded. The text is searched as it is, with escapes
//! of either kind undone once, repeatedly, and fully; each run of base64 in any of these is decoded
//! and searched the same way. The work is bounded: a text that cannot be searched within the bound
//! is hidden.

use crate::redact::base64_runs::{decoded, digit, goes_on, is_guid, sextet};
use crate::redact::hit::{Hit, apart};
use crate::redact::named::named;
use crate::redact::secrets::Known;
use crate::redact::shape::{HEX, OPAQUE, Shape};
use crate::redact::spelling::{Escape, Unescaped, is_escaped, unescaped_fully, unescaped_once};
use std::cell::OnceCell;
use std::collections::HashSet;

/// The maximum nesting of encodings.
const DEPTH: usize = 12;
/// The maximum number of bytes searched for each byte of a text, and the minimum budget for any
/// text.
const WORK: usize = 64;
const WORK_AT_LEAST: usize = 64 * 1024;
/// The minimum number of printable characters in a row in a nested encoding; fewer occur by chance.
const PRINTABLE: usize = 6;

/// The text cannot be searched within the bounds.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsearchable;

/// The parts of a text to hide, in order and without overlaps.
pub fn hits(known: &Known, text: &[u8]) -> Result<Vec<Hit>, Unsearchable> {
    if is_guid(text) {
        // Nearly every reference id is one. It encodes nothing, so only a literal secret could be
        // in it.
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

struct Search<'s> {
    known: &'s Known,
    /// The length of the shortest possible secret.
    shortest: usize,
    /// How many bytes may still be searched.
    work: usize,
}

impl Search<'_> {
    /// The hits in a text, and in what it encodes.
    fn view(&mut self, text: &[u8], depth: usize) -> Result<Vec<Hit>, Unsearchable> {
        let mut seen = HashSet::new();
        let mut hits = self.level(text, depth, &mut seen)?;
        if is_escaped(text) {
            let bare = unescaped_fully(text);
            hits.extend(outside(self.level(&bare.bytes, depth, &mut seen)?, &bare));
        }
        Ok(hits)
    }

    /// The hits in a text, and in what is left after undoing escapes of either kind in any order. A
    /// text in `seen` is not searched again.
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

    /// Literal secrets and tokens.
    fn plain(&self, text: &[u8]) -> Vec<Hit> {
        let found = self.known.in_text(text).into_iter();
        let mut hits: Vec<Hit> = found.map(Hit::from).collect();
        for shape in [&HEX, &OPAQUE] {
            tokens(text, shape, &mut hits);
        }
        hits
    }

    /// The hits in each run of base64, whatever digit the encoded text begins at.
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

    /// The run of base64 from `offset` to the end of the text.
    fn run(
        &mut self,
        text: &[u8],
        offset: usize,
        depth: usize,
        hits: &mut Vec<Hit>,
    ) -> Result<(), Unsearchable> {
        let run = offset..text.len();
        let digits: Vec<u8> = run.clone().filter_map(|at| digit(text, at)).collect();
        // The position of each digit, which is rarely needed.
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
                // The digits that contain any of its bits.
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

/// Translates hits in a decoded text to positions in the original.
fn outside(hits: Vec<Hit>, spelled: &Unescaped) -> impl Iterator<Item = Hit> {
    hits.into_iter().map(|hit| {
        let (start, end) = spelled.origin(hit.start, hit.end);
        Hit { start, end, ..hit }
    })
}

/// The parts of decoded bytes that may contain another encoding: text without control characters.
fn printable(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        let is_control =
            |sign: char| sign.is_control() && !matches!(sign, '\t' | '\r' | '\n' | '\0');
        let mut start = at;
        // Shorter runs of valid text usually occur by chance.
        let text = Some(chunk.valid()).filter(|text| text.len() >= PRINTABLE);
        for part in text.into_iter().flat_map(|text| text.split(is_control)) {
            if part.len() >= PRINTABLE {
                parts.push((start, start + part.len()));
            }
            // A control character has one byte, or two beyond ASCII.
            let after = &bytes[start + part.len()..];
            start += part.len() + if after.first() == Some(&0xc2) { 2 } else { 1 };
        }
        at += chunk.valid().len() + chunk.invalid().len();
    }
    parts
}

/// Tokens and sessions, which are recognized by their shape.
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

#[cfg(test)]
mod tests {
    use super::hits;
    use crate::redact::secrets::Secrets;

    #[test]
    fn the_time_grows_with_the_text_and_with_nothing_else() {
        let secrets = Secrets::default();
        secrets.add(&"\\".repeat(99));
        for length in 4..40 {
            secrets.add(&format!("{}b", "a".repeat(length)));
        }
        for number in 0..300 {
            secrets.add(&format!("secret-{number}"));
        }
        let known = secrets.read();
        // The baseline: the cost of a text without hits.
        let time = |piece: &str, length: usize| {
            let text = piece.repeat(length / piece.len());
            let run = || {
                let started = std::time::Instant::now();
                let _ = std::hint::black_box(hits(&known, text.as_bytes()));
                started.elapsed()
            };
            (0..4).map(|_| run()).min().unwrap_or_default()
        };
        for piece in [
            "\\",
            "a",
            "secret-",
            "%25",
            "%",
            "QUFB",
            "client_secret=",
            "basic+",
            "@",
            "\\u00",
            "://:@",
        ] {
            let (short, long) = (time(piece, 1_000), time(piece, 16_000));
            // The text is 16 times as long; quadratic cost would take 256 times as long.
            let limit = short * 64 + std::time::Duration::from_millis(20);
            assert!(long < limit, "{piece}: {short:?}, {long:?}");
        }
    }
}
