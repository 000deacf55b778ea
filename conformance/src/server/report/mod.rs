//! The results of a run: as events, text, JSON, and as a document for the other formats.

mod baseline;
mod circumstances;
mod contents;
mod document;
mod found;
mod hidden;
mod power;
mod shown;
mod stored;
mod text;

pub use baseline::Baseline;
pub use circumstances::Circumstances;
pub use contents::{CaseRow, ClauseRow, Finding, Learned, Report, Shown, Status, Summary};
pub use found::Beginning;
pub use hidden::Hide;
pub use power::Power;
pub use shown::shown;
pub use stored::Stored;
