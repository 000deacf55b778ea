//! The hosted checkout: what a customer sees and does at the redirection URL.

pub mod acts;
pub mod visit;
