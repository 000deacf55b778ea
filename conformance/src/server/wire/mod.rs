//! Over the wire: the server under judgement, requests sent to it, and what came back.

mod connection;
pub mod curl;
mod delivery;
mod end;
mod exchange;
mod limits;
mod preflight;
mod prepared;
pub mod readback;
mod secrets;
mod session;
mod target;
mod trouble;

pub use connection::Reach;
pub use end::{End, Stopped};
pub use exchange::{Answer, Exchange, Surface};
pub use flexiti_contract::hosts::{AllowedHosts, host, name_of};
pub use limits::Limits;
pub use preflight::{Blocked, preflight};
pub use prepared::prepare;
pub use secrets::{Secret, Secrets};
pub use session::{Refused, Session};
pub use target::{Credentials, ERROR_URL, SUCCESS_URL, Target, Unreachable, base};
