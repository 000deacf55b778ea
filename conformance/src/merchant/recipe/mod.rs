//! The plans of the fuzzer: what they are, how they are generated, and how they are made smaller.

mod generate;
mod plan;
mod shrink;

pub use generate::{of_seed, scenarios};
pub use plan::{FuzzRecipe, PREFIX, line, plain};
