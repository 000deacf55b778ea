//! The parameters of a request as they are remembered: in one piece, and without their names.

use crate::contract::Param;
use crate::parameters::{Given, Parameters};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What was sent, for as long as anybody may ask for it.
#[derive(Debug, Clone)]
pub struct Kept {
    params: &'static [Param],
    /// Of each parameter its position among `params`, 1 for text or 0 for other JSON, the length
    /// of the value, and the value.
    bytes: Arc<[u8]>,
}

impl Kept {
    /// Parameters out of `params`, which are those of an endpoint.
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

    /// The parameters as a JSON object, in the order in which they were sent.
    pub fn to_object(&self) -> Map<String, Value> {
        let mut rest = &*self.bytes;
        std::iter::from_fn(|| self.next(&mut rest)).collect()
    }

    /// The value of the parameter `name`.
    pub fn get(&self, name: &str) -> Option<Value> {
        let mut rest = &*self.bytes;
        let pairs = std::iter::from_fn(|| self.next_pair(&mut rest));
        // The last one counts, as in the object.
        let found = pairs.filter(|(param, ..)| param.name == name).last();
        found.and_then(|(_, is_text, value)| read(is_text, value))
    }

    fn next(&self, rest: &mut &[u8]) -> Option<(String, Value)> {
        let (param, is_text, value) = self.next_pair(rest)?;
        Some((param.name.clone(), read(is_text, value)?))
    }

    /// A parameter, whether its value is text, and the value.
    fn next_pair<'b>(&self, rest: &mut &'b [u8]) -> Option<(&'static Param, bool, &'b [u8])> {
        let (at, after) = rest.split_first_chunk()?;
        let (is_text, after) = after.split_first()?;
        let (length, after) = after.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (value, after) = after.split_at_checked(length)?;
        *rest = after;
        let param = self.params.get(usize::from(u16::from_le_bytes(*at)))?;
        Some((param, *is_text == 1, value))
    }
}

fn read(is_text: bool, value: &[u8]) -> Option<Value> {
    if is_text {
        Some(String::from_utf8_lossy(value).into())
    } else {
        serde_json::from_slice(value).ok()
    }
}
