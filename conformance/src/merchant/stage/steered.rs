//! What was done to the mock, before it is put on record.

use crate::merchant::record::What;

/// Something that was done to the mock.
#[derive(Debug)]
pub struct Steered {
    /// The journal's number of the last call before it.
    pub after: u64,
    /// When.
    pub at: i64,
    /// What.
    pub what: What,
}
