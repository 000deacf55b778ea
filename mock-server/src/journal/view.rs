//! An exchange as the admin API shows it.

use crate::call_kind::CallKind;
use crate::config::UpstreamMode;
use crate::journal::curl;
use crate::journal::entry::Entry;
use crate::journal::note::{Note, Passed, Reason};
use crate::redact::Redactor;
use flexiti_contract::comparison::{Drift, Subject};
use flexiti_contract::{Clause, Contract, Evidence, Level, Msg};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// An exchange of the journal. A secret is shown as `***` and a hash; the same secret always has
/// the same hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExchangeSummary {
    /// Counted from 1, over all merchants.
    pub id: u64,
    /// When the request arrived, by the machine's clock.
    pub at: Timestamp,
    /// When the request arrived, by the merchant's clock.
    pub clock: Option<Timestamp>,
    /// The merchant that it concerns, if known.
    pub client_id: Option<String>,
    /// The endpoint of the contract, or `callback` for a request of the mock to a shop; absent for
    /// other paths.
    #[schemars(with = "Option<String>")]
    pub endpoint: Option<CallKind>,
    /// HTTP method.
    pub method: String,
    /// The path as sent; for a callback, the requested URL.
    pub path: String,
    /// The headers, with names in lowercase; a repeated header is a list.
    pub headers: Map<String, Value>,
    /// The parameters as read.
    pub params: Option<Map<String, Value>>,
    /// The body as sent; absent if it could not be read or was too long.
    pub body: Option<String>,
    /// HTTP status of the answer; 0 if a shop did not answer a callback.
    pub status: u16,
    /// Why a shop did not answer a callback, or the upstream a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long the answer took, in microseconds, without planned delays.
    pub duration_us: u64,
    /// The order that it opened, asked about or changed.
    pub order_id: Option<u64>,
    /// The clauses that the request broke.
    pub violations: Vec<Broken>,
    /// The fault that was injected.
    pub fault: Option<String>,
    /// Details if the request was for the upstream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamView>,
}

/// A request for the upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpstreamView {
    /// The upstream's scheme, host and port.
    pub server: String,
    /// `proxy`, `compare`, or `answer` if the answer is from the transcript.
    pub mode: UpstreamMode,
    /// With `compare`, where the mock answers differently; empty if it does not. Absent if the mock
    /// was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<Vec<DriftView>>,
}

/// A difference between the upstream's answer and the mock's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DriftView {
    /// The knob that it is about, if that can be determined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knob: Option<String>,
    /// The clause, if it is not about a knob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// What differs: the status, a header, a JSON member.
    pub what: String,
    /// What the upstream says, without parts that differ from call to call.
    pub upstream: String,
    /// What the mock says.
    pub mock: String,
}

impl UpstreamView {
    fn new(passed: &Passed, redactor: &Redactor) -> Self {
        let row = |drift: &Drift| {
            let (knob, clause) = match &drift.subject {
                Some(Subject::Knob(name)) => (Some(name.clone()), None),
                Some(Subject::Clause(name)) => (None, Some(name.clone())),
                None => (None, None),
            };
            DriftView {
                knob,
                clause,
                what: redactor.text(&drift.difference.what()),
                upstream: redactor.text(&drift.difference.left),
                mock: redactor.text(&drift.difference.right),
            }
        };
        let drift = passed.drift.as_ref();
        Self {
            server: passed.server.clone(),
            mode: passed.mode,
            differs: drift.map(|drift| drift.iter().map(row).collect()),
        }
    }
}

/// A clause that a request broke.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Broken {
    /// Id of the clause; `flexiti-conformance list` shows what it promises.
    pub clause: String,
    /// The parameter at fault.
    pub param: Option<String>,
    /// The word of `field_errors`: `required`, `invalid`, `type` or `length`.
    #[schemars(with = "Option<String>")]
    pub msg: Option<Msg>,
    /// What to send instead.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

/// The text of a broken clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// Id of the clause.
    pub clause: String,
    /// What the API promises.
    pub requirement: String,
    /// How binding it is: `must`, `should` or `may`.
    #[schemars(with = "String")]
    pub level: Level,
    /// What it rests on: `documented`, `example`, `client`, `pos-api` or `inferred`.
    #[schemars(with = "String")]
    pub evidence: Evidence,
    /// Keys of the sources.
    pub source: Vec<String>,
}

/// An exchange with its answer, and a command that sends the request again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExchangeView {
    #[serde(flatten)]
    #[expect(missing_docs, reason = "its own documentation says it")]
    pub row: ExchangeSummary,
    /// The texts of the broken clauses, each once.
    pub why: Vec<Why>,
    /// The query string as sent.
    pub query: Option<String>,
    /// The headers of the answer.
    pub response_headers: Map<String, Value>,
    /// The body of the answer; absent for pages.
    pub response_body: Option<String>,
    /// A shell command that sends the request again; secrets are shell variables.
    pub curl: String,
}

impl ExchangeSummary {
    /// The view of an exchange, with secrets hidden.
    pub fn new(entry: &Entry, redactor: &Redactor) -> Self {
        let Note {
            endpoint: _,
            callback: _,
            error,
            ticket: _,
            client_id,
            clock,
            params,
            order_id,
            fault,
            violations,
            upstream,
            hides_answer: _,
        } = &entry.note;
        let time = |at| Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN);
        let params = params.as_ref();
        let broken = |reason: &Reason| Broken {
            clause: reason.clause.to_owned(),
            param: reason.param.as_ref().map(|param| redactor.text(param)),
            msg: reason.msg,
            remedy: redactor.text(&reason.remedy),
        };
        Self {
            id: entry.id,
            at: time(entry.at),
            clock: clock.map(time),
            client_id: client_id.as_deref().map(str::to_owned),
            endpoint: entry.note.place(),
            method: redactor.text(entry.method.as_str()),
            path: redactor.url(&entry.address()),
            headers: shown(&entry.headers(), redactor),
            params: params.map(|params| redactor.members(params.to_object())),
            body: entry.shown_body(redactor),
            status: entry.status,
            error: error.as_deref().map(|why| redactor.text(why)),
            duration_us: u64::try_from(entry.took.as_micros()).unwrap_or(u64::MAX),
            order_id: *order_id,
            violations: violations.iter().map(broken).collect(),
            fault: fault.clone(),
            upstream: upstream
                .as_deref()
                .map(|passed| UpstreamView::new(passed, redactor)),
        }
    }
}

impl ExchangeView {
    /// The complete view of an exchange with a server at `origin`, with secrets hidden.
    pub fn new(entry: &Entry, origin: &str, contract: &Contract, redactor: &Redactor) -> Self {
        let is_kept = entry.reply_length == entry.reply_body().len();
        Self {
            row: ExchangeSummary::new(entry, redactor),
            why: why(&entry.note, contract),
            query: entry.query().map(|query| redactor.form(&query)),
            response_headers: shown(&entry.answer_headers(), redactor),
            response_body: is_kept.then(|| redactor.body(entry.reply_body())),
            curl: curl::command(entry, origin, redactor),
        }
    }
}

fn why(note: &Note, contract: &Contract) -> Vec<Why> {
    let mut broken: Vec<&str> = note.violations.iter().map(|reason| reason.clause).collect();
    let mut seen = HashSet::new();
    broken.retain(|clause| seen.insert(*clause));
    let clauses = broken.into_iter().filter_map(|id| contract.clause(id));
    let why = |clause: &Clause| Why {
        clause: clause.id.clone(),
        requirement: clause.requirement.clone(),
        level: clause.level,
        evidence: clause.evidence,
        source: clause.source.clone(),
    };
    clauses.map(why).collect()
}

fn shown(headers: &[(String, String)], redactor: &Redactor) -> Map<String, Value> {
    let mut rows = Map::new();
    for (name, value) in headers {
        let value = redactor.header(name, value);
        // A repeated header becomes a list.
        match rows.entry(redactor.text(name)) {
            serde_json::map::Entry::Vacant(place) => {
                place.insert(value.into());
            }
            serde_json::map::Entry::Occupied(mut place) => {
                let before = place.get().as_str().unwrap_or_default();
                let both = format!("{before}, {value}");
                place.insert(both.into());
            }
        }
    }
    rows
}
