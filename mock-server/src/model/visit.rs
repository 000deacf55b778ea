//! What a customer has entered on the pages of an order so far.

use crate::model::customer::Refused;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The answers of one customer to the pages of one order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Visit {
    /// How many times the order has moved on. A form carries the turn that it was made for, so that
    /// an outdated page changes nothing.
    pub turn: u32,
    /// The customer's input to the application, valid or not.
    pub typed: BTreeMap<String, String>,
    /// The application, once a valid one was submitted.
    pub application: Option<BTreeMap<String, String>>,
    /// The PIN that the customer has to enter, once one was sent.
    pub pin: Option<String>,
    /// The number of wrong PINs.
    pub wrong_pins: u8,
    /// Whether the right PIN was entered.
    pub verified: bool,
    /// Index of the chosen plan among those of the server.
    pub plan: Option<usize>,
    /// Why the purchase was refused.
    pub refused: Option<Refused>,
}

impl Visit {
    /// Begins the next part of the visit, which has its own PIN.
    pub fn begin(&mut self) {
        self.pin = None;
        self.wrong_pins = 0;
        self.verified = false;
    }
}
