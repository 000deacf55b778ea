//! A call to the admin API, and how its body and query are read.

use crate::admin::problem::{Problem, problem};
use crate::app::App;
use crate::clock::Millis;
use crate::http::form::{Form, FormRules};
use crate::http::json::without_repeats;
use crate::http::request::{Body, Request};
use crate::telemetry::metrics::Metrics;
use flexiti_contract::readable;
use hyper::StatusCode;
use hyper::header::CONTENT_ENCODING;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// With more empty lists in a body than this, none of them is tried as an object.
const MOST_EMPTY: usize = 6;

/// A call to the admin API, as its handlers see it.
#[derive(Debug, Clone, Copy)]
pub struct AdminRequest<'a> {
    /// The server.
    pub app: &'a App,
    /// The metrics.
    pub metrics: &'a Metrics,
    /// The request.
    pub request: &'a Request,
    /// The value of the path's parameter; empty if it has none.
    pub id: &'a str,
    /// The machine's time.
    pub now: Millis,
}

impl AdminRequest<'_> {
    /// The body. An error names the invalid key and what is allowed.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let bytes = match &self.request.body {
            Body::Read(bytes) if bytes.is_empty() => b"{}",
            Body::Read(bytes) => bytes.as_ref(),
            Body::BrokenOff => {
                return Err(problem(StatusCode::BAD_REQUEST, "the body ended early"));
            }
            Body::TooLarge => {
                return Err(problem(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "the body is too large",
                ));
            }
            Body::TimedOut => {
                return Err(problem(
                    StatusCode::REQUEST_TIMEOUT,
                    "the body did not arrive in time",
                ));
            }
        };
        let coding = self.request.header(&CONTENT_ENCODING).unwrap_or_default();
        if !matches!(&*coding.trim().to_ascii_lowercase(), "" | "identity") {
            let message =
                format!("body: the content coding `{coding}` is not read; send it as it is");
            return Err(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let charset = self.request.charset();
        if let Some(charset) =
            charset.filter(|it| !matches!(it.as_str(), "utf-8" | "utf8" | "us-ascii"))
        {
            let message = format!("body: the charset `{charset}` is not read; send UTF-8");
            return Err(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        body(bytes).map_err(|what| problem(StatusCode::BAD_REQUEST, what))
    }

    /// Rewrites a URL of this server to the origin that the client uses.
    pub(super) fn for_client(&self, url: &mut String) {
        if let Some(rest) = url.strip_prefix(&self.app.origin) {
            *url = format!("{}{rest}", self.app.origin_for(self.request));
        }
    }

    /// The parameters of the query string.
    pub(super) fn query(&self) -> Form {
        let query = self.request.query.as_deref().unwrap_or_default();
        Form::read(query.as_bytes(), FormRules::LENIENT).unwrap_or_default()
    }

    /// The query's `client_id`, the only parameter allowed.
    pub(super) fn client_id(&self) -> Result<Option<String>, Problem> {
        let mut client_id = None;
        for (name, value) in self.query().pairs() {
            if name != "client_id" {
                let message = format!("{name}: unknown; the filter is client_id");
                return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, message));
            }
            client_id = Some(value.to_owned());
        }
        Ok(client_id)
    }
}

/// Parses a JSON body. An error names the invalid key and what is allowed.
pub fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let value = without_repeats(bytes).map_err(|error| format!("body: {error}"))?;
    value_of(value)
}

/// Deserializes a parsed body. An error names the invalid key and what is allowed. An empty list
/// counts as an object where one is expected, because PHP's `json_encode([])` writes it.
pub fn value_of<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    let value = if value == json!([]) { json!({}) } else { value };
    if !value.is_object() {
        return Err("body: must be a JSON object".to_owned());
    }
    with_empty_lists_as_objects(&value, deserialized)
}

/// Reads a value; if that fails, tries again with empty lists as objects.
pub fn with_empty_lists_as_objects<T, E>(
    value: &Value,
    read: impl Fn(Value) -> Result<T, E>,
) -> Result<T, E> {
    let why = match read(value.clone()) {
        Ok(read) => return Ok(read),
        Err(why) => why,
    };
    // Only the type knows which of the empty lists are meant as objects.
    let mut lists = Vec::new();
    empty_lists(value, &mut String::new(), &mut lists);
    if lists.len() <= MOST_EMPTY {
        for chosen in 1..1_usize << lists.len() {
            let mut changed = value.clone();
            for (at, list) in lists.iter().enumerate() {
                if chosen >> at & 1 == 1
                    && let Some(list) = changed.pointer_mut(list)
                {
                    *list = json!({});
                }
            }
            if let Ok(read) = read(changed) {
                return Ok(read);
            }
        }
    }
    Err(why)
}

fn deserialized<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { "body" } else { &path };
        format!("{place}: {}", readable(&error.inner().to_string()))
    })
}

/// Collects the JSON pointers of all empty lists below a value.
fn empty_lists(value: &Value, at: &mut String, found: &mut Vec<String>) {
    let length = at.len();
    match value {
        Value::Array(list) if list.is_empty() => found.push(at.clone()),
        Value::Array(list) => {
            for (number, value) in list.iter().enumerate() {
                let _ = write!(at, "/{number}");
                empty_lists(value, at, found);
                at.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                empty_lists(value, at, found);
                at.truncate(length);
            }
        }
        _ => {}
    }
}
