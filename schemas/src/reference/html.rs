//! The pages as one HTML document.

use super::document::{Block, Inline, Page, Target, badge, bare, is_guess};
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");

/// The document, with a table of contents.
pub(super) fn render(pages: &[Page], title: &str, back: Option<&(String, String)>) -> String {
    let mut out = String::with_capacity(256 * 1024);
    let title = escaped(title);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#content\">Skip to the content</a>\n<nav aria-label=\"Contents\">\n"
    );
    if let Some((href, text)) = back {
        let _ = writeln!(
            out,
            "<p class=\"back\"><a href=\"{}\">{}</a></p>",
            escaped(href),
            escaped(text)
        );
    }
    contents(&mut out, pages);
    out.push_str("</nav>\n<main id=\"content\">\n");
    for (at, page) in pages.iter().enumerate() {
        let level = if at == 0 { 1 } else { 2 };
        let id = format!("page-{}", escaped(&page.id));
        let _ = writeln!(
            out,
            "<section aria-labelledby=\"{id}\">\n<h{level} id=\"{id}\">{}</h{level}>",
            escaped(&page.title)
        );
        for block in &page.blocks {
            write_block(&mut out, block);
        }
        out.push_str("</section>\n");
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn contents(out: &mut String, pages: &[Page]) {
    out.push_str("<ul>\n");
    for page in pages {
        let _ = write!(
            out,
            "<li><a href=\"#page-{}\">{}</a>",
            escaped(&page.id),
            escaped(&page.title)
        );
        let headings: Vec<(&str, String)> = page
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Heading { level: 2, id, text } => Some((id.as_str(), bare(text))),
                _ => None,
            })
            .collect();
        if !headings.is_empty() {
            out.push_str("\n<ul>\n");
            for (id, text) in headings {
                let _ = writeln!(
                    out,
                    "<li><a href=\"#{}\">{}</a></li>",
                    escaped(id),
                    escaped(&text)
                );
            }
            out.push_str("</ul>\n");
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
}

fn write_block(out: &mut String, block: &Block) {
    let _ = match block {
        Block::Heading { level, id, text } => {
            let level = level + 1;
            let id = escaped(id);
            writeln!(
                out,
                "<h{level} id=\"{id}\">{} <a class=\"here\" href=\"#{id}\" aria-label=\"Link to this section\">#</a></h{level}>",
                line(text)
            )
        }
        Block::Paragraph(text) => writeln!(out, "<p>{}</p>", line(text)),
        Block::List(items) => writeln!(out, "<ul>\n{}</ul>", list(items)),
        Block::Steps(items) => writeln!(out, "<ol>\n{}</ol>", list(items)),
        Block::Table { head, rows } => {
            out.push_str("<div class=\"wide\"><table>\n<thead><tr>");
            for name in head {
                let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(name));
            }
            out.push_str("</tr></thead>\n<tbody>\n");
            for row in rows {
                out.push_str("<tr>");
                for (cell, name) in row.iter().zip(head) {
                    let lines: Vec<String> = cell.iter().map(|text| line(text)).collect();
                    let empty = if lines.concat().is_empty() {
                        " class=\"empty\""
                    } else {
                        ""
                    };
                    let _ = write!(
                        out,
                        "<td data-label=\"{}\"{empty}><div>{}</div></td>",
                        escaped(name),
                        lines.join("</div><div>")
                    );
                }
                out.push_str("</tr>\n");
            }
            out.push_str("</tbody>\n</table></div>\n");
            Ok(())
        }
        // Keyboard users can only scroll what is focusable.
        Block::Code { language, text } => writeln!(
            out,
            "<pre tabindex=\"0\" class=\"{language}\"><code>{}</code></pre>",
            escaped(text)
        ),
    };
}

fn list(items: &[Vec<Inline>]) -> String {
    let items = items
        .iter()
        .map(|item| format!("<li>{}</li>\n", line(item)));
    items.collect()
}

fn line(pieces: &[Inline]) -> String {
    let piece = |piece: &Inline| match piece {
        Inline::Plain(text) => escaped(text),
        Inline::Code(text) => format!("<code>{}</code>", breakable(&escaped(text))),
        Inline::Link(target, inner) => {
            let href = match target {
                Target::Id(id) => format!("#{id}"),
                Target::Page(page) => format!("#page-{page}"),
                Target::Url(url) => url.clone(),
            };
            let inner = line(std::slice::from_ref(inner));
            format!("<a href=\"{}\">{inner}</a>", escaped(&href))
        }
        Inline::Anchor(id) => format!("<span class=\"anchor\" id=\"{}\"></span>", escaped(id)),
        Inline::Badge(evidence) => {
            let kind = if is_guess(*evidence) {
                "guess"
            } else {
                "known"
            };
            format!(
                "<a class=\"badge {kind}\" href=\"#evidence\">{}</a>",
                badge(*evidence)
            )
        }
    };
    pieces.iter().map(piece).collect()
}

/// Allows line breaks between the parts of a name, so that narrow columns need not break it
/// elsewhere.
fn breakable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        out.push(c);
        if matches!(c, '.' | '_' | '/') {
            out.push_str("<wbr>");
        }
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // HTML forbids these characters.
            '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
