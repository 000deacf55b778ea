//! The parameters of a request as stored: in one allocation, without names.

use crate::parameters::param::Param;
use crate::parameters::request::{Given, Parameters};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// The parameters of a request, stored compactly for as long as they can be looked up.
#[derive(Debug, Clone)]
pub struct StoredParameters {
    params: &'static [Param],
    /// For each parameter: its position in `params`, 1 for text or 0 for other JSON, the length
    /// of the value, and the value.
    bytes: Arc<[u8]>,
}

impl StoredParameters {
    /// Stores `parameters`; `params` are those of the endpoint.
    pub fn new(params: &'static [Param], parameters: &Parameters<'_>) -> Self {
        let mut bytes = Vec::with_capacity(1024);
        let mut keep = |param: &Param, is_text: bool, value: &str| {
            let (Ok(at), Ok(length)) = (u16::try_from(param.at), u32::try_from(value.len())) else {
                return;
            };
            bytes.extend_from_slice(&at.to_le_bytes());
            bytes.push(u8::from(is_text));
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(value.as_bytes());
        };
        for (param, value) in parameters {
            match value {
                Given::Text(text) => keep(param, true, text),
                Given::Json(value) => keep(param, false, &value.to_string()),
            }
        }
        Self {
            params,
            bytes: bytes.into(),
        }
    }

    /// Restores a JSON object from [`Self::to_object`]; an error names a member that is not in
    /// `params`.
    pub fn restored(params: &'static [Param], object: &Map<String, Value>) -> Result<Self, String> {
        let mut parameters = Parameters::with_capacity(object.len());
        for (name, value) in object {
            let param = params.iter().find(|param| param.name == *name);
            let param = param.ok_or_else(|| format!("no parameter `{name}`"))?;
            let value = match value {
                Value::String(text) => Given::Text(text.into()),
                other => Given::Json(other.clone()),
            };
            parameters.insert(param, value);
        }
        Ok(Self::new(params, &parameters))
    }

    /// The size in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The parameters as a JSON object, in the order in which they were sent.
    pub fn to_object(&self) -> Map<String, Value> {
        let member = |(param, value): (&Param, Given<'_>)| (param.name.clone(), value.to_value());
        self.iter().map(member).collect()
    }

    /// The value of the parameter `name`.
    pub fn get(&self, name: &str) -> Option<Value> {
        // The last one wins, as in `to_object`.
        let found = self.iter().filter(|(param, _)| param.name == name).last();
        found.map(|(_, value)| value.to_value())
    }

    /// The parameters as read.
    pub fn parameters(&self) -> Parameters<'_> {
        let mut parameters = Parameters::with_capacity(self.params.len());
        for (param, value) in self.iter() {
            parameters.insert(param, value);
        }
        parameters
    }

    /// The value of a parameter that is text.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.iter().find_map(|(param, value)| match value {
            Given::Text(text) if param.name == name => Some(text),
            _ => None,
        })
    }

    /// The parameters with their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Param, Given<'_>)> {
        let mut rest = &*self.bytes;
        std::iter::from_fn(move || self.next(&mut rest))
    }

    fn next<'k>(&self, rest: &mut &'k [u8]) -> Option<(&'static Param, Given<'k>)> {
        let (at, after) = rest.split_first_chunk()?;
        let (is_text, after) = after.split_first()?;
        let (length, after) = after.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (value, after) = after.split_at_checked(length)?;
        *rest = after;
        let param = self.params.get(usize::from(u16::from_le_bytes(*at)))?;
        let value = if *is_text == 1 {
            Given::Text(String::from_utf8_lossy(value))
        } else {
            Given::Json(serde_json::from_slice(value).ok()?)
        };
        Some((param, value))
    }
}
