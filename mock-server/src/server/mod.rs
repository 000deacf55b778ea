//! Sockets: connections accepted and answered, callbacks delivered, events streamed.

pub mod callback;
mod connections;
mod crew;
pub mod event_stream;
mod malformed;
pub mod runtime;
pub mod serve;
pub mod socket;
