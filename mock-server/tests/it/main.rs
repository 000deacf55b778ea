//! The mock as its clients meet it: over real sockets, a fresh server for each test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    unreachable_pub,
    reason = "tests"
)]

mod admin;
mod admin_access;
mod admin_input;
mod auth;
mod bodies;
mod browser;
mod calculator;
mod calculator_input;
mod callbacks;
mod certificates;
mod checkout;
mod clients;
mod command_line;
mod commands;
mod dashboard;
mod data;
mod data_files;
mod data_places;
mod demo_shop;
mod dialect;
mod exchanges;
mod exec;
mod fault_callbacks;
mod fault_matching;
mod fault_refusals;
mod faults;
mod forwarded;
mod fuzz;
mod har;
mod hostile;
mod http;
mod http2;
mod isolation;
mod journal;
mod knobs;
mod limits;
mod lint;
mod log;
mod messaging;
mod metrics;
mod mistakes;
mod notifications;
mod observers;
mod open_questions;
mod openapi;
mod operations;
mod orders;
mod orders_desk;
mod page;
mod process;
mod program;
mod redis;
mod reference;
mod reload;
mod replicas;
mod secrets;
mod secure;
mod shared_store;
mod shop;
mod shop_file;
mod soak;
mod spellings;
mod tls;
mod tokens;
mod torture;
mod traces;
mod upstream;
mod verify;
mod wire;
