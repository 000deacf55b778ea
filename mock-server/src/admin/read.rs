//! Reading what a call of the admin API brings.

use super::Ask;
use super::problem::{Problem, problem};
use crate::body::{Form, FormRules};
use crate::request::Body;
use serde::de::DeserializeOwned;
use serde_json::Value;

impl Ask<'_> {
    /// The body; an error names the key that is wrong, and what is allowed.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let bytes = match &self.request.body {
            Body::Read(bytes) if bytes.is_empty() => b"{}",
            Body::Read(bytes) => bytes.as_ref(),
            Body::BrokenOff => return Err(problem(400, "the body broke off before its end")),
            Body::TooLarge => return Err(problem(413, "the body is too large")),
            Body::TimedOut => return Err(problem(408, "the body did not arrive in time")),
        };
        let wrong = |error: serde_json::Error| problem(400, format!("body: {error}"));
        let value: Value = serde_json::from_slice(bytes).map_err(wrong)?;
        if !value.is_object() {
            return Err(problem(400, "body: must be a JSON object"));
        }
        serde_path_to_error::deserialize(value).map_err(|error| {
            let path = error.path().to_string();
            let place = if path == "." { "body" } else { &path };
            problem(400, format!("{place}: {}", error.inner()))
        })
    }

    /// The pairs of the query string.
    pub(super) fn query(&self) -> Form {
        let query = self.request.query.as_deref().unwrap_or_default();
        let rules = FormRules {
            literal_percent: true,
            lossy: true,
        };
        Form::read(query.as_bytes(), rules).unwrap_or_default()
    }

    /// The query's `client_id`, where that is all it may name.
    pub(super) fn client_id(&self) -> Result<Option<String>, Problem> {
        let mut client_id = None;
        for (name, value) in self.query().pairs() {
            if name != "client_id" {
                let message = format!("{name}: unknown; the filter is client_id");
                return Err(problem(422, message));
            }
            client_id = Some(value.to_owned());
        }
        Ok(client_id)
    }
}
