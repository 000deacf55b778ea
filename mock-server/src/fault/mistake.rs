//! What is wrong with a plan, and the limits it must keep.

/// The longest delay, in milliseconds, so that a mistyped plan does not hang a test for hours.
pub const LONGEST_MS: u32 = 600_000;

/// Where in a fault a mistake is, and what is allowed there.
pub type Wrong = (String, String);
