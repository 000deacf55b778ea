//! The parameters of an endpoint, as its body schema describes them.

use rustc_hash::{FxBuildHasher, FxHashMap};
use serde_json::{Map, Value};
use std::hash::BuildHasher as _;

/// A parameter of a request, as its body schema describes it.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a parameter"
)]
pub struct Param {
    /// The name in dotted form.
    pub name: String,
    /// The hash of the name.
    pub(crate) hash: u64,
    /// The position in the contract's order.
    pub(crate) at: usize,
    /// Carried by a header, not by the body.
    pub header: bool,
    /// Whether the value is a credential, which is never shown or repeated in an answer.
    pub secret: bool,
    /// The JSON types that are read as text.
    pub json: Vec<String>,
    /// An empty value counts as sent.
    pub keeps_empty: bool,
    /// The prefix of other parameters: a JSON object holds them.
    pub group: bool,
    /// Sample texts, valid and invalid.
    pub samples: Vec<String>,
}

/// The parameters of one endpoint, in order and by name.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub(crate) list: Vec<Param>,
    index: FxHashMap<String, usize>,
    /// By their names in forms, which include `group[field]` for `group.field`.
    form: FxHashMap<String, usize>,
}

impl Params {
    /// The parameters that a request schema describes.
    pub(crate) fn of(schema: &Value) -> Self {
        let properties = schema.get("properties").and_then(Value::as_object);
        let list: Vec<Param> = properties
            .into_iter()
            .flatten()
            .filter_map(|(name, row)| Some((name, row.as_object()?)))
            .enumerate()
            .map(|(at, (name, row))| param(at, name, row))
            .collect();
        let names = list.iter().map(|param| param.name.clone());
        let index: FxHashMap<String, usize> = names.zip(0..).collect();
        let mut form = index.clone();
        for (name, at) in &index {
            for (dot, _) in name.match_indices('.') {
                form.insert(format!("{}[{}]", &name[..dot], &name[dot + 1..]), *at);
            }
        }
        Self { list, index, form }
    }

    /// The parameter with that name.
    pub(crate) fn named(&self, name: &str) -> Option<&Param> {
        self.index.get(name).map(|at| &self.list[*at])
    }

    /// The parameter that a form calls `name`.
    pub(crate) fn named_in_form(&self, name: &str) -> Option<&Param> {
        self.form.get(name).map(|at| &self.list[*at])
    }
}

/// A quick test before names are compared. The names are the contract's own, so nobody can choose
/// colliding ones.
pub(crate) fn name_hash(name: &str) -> u64 {
    FxBuildHasher.hash_one(name)
}

fn param(at: usize, name: &str, row: &Map<String, Value>) -> Param {
    let flag = |key| row.get(key) == Some(&Value::Bool(true));
    Param {
        name: name.to_owned(),
        hash: name_hash(name),
        at,
        header: row.get("x-in").and_then(Value::as_str) == Some("header"),
        secret: flag("x-secret"),
        json: match row.get("x-json") {
            None => vec!["string".to_owned()],
            types => strings(types),
        },
        keeps_empty: flag("x-empty"),
        group: flag("x-group"),
        samples: strings(row.get("x-samples")),
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}
