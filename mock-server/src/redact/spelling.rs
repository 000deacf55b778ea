//! The ways in which a sign can be spelled in a text.

/// A name or a value of a form.
pub fn decoded(text: &str) -> String {
    crate::http::form::decode_segment(&text.replace('+', " "))
}

/// The byte that a text begins with, once unescaped, and how long it is spelled.
pub fn unit(text: &[u8]) -> Option<(u8, usize)> {
    let number = |digits: Option<&[u8]>| u8::from_str_radix(str::from_utf8(digits?).ok()?, 16).ok();
    let escape = match text {
        [b'%', ..] => number(text.get(1..3)).map(|byte| (byte, 3)),
        [b'\\', b'u', b'0', b'0', ..] => number(text.get(4..6)).map(|byte| (byte, 6)),
        [b'\\', byte, ..] => Some((*byte, 2)),
        _ => None,
    };
    escape.or_else(|| text.first().map(|byte| (*byte, 1)))
}
