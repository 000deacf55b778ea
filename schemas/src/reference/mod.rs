//! The API reference of a dialect, for the developer of a shop.
//!
//! [`pages()`] writes the content as blocks and inline text, from a [`Rulebook`] alone; the two
//! renderers turn that into Markdown files or one HTML document, and know nothing about the API.
//! Dialects come from users, so everything they say is escaped.

mod answers;
mod clauses;
mod document;
mod errors;
mod html;
mod markdown;
mod options;
mod pages;
mod parameters;
mod questions;
mod requests;

pub use document::{Block, Inline, Page, Target};
pub use options::Options;
pub(crate) use requests::spelling;
pub use requests::{Example, examples};

use crate::rulebook::Rulebook;

/// The pages of the reference, the index first.
pub fn pages(rulebook: &Rulebook, options: &Options) -> Vec<Page> {
    pages::all(rulebook, options)
}

/// The reference as Markdown files: name and text of each.
pub fn markdown(rulebook: &Rulebook, options: &Options) -> Vec<(String, String)> {
    markdown::render(&pages(rulebook, options), &rulebook.dialect().name)
}

/// The reference as one complete HTML document, without scripts or external resources. Every
/// heading, clause and parameter has an id: `#init_v2`, `#clause-init.lang.values`, `#init-lang`.
pub fn html(rulebook: &Rulebook, options: &Options) -> String {
    let title = format!(
        "Flexiti Online API: reference, dialect {}",
        rulebook.dialect().name
    );
    html::render(&pages(rulebook, options), &title, options.back.as_ref())
}
