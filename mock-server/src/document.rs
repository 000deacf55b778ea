//! From the pairs or the JSON of a body to the flat object that the contract's schemas describe.

use crate::body::Json;
use flexiti_contract::dialect::{Alias, EmptyValue};
use flexiti_contract::{Contract, Endpoint, Param, Rule, Rulebook};
use serde_json::{Map, Value};

/// The parameters of a request, flat, under their dotted names and as text.
#[derive(Debug)]
pub struct Document<'a> {
    endpoint: Endpoint,
    contract: &'static Contract,
    rulebook: &'a Rulebook,
    /// What was sent.
    pub parameters: Map<String, Value>,
    /// Parameters that stand more than once.
    pub repeated: Vec<String>,
    /// Parameters that are a JSON null.
    pub nulls: Vec<String>,
}

impl<'a> Document<'a> {
    /// An empty one for a request to `endpoint`.
    pub fn new(endpoint: Endpoint, rulebook: &'a Rulebook) -> Self {
        Self {
            endpoint,
            contract: rulebook.contract(),
            rulebook,
            // Most requests of a shop have about thirty parameters.
            parameters: Map::with_capacity(40),
            repeated: Vec::new(),
            nulls: Vec::new(),
        }
    }

    /// Adds the text of a body parameter; a name that the reference does not know is passed over.
    pub fn text(&mut self, name: &str, value: &str) {
        if let Some(param) = self.body_param(name) {
            self.put(param, Value::String(value.to_owned()));
        }
    }

    /// Adds the text of a header parameter.
    pub fn header(&mut self, name: &str, value: String) {
        if let Some(param) = self
            .contract
            .param(self.endpoint, name)
            .filter(|p| p.header)
        {
            self.put(param, Value::String(value));
        }
    }

    /// Adds the members of a JSON object, those of address blocks under their dotted names.
    pub fn members(&mut self, prefix: &str, members: Vec<(String, Json)>) {
        for (name, value) in members {
            let name = if prefix.is_empty() {
                name
            } else {
                format!("{prefix}.{name}")
            };
            let Some(param) = self.body_param(&name) else {
                continue;
            };
            match value {
                Json::Object(members) if param.group => self.members(&name, members),
                Json::Object(_) => self.put(param, Value::Object(Map::new())),
                Json::Value(Value::Null) => self.nulls.push(param.name.clone()),
                Json::Value(value) => self.put(param, as_text(param, value)),
            }
        }
    }

    fn body_param(&self, name: &str) -> Option<&'static Param> {
        let param = self.contract.param(self.endpoint, name)?;
        let ignored = name == "merchant_order_id"
            && self.rulebook.knobs().merchant_order_id_alias == Alias::Ignore;
        (!param.header && !ignored).then_some(param)
    }

    fn put(&mut self, param: &Param, value: Value) {
        if value == "" && !param.keeps_empty && self.drops_empty() {
            return;
        }
        if self.parameters.insert(param.name.clone(), value).is_some() {
            self.repeated.push(param.name.clone());
        }
    }

    fn drops_empty(&self) -> bool {
        self.rulebook.knobs().empty_value == EmptyValue::Absent
            && !self.rulebook.taken_away(Rule::EmptyAbsent)
    }
}

/// A JSON number or boolean as its text, where the parameter's type allows one; so one set of
/// constraints serves every encoding.
fn as_text(param: &Param, value: Value) -> Value {
    let allows = |kind: &str| param.json.iter().any(|json| json == kind);
    match &value {
        Value::Bool(flag) if allows("boolean") => flag.to_string().into(),
        Value::Number(n) if allows("number") || (allows("integer") && !n.is_f64()) => {
            n.to_string().into()
        }
        _ => value,
    }
}
