//! What happens in the server, for whoever watches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The journal has a new exchange.
    Recorded,
    /// The admin API changed something.
    Changed(Change),
    /// The server stops.
    Closing,
}

/// What the admin API changed: the data of a `change` event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What is to be asked for anew.
    pub what: What,
    /// Client id; absent if it concerns all merchants.
    pub client_id: Option<String>,
}

/// What can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Merchants,
    Orders,
    Faults,
    Clock,
    Dialect,
    Reset,
}

/// What a watcher wants to see.
#[derive(Debug)]
pub struct Watch {
    /// Whose exchanges and changes; everybody's if absent.
    pub client_id: Option<String>,
    /// The exchanges after the one with this id.
    pub after: u64,
    /// Where the server says that there is something new.
    pub news: Receiver<Event>,
}
