//! What operators see: a log line for each request, metrics, and traces.

pub mod access_log;
pub mod log_writer;
pub mod metrics;
pub mod plain;
#[cfg(feature = "otel")]
pub mod traces;
#[cfg(not(feature = "otel"))]
#[path = "no_traces.rs"]
pub mod traces;
