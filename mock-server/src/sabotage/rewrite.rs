//! Rewriting requests and replies.

use crate::api::rejection::Rejection;
use crate::http::form::{Form, FormRules, decode_segment};
use crate::http::json::any;
use crate::http::reply::Reply;
use crate::http::request::{Body, Request};
use crate::http::route::Route;
use crate::pipeline::Service;
use bytes::Bytes;
use flexiti_contract::{Endpoint, ErrorId, Rule};
use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, HeaderValue, ORIGIN};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// The endpoint of a request, if it is for the API.
pub fn endpoint(service: &Service, request: &Request) -> Option<Endpoint> {
    match service.route(&request.path) {
        Route::Api(endpoint, ..) => Some(endpoint),
        _ => None,
    }
}

/// The client id in the path of a request.
pub fn client_id(request: &Request) -> Option<String> {
    let mut segments = request.path.split('/');
    segments.find(|segment| *segment == "client-id")?;
    segments.next().map(decode_segment)
}

/// The request with another client id in the path.
pub fn with_client_id(request: &Request, client_id: &str) -> Request {
    let client_id = utf8_percent_encode(client_id, NON_ALPHANUMERIC).to_string();
    let mut segments: Vec<&str> = request.path.split('/').collect();
    if let Some(at) = segments.iter().position(|segment| *segment == "client-id")
        && let Some(segment) = segments.get_mut(at + 1)
    {
        *segment = &client_id;
    }
    Request {
        path: segments.join("/"),
        ..request.clone()
    }
}

/// The body of a request; empty if it could not be read.
pub fn body(request: &Request) -> &[u8] {
    match &request.body {
        Body::Read(bytes) => bytes,
        Body::TooLarge | Body::BrokenOff | Body::TimedOut => &[],
    }
}

/// The request with another body.
pub fn with_body(request: &Request, body: impl Into<Bytes>) -> Request {
    Request {
        body: Body::Read(body.into()),
        ..request.clone()
    }
}

/// Whether a body looks like a JSON object, by its first character.
pub fn looks_like_json(request: &Request) -> bool {
    body(request).trim_ascii_start().first() == Some(&b'{')
}

/// A parameter of the body, whatever its encoding.
pub fn param(request: &Request, name: &str) -> Option<String> {
    let value = any(body(request)).remove(name)?;
    value.as_str().map(str::to_owned)
}

/// The request with a body parameter added or replaced.
pub fn with_param(request: &Request, name: &str, value: &str) -> Request {
    if looks_like_json(request) {
        let mut members = any(body(request));
        members.insert(name.to_owned(), value.into());
        return with_body(request, Value::Object(members).to_string());
    }
    let kept = without_pairs(body(request), |other| other == name);
    with_body(request, with_pair(kept, name, value))
}

/// The raw pairs of a form or a query, without those that have such a name.
pub fn without_pairs(form: &[u8], is_dropped: impl Fn(&str) -> bool) -> Vec<u8> {
    let is_kept = |pair: &&[u8]| {
        let read = Form::read(pair, FormRules::LENIENT).unwrap_or_default();
        !read.pairs().any(|(name, _)| is_dropped(name))
    };
    let kept: Vec<&[u8]> = form.split(|byte| *byte == b'&').filter(is_kept).collect();
    kept.join(&b'&')
}

fn with_pair(mut form: Vec<u8>, name: &str, value: &str) -> Vec<u8> {
    if !form.is_empty() {
        form.push(b'&');
    }
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    form.extend_from_slice(format!("{}={}", encoded(name), encoded(value)).as_bytes());
    form
}

/// The request with a query parameter added or replaced.
pub fn with_query(request: &Request, name: &str, value: &str) -> Request {
    let query = request.query.as_deref().unwrap_or_default();
    let kept = without_pairs(query.as_bytes(), |other| other == name);
    let query = with_pair(kept, name, value);
    Request {
        query: Some(String::from_utf8_lossy(&query).into_owned()),
        ..request.clone()
    }
}

/// The request with this `Authorization` header.
pub fn with_authorization(request: &Request, value: &str) -> Request {
    let mut request = request.clone();
    if let Ok(value) = HeaderValue::from_str(value) {
        request.headers.insert(AUTHORIZATION, value);
    }
    request
}

/// A refusal that replaces an answer.
pub fn refused(service: &Service, request: &Request, rule: Rule, error: ErrorId) -> Reply {
    let app = &service.app;
    let rejection = Rejection::new(rule, error);
    let rulebook = app.dialects.own();
    let reply = rejection.reply(&rulebook, &request.path, &app.redactor());
    // The pipeline added this header to the answer that the refusal replaces.
    if rulebook.knobs().cors && request.headers.contains_key(ORIGIN) {
        reply.with(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
    } else {
        reply
    }
}

/// The reply with its JSON object edited; unchanged if it has none.
pub fn edited(mut reply: Reply, edit: impl FnOnce(&mut Map<String, Value>)) -> Reply {
    if let Ok(mut members) = serde_json::from_slice::<Map<String, Value>>(&reply.body) {
        edit(&mut members);
        reply.body = Value::Object(members).to_string().into();
    }
    reply
}

/// Answers a request, and edits the JSON object of a successful answer of these endpoints.
pub fn edited_answer(
    service: &Service,
    request: &Request,
    endpoints: &[Endpoint],
    edit: impl FnOnce(&mut Map<String, Value>),
) -> Reply {
    let reply = service.handle(request);
    let is_theirs = endpoint(service, request).is_some_and(|found| endpoints.contains(&found));
    if is_theirs && reply.status.is_success() {
        edited(reply, edit)
    } else {
        reply
    }
}

/// The request without a body parameter.
pub fn without_param(request: &Request, name: &str) -> Request {
    if looks_like_json(request) {
        let mut members = any(body(request));
        members.shift_remove(name);
        return with_body(request, Value::Object(members).to_string());
    }
    with_body(request, without_pairs(body(request), |other| other == name))
}
