//! Certifies a merchant's integration: plays the scenarios of `scenarios.json` on its shop, with a
//! mock in Flexiti's place.
//!
//! A run goes one way: [`driver`] (the merchant's file) → [`certify`] → [`stage`] (the shop, the
//! mock behind it, and a customer's browser in front of it) → [`trace`] → [`judge`] (pure: a trace
//! in, verdicts out) → [`certificate`]. [`fuzz`] and [`exec`] take other ways to a trace.

pub mod certificate;
pub mod certify;
pub mod driver;
mod earlier_orders;
pub mod exec;
pub mod fuzz;
pub mod judge;
mod recipe;
mod record;
pub mod report;
pub mod scenarios;
mod stage;
mod timeout_scenarios;
mod trace;

pub use stage::Trouble;
pub use stage::shop::process::end_all;
