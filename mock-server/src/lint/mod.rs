//! What a reviewer at Flexiti would say over what a shop sent: rules of `lint.json`, each a pure
//! function over a [`History`]. Read [`judge`] first.
//!
//! A rule compares identities of tokens and secrets and never needs their text, so that a journal
//! recorded with hashes in their place is judged the same way.

mod call;
mod exposure;
mod history;
mod outcome;
mod parameters;
mod recorded;
mod reference;
mod spelling;
mod tokens;
mod variants;

pub use call::{Call, Eyes, Granted, Identity};
pub use history::{Ended, History, Moment};
pub use recorded::LintInput;

use flexiti_contract::LintRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many names a message lists.
const LISTED: usize = 5;
/// How many characters of a name that a client made up are shown.
const NAME_LENGTH: usize = 60;

/// Something that a reviewer would object to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Id of the rule, such as `token_shared`.
    #[schemars(with = "String")]
    pub rule: LintRule,
    /// What was seen.
    pub message: String,
    /// The journal's ids of the requests concerned, in order.
    pub requests: Vec<u64>,
    /// The clause that asks for something else, if there is one.
    pub clause: Option<String>,
    /// The case of Flexiti's own test lists that asks for something else.
    pub test_case: Option<String>,
    /// What to do about it.
    pub remedy: String,
}

/// What a rule found.
#[derive(Debug)]
struct Found {
    message: String,
    requests: BTreeSet<u64>,
    /// In place of the rule's own.
    clause: Option<String>,
}

impl Found {
    fn new(message: String, requests: BTreeSet<u64>) -> Self {
        Self {
            message,
            requests,
            clause: None,
        }
    }

    fn of_clause(self, clause: &str) -> Self {
        let clause = Some(clause.to_owned());
        Self { clause, ..self }
    }
}

/// What a reviewer would object to, in the order of `lint.json`.
pub fn judge(history: &History<'_>) -> Vec<Finding> {
    let contract = history.rulebook.contract();
    let rows = LintRule::ALL.iter().map(|rule| contract.lint_row(*rule));
    let findings = rows.flat_map(|row| {
        let found = function(row.id)(history).into_iter();
        found.map(|found| Finding {
            rule: row.id,
            message: found.message,
            requests: found.requests.into_iter().collect(),
            clause: found.clause.or_else(|| row.clause.clone()),
            test_case: row.test_case.clone(),
            remedy: row.remedy.clone(),
        })
    });
    findings.collect()
}

/// What judges a rule.
fn function(rule: LintRule) -> fn(&History<'_>) -> Vec<Found> {
    match rule {
        LintRule::BrowserCredentials => exposure::browser_credentials,
        LintRule::TokenPerRequest => tokens::per_request,
        LintRule::TokenShared => tokens::shared,
        LintRule::TokenRefreshLate => tokens::refresh_late,
        LintRule::ReferenceIdMissing => reference::missing,
        LintRule::ReferenceIdReused => reference::reused,
        LintRule::ReferenceIdConstant => reference::constant,
        LintRule::V2ApplyOnly => parameters::v2_apply_only,
        LintRule::VariantSpelling => variants::variant_spelling,
        LintRule::ParameterUnknown => parameters::unknown,
        LintRule::OutcomeUnread => outcome::unread,
        LintRule::PollingFast => outcome::polling_fast,
        LintRule::UrlCredentials => exposure::url_credentials,
        LintRule::TextNotAscii => parameters::not_ascii,
    }
}

/// A few names in one line: `a, b and 7 more`.
fn listed(names: impl IntoIterator<Item = impl ToString>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    let shown = names[..names.len().min(LISTED)].join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A name that a client made up, as a message quotes it.
fn quoted(name: &str) -> String {
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
