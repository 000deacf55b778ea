//! Issued access and refresh tokens.

use crate::clock::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The scope of a token (R-cur).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Merchant,
    Customer,
}

impl Scope {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Customer => "customer",
        }
    }
}

/// An issued access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Its merchant.
    pub client_id: Arc<str>,
    /// Its scope.
    pub scope: Scope,
    /// When it expires, by its merchant's clock.
    pub expires: Millis,
    /// Whether a refresh or a newer token has revoked it.
    pub revoked: bool,
    /// The refresh token issued with it.
    pub refresh_token: Arc<str>,
}

/// An issued refresh token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// Its merchant.
    pub client_id: Arc<str>,
    /// The scope of the tokens that it yields.
    pub scope: Scope,
    /// The access token issued with it.
    pub access_token: Arc<str>,
    /// When that access token expires, by the merchant's clock.
    pub access_expires: Millis,
    /// When the refresh token itself expires.
    pub expires: Millis,
    /// Whether it has been used, which is possible only once.
    pub used: bool,
}
