//! The domain model: accounts, tokens, orders, customers, payment plans. Plain data, without locks
//! or I/O.

pub mod account;
pub mod callback_url;
pub mod customer;
pub mod decision;
pub mod lifecycle;
#[cfg(test)]
mod lifecycle_laws;
pub mod money;
pub mod named_parameters;
pub mod order;
pub mod payment_plan;
pub mod redirection_url;
pub mod token;
pub mod visit;
