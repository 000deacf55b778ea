//! A local stand-in for the Flexiti Online API.
//!
//! The program is `flexiti-mock`; this library is the same server for tests written in Rust:
//!
//! ```
//! let mock = flexiti_mock::Mock::start(&flexiti_mock::Settings::default()).unwrap();
//! assert!(mock.base_url().starts_with("http://127.0.0.1:"));
//! drop(mock); // stops it
//! ```
//!
//! # Layout
//!
//! From top to bottom; a module imports only what stands below it, and a test reads the imports.
//!
//! * `cli`: the program's flags, sub-commands and banner.
//! * [`embed`]: [`Mock`], and the admin API as methods.
//! * `sabotage`: clauses broken on purpose, as wrappers around the pipeline. Only [`Mock`] uses
//!   it, for `flexiti-conformance self-test`.
//! * `server`: sockets, TLS, HTTP/1 and HTTP/2, connection limits, delivery of callbacks, the
//!   event stream, files read again.
//! * `upstream`: another server behind this one: requests passed on, transcripts, answers compared.
//! * `pipeline`: the way of one request. Read `Service::handle` first.
//! * `api`, `checkout`, `admin`: Flexiti's endpoints, its hosted pages, steering. None imports
//!   another.
//! * `app`: what the server was started with, and what it remembers.
//! * `store`: what is remembered, kept where it outlives the process.
//! * `dialects`: the contract compiled for each dialect in use.
//! * [`lint`], `telemetry`: a reviewer's rules; metrics, the log line and traces.
//! * `journal`, `state`: what came in; merchants, tokens and orders.
//! * `redact`: secrets hidden.
//! * `http`, `config`: requests, replies, forms, JSON, paths; settings.
//! * `fault`, `model`: planned faults; the life of an order, customers, payment plans, money.
//! * `events`, `call_kind`, `clock`, `files`, `random`, `command_line`: they import nothing.

mod admin;
mod api;
mod app;
mod call_kind;
mod checkout;
mod cli;
mod clock;
#[doc(hidden)]
pub mod command_line;
mod config;
mod dialects;
pub mod embed;
mod events;
mod fault;
mod files;
mod http;
mod journal;
pub mod lint;
mod model;
mod pipeline;
mod random;
mod redact;
mod sabotage;
mod server;
mod state;
mod store;
mod telemetry;
mod upstream;

pub use cli::main;
pub use config::{
    ServerLimits, Settings, StoreSettings, TlsSettings, UpstreamMode, UpstreamSettings,
};
pub use embed::Mock;
pub use model::account::MerchantConfig;
pub use model::customer::{Customer, CustomerStatus};
pub use model::payment_plan::PaymentPlan;
pub use sabotage::semantic::{Bug, bugs};
