//! Judges a server against the documented Flexiti Online API, and certifies the integration of a
//! merchant's shop.
//!
//! The program is `flexiti-conformance`; this library holds all its code, for `main.rs` and the
//! tests.
//!
//! # Layout
//!
//! A folder imports only what stands below it; `tests/it/layers.rs` has the list and checks it.
//!
//! * `cli`: arguments, commands, exit codes.
//! * `server`: judges a server.
//!   * [`selftest`], [`diff`] and `replay`: how well the runner judges; the same calls to two
//!     servers; a transcript replayed against a server.
//!   * [`run`]: a run from the first request to the report.
//!   * [`probe`]: how a server answers the open questions.
//!   * `generate`: random cases, shrunk when they fail.
//!   * `course`: random sequences of tokens, orders and notifications, with the expected answers.
//!   * [`plan`] and `judge`: the planned cases, and verdicts. Both are pure, and neither knows the
//!     other.
//!   * `wire` and `report`: requests and answers; the results of a run.
//!   * `case`: a test case as data.
//! * `merchant`: certifies a shop. `server` and `merchant` do not know each other.
//!   * `certify`, `exec` and `fuzz`: the three ways to test a shop; `report`: the results that
//!     count.
//!   * `certificate` and `stage`: the signed result; the shop, with the mock behind it and the
//!     customer in front of it.
//!   * `judge`: verdicts on a trace. Pure, so that a certificate can be judged again.
//!   * `record`, `earlier_orders`, `scenarios`, `recipe` and `timeout_scenarios`: what reached the
//!     mock; which scenario a call belongs to; what is played; random plans for the fuzzer;
//!     scenarios in which Flexiti does not answer.
//!   * `trace` and `driver`: what happened; how to reach the shop.
//! * `formats`: reporters for both: text, JSON, events, JUnit, SARIF, HTML, Markdown, annotations.
//! * `waivers`: allowed failures, for both.
//! * `pattern`, `net` and `markup`: patterns of dotted ids; loopback and proxies; what a page
//!   shows.
//!
//! # Independent verdicts
//!
//! No verdict comes from a server's own validator. A case names the clause it breaks before it is
//! sent, and the expectation comes from that clause.

mod cli;
mod formats;
mod markup;
mod merchant;
mod net;
mod pattern;
mod server;
mod waivers;

pub use cli::main;
pub use merchant::certificate::key;
pub use merchant::certificate::verify::replayed;
pub use server::{Credentials, Kind, Owner, Phase, Report, Status, Target};
pub use server::{KnobAnswer, Learned, Probed, diff, plan, probe, run, selftest};
