//! Turns the pairs or the JSON of a body into the flat object that the contract's schemas describe.

use crate::api::rejection::Rejection;
use crate::http::form::{Form, FormError, FormRules};
use crate::http::json::Json;
use flexiti_contract::dialect::{
    Alias, EmptyValue, InitEncodings, RepeatedParameters, TokenRepeated,
};
use flexiti_contract::{Contract, Endpoint, ErrorId, Given, Param, Parameters, Rule, Rulebook};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The parameters of a request as text, flat, under their dotted names.
#[derive(Debug)]
pub struct Document<'a, 't> {
    endpoint: Endpoint,
    contract: &'static Contract,
    rulebook: &'a Rulebook,
    /// The endpoint accepts forms, so the dialect decides how members of blocks are named.
    reads_forms: bool,
    /// The first value of a repeated parameter counts, not the last.
    keeps_first: bool,
    /// The parameters that were sent.
    pub parameters: Parameters<'t>,
    /// Parameters that were sent more than once.
    pub repeated: Vec<&'static str>,
    /// Parameters that were JSON `null`.
    pub nulls: Vec<&'static str>,
    /// Parameters that were JSON strings but must not be.
    pub texts: Vec<&'static str>,
}

impl<'a, 't> Document<'a, 't> {
    /// An empty document for a request to `endpoint`.
    pub fn new(endpoint: Endpoint, rulebook: &'a Rulebook) -> Self {
        Self {
            endpoint,
            contract: rulebook.contract(),
            rulebook,
            reads_forms: rulebook.knobs().init_encodings != InitEncodings::Json,
            keeps_first: match endpoint {
                Endpoint::Token => {
                    rulebook.knobs().token_repeated_parameters == TokenRepeated::First
                }
                _ => rulebook.knobs().repeated_parameters == RepeatedParameters::First,
            },
            // Most requests have about thirty parameters.
            parameters: Parameters::with_capacity(40),
            repeated: Vec::new(),
            nulls: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// Adds a body parameter as text; names that the reference does not know are ignored.
    pub fn text(&mut self, name: &str, value: impl Into<Cow<'t, str>>) {
        if let Some(param) = self.contract.param(self.endpoint, name) {
            self.body(param, value.into());
        }
    }

    /// Adds a body parameter with its name as in forms (`billing_information[city]` for
    /// `billing_information.city`), if the dialect reads that spelling.
    pub fn field(&mut self, name: &str, value: &'t str) {
        if let Some(param) = self.contract.form_param(self.endpoint, name) {
            let spelling = if name.ends_with(']') {
                Rule::FormBrackets
            } else {
                Rule::FormDotted
            };
            if self.reads_forms && !self.rulebook.enforces(spelling) && param.name.contains('.') {
                return;
            }
            self.body(param, value.into());
        }
    }

    /// Adds a parameter that was sent in another place, unless it is already there.
    pub fn otherwise(&mut self, name: &str, value: String) {
        if let Some(param) = self.contract.param(self.endpoint, name)
            && self.parameters.get(name).is_none()
        {
            self.parameters.insert(param, Given::Text(value.into()));
        }
    }

    /// Adds a header parameter as text.
    pub fn header(&mut self, name: &str, value: impl Into<Cow<'t, str>>) {
        if let Some(param) = self
            .contract
            .param(self.endpoint, name)
            .filter(|p| p.header)
        {
            self.put(param, Given::Text(value.into()));
        }
    }

    /// Adds the members of a JSON object; those of address blocks get dotted names.
    pub fn members(&mut self, prefix: &str, members: Vec<(String, Json)>) {
        for (name, value) in members {
            let name = if prefix.is_empty() {
                name
            } else {
                format!("{prefix}.{name}")
            };
            let param = self.contract.param(self.endpoint, &name);
            let Some(param) = param.filter(|param| self.reads(param)) else {
                continue;
            };
            match value {
                Json::Object(members) if param.group => self.members(&name, members),
                Json::Object(_) => self.put(param, Given::Json(Map::new().into())),
                Json::Value(Value::Null) => self.nulls.push(&param.name),
                Json::Value(value) => {
                    if value.is_string() && !self.rulebook.reads(param, &value) {
                        self.texts.push(&param.name);
                    }
                    self.put(param, as_text(self.rulebook, param, value));
                }
            }
        }
    }

    fn body(&mut self, param: &'static Param, value: Cow<'t, str>) {
        if self.reads(param) {
            self.put(param, Given::Text(value));
        }
    }

    /// Whether a parameter is read from the body.
    fn reads(&self, param: &Param) -> bool {
        let ignored = param.name == "merchant_order_id"
            && self.rulebook.knobs().merchant_order_id_alias == Alias::Ignore;
        !param.header && !ignored
    }

    fn put(&mut self, param: &'static Param, value: Given<'t>) {
        let empty = matches!(&value, Given::Text(text) if text.is_empty());
        if empty && !param.keeps_empty && self.drops_empty() {
            return;
        }
        let is_late = self.keeps_first && self.parameters.get(&param.name).is_some();
        if is_late || self.parameters.insert(param, value) {
            self.repeated.push(&param.name);
        }
    }

    fn drops_empty(&self) -> bool {
        self.rulebook.knobs().empty_value == EmptyValue::Absent
    }
}

/// Parses a form as strictly as the dialect demands.
pub(super) fn form(rulebook: &Rulebook, body: &[u8]) -> Result<Form, Rejection> {
    let rules = FormRules {
        literal_percent: !rulebook.enforces(Rule::PercentEncoding),
        lossy: !rulebook.enforces(Rule::BodyUtf8),
    };
    Form::read(body, rules).map_err(|error| match error {
        FormError::PercentEncoding => {
            Rejection::new(Rule::PercentEncoding, ErrorId::BadPercentEncoding)
        }
        FormError::Utf8 => Rejection::new(Rule::BodyUtf8, ErrorId::UnreadableText),
    })
}

/// Decodes a JSON body as strictly as the dialect demands.
pub(super) fn json_text<'b>(
    rulebook: &Rulebook,
    body: &'b [u8],
) -> Result<Cow<'b, str>, Rejection> {
    match std::str::from_utf8(body) {
        Ok(text) => Ok(text.into()),
        Err(_) if rulebook.enforces(Rule::BodyUtf8) => {
            Err(Rejection::new(Rule::BodyUtf8, ErrorId::UnreadableText))
        }
        Err(_) => Ok(String::from_utf8_lossy(body)),
    }
}

/// Turns a JSON number or boolean into text if the dialect accepts it, so that one set of
/// constraints serves every encoding.
fn as_text<'t>(rulebook: &Rulebook, param: &Param, value: Value) -> Given<'t> {
    match value {
        Value::String(text) => Given::Text(text.into()),
        value if rulebook.reads(param, &value) => Given::Text(value.to_string().into()),
        other => Given::Json(other),
    }
}
