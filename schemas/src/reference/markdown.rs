//! The pages as Markdown files.

use super::document::{Block, Cell, Inline, Page, Target, badge, is_guess};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Name and text of each file; the first page is the folder's `README.md`.
pub(super) fn render(pages: &[Page], dialect: &str) -> Vec<(String, String)> {
    let index = Index::of(pages);
    let render = |page: &Page| {
        let mut text = format!(
            "<!-- Generated from the contract for the dialect {}. Do not edit: change the files in schemas/ and run `UPDATE_DOCS=1 cargo test -p flexiti-contract reference`. -->\n\n# {}\n",
            escaped(dialect),
            escaped(&page.title)
        );
        for block in &page.blocks {
            text.push('\n');
            write_block(&mut text, block, &index, &page.id);
        }
        (index.file(&page.id), text)
    };
    pages.iter().map(render).collect()
}

/// The page of each id.
struct Index<'p> {
    first: &'p str,
    pages: HashMap<&'p str, &'p str>,
}

impl<'p> Index<'p> {
    fn of(pages: &'p [Page]) -> Self {
        let mut found = HashMap::new();
        for page in pages {
            for id in super::document::ids(page) {
                found.insert(id, page.id.as_str());
            }
        }
        let first = pages.first().map_or("", |page| page.id.as_str());
        Self {
            first,
            pages: found,
        }
    }

    fn file(&self, page: &str) -> String {
        if page == self.first {
            "README.md".to_owned()
        } else {
            format!("{page}.md")
        }
    }

    fn href(&self, target: &Target, here: &str) -> String {
        match target {
            Target::Url(url) => url
                .replace(' ', "%20")
                .replace('(', "%28")
                .replace(')', "%29"),
            Target::Id(id) => {
                let page = self.pages.get(id.as_str()).copied().unwrap_or(here);
                if page == here {
                    format!("#{id}")
                } else {
                    format!("{}#{id}", self.file(page))
                }
            }
            Target::Page(page) => self.file(page),
        }
    }
}

fn write_block(text: &mut String, block: &Block, index: &Index<'_>, here: &str) {
    let inline = |pieces: &[Inline]| line(pieces, index, here, false);
    let _ = match block {
        Block::Heading {
            level,
            id,
            text: words,
        } => {
            let marks = "#".repeat(usize::from(*level));
            writeln!(
                text,
                "<a id=\"{}\"></a>\n\n{marks} {}",
                attribute(id),
                inline(words)
            )
        }
        Block::Paragraph(words) => writeln!(text, "{}", inline(words)),
        Block::List(items) => {
            for item in items {
                let _ = writeln!(text, "- {}", inline(item));
            }
            Ok(())
        }
        Block::Steps(items) => {
            for (at, item) in items.iter().enumerate() {
                let _ = writeln!(text, "{}. {}", at + 1, inline(item));
            }
            Ok(())
        }
        Block::Table { head, rows } => {
            let _ = writeln!(
                text,
                "| {} |\n|{}",
                head.join(" | "),
                "---|".repeat(head.len())
            );
            for row in rows {
                let cells = row.iter().map(|cell| in_cell(cell, index, here));
                let cells: Vec<String> = cells.collect();
                let _ = writeln!(text, "| {} |", cells.join(" | "));
            }
            Ok(())
        }
        Block::Code {
            language,
            text: code,
        } => {
            // A fence longer than any in the text.
            let fence = "`".repeat(longest_run(code).max(2) + 1);
            writeln!(text, "{fence}{language}\n{code}\n{fence}")
        }
    };
}

fn in_cell(cell: &Cell, index: &Index<'_>, here: &str) -> String {
    let lines = cell.iter().map(|text| line(text, index, here, true));
    lines.collect::<Vec<String>>().join("<br>")
}

fn line(pieces: &[Inline], index: &Index<'_>, here: &str, in_table: bool) -> String {
    let piece = |piece: &Inline| match piece {
        Inline::Plain(text) if in_table => escaped(text).replace('|', "\\|"),
        Inline::Plain(text) => escaped(text),
        Inline::Code(text) => quoted(text, in_table),
        Inline::Link(target, inner) => {
            let inner = line(std::slice::from_ref(inner), index, here, in_table);
            format!("[{inner}]({})", index.href(target, here))
        }
        Inline::Anchor(id) => format!("<a id=\"{}\"></a>", attribute(id)),
        Inline::Badge(evidence) if is_guess(*evidence) => format!("**{}**", badge(*evidence)),
        Inline::Badge(evidence) => format!("*{}*", badge(*evidence)),
    };
    pieces.iter().map(piece).collect()
}

/// Inline code with any backticks and line breaks.
fn quoted(text: &str, in_table: bool) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let text = if in_table {
        text.replace('|', "\\|")
    } else {
        text
    };
    if text.contains('`') {
        let fence = "`".repeat(longest_run(&text) + 1);
        return format!("{fence} {text} {fence}");
    }
    format!("`{text}`")
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`');
    runs.map(str::len).max().unwrap_or(0)
}

/// Escapes prose.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '*' | '_' | '[' | ']' | '`' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}
