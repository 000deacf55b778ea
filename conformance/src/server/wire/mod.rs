//! Over the wire: the server under judgement, requests sent to it, and what came back.

pub mod curl;
mod exchange;
pub mod readback;
mod session;
mod target;

pub use exchange::{Answer, Exchange, Surface};
pub use session::{Session, Stopped};
pub use target::{Credentials, ERROR_URL, SUCCESS_URL, Target, Unreachable};
