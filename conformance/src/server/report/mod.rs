//! What a run found out, and the formats it is reported in.

mod circumstances;
mod contents;
mod event;
mod files;
mod hidden;
mod json;
mod junit;
mod progress;
mod shown;
mod text;

pub use circumstances::Circumstances;
pub use contents::{CaseRow, ClauseRow, Finding, Learned, Report, Shown, Status, Summary};
pub use event::{Event, Reporter};
pub use files::Places;
pub use hidden::Hide;
pub use json::Json;
pub use junit::Junit;
pub use progress::Progress;
pub use shown::shown;
pub use text::Text;
