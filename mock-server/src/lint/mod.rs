//! What a reviewer at Flexiti would object to in a shop's requests: the rules of `lint.json`, each
//! a pure function of a [`History`]. Start with [`judge`].
//!
//! Rules compare identities of tokens and secrets and never need their text, so that a redacted
//! journal is judged the same way.

mod call;
mod exposure;
mod finding;
mod history;
mod identity;
mod issued;
mod outcome;
mod parameters;
mod recorded;
mod reference;
mod spelling;
mod tokens;
mod variants;

pub use call::{Call, Eyes, Granted};
pub use finding::Finding;
pub use history::{Ended, History, Moment};
pub use identity::Identity;
pub use recorded::LintInput;

use crate::lint::finding::Found;
use flexiti_contract::LintRule;

/// All findings, in the order of `lint.json`.
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

/// The function for a rule.
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
