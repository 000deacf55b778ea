//! A request before it is sent: a template whose placeholders the session fills in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The media type of forms.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Parameters under their dotted names, in order.
pub type Params = Vec<(String, Value)>;

/// Which encoding carries the parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// A form whose address parameters have dotted names.
    FormDotted,
    /// A form whose address parameters have bracketed names.
    FormBrackets,
    /// A JSON object with the address blocks nested.
    Json,
}

impl Encoding {
    /// All encodings, in order of preference.
    pub const ALL: [Self; 3] = [Self::FormDotted, Self::FormBrackets, Self::Json];

    /// The clause that grants the encoding.
    pub fn clause(self) -> &'static str {
        match self {
            Self::FormDotted => "init.encoding.form_dotted",
            Self::FormBrackets => "init.encoding.form_brackets",
            Self::Json => "init.encoding.json",
        }
    }
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// No body.
    None,
    /// The fields of a form.
    Form(Vec<(String, String)>),
    /// A JSON value.
    Json(Value),
    /// Raw bytes.
    Bytes(Vec<u8>),
}

/// The target of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// A path below the base URL.
    Path(String),
    /// A URL from an earlier answer.
    Url(String),
}

/// A request with [placeholders](super::placeholders) such as `{{client_id}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestTemplate {
    /// HTTP method.
    pub method: String,
    /// The target.
    pub to: To,
    /// The query string.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// Headers, except those that the body implies.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub payload: Payload,
}

impl RequestTemplate {
    /// A POST without headers.
    pub fn post(path: impl Into<String>, payload: Payload) -> Self {
        Self {
            method: "POST".to_owned(),
            to: To::Path(path.into()),
            query: Vec::new(),
            headers: Vec::new(),
            payload,
        }
    }

    /// A GET of a URL from an earlier answer.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET".to_owned(),
            to: To::Url(url.into()),
            ..Self::post("", Payload::None)
        }
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self = self.without_header(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes a header.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }

    /// The media type that the body is declared as, unless a header says otherwise.
    pub fn media_type(&self) -> Option<&'static str> {
        match self.payload {
            Payload::Form(_) => Some(FORM),
            Payload::Json(_) => Some("application/json"),
            Payload::None | Payload::Bytes(_) => None,
        }
    }
}

/// Encodes parameters; `None` if the encoding cannot carry them.
pub fn encode(params: &Params, encoding: Encoding) -> Option<Payload> {
    match encoding {
        Encoding::Json => nested(params).map(Payload::Json),
        Encoding::FormDotted | Encoding::FormBrackets => params
            .iter()
            .map(|(name, value)| {
                let Value::String(value) = value else {
                    // A form would turn it into text, a different value.
                    return None;
                };
                let name = match name.split_once('.') {
                    Some((group, field)) if encoding == Encoding::FormBrackets => {
                        format!("{group}[{field}]")
                    }
                    _ => name.clone(),
                };
                Some((name, value.clone()))
            })
            .collect::<Option<Vec<_>>>()
            .map(Payload::Form),
    }
}

fn nested(params: &Params) -> Option<Value> {
    let mut body = Map::new();
    for (name, value) in params {
        match name.split_once('.') {
            None if body.contains_key(name) => return None,
            None => {
                body.insert(name.clone(), value.clone());
            }
            Some((group, field)) => {
                let block = body
                    .entry(group)
                    .or_insert_with(|| Value::Object(Map::new()));
                block
                    .as_object_mut()?
                    .insert(field.to_owned(), value.clone());
            }
        }
    }
    Some(Value::Object(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_encoding_names_addresses_its_own_way() {
        let params = vec![
            ("lang".to_owned(), json!("fr")),
            ("billing_information.city".to_owned(), json!("Québec")),
        ];
        let form = |name: &str| {
            Payload::Form(vec![
                ("lang".into(), "fr".into()),
                (name.into(), "Québec".into()),
            ])
        };
        assert_eq!(
            encode(&params, Encoding::FormDotted),
            Some(form("billing_information.city"))
        );
        assert_eq!(
            encode(&params, Encoding::FormBrackets),
            Some(form("billing_information[city]"))
        );
        let json = json!({"lang": "fr", "billing_information": {"city": "Québec"}});
        assert_eq!(encode(&params, Encoding::Json), Some(Payload::Json(json)));
    }

    #[test]
    fn what_an_encoding_cannot_carry_is_not_sent_as_something_else() {
        let object = vec![("fname".to_owned(), json!({}))];
        assert_eq!(encode(&object, Encoding::FormDotted), None);
        let both = vec![
            ("billing_information".to_owned(), json!("x")),
            ("billing_information.city".to_owned(), json!("y")),
        ];
        assert_eq!(encode(&both, Encoding::Json), None);
    }
}
