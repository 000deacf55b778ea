//! What a reviewer looks for in a shop's requests: the rows of `lint.json`.

use crate::names::names;
use serde::Deserialize;

/// A review rule: a row of `lint.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LintRow {
    /// The rule.
    pub id: LintRule,
    /// What the reviewer wants, in our own words.
    pub requirement: String,
    /// What the shop's developer should do.
    pub remedy: String,
    /// The clause by which a server would refuse it, if any.
    pub clause: Option<String>,
    /// The case of Flexiti's own test lists that covers it.
    pub test_case: Option<String>,
    /// Keys of the sources; empty if it is our own advice.
    pub source: Vec<String>,
}

names! {
    /// A review rule; its predicate is code.
    LintRule {
        BrowserCredentials = "browser_credentials",
        TokenPerRequest = "token_per_request",
        TokenShared = "token_shared",
        TokenRefreshLate = "token_refresh_late",
        ReferenceIdMissing = "reference_id_missing",
        ReferenceIdReused = "reference_id_reused",
        ReferenceIdConstant = "reference_id_constant",
        V2ApplyOnly = "v2_apply_only",
        VariantSpelling = "variant_spelling",
        ParameterUnknown = "parameter_unknown",
        OutcomeUnread = "outcome_unread",
        PollingFast = "polling_fast",
        UrlCredentials = "url_credentials",
        TextNotAscii = "text_not_ascii",
    }
}
