//! The Flexiti Online API as data, and its loader.
//!
//! The folder holds what the API promises: `endpoints.json`, `clauses/` (one row for each
//! promise, with its evidence), `errors.json`, `response_keys.json`, `lint.json`,
//! `scenarios.json`, `bodies/` (JSON Schema 2020-12) and `dialects/` (one answer to every question
//! that the documentation leaves open). This crate embeds those files, rejects them if they violate
//! their own schemas in `meta/`, and compiles them for one dialect into a [`Rulebook`], which both
//! the mock and the runner use.
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
//!
//! # Layout
//!
//! From top to bottom; a file imports only what stands below it, and a test reads the imports.
//!
//! - `openapi/`: the contract in one dialect as OpenAPI.
//! - `reference/`: the API reference for a merchant's developer, as Markdown and as HTML.
//! - `tables`, `remedy`, `comparison/`: tables for the documentation; what to send instead of a
//!   refused request; how the answers of two servers differ, by clause or knob.
//! - `allowed`: what a parameter may hold, in words.
//! - `contradiction`: the answers of a dialect that contradict the documentation.
//! - `rulebook/`: the contract compiled for one dialect: `compile`, `check` (judging requests and
//!   answers), `refusal` (the answers to violations), `meaning` (comparing dialects). They extend
//!   the [`Rulebook`] of `rulebook/mod.rs`.
//! - `consistency`, `support`: whether the data files fit each other; the evidence for each part of
//!   an expectation.
//! - `body`: a body schema in one dialect, and its validator.
//! - `contract`: all of the data files, loaded.
//! - `wording`, `resolve`: the words for patterns and lists of values; body schemas with the
//!   answers of a dialect filled in.
//! - `vocabulary`: violations, refusals and other shared terms.
//! - `scenario`, `clause`, `citation`, `lint`, `dialect/`: the rows of the data files.
//! - `expectation`, `endpoint`, `error`, `load`: the parts of an expectation; the names of
//!   endpoints and errors, which data and code share; reading and checking one data file.
//! - `rule`, `evidence`: the names of the clauses that are code; how well a fact is supported.
//! - `names`, `parameters/`: the macro that defines enums of such names; the parameters of a
//!   request, and the validator's view of them.
//! - `hosts`, `transcript/`: which hosts may be called; files of recorded exchanges.
//! - `readable`, `amounts`: deserializer errors in plain words; amounts of money as patterns.

mod allowed;
mod amounts;
mod body;
mod citation;
mod clause;
pub mod comparison;
mod consistency;
mod contract;
mod contradiction;
pub mod dialect;
mod endpoint;
mod error;
mod evidence;
mod expectation;
pub mod hosts;
mod lint;
mod load;
mod names;
pub mod openapi;
mod parameters;
mod readable;
pub mod reference;
mod remedy;
mod resolve;
mod rule;
mod rulebook;
pub mod scenario;
mod support;
pub mod tables;
pub mod transcript;
mod vocabulary;
mod wording;

pub use allowed::Allowed;
pub use citation::Citation;
pub use clause::{Asserts, Check, Clause, ErrorKnob, ErrorSource, Level};
pub use contract::Contract;
pub use dialect::{Alternative, Contradiction, Dialect, ErrorShape, KnobRow};
pub use endpoint::{Auth, Endpoint, EndpointRow};
pub use error::{ErrorId, ErrorRow, Errors, Msg, RefusalStatus};
pub use evidence::Evidence;
pub use expectation::{DocumentedValues, Expectations, Part, Support};
pub use lint::{LintRow, LintRule};
pub use load::{LoadError, Sources};
pub use parameters::{Given, Param, Parameters, StoredParameters};
pub use readable::readable;
pub use rule::Rule;
pub use rulebook::Rulebook;
pub use vocabulary::{Decision, Flow, Lang, ParameterSite, Refusal, ResponseKey, Violation};
