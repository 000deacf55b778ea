//! Reads a request's parameters as leniently as possible, to find what a strict parser ignores.

use crate::http::form::{Form, FormError, FormRules};
use crate::http::json::Json;
use crate::lint::identity::Identity;
use flexiti_contract::{Contract, Endpoint, Param};
use serde_json::Value;

/// What a body or a query string contains besides valid parameters.
#[derive(Debug, Default)]
pub struct Sent {
    /// Whether it is a JSON object.
    pub json: bool,
    /// Names that the endpoint does not have, in dotted form.
    pub unknown: Vec<String>,
    /// Parameters that appear more than once.
    pub repeated: Vec<&'static str>,
    /// Parameters that are JSON `null`.
    pub nulls: Vec<&'static str>,
    /// Whether a percent sign in it does not start an escape.
    pub broken_percent: bool,
    /// The grant type of a token request.
    pub grant_type: Option<String>,
    /// The refresh token of a token request.
    pub refresh_token: Option<Identity>,
    /// Whether it spells `merchant_orderid` as the reference does not.
    pub other_order_id: bool,
}

const LITERAL: FormRules = FormRules::LENIENT;

struct Reader {
    contract: &'static Contract,
    endpoint: Endpoint,
    seen: Vec<&'static Param>,
    sent: Sent,
}

impl Sent {
    /// Reads a text sent to `endpoint`.
    pub fn read(contract: &'static Contract, endpoint: Endpoint, text: &[u8]) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        let mut reader = Reader {
            contract,
            endpoint,
            seen: Vec::with_capacity(32),
            sent: Self::default(),
        };
        if text.trim_ascii_start().first() == Some(&b'{')
            && let Ok(Json::Object(members)) = serde_json::from_slice(text)
        {
            reader.sent.json = true;
            reader.members("", members);
            return reader.sent;
        }
        let strict = FormRules {
            literal_percent: false,
            ..LITERAL
        };
        let form = Form::read(text, strict).or_else(|error| {
            reader.sent.broken_percent = error == FormError::PercentEncoding;
            Form::read(text, LITERAL)
        });
        for (name, value) in form.unwrap_or_default().pairs() {
            match contract.form_param(endpoint, name) {
                Some(param) => {
                    reader.known(param);
                    reader.text(&param.name, value);
                }
                None => reader.unknown(name.replace('[', ".").replace(']', "")),
            }
        }
        reader.sent
    }
}

impl Reader {
    fn members(&mut self, prefix: &str, members: Vec<(String, Json)>) {
        for (name, value) in members {
            let name = if prefix.is_empty() {
                name
            } else {
                format!("{prefix}.{name}")
            };
            let Some(param) = self.contract.param(self.endpoint, &name) else {
                self.unknown(name);
                continue;
            };
            self.known(param);
            match value {
                Json::Object(members) if param.group => self.members(&name, members),
                Json::Value(Value::Null) => self.sent.nulls.push(&param.name),
                Json::Value(Value::String(text)) => self.text(&name, &text),
                _ => {}
            }
        }
    }

    fn known(&mut self, param: &'static Param) {
        if param.header {
            self.unknown(param.name.clone());
            return;
        }
        if self.seen.iter().any(|seen| std::ptr::eq(*seen, param)) {
            self.sent.repeated.push(&param.name);
        }
        self.seen.push(param);
        self.sent.other_order_id |= param.name == "merchant_order_id";
    }

    fn unknown(&mut self, name: String) {
        self.sent.unknown.push(name);
    }

    fn text(&mut self, name: &str, value: &str) {
        if self.endpoint != Endpoint::Token {
            return;
        }
        match name {
            "grant_type" => self.sent.grant_type = Some(value.to_owned()),
            "refresh_token" => self.sent.refresh_token = Some(Identity::of(value)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Sent {
        Sent::read(Contract::shipped(), Endpoint::InitV2, text.as_bytes())
    }

    #[test]
    fn names_are_dotted_whatever_carried_them() {
        let form = read(
            "lang=en&billing_information%5Bcity%5D=x&billing_information[town]=y&\
             x-reference-id=1&note=100%&lang=fr",
        );
        let unknown = ["billing_information.town", "x-reference-id", "note"];
        assert_eq!(form.unknown, unknown);
        assert_eq!(form.repeated, ["lang"]);
        assert!(form.broken_percent && !form.json);
        let json = read(
            r#" {"vcc": null, "billing_information": {"town": "y", "city": "x"},
                "extra": {"deep": 1}, "merchant_order_id": "7", "vcc": "1"}"#,
        );
        assert_eq!(json.unknown, ["billing_information.town", "extra"]);
        assert_eq!(json.nulls, ["vcc"]);
        assert_eq!(json.repeated, ["vcc"]);
        assert!(json.json && json.other_order_id);
    }
}
