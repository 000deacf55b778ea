//! Sockets: accepts connections, answers requests, delivers callbacks, streams events.

mod answer;
pub mod callback;
mod connection;
mod connections;
mod default_responses;
pub mod event_stream;
mod http2;
mod malformed;
pub mod reload;
pub mod runtime;
pub mod serve;
pub mod socket;
mod store_unavailable;
mod stream;
pub mod tls;
mod wire;
mod workers;
