//! The Flexiti Online API as data, and its loader.
//!
//! The folder holds what the API promises: `endpoints.json`, `clauses/` (one row for each
//! promise, with its evidence), `errors.json`, `response_keys.json`, `lint.json`, `scenarios.json`, `bodies/` (JSON Schema
//! 2020-12) and `dialects/` (one answer to every question that the documentation leaves open). This crate
//! embeds those files, refuses them if they break their own schemas in `meta/`, and compiles
//! them for one dialect into a [`Rulebook`], which both the mock and the runner read.
//!
//! ```
//! use flexiti_contract::{Contract, Endpoint, Rulebook};
//! use serde_json::json;
//!
//! let contract = Contract::shipped();
//! let rulebook = Rulebook::compile(contract, contract.dialect("documented").unwrap()).unwrap();
//! let request = json!({"x-reference-id": "0123456789abcdef0123456789abcdef", "flow": "apply", "lang": "fr"});
//! let violations = rulebook.check(Endpoint::InitPlain, &request);
//! assert_eq!(violations[0].param, "amount_requested");
//! ```

mod allowed;
mod body;
mod citation;
mod clause;
mod contract;
pub mod dialect;
mod kept;
mod lint;
mod load;
mod node;
pub mod openapi;
mod parameters;
pub mod reference;
mod remedy;
mod resolve;
mod rulebook;
pub mod scenario;
pub mod tables;
mod terms;

pub use allowed::Allowed;
pub use citation::Citation;
pub use clause::{Asserts, Check, Clause, Endpoint, EndpointRow, Evidence, Level, Msg, Rule};
pub use contract::{Contract, ErrorRow, Param};
pub use dialect::{Answered, Dialect, ErrorShape, InitEncodings, Knobs, TokenStyle};
pub use kept::Kept;
pub use lint::{LintRow, LintRule};
pub use load::{LoadError, Sources};
pub use parameters::{Given, Parameters};
pub use rulebook::Rulebook;
pub use terms::{Decision, Flow, Lang, Place, Refusal, ResponseKey, Violation};
