//! What a reviewer looks for in what a shop sent: the vocabulary of `lint.json`.

use crate::names::names;
use serde::Deserialize;

/// One thing that a reviewer looks for: a row of `lint.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LintRow {
    /// Which one.
    pub id: LintRule,
    /// What the reviewer wants, in our own words.
    pub requirement: String,
    /// What the shop's developer is to do.
    pub remedy: String,
    /// The clause that a server would refuse it by, if there is one.
    pub clause: Option<String>,
    /// The case of Flexiti's own test lists that asks for it.
    pub test_case: Option<String>,
    /// Keys of the sources; none where it is our own advice.
    pub source: Vec<String>,
}

names! {
    /// A thing that a reviewer looks for; its predicate is code.
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
