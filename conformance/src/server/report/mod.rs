//! What a run found out, and the formats it is reported in.

mod contents;
mod event;
mod json;
mod junit;
mod text;

pub use contents::{CaseRow, ClauseRow, Finding, Learned, Power, Report, Shown, Status, Summary};
pub use event::{Event, Reporter};
pub use json::Json;
pub use junit::Junit;
pub use text::Text;
