//! Overrides of a driver file for one flow: in many shops, applying has a page of its own without a
//! cart, and the status of an application is reported elsewhere than that of an order.

use super::request::{Extract, Request};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Overrides for each flow; a flow that is not named uses the table around it.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "{T}s")]
pub struct ByFlow<T> {
    /// Applying for credit.
    pub apply: Option<T>,
    /// Buying with existing credit.
    pub buy: Option<T>,
    /// Applying and buying in one step.
    #[serde(rename = "apply/buy")]
    pub apply_buy: Option<T>,
}

impl<T> Default for ByFlow<T> {
    fn default() -> Self {
        Self {
            apply: None,
            buy: None,
            apply_buy: None,
        }
    }
}

impl<T> ByFlow<T> {
    /// The overrides for `flow`, if any.
    pub fn of(&self, flow: &str) -> Option<&T> {
        match flow {
            "apply" => self.apply.as_ref(),
            "buy" => self.buy.as_ref(),
            _ => self.apply_buy.as_ref(),
        }
    }
}

/// How a customer starts to pay in one flow; keys that are not given are those of `[checkout]`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutInFlow {
    /// What the customer does first, in place of all the steps of `[checkout]`.
    pub steps: Option<Vec<Request>>,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: Option<String>,
    /// Where to send it.
    pub url: Option<String>,
    /// The form's fields, in place of the form or the JSON of `[checkout]`.
    pub form: Option<BTreeMap<String, String>>,
    /// A JSON body, in place of the form or the JSON of `[checkout]`.
    pub json: Option<Value>,
    /// Headers, in place of those of `[checkout]`.
    pub headers: Option<BTreeMap<String, String>>,
    /// What to read from the answer, in place of what `[checkout]` reads.
    pub extract: Option<BTreeMap<String, Extract>>,
}

/// Where the shop reports what it believes in one flow; keys that are not given are those of
/// `[order]`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderInFlow {
    /// A URL whose answer has the status, in place of the URL or the command of `[order]`.
    pub url: Option<String>,
    /// A program and its arguments, in place of the URL or the command of `[order]`.
    pub command: Option<Vec<String>>,
    /// What to do first, in place of all the steps of `[order]`.
    pub steps: Option<Vec<Request>>,
    /// Whether the customer's own browser asks.
    pub as_customer: Option<bool>,
    /// Headers, in place of those of `[order]`.
    pub headers: Option<BTreeMap<String, String>>,
    /// A JSON Pointer (RFC 6901) to the status. This key and the next four together replace where
    /// `[order]` finds it.
    pub pointer: Option<String>,
    /// Where the status is in a page, as a CSS selector.
    pub css: Option<String>,
    /// The attribute of that element, in place of its text.
    pub attribute: Option<String>,
    /// A regular expression; its first group is the status, or all of it.
    pub regex: Option<String>,
    /// The header of the answer that is the status.
    pub header: Option<String>,
    /// The words for a customer who was approved, or an order that is paid.
    pub paid: Option<Vec<String>>,
    /// The words for an order that is pending.
    pub pending: Option<Vec<String>>,
    /// The words for an order that failed.
    pub failed: Option<Vec<String>>,
}

impl OrderInFlow {
    /// Whether it says where the status is.
    pub fn says_where(&self) -> bool {
        let places = [
            &self.pointer,
            &self.css,
            &self.attribute,
            &self.regex,
            &self.header,
        ];
        places.into_iter().any(Option::is_some)
    }
}
