//! The endpoints, and their rows in `endpoints.json`.

use crate::names::names;
use crate::rule::Rule;
use serde::Deserialize;

/// A row of `endpoints.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointRow {
    /// Which endpoint.
    pub id: Endpoint,
    /// HTTP method.
    pub method: String,
    /// Path template below the base URL.
    pub path: String,
    /// A one-line summary.
    pub summary: String,
    /// How a request authenticates.
    pub auth: Auth,
    /// Media types of the request body.
    pub media_types: Vec<String>,
    /// Name of the request schema in `bodies/`.
    pub request: String,
    /// Name of the response schema in `bodies/`.
    pub response: String,
    /// Keys of the sources.
    pub source: Vec<String>,
}

/// How a request to an endpoint authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// With the client's credentials.
    Client,
    /// With an access token.
    Bearer,
}

names! {
    /// An endpoint of the API.
    Endpoint {
        Token = "token",
        InitV2 = "init_v2",
        InitPlain = "init_plain",
        NotificationOrder = "notification_order",
        NotificationMerchantOrder = "notification_merchant_order",
        NotificationOld = "notification_old",
        Calculator = "calculator",
        Availability = "availability",
        LearnMore = "learn_more",
    }
}

impl Endpoint {
    /// The clause that grants it. A dialect without that clause does not have the endpoint.
    pub fn foundation(self) -> Rule {
        match self {
            Self::Token => Rule::TokenAccepted,
            Self::InitV2 => Rule::V2Accepted,
            Self::InitPlain => Rule::PlainAccepted,
            Self::NotificationOrder => Rule::NotificationOrder,
            Self::NotificationMerchantOrder => Rule::NotificationMerchantOrder,
            Self::NotificationOld => Rule::NotificationOldPath,
            Self::Calculator => Rule::CalculatorAccepted,
            Self::Availability => Rule::AvailabilityAccepted,
            Self::LearnMore => Rule::LearnMoreServed,
        }
    }
}
