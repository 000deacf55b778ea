//! Base64 in a text: in either alphabet, folded into lines, or altered by form-decoding.

/// Whether a run of digits is a GUID, as every reference id is. It is searched only literally,
/// because no base64-encoded text consists of these digits alone.
pub(super) fn is_guid(run: &[u8]) -> bool {
    match run.len() {
        32 => run.iter().all(u8::is_ascii_hexdigit),
        36 => run.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        }),
        _ => false,
    }
}

/// The maximum whitespace between two lines of folded base64, in bytes: a line break and the
/// indentation of a continued mail header.
const FOLD: usize = 8;

/// Whether base64 continues after this whitespace, because its line is folded, or because the blank
/// is a `+` that was form-decoded.
pub(super) fn goes_on(text: &[u8], at: usize) -> bool {
    let blanks = text[at..].iter().take(FOLD);
    let blanks = blanks.take_while(|byte| is_blank(**byte)).count();
    let next = text.get(at + blanks);
    blanks > 0 && next.is_some_and(|next| sextet(*next).is_some())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b' ' | b'\t')
}

/// The base64 digit at this position; a single blank may be a form-decoded `+`.
pub(super) fn digit(text: &[u8], at: usize) -> Option<u8> {
    let is_single = || {
        let beside = [at.checked_sub(1), Some(at + 1)];
        let mut beside = beside.iter().flatten().filter_map(|at| text.get(*at));
        text[at] == b' ' && !beside.any(|byte| is_blank(*byte))
    };
    sextet(text[at]).or_else(|| is_single().then_some(62))
}

/// The value of a base64 digit, in either alphabet.
pub(super) fn sextet(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Decodes base64 digits, given by their values.
pub(super) fn decoded(digits: &[u8]) -> Vec<u8> {
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
