//! The encodings of a body: forms and JSON, read strictly.

use percent_encoding::percent_decode;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// The names and values of a form, decoded, in order.
pub type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

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

/// Splits an `application/x-www-form-urlencoded` body into its pairs, in order.
///
/// `form_urlencoded` would do, but it repairs broken escapes and text without saying so.
pub fn form(body: &[u8], rules: FormRules) -> Result<Pairs<'_>, FormError> {
    body.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            Ok((decode(name, rules)?, decode(value, rules)?))
        })
        .collect()
}

fn decode(text: &[u8], rules: FormRules) -> Result<Cow<'_, str>, FormError> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return utf8(Cow::Borrowed(text), rules);
    }
    let escape = |at: usize| {
        let digits = text.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let percents = (0..text.len()).filter(|at| text[*at] == b'%');
    if !rules.literal_percent && !percents.into_iter().all(escape) {
        return Err(FormError::PercentEncoding);
    }
    let spaced: Vec<u8> = text
        .iter()
        .map(|b| if *b == b'+' { b' ' } else { *b })
        .collect();
    utf8(Cow::Owned(percent_decode(&spaced).collect()), rules)
}

fn utf8(bytes: Cow<'_, [u8]>, rules: FormRules) -> Result<Cow<'_, str>, FormError> {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match bytes {
        Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(_) if rules.lossy => Ok(Cow::Owned(lossy(bytes))),
            Err(_) => Err(FormError::Utf8),
        },
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Owned(text)),
            Err(error) if rules.lossy => Ok(Cow::Owned(lossy(error.as_bytes()))),
            Err(_) => Err(FormError::Utf8),
        },
    }
}

/// `billing_information[city]` as `billing_information.city`.
pub fn dotted(name: &str) -> Cow<'_, str> {
    match name.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((group, field)) if !group.is_empty() && !field.contains(['[', ']']) => {
            Cow::Owned(format!("{group}.{field}"))
        }
        _ => Cow::Borrowed(name),
    }
}

/// A JSON value whose objects keep every member, so that a repeated one can be seen.
#[derive(Debug, PartialEq)]
pub enum Json {
    /// An object's members, in order.
    Object(Vec<(String, Json)>),
    /// Anything else.
    Value(Value),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Value>()? {
            items.push(item);
        }
        Ok(Json::Value(Value::Array(items)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Value(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Value(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Value(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Value(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Value(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Value(Value::Null))
    }
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
        let owned =
            |(name, value): (Cow<'_, str>, Cow<'_, str>)| (name.into_owned(), value.into_owned());
        form(body.as_bytes(), rules).map(|pairs| pairs.into_iter().map(owned).collect())
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
        assert_eq!(form(b"a=\xFF", STRICT), Err(FormError::Utf8));
        assert_eq!(pairs("a=100%+%FF", LAX).unwrap()[0].1, "100% \u{fffd}");
    }

    #[test]
    fn brackets_become_dots() {
        assert_eq!(
            dotted("billing_information[city]"),
            "billing_information.city"
        );
        for name in ["city", "[city]", "a[b", "a]b[", "a[b][c]", "a[]x"] {
            assert_eq!(dotted(name), name);
        }
    }

    #[test]
    fn a_repeated_member_is_seen() {
        let Json::Object(members) = serde_json::from_str(r#"{"a":1,"a":{"b":[null]}}"#).unwrap()
        else {
            panic!("an object");
        };
        assert_eq!(members.len(), 2);
    }
}
