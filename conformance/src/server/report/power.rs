//! The runner's detection power, measured by a test and shown in every report.

use serde::{Deserialize, Serialize};

/// How many of the faults planted in the mock the runner named: clauses removed one at a time, each
/// of which must be named alone, and bugs, each of which must be named under the clause it breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Power {
    /// The version of the runner that was measured.
    pub version: String,
    /// The seed of the measurement.
    pub seed: u64,
    /// Faults planted.
    pub sabotages: usize,
    /// How many of those were named.
    pub killed: usize,
}

impl Power {
    /// The figures for this version; `None` if they were measured for another.
    pub fn measured() -> Option<Self> {
        let power: Self = serde_json::from_str(include_str!("../../../power.json")).ok()?;
        (power.version == env!("CARGO_PKG_VERSION")).then_some(power)
    }
}
