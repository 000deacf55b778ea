//! Makes untrusted text, such as a server's answers, safe to display.

use std::fmt::Write as _;

/// Whether a character moves the cursor, changes the screen, or reorders the text around it.
fn is_unseen(c: char) -> bool {
    // Bidirectional controls and invisible separators: Unicode 16, 9.2 and 23.
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// A text on one line, with control characters and the like spelled out.
pub fn one_line(text: &str) -> String {
    spell(text, false)
}

/// A text on one line, safe for a log. GitHub's runner obeys `##[command]` anywhere in a line
/// (`actions/runner`, `ActionCommand.TryParse`).
pub fn log_line(text: &str) -> String {
    one_line(text).replace("##[", "#\\u{23}[")
}

/// A text with its line breaks and tabs; other control characters are spelled out.
pub fn visible(text: &str) -> String {
    spell(text, true)
}

/// A shell command on one line, with control characters written as `$'\x1b'`. The escape assumes
/// that they stand within single quotes, as all untrusted text does.
pub fn command(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str(r"'$'\n''"),
            c if is_unseen(c) => {
                shown.push_str("'$'");
                for byte in c.to_string().bytes() {
                    let _ = write!(shown, "\\x{byte:02x}");
                }
                shown.push_str("''");
            }
            c => shown.push(c),
        }
    }
    shown
}

fn spell(text: &str, lines: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' if lines => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_unseen(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_seen_and_nothing_moves_the_cursor() {
        let text = "a\u{1b}[2Jb\r\n\tc\u{202e}d\u{0}\u{7f}\u{9b}\u{feff}\u{fffe}é語🧾";
        assert_eq!(
            one_line(text),
            "a\\u{1b}[2Jb\\r\\n\\tc\\u{202e}d\\u{0}\\u{7f}\\u{9b}\\u{feff}\\u{fffe}é語🧾"
        );
        assert_eq!(
            command("curl -d 'a\n\u{200f}b' 'é'"),
            r"curl -d 'a'$'\n'''$'\xe2\x80\x8f''b' 'é'"
        );
        assert_eq!(log_line("a ##[error]b"), "a #\\u{23}[error]b");
        assert_eq!(visible("a\n\tb\rc"), "a\n\tb\\rc");
    }
}
