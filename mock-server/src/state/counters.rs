//! The ids that are given next.

use std::collections::BTreeMap;

/// The ids that are given next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counters {
    /// The next customer's.
    pub customer: u64,
    /// The next order's, after each `first_order_id` that some dialect asked for.
    pub orders: BTreeMap<u64, u64>,
}
