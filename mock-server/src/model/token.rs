//! Access and refresh tokens, as they were issued.

use crate::clock::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a token may be used for (R-cur).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Merchant,
    Customer,
}

impl Scope {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Customer => "customer",
        }
    }
}

/// An access token that was issued.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Whose it is.
    pub client_id: Arc<str>,
    /// What it opens.
    pub scope: Scope,
    /// When it ends, by its merchant's clock.
    pub expires: Millis,
    /// A refresh ended it, or a newer token.
    pub revoked: bool,
    /// The refresh token issued with it.
    pub refresh_token: Arc<str>,
}

/// A refresh token that was issued.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// Whose it is.
    pub client_id: Arc<str>,
    /// The scope of the tokens it gives.
    pub scope: Scope,
    /// The access token issued with it.
    pub access_token: Arc<str>,
    /// When that one ends, by the merchant's clock.
    pub access_expires: Millis,
    /// When it ends itself.
    pub expires: Millis,
    /// It has been used, and works once.
    pub used: bool,
}
