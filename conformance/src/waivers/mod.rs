//! Waivers: known failures with a reason, optionally limited to some cases or until a date. A
//! waiver must be needed. The caller decides what waivers are about: clauses of the API or checks
//! of a shop.

mod file;
mod waiver;

pub use file::Subject;
pub use waiver::{Excuse, Waivers};
