//! A test case as data: what to send, and what to expect.

mod expect;
pub mod placeholders;
mod request_template;
pub mod requests;
mod talk;
mod test_case;

pub use expect::{Callback, Carried, Checked, Expect, Is, JsonMember};
pub use request_template::{Encoding, FORM, Params, Payload, RequestTemplate, To, encode};
pub use talk::{Heeds, Turn};
pub use test_case::{Account, Case, Kind, Phase, Step};
