//! What an exchange is about: an endpoint of the API, or a callback to the shop.

use flexiti_contract::Endpoint;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// The name of [`CallKind::Callback`] on the wire.
const CALLBACK: &str = "callback";

/// What kind of call a request is; a name on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// A call to the API, by the contract's name.
    Api(Endpoint),
    /// The customer's return to the shop: `callback`.
    Callback,
}

impl CallKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api(endpoint) => endpoint.id(),
            Self::Callback => CALLBACK,
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == CALLBACK {
            return Some(Self::Callback);
        }
        Endpoint::from_id(name).map(Self::Api)
    }

    /// All kinds; those of the API in the contract's order.
    pub fn all() -> impl Iterator<Item = Self> {
        let api = Endpoint::ALL.iter().copied().map(Self::Api);
        api.chain([Self::Callback])
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for CallKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for CallKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = || D::Error::custom(format!("no endpoint `{name}`"));
        Self::from_name(&name).ok_or_else(unknown)
    }
}
