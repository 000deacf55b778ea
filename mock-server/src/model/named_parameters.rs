//! A request's parameters in a row of a store: a JSON object with the contract's names.

use flexiti_contract::{Given, Param, StoredParameters};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// Parameters being written to a row or read from it.
#[derive(Debug)]
pub enum NamedParameters {
    /// In their in-memory form, from which they are serialized directly.
    Stored(StoredParameters),
    /// As read from a row.
    Row(Map<String, Value>),
}

impl NamedParameters {
    /// Converts them to `params`; the error names one that is not among these.
    pub fn stored(self, params: &'static [Param]) -> Result<StoredParameters, String> {
        match self {
            Self::Stored(stored) => Ok(stored),
            Self::Row(row) => StoredParameters::restored(params, &row),
        }
    }

    /// Converts them to a JSON object.
    pub fn into_object(self) -> Map<String, Value> {
        match self {
            Self::Stored(stored) => stored.to_object(),
            Self::Row(row) => row,
        }
    }
}

impl Serialize for NamedParameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = match self {
            Self::Stored(stored) => stored,
            Self::Row(row) => return row.serialize(serializer),
        };
        let mut members = serializer.serialize_map(None)?;
        for (param, value) in stored.iter() {
            match value {
                Given::Text(text) => members.serialize_entry(&param.name, &text)?,
                Given::Json(value) => members.serialize_entry(&param.name, &value)?,
            }
        }
        members.end()
    }
}

impl<'de> Deserialize<'de> for NamedParameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::Row)
    }
}
