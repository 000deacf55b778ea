//! A verdict in a table, and the anchors of the page.

use crate::merchant::certificate::text::word;
use crate::merchant::judge::Verdict;

/// A verdict: its word, and its CSS class.
pub(super) struct Cell {
    pub(super) class: String,
    pub(super) word: &'static str,
}

impl Cell {
    pub(super) fn of(verdict: Verdict) -> Self {
        Self {
            class: class(verdict),
            word: word(verdict),
        }
    }

    /// A cell without a verdict.
    pub(super) fn empty(word: &'static str) -> Self {
        Self {
            class: String::new(),
            word,
        }
    }
}

/// The anchor of a scenario.
pub(super) fn anchor(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("scenario-{}", name.chars().map(letter).collect::<String>())
}

/// The word for a verdict in the certificate's JSON.
pub(super) fn class(verdict: Verdict) -> String {
    let value = serde_json::to_value(verdict).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// Splits a text into pieces, each marked as code (between backticks) or not.
pub(super) fn prose(text: impl AsRef<str>) -> Vec<(bool, String)> {
    let pieces = text.as_ref().split('`').enumerate();
    pieces
        .map(|(at, piece)| (at % 2 == 1, piece.to_owned()))
        .filter(|(_, piece)| !piece.is_empty())
        .collect()
}

/// A time (RFC 3339), cut to the minute for display.
pub(super) fn minute(time: &str) -> String {
    let minute = time.get(..16).map(|minute| minute.replace('T', " "));
    minute.map_or_else(|| time.to_owned(), |minute| format!("{minute} UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_texts_are_for_people() {
        assert_eq!(minute("2026-11-30T12:32:57.1047Z"), "2026-11-30 12:32 UTC");
        assert_eq!(minute("soon"), "soon");
        let pieces = prose("it is `en`");
        assert_eq!(
            pieces,
            [(false, "it is ".to_owned()), (true, "en".to_owned())]
        );
    }
}
