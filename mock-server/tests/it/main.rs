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
mod browser;
mod checkout;
mod clients;
mod commands;
mod exchanges;
mod hostile;
mod http;
mod journal;
mod log;
mod mistakes;
mod page;
mod process;
mod program;
mod shop;
mod tokens;
mod wire;
