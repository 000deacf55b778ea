//! Certifies a merchant's integration: its shop is put through the scenarios of
//! `scenarios.json`, with a mock in Flexiti's place.
//!
//! A run goes one way: [`driver`] (the merchant's file) → [`certify`] → [`stage`] (the shop, and a
//! mock behind it) → [`play`] (a customer's browser before it) → [`trace`] → [`verdicts`] and [`judge`] (pure:
//! a trace in, verdicts out) → [`certificate`], [`report`] and [`page`].

pub mod advice;
pub mod belief;
pub mod browser;
pub mod cart;
pub mod certificate;
pub mod certify;
pub mod draft;
pub mod driver;
pub mod exec;
pub mod fuzz;
pub mod judge;
pub mod key;
pub mod page;
pub mod plan;
pub mod play;
pub mod report;
pub mod shop;
pub mod stage;
pub mod trace;
pub mod verdicts;

use flexiti_contract::Contract;
use flexiti_contract::scenario::Scenario;
use std::sync::OnceLock;

/// The scenarios, as they are shipped.
#[expect(
    clippy::expect_used,
    reason = "a test of the contract loads the same data"
)]
pub fn scenarios() -> &'static [Scenario] {
    static SCENARIOS: OnceLock<Vec<Scenario>> = OnceLock::new();
    SCENARIOS.get_or_init(|| {
        let scenarios = Contract::shipped().scenarios();
        scenarios.expect("the shipped scenarios load")
    })
}
