//! The results of a certification for the reporters: rows, findings, what is waived or known.

mod baseline;
mod contents;
mod document;
mod found;
mod rows;
mod stored;

pub use baseline::Baseline;
pub use contents::{Report, Terms};
pub use found::Beginning;
pub use rows::REVIEW;
pub use stored::checker_ids;
