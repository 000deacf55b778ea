//! Report formats. A run of either kind emits [events](Event) to reporters: some write each event,
//! some write text or JSON at the end, and some render a [`Document`] with the results.

mod changes;
mod document;
mod escape;
mod event;
mod files;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod ndjson;
mod progress;
mod reading;
mod sarif;
mod seal;
mod text;
mod whole;

pub use changes::Changes;
pub use document::{About, Case, Document, Finding, Learned, Outcome, Row};
pub use escape::{command, log_line, one_line};
pub use event::{Beginning, Done, Event, FORMAT_VERSION, Found, Reporter};
pub use files::Places;
pub use json::Json;
pub use ndjson::Ndjson;
pub use progress::{INTERVAL, Progress};
pub use reading::{check_seed, check_version, parsed};
pub use seal::Seal;
#[cfg(test)]
pub use seal::{DIGEST, add_seal};
pub use text::Text;
pub use whole::{Format, Whole};
