//! The ids to be assigned next.

use std::collections::BTreeMap;

/// The ids to be assigned next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counters {
    /// The next customer's id.
    pub customer: u64,
    /// The next order's id, for each `first_order_id` of the dialects in use.
    pub orders: BTreeMap<u64, u64>,
}
