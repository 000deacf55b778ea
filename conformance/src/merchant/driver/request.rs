//! The requests in a driver file, and what to extract from their answers.

use super::selector::parts;
use anyhow::{Context as _, bail, ensure};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The placeholders of `[checkout]` and `[order]`.
pub const PLACEHOLDERS: &[(&str, &str)] = &[
    ("flow", "`apply`, `buy` or `apply/buy`"),
    ("lang", "`en` or `fr`"),
    ("amount", "the amount in dollars, with two decimals"),
    ("merchant_orderid", "the shop's own number of the order"),
    (
        "customer",
        "a name that no two customers have, for accounts and e-mail addresses",
    ),
    ("mname", "the middle name, which decides an application"),
    ("customer_id", "a customer whom Flexiti knows, for `buy`"),
];
/// The methods that a request may have.
pub const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A request of the customer's browser on its way to the checkout.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    #[serde(default = "get")]
    pub method: String,
    /// Where to send it; may hold placeholders such as `{lang}`.
    pub url: String,
    /// The form's fields; with `GET` they become the query string.
    #[serde(default)]
    pub form: BTreeMap<String, String>,
    /// A JSON body, in place of a form; its texts may hold placeholders.
    pub json: Option<Value>,
    /// Headers besides those that a browser sends.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What to read from the answer, by the name of the placeholder that it becomes.
    #[serde(default)]
    pub extract: BTreeMap<String, Extract>,
}

impl Request {
    /// All texts that may hold placeholders, each with its key.
    pub fn texts(&self) -> Vec<(String, &str)> {
        let mut all = vec![("url".to_owned(), self.url.as_str())];
        let pairs = |block: &'static str, pairs: &'_ BTreeMap<String, String>| {
            let keys = pairs.keys().map(move |name| format!("{block}.{name}"));
            keys.collect::<Vec<String>>()
        };
        all.extend(
            pairs("form", &self.form)
                .into_iter()
                .zip(self.form.values().map(String::as_str)),
        );
        let headers = self.headers.values().map(String::as_str);
        all.extend(pairs("headers", &self.headers).into_iter().zip(headers));
        let json = self.json.iter().flat_map(texts);
        all.extend(json.map(|text| ("json".to_owned(), text)));
        all
    }

    /// The placeholders that stand for parameters of a callback.
    pub fn callback_names(&self) -> Vec<String> {
        let texts = self.texts().into_iter();
        let names = texts.flat_map(|(_, text)| {
            let parts = text.split("{callback.").skip(1);
            let names = parts.filter_map(|part| part.split_once('}'));
            names
                .map(|(name, _)| format!("callback.{name}"))
                .collect::<Vec<String>>()
        });
        names.collect()
    }
}

fn get() -> String {
    "GET".to_owned()
}

/// Where something is in an answer: one of `css`, `pointer`, `regex`, `cookie` and `header`.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extract {
    /// A CSS selector that matches one element; its text counts, or the attribute below.
    pub css: Option<String>,
    /// The attribute of the element, such as `value`.
    pub attribute: Option<String>,
    /// A JSON Pointer (RFC 6901) into a JSON answer.
    pub pointer: Option<String>,
    /// A regular expression; its first group counts, or all of it.
    pub regex: Option<String>,
    /// The name of a cookie.
    pub cookie: Option<String>,
    /// The name of a header of the answer.
    pub header: Option<String>,
}

impl Extract {
    /// Rejects a location given in two ways, in none, or in an invalid one.
    pub fn check(&self, key: &str) -> anyhow::Result<()> {
        let named = [
            &self.css,
            &self.pointer,
            &self.regex,
            &self.cookie,
            &self.header,
        ];
        let count = named.iter().filter(|place| place.is_some()).count();
        ensure!(
            count == 1,
            "{key}: name exactly one of css, pointer, regex, cookie and header"
        );
        ensure!(
            self.attribute.is_none() || self.css.is_some(),
            "{key}.attribute: goes with css only"
        );
        if let Some(pointer) = &self.pointer {
            ensure!(
                pointer.is_empty() || pointer.starts_with('/'),
                "{key}.pointer: `{pointer}` is not a JSON pointer (RFC 6901); it must start with `/`"
            );
        }
        if let Some(regex) = &self.regex {
            let built = regex::Regex::new(regex);
            built.with_context(|| format!("{key}.regex: `{regex}` is not a regular expression"))?;
        }
        if let Some(css) = &self.css {
            ensure!(
                parts(css).is_some(),
                "{key}.css: `{css}` is not a selector; expected tag, #id, .class, [attribute=value], a space or > between them"
            );
        }
        Ok(())
    }
}

/// Rejects a method that is not allowed; the error names the key.
pub fn check_method(key: &str, method: &str) -> anyhow::Result<()> {
    if !METHODS.contains(&method) {
        bail!(
            "{key}: `{method}` is not allowed; one of {}",
            METHODS.join(", ")
        );
    }
    Ok(())
}

/// Fills in the placeholders of a text.
pub fn filled(text: &str, values: &[(String, String)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

/// Fills in the placeholders of a URL, percent-encoding each as one part of a path or query (RFC
/// 3986, 2.1), so that an order number such as `#1001` does not end the path. An extracted value
/// may be several parts or a whole address; only its number signs are encoded.
pub fn filled_url(url: &str, values: &[(String, String)]) -> String {
    values.iter().fold(url.to_owned(), |url, (name, value)| {
        let place = format!("{{{name}}}");
        if is_one_part(name) {
            let part = utf8_percent_encode(value, PART).to_string();
            url.replace(&place, &part)
        } else if url.starts_with(&place) {
            url.replace(&place, value)
        } else {
            url.replace(&place, &value.replace('#', "%23"))
        }
    })
}

/// Everything but the unreserved characters (RFC 3986, 2.3).
const PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Whether a placeholder's value is a single part, rather than extracted from an answer.
fn is_one_part(name: &str) -> bool {
    let mut own = PLACEHOLDERS.iter().map(|(own, _)| *own);
    let of_cart = ["billing.", "shipping."];
    let parameter = name.strip_prefix("callback.");
    own.any(|own| own == name)
        || name == "online_order_id"
        || of_cart.iter().any(|block| name.starts_with(block))
        || parameter.is_some_and(|parameter| parameter != "query")
}

/// Fills in the placeholders in the texts of a JSON body.
pub fn filled_json(json: &Value, values: &[(String, String)]) -> Value {
    match json {
        Value::String(text) => filled(text, values).into(),
        Value::Array(items) => items.iter().map(|item| filled_json(item, values)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (name.clone(), filled_json(value, values)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

/// All texts of a JSON body.
pub fn texts(json: &Value) -> Vec<&str> {
    match json {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_of_a_url_is_one_part_of_it() {
        let values = [
            ("merchant_orderid", "#1001/2 é"),
            ("page", "orders/7?key=a#top"),
            ("next", "http://127.0.0.1:1/a#b"),
            ("callback.orderId", "../x"),
            ("callback.query", "a=1&b=2"),
            ("billing.city", "Saint-Jérôme"),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        for (url, expected) in [
            ("/o/{merchant_orderid}?l=en", "/o/%231001%2F2%20%C3%A9?l=en"),
            ("/{page}", "/orders/7?key=a%23top"),
            ("{next}", "http://127.0.0.1:1/a#b"),
            (
                "/o/{callback.orderId}?{callback.query}",
                "/o/..%2Fx?a=1&b=2",
            ),
            ("/c?city={billing.city}", "/c?city=Saint-J%C3%A9r%C3%B4me"),
        ] {
            assert_eq!(filled_url(url, &values), expected);
        }
    }
}
