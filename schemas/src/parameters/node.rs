//! The JSON Schema validator's view of parameters: a JSON object, without copying anything.

use crate::parameters::param::name_hash;
use crate::parameters::request::{Given, Row};
use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// The representation: parameters at the top level, or any JSON value.
pub(crate) struct Flat;

/// A value in this representation.
#[derive(Clone, Copy)]
pub(crate) enum FlatNode<'a> {
    Parameters(&'a [Row<'a>]),
    Text(&'a str),
    Json(&'a Value),
}

/// A member name that a schema looks up.
pub(crate) struct Key {
    hash: u64,
    name: String,
}

impl Json for Flat {
    type Node<'a> = FlatNode<'a>;
    type PreparedKey = Key;
    type StringBuffer = ();

    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> Key {
        Key {
            hash: name_hash(key),
            name: key.to_owned(),
        }
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(FlatNode<'_>) -> T) -> T {
        f(FlatNode::Text(string))
    }
}

impl<'a> From<&'a Given<'_>> for FlatNode<'a> {
    fn from(value: &'a Given<'_>) -> Self {
        match value {
            Given::Text(text) => Self::Text(text),
            Given::Json(value) => Self::Json(value),
        }
    }
}

impl<'a> Node<'a, Flat> for FlatNode<'a> {
    type Object = FlatObject<'a>;
    type Array = &'a [Value];
    type Number = &'a Number;

    fn as_object(&self) -> Option<FlatObject<'a>> {
        match self {
            Self::Parameters(parameters) => Some(FlatObject::Parameters(parameters)),
            Self::Json(Value::Object(members)) => Some(FlatObject::Json(members)),
            Self::Text(_) | Self::Json(_) => None,
        }
    }

    fn as_array(&self) -> Option<&'a [Value]> {
        match self {
            Self::Json(Value::Array(items)) => Some(items),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Json(Value::String(text)) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<&'a Number> {
        match self {
            Self::Json(Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Json(value) => value.as_bool(),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Json(Value::Null))
    }

    fn json_type(&self) -> JsonType {
        match self {
            Self::Parameters(_) | Self::Json(Value::Object(_)) => JsonType::Object,
            Self::Text(_) | Self::Json(Value::String(_)) => JsonType::String,
            Self::Json(Value::Array(_)) => JsonType::Array,
            Self::Json(Value::Number(_)) => JsonType::Number,
            Self::Json(Value::Bool(_)) => JsonType::Boolean,
            Self::Json(Value::Null) => JsonType::Null,
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        match self {
            Self::Parameters(rows) => {
                let member = |(param, value): &Row<'_>| (param.name.clone(), value.to_value());
                Cow::Owned(rows.iter().map(member).collect())
            }
            Self::Text(text) => Cow::Owned((*text).into()),
            Self::Json(value) => Cow::Borrowed(value),
        }
    }

    fn identity(&self) -> Option<NodeIdentity> {
        match self {
            // These have no unique address: two empty ones may share it, as may all parameters and
            // the first one.
            Self::Parameters(_) | Self::Text(_) => None,
            Self::Json(value) => Some(NodeIdentity::new(std::ptr::from_ref(*value).addr())),
        }
    }
}

/// An object in this representation.
#[derive(Clone, Copy)]
pub(crate) enum FlatObject<'a> {
    Parameters(&'a [Row<'a>]),
    Json(&'a Map<String, Value>),
}

impl<'a> Object<'a, Flat> for FlatObject<'a> {
    type Node = FlatNode<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        match self {
            Self::Parameters(rows) => rows.len(),
            Self::Json(members) => members.len(),
        }
    }

    fn get(&self, key: &Key) -> Option<FlatNode<'a>> {
        match self {
            Self::Parameters(rows) => rows
                .iter()
                .find(|(param, _)| param.hash == key.hash && param.name == key.name)
                .map(|(_, value)| value.into()),
            Self::Json(members) => members.get(&key.name).map(FlatNode::Json),
        }
    }

    fn members(&self) -> Members<'a> {
        match self {
            Self::Parameters(rows) => Members::Parameters(rows.iter()),
            Self::Json(members) => Members::Json(members.iter()),
        }
    }
}

/// The members of an object, in order.
pub(crate) enum Members<'a> {
    Parameters(std::slice::Iter<'a, Row<'a>>),
    Json(serde_json::map::Iter<'a>),
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, FlatNode<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Parameters(rest) => rest
                .next()
                .map(|(param, value)| (param.name.as_str(), value.into())),
            Self::Json(rest) => rest
                .next()
                .map(|(name, value)| (name.as_str(), FlatNode::Json(value))),
        }
    }
}

impl<'a> Array<'a, Flat> for &'a [Value] {
    type Node = FlatNode<'a>;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        <[Value]>::len(self)
    }

    fn elements(&self) -> Elements<'a> {
        self.iter().map(FlatNode::Json)
    }
}

type Elements<'a> = std::iter::Map<std::slice::Iter<'a, Value>, fn(&'a Value) -> FlatNode<'a>>;
