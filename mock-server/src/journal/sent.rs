//! Reads parameters as leniently as possible, for requests that a fault or a refusal answered
//! before a handler read them.

use crate::http::form::decode_segment;
use crate::http::json::any_of;
use crate::http::route::BASE;
use crate::journal::entry::Entry;
use flexiti_contract::{Contract, Endpoint, Given, Parameters, StoredParameters};
use serde_json::{Map, Value};
use std::cell::OnceCell;

/// The parameters in a query and a body as text, under the contract's names.
pub fn sent(
    contract: &Contract,
    endpoint: Endpoint,
    query: Option<&str>,
    body: &[u8],
) -> Map<String, Value> {
    sent_of(contract, endpoint, query, body, |_| true)
}

/// Only the parameters with a wanted name.
pub fn sent_of(
    contract: &Contract,
    endpoint: Endpoint,
    query: Option<&str>,
    body: &[u8],
    is_wanted: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let is_wanted = |name: &str| {
        let param = contract.form_param(endpoint, name);
        is_wanted(param.map_or(name, |param| &param.name))
    };
    let mut params = Map::new();
    let mut add = |name: String, value: Value| {
        if !is_wanted(&name) {
            return;
        }
        let param = contract.form_param(endpoint, &name);
        let name = param.map_or(name, |param| param.name.clone());
        let value = match value {
            Value::Number(_) | Value::Bool(_) => value.to_string().into(),
            value => value,
        };
        params.insert(name, value);
    };
    let mut all = any_of(query.unwrap_or_default().as_bytes(), is_wanted);
    all.extend(any_of(body, is_wanted));
    for (name, value) in all {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    add(format!("{name}.{key}"), value);
                }
            }
            value => add(name, value),
        }
    }
    params
}

/// The contract's parameters in an object.
pub fn kept(
    contract: &'static Contract,
    endpoint: Endpoint,
    params: &Map<String, Value>,
) -> StoredParameters {
    let mut parameters = Parameters::default();
    for (name, value) in params {
        if let Some(param) = contract.param(endpoint, name) {
            let given = match value {
                Value::String(text) => Given::Text(text.into()),
                other => Given::Json(other.clone()),
            };
            parameters.insert(param, given);
        }
    }
    StoredParameters::new(contract.params(endpoint), &parameters)
}

/// An entry with its parameters, which are parsed at most once.
pub struct Candidate<'e> {
    /// The entry.
    pub entry: &'e Entry,
    lenient: OnceCell<Map<String, Value>>,
}

impl<'e> Candidate<'e> {
    /// An entry whose parameters have not been parsed yet.
    pub fn new(entry: &'e Entry) -> Self {
        Self {
            entry,
            lenient: OnceCell::new(),
        }
    }

    /// Whether a parameter has this text as its value.
    pub fn is(&self, name: &str, text: &str) -> bool {
        match &self.entry.note.params {
            Some(params) if params.is(name, text) => true,
            _ => self.param(name).is_some_and(|value| value == text),
        }
    }

    /// The value of a parameter: as the handler read it, or else as it was sent.
    pub fn param(&self, name: &str) -> Option<Value> {
        let read = self.entry.note.params.as_ref();
        let read = read.and_then(|params| params.get(name));
        read.or_else(|| self.lenient().get(name).cloned())
    }

    fn lenient(&self) -> &Map<String, Value> {
        self.lenient.get_or_init(|| {
            let entry = self.entry;
            let (Some(endpoint), false) = (entry.note.endpoint, entry.note.callback) else {
                return Map::new();
            };
            let contract = Contract::shipped();
            let mut params = Map::new();
            if entry.note.params.is_none() {
                let query = entry.query();
                let body = entry.body().unwrap_or_default();
                params = sent(contract, endpoint, query.as_deref(), body);
                for param in contract
                    .params(endpoint)
                    .iter()
                    .filter(|param| param.header)
                {
                    if let Some(value) = entry.header_values(&param.name).next() {
                        params.insert(param.name.clone(), value.into());
                    }
                }
            }
            let path = entry.path();
            let path = path.strip_prefix(BASE).unwrap_or_default().split('/');
            let template = contract.endpoint(endpoint).path.split('/');
            for (name, value) in template.zip(path) {
                let name = name
                    .strip_prefix('{')
                    .and_then(|name| name.strip_suffix('}'));
                if let Some(name) = name {
                    params.insert(name.to_owned(), decode_segment(value).into());
                }
            }
            params
        })
    }
}
