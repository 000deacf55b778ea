//! The plans of the fuzzer: their structure, generation and shrinking.

mod generate;
mod plan;
mod shrink;

pub use generate::{of_seed, scenarios};
pub use plan::{FuzzRecipe, PREFIX, line, plain};
