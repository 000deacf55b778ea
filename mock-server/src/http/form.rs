//! Forms (`application/x-www-form-urlencoded`), read as strictly as a dialect says.

use percent_encoding::percent_decode_str;

/// Why a form cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormError {
    /// A percent sign that starts no escape.
    PercentEncoding,
    /// Not UTF-8, once decoded.
    Utf8,
}

/// How strictly a form is read.
#[derive(Debug, Clone, Copy)]
pub struct FormRules {
    /// A percent sign that starts no escape stands for itself.
    pub literal_percent: bool,
    /// Bytes that are no UTF-8 are replaced.
    pub lossy: bool,
}

impl FormRules {
    /// Refuses whatever is not a well-formed form.
    pub const STRICT: Self = Self {
        literal_percent: false,
        lossy: false,
    };
    /// Reads anything.
    pub const LENIENT: Self = Self {
        literal_percent: true,
        lossy: true,
    };
}

/// The media type of forms.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// An `application/x-www-form-urlencoded` text, decoded: its names and values, in order.
///
/// `form_urlencoded` would do, but it repairs broken escapes and text without saying so.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// All of it. The signs between names and values are still there, so that the whole is UTF-8
    /// if and only if each of them is.
    text: String,
    pairs: Vec<Pair>,
}

/// Where the name and the value of a pair are; one sign is between them.
#[derive(Debug, PartialEq, Eq)]
struct Pair {
    name: usize,
    equals: usize,
    end: usize,
}

impl Form {
    /// Reads a body or a query.
    pub fn read(body: &[u8], rules: FormRules) -> Result<Self, FormError> {
        let mut text = Vec::with_capacity(body.len() + 2);
        let mut pairs = Vec::with_capacity(body.len() / 16);
        let mut rest = body;
        while !rest.is_empty() {
            let (pair, after) = cut(rest, b'&');
            rest = after;
            if pair.is_empty() {
                continue;
            }
            let (name, value) = cut(pair, b'=');
            let start = text.len();
            decode(name, rules, &mut text)?;
            let equals = text.len();
            text.push(b'=');
            decode(value, rules, &mut text)?;
            pairs.push(Pair {
                name: start,
                equals,
                end: text.len(),
            });
            text.push(b'&');
        }
        match String::from_utf8(text) {
            Ok(text) => Ok(Self { text, pairs }),
            Err(error) if rules.lossy => Ok(Self::lossy(error.as_bytes(), pairs)),
            Err(_) => Err(FormError::Utf8),
        }
    }

    /// A form read from bytes that are not UTF-8; wrong bytes are replaced.
    fn lossy(bytes: &[u8], mut pairs: Vec<Pair>) -> Self {
        let mut text = String::with_capacity(bytes.len());
        for pair in &mut pairs {
            let start = text.len();
            text.push_str(&String::from_utf8_lossy(&bytes[pair.name..pair.equals]));
            let equals = text.len();
            text.push('=');
            text.push_str(&String::from_utf8_lossy(&bytes[pair.equals + 1..pair.end]));
            *pair = Pair {
                name: start,
                equals,
                end: text.len(),
            };
        }
        Self { text, pairs }
    }

    /// The names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = |pair: &Pair| {
            let name = &self.text[pair.name..pair.equals];
            (name, &self.text[pair.equals + 1..pair.end])
        };
        self.pairs.iter().map(text)
    }
}

/// A path segment without its percent escapes.
pub fn decode_segment(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// What is before the first `sign`, and what is after it. Names and values are short: what searches
/// long texts quickly takes longer to set itself up.
fn cut(text: &[u8], sign: u8) -> (&[u8], &[u8]) {
    let at = text.iter().position(|byte| *byte == sign);
    at.map_or((text, &[]), |at| (&text[..at], &text[at + 1..]))
}

/// Adds a name or a value to what was decoded before it.
fn decode(piece: &[u8], rules: FormRules, text: &mut Vec<u8>) -> Result<(), FormError> {
    let start = text.len();
    let mut rest = piece;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'%' | b'+')) {
        text.extend_from_slice(&rest[..at]);
        let sign = rest[at];
        rest = &rest[at + 1..];
        text.push(match (sign, escaped(rest)) {
            (b'+', _) => b' ',
            (_, Some(byte)) => {
                rest = &rest[2..];
                byte
            }
            _ if rules.literal_percent => b'%',
            // What comes first is reported.
            _ if !rules.lossy && std::str::from_utf8(&text[..start]).is_err() => {
                return Err(FormError::Utf8);
            }
            _ => return Err(FormError::PercentEncoding),
        });
    }
    text.extend_from_slice(rest);
    Ok(())
}

/// The byte that two hexadecimal digits stand for.
fn escaped(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: FormRules = FormRules {
        literal_percent: false,
        lossy: false,
    };
    const LAX: FormRules = FormRules {
        literal_percent: true,
        lossy: true,
    };

    fn pairs(body: &str, rules: FormRules) -> Result<Vec<(String, String)>, FormError> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Form::read(body.as_bytes(), rules).map(|form| form.pairs().map(owned).collect())
    }

    #[test]
    fn pairs_are_decoded_in_order() {
        let expected = [("a", "1 2"), ("b", "é"), ("c", ""), ("d", "x=y"), ("", "z")];
        let expected: Vec<_> = expected.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        assert_eq!(pairs("&a=1+2&b=%C3%A9&&c&d=x=y&=z&", STRICT), Ok(expected));
    }

    #[test]
    fn broken_escapes_and_text_are_refused_or_kept_as_they_are() {
        for body in ["a=%", "a=%4", "a=%zz", "%=1", "a=100% sure"] {
            assert_eq!(
                pairs(body, STRICT),
                Err(FormError::PercentEncoding),
                "{body}"
            );
        }
        assert_eq!(pairs("a=%FF", STRICT), Err(FormError::Utf8));
        assert_eq!(Form::read(b"a=\xFF", STRICT), Err(FormError::Utf8));
        // What comes first is reported, and each name and value stands for itself.
        assert_eq!(pairs("a=%FF&b=%", STRICT), Err(FormError::Utf8));
        assert_eq!(pairs("a=%&b=%FF", STRICT), Err(FormError::PercentEncoding));
        assert_eq!(pairs("a=%FF%", STRICT), Err(FormError::PercentEncoding));
        assert_eq!(pairs("a%C3=%A9", STRICT), Err(FormError::Utf8));
        let expected = [
            ("a", "100% \u{fffd}"),
            ("\u{fffd}", "\u{fffd}"),
            ("b%3", "%%41"),
        ];
        let expected: Vec<_> = expected.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        let body = "a=100%+%FF&%C3=%A9&b%3=%%2541";
        assert_eq!(pairs(body, LAX), Ok(expected));
    }
}
