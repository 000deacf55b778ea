//! The questions, by what they are about.

pub mod admin;
pub mod amounts;
pub mod auth;
pub mod bodies;
pub mod identity;
pub mod messaging;
pub mod notification;
pub mod refusals;
pub mod token;
pub mod values;
