//! Waivers: known failures, each with a reason, perhaps for some cases only, perhaps until a day. A
//! waiver must be needed. What a waiver is about, a clause of the API or a check of a shop, is the
//! caller's.

mod file;
mod waiver;

pub use file::Subject;
pub use waiver::{Excuse, Waivers};
