//! What a rule found, and its wording.

use flexiti_contract::LintRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The maximum number of names in a message.
const LISTED: usize = 5;
/// The maximum length of a client's name in a message, in characters.
const NAME_LENGTH: usize = 60;

/// Something that a reviewer would object to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Id of the rule, such as `token_shared`.
    #[schemars(with = "String")]
    pub rule: LintRule,
    /// What was found.
    pub message: String,
    /// Journal ids of the requests concerned, in order.
    pub requests: Vec<u64>,
    /// The clause that requires otherwise, if there is one.
    pub clause: Option<String>,
    /// The case in Flexiti's own test lists that requires otherwise.
    pub test_case: Option<String>,
    /// What to do about it.
    pub remedy: String,
}

/// What a rule found.
#[derive(Debug)]
pub(super) struct Found {
    pub message: String,
    pub requests: BTreeSet<u64>,
    /// Overrides the rule's own clause.
    pub clause: Option<String>,
}

impl Found {
    pub fn new(message: String, requests: BTreeSet<u64>) -> Self {
        Self {
            message,
            requests,
            clause: None,
        }
    }

    pub fn of_clause(self, clause: &str) -> Self {
        let clause = Some(clause.to_owned());
        Self { clause, ..self }
    }
}

/// Joins a few names in one line: `a, b and 7 more`.
pub(super) fn listed(names: impl IntoIterator<Item = impl ToString>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    let shown = names[..names.len().min(LISTED)].join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A client's name as a message quotes it.
pub(super) fn quoted(name: &str) -> String {
    let mut shown: String = name.chars().take(NAME_LENGTH).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::{listed, quoted};

    #[test]
    fn a_message_stays_short() {
        assert_eq!(listed([1, 2]), "1, 2");
        assert_eq!(listed(1..=7), "1, 2, 3, 4, 5 and 2 more");
        assert_eq!(quoted("naïve"), "`naïve`");
        assert_eq!(quoted(&"é".repeat(61)), format!("`{}…`", "é".repeat(60)));
    }
}
