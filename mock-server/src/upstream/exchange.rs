//! What is recorded of an exchange with the upstream, in the journal and in the transcript.

use crate::clock::Millis;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::journal::{Entry, Note, Reason, kept};
use crate::redact::Redactor;
use crate::upstream::client::Came;
use crate::upstream::compare::flat;
use flexiti_contract::transcript::{Answer, Recorded, Request as Sent};
use flexiti_contract::{Endpoint, Rulebook, Violation};
use hyper::header::CONTENT_ENCODING;
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// The maximum size of a recorded answer body, in bytes; of longer ones, only the length is
/// recorded.
const KEPT: usize = 256 * 1024;
/// What kind of resource a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A call of the API.
    Call(Endpoint),
    /// Another path below the API's base path.
    Path,
    /// A hosted page, or a resource that belongs to one.
    Page,
}

/// An exchange to be written to the transcript.
pub struct Exchange<'a> {
    pub at: Millis,
    pub note: &'a Note,
    pub request: &'a Request,
    /// The answer as it came.
    pub reply: Option<&'a Reply>,
    pub took: Duration,
}

impl Exchange<'_> {
    /// The exchange with a server at `origin`, with secrets hidden.
    pub fn recorded(&self, redactor: &Redactor, origin: &str, what: What) -> Recorded {
        let note = Note {
            hides_answer: self.reply.is_some_and(|reply| is_hidden(what, reply)),
            ..Note::default()
        };
        let entry = Entry::new(self.at, self.request, note, self.reply, self.took);
        let pairs = |headers: Vec<(String, String)>| {
            let shown = headers.into_iter().map(|(name, value)| {
                let value = redactor.header(&name, &value);
                (redactor.text(&name), value)
            });
            shown.collect::<Vec<_>>()
        };
        let body = entry.body().is_some_and(|body| !body.is_empty());
        let body = body.then(|| entry.shown_body(redactor)).flatten();
        let answer = self.reply.map(|reply| Answer {
            status: reply.status.as_u16(),
            headers: pairs(entry.answer_headers()),
            body: (entry.reply_length == entry.reply_body().len())
                .then(|| redactor.body(entry.reply_body())),
            length: entry.reply_length,
        });
        Recorded {
            at: date_time(self.at),
            client_id: self.note.client_id.as_deref().map(str::to_owned),
            endpoint: self.note.endpoint.map(|endpoint| endpoint.id().to_owned()),
            server: origin.to_owned(),
            request: Sent {
                method: redactor.text(self.request.method.as_str()),
                path: redactor.text(&self.request.path),
                query: entry.query().map(|query| redactor.form(&query)),
                headers: pairs(entry.headers()),
                body: body.filter(|_| what != What::Page),
            },
            answer,
            error: self.note.error.as_deref().map(|why| redactor.text(why)),
            took_us: u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// Notes what a handler would note about a call, as far as request and answer show it.
pub fn note(note: &mut Note, what: What, rulebook: &Rulebook, request: &Request, came: &Came) {
    let What::Call(endpoint) = what else {
        return;
    };
    let contract = rulebook.contract();
    let params = flat(rulebook, endpoint, request);
    // Other refusals concern authentication or the resource.
    if matches!(came.status.as_u16(), 400 | 409 | 422) {
        let broken = rulebook.check(endpoint, &params).into_iter();
        let reason = |violation: Violation| Reason {
            clause: violation.clause,
            remedy: rulebook.known_remedy(Some(endpoint), violation.clause, &violation.param),
            param: Some(violation.param),
            msg: violation.msg,
        };
        note.violations = broken.map(reason).collect();
    }
    if let Value::Object(params) = &params {
        note.params = Some(kept(contract, endpoint, params).into());
    }
    note.order_id = order_id(endpoint, request, &came.body);
}

/// The order that a call opened or asked about.
fn order_id(endpoint: Endpoint, request: &Request, answer: &[u8]) -> Option<u64> {
    let answer = || serde_json::from_slice::<Value>(answer).ok();
    let number = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    };
    match endpoint {
        Endpoint::InitV2 | Endpoint::InitPlain => number(&answer()?["online_order_id"]),
        Endpoint::NotificationOrder | Endpoint::NotificationOld => {
            request.path.rsplit('/').next()?.parse().ok()
        }
        Endpoint::NotificationMerchantOrder => number(&answer()?["transaction_id"]),
        _ => None,
    }
}

/// Whether the body of an answer must not be recorded: pages are large and contain customer data,
/// and a body that is not text cannot be searched for secrets.
pub fn is_hidden(what: What, reply: &Reply) -> bool {
    let is_coded = reply
        .headers
        .iter()
        .any(|(name, _)| *name == CONTENT_ENCODING);
    let is_text = std::str::from_utf8(&reply.body).is_ok();
    what == What::Page && !reply.body.is_empty()
        || is_coded
        || !is_text
        || reply.body.len() > KEPT
        || reply.content_type.starts_with("text/html")
}

/// Formats a time with exactly three decimals.
pub fn date_time(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN);
    format!("{at:.3}")
}
