//! What a customer has entered on the pages of an order so far.

use crate::model::customer::Refused;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The answers of one customer to the pages of one order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Visit {
    /// How many times the order has moved on; a form carries the number it was made for, so
    /// that a page from before changes nothing.
    pub turn: u32,
    /// What was typed into the application, right or wrong.
    pub typed: BTreeMap<String, String>,
    /// The application as it was sent, once it was valid.
    pub application: Option<BTreeMap<String, String>>,
    /// The PIN that the customer has to enter, once one was sent.
    pub pin: Option<String>,
    /// How many PINs were wrong.
    pub wrong_pins: u8,
    /// The PIN was right.
    pub verified: bool,
    /// Index of the chosen plan among those of the server.
    pub plan: Option<usize>,
    /// Why the purchase was refused.
    pub refused: Option<Refused>,
}

impl Visit {
    /// Begins the next part of the visit, with a PIN of its own.
    pub fn begin(&mut self) {
        self.pin = None;
        self.wrong_pins = 0;
        self.verified = false;
    }
}
