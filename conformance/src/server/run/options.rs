//! How to run.

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Makes the run repeatable.
    pub seed: u64,
    /// How many generated cases.
    pub cases: u32,
    /// How many requests at most.
    pub max_requests: u64,
    /// How many requests a second at most.
    pub rate: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            cases: 1_000,
            max_requests: 1_000_000,
            rate: None,
        }
    }
}
