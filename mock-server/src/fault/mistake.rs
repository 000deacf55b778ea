//! Mistakes in a plan, and its limits.

/// The longest delay, in milliseconds: a mistyped plan should not hang a test for hours.
pub const LONGEST_MS: u32 = 600_000;

/// Where in a fault a mistake is, and what is allowed there.
pub type Wrong = (String, String);
