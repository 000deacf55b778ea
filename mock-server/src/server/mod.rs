//! Sockets: connections accepted and answered, callbacks delivered, events streamed.

pub mod callback;
mod connection;
mod connections;
mod crew;
pub mod event_stream;
mod malformed;
mod own_words;
pub mod runtime;
pub mod serve;
pub mod socket;
