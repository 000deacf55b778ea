//! Markdown for a step summary: figures first, then each failure, then a row for each group.

use super::document::{Document, Finding, Outcome};
use super::escape::{one_line, visible};
use std::fmt::Write as _;

/// Maximum size in bytes; the rest is only counted. GitHub rejects summaries above 1 MiB.
const MOST: usize = 800_000;
/// Maximum length of a finding's text before it is truncated.
const LONGEST: usize = 4_000;

/// A document as Markdown.
pub fn text(document: &Document) -> String {
    let mut text = String::new();
    let verdict = document.verdict();
    let _ = writeln!(text, "## {}: {verdict}\n", plain(&document.title));
    let _ = writeln!(text, "{}\n", plain(&document.summary()));
    let about = document.about.iter();
    let about: Vec<String> = about
        .map(|about| format!("{} {}", plain(about.name), code(&about.value)))
        .collect();
    let _ = writeln!(text, "{}\n", about.join(" · "));
    if let Some(because) = &document.stopped {
        let _ = writeln!(text, "**The run ended early:** {}\n", plain(because));
    }
    for note in &document.notes {
        let _ = writeln!(text, "- {}", plain(note));
    }
    if !document.notes.is_empty() {
        text.push('\n');
    }
    groups(&mut text, document);
    findings(&mut text, document);
    learned(&mut text, document);
    undecided(&mut text, document);
    text
}

fn groups(text: &mut String, document: &Document) {
    let counts = document.counts();
    let head: Vec<&str> = counts.iter().map(|(_, word, _)| *word).collect();
    let _ = writeln!(text, "| clauses | {} |", head.join(" | "));
    let _ = writeln!(text, "|---|{}", "---:|".repeat(head.len()));
    for (group, rows) in document.groups() {
        let cells = counts.iter().map(|(outcome, _, _)| {
            let number = rows.iter().filter(|row| row.outcome == *outcome).count();
            number.to_string()
        });
        let cells: Vec<String> = cells.collect();
        let _ = writeln!(text, "| {} | {} |", code(group), cells.join(" | "));
    }
    text.push('\n');
}

fn findings(text: &mut String, document: &Document) {
    let failed = |found: &&Finding| found.outcome == Outcome::Failed;
    let findings: Vec<&Finding> = document.findings.iter().filter(failed).collect();
    if findings.is_empty() {
        return;
    }
    text.push_str("### Failed\n\n");
    let mut left = 0;
    for found in findings {
        let mut block = String::new();
        finding(&mut block, document, found);
        if text.len() + block.len() < MOST {
            text.push_str(&block);
        } else {
            left += 1;
        }
    }
    if left > 0 {
        let _ = writeln!(
            text,
            "{left} more are not shown here: a summary is limited.\n"
        );
    }
    if !document.setup.is_empty() {
        text.push_str("Before the commands:\n\n");
        fenced(text, "sh", &document.setup.join("\n"));
    }
}

fn finding(text: &mut String, document: &Document, found: &Finding) {
    let row = document.row(&found.row);
    let requirement = row.map_or("", |row| row.requirement.as_str());
    let _ = writeln!(
        text,
        "<details><summary><code>{}</code> {}</summary>\n",
        html(&found.row),
        html(requirement)
    );
    if let Some(row) = row.filter(|row| !row.sources.is_empty()) {
        let _ = writeln!(text, "- source: {}", plain(&row.sources.join("; ")));
    }
    let more = match found.cases {
        0 | 1 => String::new(),
        cases => format!(" (and {} more)", cases - 1),
    };
    let _ = writeln!(text, "- case: {}{more}", code(&found.case));
    if !found.expected.is_empty() {
        let _ = writeln!(text, "- expected: {}", code(&found.expected));
    }
    let _ = writeln!(text, "- actual: {}", code(&found.actual));
    text.push('\n');
    for (at, step) in found.story.iter().enumerate() {
        let _ = writeln!(text, "{}. {}", at + 1, code(step));
    }
    if !found.story.is_empty() {
        text.push('\n');
    }
    if let Some(command) = &found.command {
        fenced(text, "sh", command);
    }
    text.push_str("</details>\n\n");
}

fn learned(text: &mut String, document: &Document) {
    if document.learned.is_empty() || text.len() > MOST {
        return;
    }
    text.push_str("### Learned\n\n| question | answer | expected |\n|---|---|---|\n");
    for learned in &document.learned {
        let (answer, expected) = (cell(&learned.answer), cell(&learned.expected));
        let _ = writeln!(
            text,
            "| {} | {answer} | {expected} |",
            cell(&learned.question)
        );
    }
    text.push('\n');
}

fn undecided(text: &mut String, document: &Document) {
    let rows = document.rows.iter().filter(|row| {
        let open = [Outcome::NotVerified, Outcome::Known, Outcome::Waived];
        open.contains(&row.outcome)
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() || text.len() > MOST {
        return;
    }
    text.push_str("### Without a verdict, or allowed to fail\n\n");
    for row in rows {
        let why = plain(row.why.as_deref().unwrap_or_default());
        let _ = writeln!(text, "- {} {}: {why}", code(&row.id), row.word);
    }
    text.push('\n');
}

/// Escapes a text for a table cell. GitHub ends a cell at a bar, even inside code.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A text as an inline code span.
fn code(text: &str) -> String {
    let text = cut(&one_line(text));
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    // Spaces separate the text from the backticks; a reader strips them (CommonMark 6.1).
    let blank = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{ticks}{blank}{text}{blank}{ticks}")
}

/// Appends a fenced code block.
fn fenced(text: &mut String, language: &str, code: &str) {
    let code = cut(&visible(code));
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(text, "{fence}{language}\n{code}\n{fence}\n");
}

/// Escapes inline text: a backslash disables any punctuation (`CommonMark` 2.4).
fn plain(text: &str) -> String {
    let mut shown = String::new();
    for c in one_line(text).chars() {
        if "\\`*_[]<>&|#~$@".contains(c) {
            shown.push('\\');
        }
        shown.push(c);
    }
    // Prevents autolinks.
    shown.replace("://", ":\\/\\/")
}

/// Escapes a text for HTML inside Markdown.
fn html(text: &str) -> String {
    one_line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(cell("a|b\nc"), "`a\\|b\\nc`");
        assert_eq!(
            plain("[x](http://e) <b> @you"),
            "\\[x\\](http:\\/\\/e) \\<b\\> \\@you"
        );
        let mut text = String::new();
        fenced(&mut text, "sh", "echo ```\n````\n");
        assert!(text.starts_with("`````sh\n") && text.ends_with("\n`````\n\n"));
        assert_eq!(html("</summary>&"), "&lt;/summary&gt;&amp;");
    }
}
