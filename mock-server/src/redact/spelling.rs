//! Escapes of characters in a text, and how to undo them. Everything takes time proportional to the
//! length of the text, however deeply escapes are nested.

use memchr::memchr3;

/// Form-decodes a name or a value.
pub fn decoded(text: &str) -> String {
    crate::http::form::decode_segment(&text.replace('+', " "))
}

/// An unescaped text, with the original position of each byte.
#[derive(Debug, Default)]
pub struct Unescaped {
    /// The unescaped text.
    pub bytes: Vec<u8>,
    /// The original start and end of each byte.
    at: Vec<(usize, usize)>,
}

impl Unescaped {
    /// The original position of a part.
    pub fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        let first = self.at.get(start).map_or(0, |at| at.0);
        let last = end.checked_sub(1).and_then(|last| self.at.get(last));
        (first, last.map_or(first, |at| at.1))
    }

    fn with_capacity(length: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(length),
            at: Vec::with_capacity(length),
        }
    }

    fn push(&mut self, byte: u8, start: usize, end: usize) {
        self.bytes.push(byte);
        self.at.push((start, end));
    }

    /// Replaces the last `count` bytes by what they stand for.
    fn reduce(&mut self, count: usize, byte: &[u8]) {
        let from = self.bytes.len() - count;
        let (start, end) = self.origin(from, self.bytes.len());
        self.bytes.truncate(from);
        self.at.truncate(from);
        for byte in byte {
            self.push(*byte, start, end);
        }
    }
}

/// Whether there may be escapes: a percent sign, a backslash, or the zero bytes of UTF-16.
pub fn is_escaped(text: &[u8]) -> bool {
    memchr3(b'%', b'\\', 0, text).is_some()
}

/// The kinds of escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Those in URLs and forms.
    Percent,
    /// Those in JSON and most programming languages.
    Backslash,
}

/// Undoes escapes of one kind once, from left to right, as the recipient of the text does.
pub fn unescaped_once(text: &[u8], kind: Escape) -> Unescaped {
    let mut done = Unescaped::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] == 0 {
            at += 1;
            continue;
        }
        let (unit, length) = unit(&text[at..], kind);
        for byte in unit.bytes() {
            done.push(*byte, at, at + length);
        }
        if unit.is_low_surrogate {
            pair_up(&mut done);
        }
        at += length;
    }
    done
}

/// Undoes all escapes, whatever the order in which they are nested. Each byte is examined when it
/// is added, and again when an escape ends with it.
pub fn unescaped_fully(text: &[u8]) -> Unescaped {
    let mut done = Unescaped::with_capacity(text.len());
    for (at, byte) in text.iter().enumerate() {
        if *byte == 0 {
            continue;
        }
        done.push(*byte, at, at + 1);
        while reduced(&mut done) {}
    }
    done
}

/// Undoes the escape at the end of the text, if there is one.
fn reduced(done: &mut Unescaped) -> bool {
    let bytes = &done.bytes;
    let length = bytes.len();
    if let [.., b'%', high, low] = **bytes
        && let Some(byte) = hex(&[high, low])
        && let Ok(byte) = u8::try_from(byte)
    {
        done.reduce(3, &[byte]);
        return true;
    }
    if length >= 6
        && bytes[length - 6..].starts_with(b"\\u")
        && let Some(code) = hex(&bytes[length - 4..])
    {
        let unit = Unit::of_code(code);
        done.reduce(6, unit.bytes());
        if unit.is_low_surrogate {
            pair_up(done);
        }
        return true;
    }
    if let [.., b'\\', b'x', high, low] = **bytes
        && let Some(byte) = hex(&[high, low])
        && let Ok(byte) = u8::try_from(byte)
    {
        done.reduce(4, &[byte]);
        return true;
    }
    // Keep what may still become one of the escapes above.
    if let [.., b'\\', sign] = **bytes
        && !matches!(sign, b'u' | b'x' | b'%')
    {
        done.reduce(2, &[sign]);
        return true;
    }
    false
}

/// Combines two UTF-16 surrogates, as JSON escapes characters beyond the basic plane.
fn pair_up(done: &mut Unescaped) {
    let length = done.bytes.len();
    let code = |bytes: &[u8]| match bytes {
        [0xed, middle, last] => {
            Some(0xd000 | u32::from(middle & 0x3f) << 6 | u32::from(last & 0x3f))
        }
        _ => None,
    };
    if length < 6 {
        return;
    }
    let halves = (
        code(&done.bytes[length - 6..length - 3]),
        code(&done.bytes[length - 3..]),
    );
    if let (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) = halves
        && let Some(sign) = char::from_u32(0x1_0000 + ((high - 0xd800) << 10 | (low - 0xdc00)))
    {
        done.reduce(6, sign.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// The unescaped form of one escape.
struct Unit {
    bytes: [u8; 3],
    length: usize,
    is_low_surrogate: bool,
}

impl Unit {
    fn of_byte(byte: u8) -> Self {
        Self {
            bytes: [byte, 0, 0],
            length: 1,
            is_low_surrogate: false,
        }
    }

    /// The UTF-8 encoding of a UTF-16 code unit; a surrogate is encoded as it is until its other
    /// half comes.
    fn of_code(code: u32) -> Self {
        let low = |shift: u32| u8::try_from(code >> shift & 0x3f).unwrap_or(0) | 0x80;
        let top = |shift: u32, mark: u8| u8::try_from(code >> shift).unwrap_or(0) | mark;
        let (bytes, length) = match code {
            0..0x80 => ([top(0, 0), 0, 0], 1),
            0x80..0x800 => ([top(6, 0xc0), low(0), 0], 2),
            _ => ([top(12, 0xe0), low(6), low(0)], 3),
        };
        Self {
            bytes,
            length,
            is_low_surrogate: (0xdc00..=0xdfff).contains(&code),
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The first unit of a text, unescaped, and the length of its escaped form.
fn unit(text: &[u8], kind: Escape) -> (Unit, usize) {
    let byte = |digits: Option<&[u8]>| u8::try_from(hex(digits?)?).ok();
    let escape = match text {
        [b'%', ..] if kind == Escape::Percent => {
            byte(text.get(1..3)).map(|byte| (Unit::of_byte(byte), 3))
        }
        [b'\\', ..] if kind == Escape::Percent => None,
        [b'\\', b'u', ..] => {
            let code = text.get(2..6).and_then(hex);
            code.map(|code| (Unit::of_code(code), 6))
        }
        [b'\\', b'x', ..] => byte(text.get(2..4)).map(|byte| (Unit::of_byte(byte), 4)),
        [b'\\', sign, ..] => Some((Unit::of_byte(*sign), 2)),
        _ => None,
    };
    escape.unwrap_or_else(|| (Unit::of_byte(text[0]), 1))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |code, digit| {
        Some(code << 4 | char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fully(text: &str) -> String {
        String::from_utf8(unescaped_fully(text.as_bytes()).bytes).unwrap()
    }

    #[test]
    fn escapes_are_undone_to_the_last() {
        for (text, plain) in [
            ("plain", "plain"),
            ("%41b", "Ab"),
            ("%2541b", "Ab"),
            ("%25252541b", "Ab"),
            ("%%341", "A"),
            (r"\u0041", "A"),
            (r"\u00255cu0041", "A"),
            (r"\\u0041", "A"),
            (r"%5Cu0041", "A"),
            (r"\u00e9\u20ac\ud83d\ude00", "é€😀"),
            (r"a\/b\\\/c", "a/b/c"),
            ("%zz%4", "%zz%4"),
            ("a\0b\0", "ab"),
        ] {
            assert_eq!(fully(text), plain, "{text}");
        }
        let text = br"%2541\\\u00e9";
        let once = unescaped_once(text, Escape::Percent);
        assert_eq!(once.bytes, br"%41\\\u00e9");
        assert_eq!(once.origin(0, 1), (0, 3));
        let once = unescaped_once(text, Escape::Backslash);
        assert_eq!(once.bytes, "%2541\\é".as_bytes());
        assert_eq!(once.origin(5, 6), (5, 7));
        assert_eq!(once.origin(6, 8), (7, 13));
    }
}
