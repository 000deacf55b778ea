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
//! From top to bottom: a module imports only modules below it; a test enforces this.
//!
//! * `cli`: the program's flags, subcommands and banner.
//! * [`embed`]: [`Mock`], and the admin API as methods.
//! * `sabotage`: wrappers around the pipeline that break clauses on purpose. Only [`Mock`] uses
//!   them, for `flexiti-conformance self-test`.
//! * `server`: sockets, TLS, HTTP/1 and HTTP/2, connection limits, delivery of callbacks, the event
//!   stream, reloading of files.
//! * `upstream`: the server behind this one: passing on requests, transcripts, comparing answers.
//! * `pipeline`: the path of one request. Start with `Service::handle`.
//! * `api`, `checkout`, `admin`: Flexiti's endpoints, its hosted pages, the admin API. None of them
//!   imports another.
//! * `app`: the server's settings and its state.
//! * `store`: state that outlives the process.
//! * `dialects`: the contract compiled for each dialect in use.
//! * [`lint`], `telemetry`: a reviewer's rules; metrics, log and traces.
//! * `journal`, `state`: exchanges; merchants, tokens and orders.
//! * `redact`: hiding secrets.
//! * `http`, `config`: requests, replies, forms, JSON, paths; settings.
//! * `fault`, `model`: planned faults; the order life-cycle, customers, payment plans, money.
//! * `events`, `call_kind`, `clock`, `files`, `random`, `command_line`: these import nothing.

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
