//! Exit codes; `docs/guides/judging-a-server.md#exit-codes` explains them.

/// Something failed.
pub const FAILED: u8 = 1;
/// Bad usage, configuration or input.
pub const USAGE: u8 = 2;
/// No verdict: the target or the shop could not be judged.
pub const INCONCLUSIVE: u8 = 3;
