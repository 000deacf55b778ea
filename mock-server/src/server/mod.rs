//! Sockets: accepts connections, answers requests, delivers callbacks, streams events.

mod answer;
pub mod callback;
mod connection;
mod connections;
mod crew;
pub mod event_stream;
mod http2;
mod malformed;
mod own_words;
pub mod reload;
pub mod runtime;
pub mod serve;
pub mod socket;
mod stream;
pub mod tls;
mod unkept;
mod wire;
