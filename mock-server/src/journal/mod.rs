//! The journal: requests and their answers in order, for tests and for people.

mod criterion;
mod curl;
mod entry;
mod expectation;
mod filter;
pub mod har;
mod kept;
mod merchant_logs;
mod note;
mod row;
mod sent;
mod tracked;
mod verify;
mod view;

pub use crate::journal::merchant_logs::{Journal, Limits};
pub use entry::{Entry, header_pairs};
pub use expectation::{Expected, Match, Named, Range, Times};
pub use filter::{FILTERS, Filter};
pub use note::{JournaledParameters, Note, Passed, Reason};
pub use row::ExchangeRow;
pub use sent::{kept, sent, sent_of};
pub use tracked::{Drops, JournalChanges};
pub use verify::{Failure, NearMiss, verify};
pub use view::{Broken, DriftView, ExchangeSummary, ExchangeView, UpstreamView, Why};
