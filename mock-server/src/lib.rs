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
//! Read [`pipeline::handle`] first: every request goes through it.

pub mod access_log;
pub mod admin;
pub mod app;
pub mod auth;
pub mod availability;
pub mod body;
pub mod calculator;
pub mod callback;
pub mod checkout;
pub mod clock;
pub mod config;
pub mod curl;
pub mod customers;
pub mod decision;
pub mod document;
pub mod events;
pub mod fault;
pub mod follow;
pub mod har;
pub mod init;
pub mod journal;
pub mod lint;
pub mod metrics;
pub mod mock;
pub mod money;
pub mod notification;
pub mod order;
pub mod orders;
pub mod pipeline;
pub mod place;
pub mod plans;
pub mod random;
pub mod redact;
pub mod reject;
pub mod reply;
pub mod request;
pub mod route;
pub mod serve;
pub mod socket;
pub mod spoil;
pub mod state;
pub mod steer;
pub mod token;
pub mod vary;
pub mod verify;

pub use config::{MerchantConfig, Settings};
pub use mock::Mock;
