//! The wire: the server under test, the requests sent, and the answers received.

mod answer;
mod connection;
pub mod curl;
mod delivery;
mod end;
mod exchange;
mod limits;
mod line;
mod preflight;
mod prepared;
pub mod readback;
mod secrets;
mod session;
mod talk;
mod target;
mod trouble;

pub use answer::Answer;
pub use connection::{Reach, Silence};
pub use end::{End, Stopped};
pub use exchange::{Exchange, Surface};
pub use flexiti_contract::hosts::{AllowedHosts, host, name_of};
pub use limits::Limits;
pub use preflight::{Blocked, preflight};
pub use prepared::prepare;
pub use secrets::{Secret, Secrets};
pub use session::{Refused, Session};
pub use talk::{Ending, Heard};
pub use target::{Credentials, ERROR_URL, Owner, SUCCESS_URL, Target, Unreachable, base};
