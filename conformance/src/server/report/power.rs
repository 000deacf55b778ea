//! The runner's detection power: measured by a test, and named in every report.

use serde::{Deserialize, Serialize};

/// How many of the faults that were planted in the mock the runner named: clauses taken away one at
/// a time, which it must name alone, and bugs, which it must name under the clause they break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Power {
    /// The version of the runner that was measured.
    pub version: String,
    /// The seed of the measurement.
    pub seed: u64,
    /// Faults planted.
    pub sabotages: usize,
    /// Of those, how many were named.
    pub killed: usize,
}

impl Power {
    /// The figures of this version; `None` if they were measured for another one.
    pub fn measured() -> Option<Self> {
        let power: Self = serde_json::from_str(include_str!("../../../power.json")).ok()?;
        (power.version == env!("CARGO_PKG_VERSION")).then_some(power)
    }
}
