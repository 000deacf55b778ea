//! The parameters of a request: as the contract describes them ([`Param`]), as read
//! ([`Parameters`]), as stored ([`StoredParameters`]), and as the JSON Schema validator sees them.

pub(crate) mod node;
pub(crate) mod param;
mod request;
mod stored;

pub use param::Param;
pub use request::{Given, Parameters};
pub use stored::StoredParameters;
