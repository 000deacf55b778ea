//! How well a fact is supported.

use serde::{Deserialize, Serialize};

/// The evidence for a fact, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Stated in Flexiti's documentation of the Online API.
    Documented,
    /// Only shown in an example there.
    Example,
    /// Seen in the code of a real client.
    Client,
    /// Documented for Flexiti's sibling, the POS API.
    PosApi,
    /// Inferred; no Flexiti source states it.
    Inferred,
}

impl Evidence {
    /// The word used in the data files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Example => "example",
            Self::Client => "client",
            Self::PosApi => "pos-api",
            Self::Inferred => "inferred",
        }
    }
}
