//! How the dialect reads requests and names things, where no schema says it.

use crate::dialect::{JsonScalars, JsonTextFor, NamedSpelling};
use crate::endpoint::Endpoint;
use crate::parameters::Param;
use crate::rule::Rule;
use crate::rulebook::Rulebook;
use crate::vocabulary::Lang;
use http::StatusCode;
use serde_json::Value;

impl Rulebook {
    /// Whether a JSON value of a parameter is read as text. This is true of text, unless the
    /// parameter must have its own type, and of the numbers and booleans that the dialect accepts
    /// as text. Anything else has the wrong type.
    pub fn reads(&self, param: &Param, value: &Value) -> bool {
        let own = |kind: &str| param.json.iter().any(|known| known == kind);
        match (value, self.knobs().json_scalars) {
            (Value::String(_), _) => !self.enforces(Rule::OwnType) || !self.needs_own_type(param),
            (Value::Bool(_) | Value::Number(_), JsonScalars::Any) => !param.group,
            (Value::Bool(_), JsonScalars::IdsToo | JsonScalars::OwnType) => own("boolean"),
            (Value::Number(_), JsonScalars::OwnType) => own("number"),
            (Value::Number(number), JsonScalars::IdsToo) => {
                own("number") || own("integer") && !number.is_f64()
            }
            (Value::Bool(_) | Value::Number(_), JsonScalars::TextOnly)
            | (Value::Null | Value::Array(_) | Value::Object(_), _) => false,
        }
    }

    /// Whether a JSON body must give a numeric or boolean parameter in its own type.
    fn needs_own_type(&self, param: &Param) -> bool {
        let own = |kind: &str| param.json.iter().any(|known| known == kind);
        let text_for = self.knobs().json_text_for;
        let amounts = matches!(text_for, JsonTextFor::All | JsonTextFor::Amounts);
        let booleans = matches!(text_for, JsonTextFor::All | JsonTextFor::Booleans);
        own("number") && !amounts || own("boolean") && !booleans
    }

    /// The JSON types of a parameter in this dialect.
    pub fn json_types<'p>(&self, param: &'p Param) -> Vec<&'p str> {
        let typed = self.enforces(Rule::OwnType) && self.needs_own_type(param);
        let own = param.json.iter().map(String::as_str);
        let own = own.filter(|kind| !typed || *kind != "string");
        match self.knobs().json_scalars {
            JsonScalars::Any if typed => own.collect(),
            JsonScalars::Any if !param.group => vec!["string", "number", "boolean"],
            JsonScalars::IdsToo | JsonScalars::Any => own.collect(),
            JsonScalars::OwnType => own.filter(|kind| *kind != "integer").collect(),
            JsonScalars::TextOnly => own.filter(|kind| *kind == "string").collect(),
        }
    }

    /// The name of a parameter in refusals.
    pub fn named<'p>(&self, param: &'p str) -> &'p str {
        match (param, self.knobs().merchant_order_id_named) {
            ("merchant_order_id", NamedSpelling::Documented) => "merchant_orderid",
            _ => param,
        }
    }

    /// The status of an endpoint's answer to a granted request.
    pub fn success_status(&self, endpoint: Endpoint) -> StatusCode {
        match endpoint {
            Endpoint::InitV2 | Endpoint::InitPlain => self.knobs().init_success_status.into(),
            _ => StatusCode::OK,
        }
    }

    /// The language that the text of `lang` names; `None` if the dialect does not have it.
    pub fn lang(&self, text: &str) -> Option<Lang> {
        self.langs.is_match(text).then(|| Lang::of(text))
    }
}
