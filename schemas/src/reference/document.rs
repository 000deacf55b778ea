//! The contents of a page, independent of the output format.

use crate::evidence::Evidence;

/// A page of the reference.
#[derive(Debug, Clone)]
pub struct Page {
    /// The file name. The id of its heading is `page-` followed by this.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// Its contents.
    pub blocks: Vec<Block>,
}

/// A piece of a page.
#[derive(Debug, Clone)]
pub enum Block {
    /// A heading below that of the page, which has level 1.
    Heading {
        /// 2 to 4.
        level: u8,
        /// Stable, and unique across all pages.
        id: String,
        /// Its text.
        text: Text,
    },
    /// A paragraph.
    Paragraph(Text),
    /// An unordered list.
    List(Vec<Text>),
    /// An ordered list.
    Steps(Vec<Text>),
    /// A table.
    Table {
        /// The names of the columns.
        head: Vec<String>,
        /// The rows; each cell holds one or more lines.
        rows: Vec<Vec<Cell>>,
    },
    /// Text as typed or returned.
    Code {
        /// `sh` or `json`.
        language: &'static str,
        /// The text.
        text: String,
    },
}

/// A cell of a table: lines.
pub type Cell = Vec<Text>;

/// A run of text.
pub type Text = Vec<Inline>;

/// A piece of text.
#[derive(Debug, Clone, PartialEq)]
pub enum Inline {
    /// Prose.
    Plain(String),
    /// A name or a value.
    Code(String),
    /// A link.
    Link(Target, Box<Inline>),
    /// A link target.
    Anchor(String),
    /// The evidence for a fact.
    Badge(Evidence),
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A heading or an [`Inline::Anchor`] of the reference.
    Id(String),
    /// A page.
    Page(String),
    /// An external URL.
    Url(String),
}

/// Prose with names and values in backticks.
pub(super) fn prose(text: &str) -> Text {
    let mut pieces = Vec::new();
    for (at, piece) in text.split('`').enumerate() {
        if piece.is_empty() {
            continue;
        }
        pieces.push(if at % 2 == 0 {
            Inline::Plain(piece.to_owned())
        } else {
            Inline::Code(piece.to_owned())
        });
    }
    pieces
}

pub(super) fn code(text: impl Into<String>) -> Inline {
    Inline::Code(text.into())
}

pub(super) fn plain(text: impl Into<String>) -> Inline {
    Inline::Plain(text.into())
}

/// A link to an id, with its text as code.
pub(super) fn link(id: impl Into<String>, text: impl Into<String>) -> Inline {
    Inline::Link(Target::Id(id.into()), Box::new(code(text)))
}

pub(super) fn paragraph(text: &str) -> Block {
    Block::Paragraph(prose(text))
}

pub(super) fn heading(level: u8, id: impl Into<String>, text: &str) -> Block {
    Block::Heading {
        level,
        id: id.into(),
        text: prose(text),
    }
}

pub(super) fn table(head: &[&str], rows: Vec<Vec<Cell>>) -> Block {
    Block::Table {
        head: head.iter().map(|name| (*name).to_owned()).collect(),
        rows,
    }
}

/// A cell with one line of prose.
pub(super) fn cell(text: &str) -> Cell {
    vec![prose(text)]
}

/// Whether this evidence makes a fact a guess for the Online API.
pub(super) fn is_guess(evidence: Evidence) -> bool {
    !matches!(evidence, Evidence::Documented | Evidence::Example)
}

/// The text of a badge.
pub(super) fn badge(evidence: Evidence) -> String {
    match evidence {
        Evidence::Documented | Evidence::Example => evidence.as_str().to_owned(),
        _ => format!("guess: {}", evidence.as_str()),
    }
}

/// The text without markup.
pub(super) fn bare(text: &[Inline]) -> String {
    text.iter()
        .map(|piece| match piece {
            Inline::Plain(text) | Inline::Code(text) => text.clone(),
            Inline::Link(_, inner) => bare(std::slice::from_ref(inner)),
            Inline::Anchor(_) => String::new(),
            Inline::Badge(evidence) => badge(*evidence),
        })
        .collect()
}

/// Every id on a page, apart from its own.
pub(super) fn ids(page: &Page) -> Vec<&str> {
    let mut found = Vec::new();
    for block in &page.blocks {
        match block {
            Block::Heading { id, text, .. } => {
                found.push(id.as_str());
                found.extend(anchors(text));
            }
            Block::Paragraph(text) => found.extend(anchors(text)),
            Block::List(items) | Block::Steps(items) => {
                found.extend(items.iter().flat_map(|item| anchors(item)));
            }
            Block::Table { rows, .. } => {
                let lines = rows.iter().flatten().flatten();
                found.extend(lines.flat_map(|line| anchors(line)));
            }
            Block::Code { .. } => {}
        }
    }
    found
}

fn anchors(text: &[Inline]) -> impl Iterator<Item = &str> {
    text.iter().filter_map(|piece| match piece {
        Inline::Anchor(id) => Some(id.as_str()),
        _ => None,
    })
}
