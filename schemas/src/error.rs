//! The errors that refusals have, and their rows in `errors.json`.

use crate::evidence::Evidence;
use crate::names::names;
use http::StatusCode;
use serde::de::{Deserializer, Error as _, Unexpected};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Index;

names! {
    /// A row of `errors.json`.
    ErrorId {
        NotFound = "not_found",
        MethodNotAllowed = "method_not_allowed",
        RequestTimeout = "request_timeout",
        IncompleteBody = "incomplete_body",
        PayloadTooLarge = "payload_too_large",
        UnreadableText = "unreadable_text",
        BadPercentEncoding = "bad_percent_encoding",
        BadJson = "bad_json",
        NotAForm = "not_a_form",
        UnknownMediaType = "unknown_media_type",
        JsonDeclaredAsForm = "json_declared_as_form",
        RepeatedParameter = "repeated_parameter",
        GrantTypeInvalid = "grant_type_invalid",
        ClientIdMissing = "client_id_missing",
        ClientSecretMissing = "client_secret_missing",
        ClientUnknown = "client_unknown",
        RefreshTokenMissing = "refresh_token_missing",
        RefreshTokenInvalid = "refresh_token_invalid",
        RefreshTokenExpired = "refresh_token_expired",
        UserCredentialsMissing = "user_credentials_missing",
        UserCredentialsInvalid = "user_credentials_invalid",
        InvalidRole = "invalid_role",
        WrongInputs = "wrong_inputs",
        TokenMissing = "token_missing",
        TokenMalformed = "token_malformed",
        TokenUnknown = "token_unknown",
        TokenExpired = "token_expired",
        InsufficientScope = "insufficient_scope",
        SessionExpired = "session_expired",
    }
}

/// The vocabulary of `field_errors[].msg` (P-val).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Msg {
    /// A mandatory parameter was not sent.
    Required,
    /// Wrong format, or not one of the allowed values.
    Invalid,
    /// Wrong data type.
    Type,
    /// Too long, or too precise.
    Length,
}

impl Msg {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Invalid => "invalid",
            Self::Type => "type",
            Self::Length => "length",
        }
    }
}

/// The contents of a refusal: a row of `errors.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRow {
    /// HTTP status.
    #[serde(deserialize_with = "refusal_status")]
    pub status: StatusCode,
    /// The `error` word.
    pub error: String,
    /// The accompanying sentence.
    pub message: String,
    /// The evidence for the status and the word.
    pub evidence: Evidence,
    /// Keys of the sources.
    pub source: Vec<String>,
    /// The value of `WWW-Authenticate`.
    pub challenge: Option<String>,
    /// What differs if `token_style` is `nos3`.
    #[serde(default)]
    pub nos3: ErrorOverride,
}

/// The parts of an [`ErrorRow`] that a token style changes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorOverride {
    /// HTTP status.
    #[serde(default, deserialize_with = "some_refusal_status")]
    pub status: Option<StatusCode>,
    /// The `error` word.
    pub error: Option<String>,
    /// The accompanying sentence.
    pub message: Option<String>,
}

/// The rows of `errors.json`, one for each [`ErrorId`], so that lookups cannot fail.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "BTreeMap<String, ErrorRow>")]
pub struct Errors {
    /// In the order of [`ErrorId::ALL`].
    rows: Vec<ErrorRow>,
}

impl Errors {
    /// The errors with their rows, in the contract's order.
    pub fn iter(&self) -> impl Iterator<Item = (ErrorId, &ErrorRow)> {
        ErrorId::ALL.iter().copied().zip(&self.rows)
    }
}

impl Index<ErrorId> for Errors {
    type Output = ErrorRow;

    fn index(&self, id: ErrorId) -> &ErrorRow {
        &self.rows[id as usize]
    }
}

impl TryFrom<BTreeMap<String, ErrorRow>> for Errors {
    type Error = String;

    fn try_from(mut rows: BTreeMap<String, ErrorRow>) -> Result<Self, String> {
        let row = |id: &ErrorId| {
            let row = rows.remove(id.id());
            row.ok_or_else(|| format!("no row for the error `{}`", id.id()))
        };
        let known = ErrorId::ALL.iter().map(row).collect::<Result<_, _>>()?;
        match rows.keys().next() {
            Some(unknown) => Err(format!("at /{unknown}: unknown error id")),
            None => Ok(Self { rows: known }),
        }
    }
}

/// The status of a refusal in a dialect.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct RefusalStatus(#[serde(deserialize_with = "refusal_status")] pub StatusCode);

/// Reads the status of a refusal: a client error, 400 to 499.
fn refusal_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusCode, D::Error> {
    let number = u16::deserialize(deserializer)?;
    let status = StatusCode::from_u16(number).ok();
    status.filter(StatusCode::is_client_error).ok_or_else(|| {
        let expected = &"the status of a refusal, 400 to 499";
        D::Error::invalid_value(Unexpected::Unsigned(number.into()), expected)
    })
}

fn some_refusal_status<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<StatusCode>, D::Error> {
    refusal_status(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn row(change: &dyn Fn(&mut Value)) -> Result<ErrorRow, String> {
        let mut row = json!({"status": 409, "error": "wrong_inputs", "message": "Wrong",
            "evidence": "inferred", "source": ["RFC-9110"]});
        change(&mut row);
        serde_json::from_value(row).map_err(|error| error.to_string())
    }

    #[test]
    fn a_status_that_is_no_clients_error_is_refused() {
        assert_eq!(row(&|_| ()).unwrap().status, StatusCode::CONFLICT);
        for status in [json!(0), json!(200), json!(399), json!(500), json!(1000)] {
            let plain = row(&|row| row["status"] = status.clone()).unwrap_err();
            assert!(plain.contains("400 to 499"), "{plain}");
            let nos3 = row(&|row| row["nos3"] = json!({"status": status})).unwrap_err();
            assert!(nos3.contains("400 to 499"), "{nos3}");
        }
    }
}
