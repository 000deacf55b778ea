//! What was done to the mock, before it is recorded.

use crate::merchant::record::What;

/// Something that was done to the mock.
#[derive(Debug)]
pub struct Steered {
    /// The journal id of the last call before it.
    pub after: u64,
    /// The time, in milliseconds since the Unix epoch.
    pub at: i64,
    /// What.
    pub what: What,
}
