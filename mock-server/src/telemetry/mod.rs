//! What operators see: one log line a request, and the metrics.

pub mod access_log;
pub mod log_writer;
pub mod metrics;
pub mod plain;
