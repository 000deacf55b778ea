//! Sockets: connections accepted and answered, callbacks delivered, events streamed.

pub mod callback;
pub mod event_stream;
pub mod runtime;
pub mod serve;
pub mod socket;
