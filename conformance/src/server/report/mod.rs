//! What a run found out: as events, as text, as JSON, and as a document for the other formats.

mod baseline;
mod changes;
mod circumstances;
mod contents;
mod document;
mod event;
mod files;
mod hidden;
mod json;
mod ndjson;
mod power;
mod progress;
mod shown;
mod stored;
mod text;

pub use baseline::Baseline;
pub use circumstances::Circumstances;
pub use contents::{
    CaseRow, ClauseRow, FORMAT_VERSION, Finding, Learned, Report, Shown, Status, Summary,
};
pub use document::Whole;
pub use event::{Event, Reporter};
pub use files::Places;
pub use hidden::Hide;
pub use json::Json;
pub use ndjson::Ndjson;
pub use power::Power;
pub use progress::Progress;
pub use shown::shown;
pub use stored::Stored;
pub use text::Text;
