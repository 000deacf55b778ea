//! The parameters of one request, as read.

use crate::parameters::param::Param;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Given<'a> {
    /// Text: the usual case.
    Text(Cow<'a, str>),
    /// Any other JSON value, kept so that it can be refused.
    Json(Value),
}

impl Given<'_> {
    /// The value as JSON.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.as_ref().to_owned()),
            Self::Json(value) => value.clone(),
        }
    }
}

/// A parameter with its value.
pub(crate) type Row<'a> = (&'static Param, Given<'a>);

/// The flat object that `bodies/*.request.json` describe, in the order sent and without copying
/// names or texts.
#[derive(Debug, Clone, Default)]
pub struct Parameters<'a> {
    list: Vec<Row<'a>>,
    /// A bit set of parameter positions, modulo its size: if a bit is not set, the parameter is
    /// new, and the list need not be searched.
    seen: u64,
}

impl<'a> Parameters<'a> {
    /// No parameters yet, and room for `capacity`.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            list: Vec::with_capacity(capacity),
            seen: 0,
        }
    }

    /// Sets a value and returns whether the parameter had one. The new value takes the old one's
    /// position.
    pub fn insert(&mut self, param: &'static Param, value: Given<'a>) -> bool {
        let bit = 1 << (param.at % 64);
        let known = self.seen & bit != 0;
        self.seen |= bit;
        let same = |(known, _): &&mut (&'static Param, _)| std::ptr::eq(*known, param);
        if known && let Some((_, known)) = self.list.iter_mut().find(same) {
            *known = value;
            return true;
        }
        self.list.push((param, value));
        false
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&Given<'a>> {
        let named = |(param, _): &&(&'static Param, _)| param.name == name;
        self.list.iter().find(named).map(|(_, value)| value)
    }

    /// The value of a parameter that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Given::Text(text) => Some(text),
            Given::Json(_) => None,
        }
    }

    /// The parameters with their values, in order.
    pub(crate) fn rows(&self) -> &[Row<'a>] {
        &self.list
    }

    /// The same, one after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, (&'static Param, Given<'a>)> {
        self.list.iter()
    }

    /// The parameters as a JSON object.
    pub fn to_object(&self) -> Map<String, Value> {
        let member = |(param, value): &(&Param, Given<'_>)| (param.name.clone(), value.to_value());
        self.list.iter().map(member).collect()
    }
}

impl<'p, 'a> IntoIterator for &'p Parameters<'a> {
    type Item = &'p (&'static Param, Given<'a>);
    type IntoIter = std::slice::Iter<'p, (&'static Param, Given<'a>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
