//! Reads an exchange from the journal, or from the admin API's view of it.

use crate::call_kind::CallKind;
use crate::clock::Millis;
use crate::journal::{Entry, ExchangeView, JournaledParameters, kept};
use flexiti_contract::{Contract, Endpoint, StoredParameters};
use jiff::Timestamp;
use std::borrow::Cow;

/// Everything that lint reads of a call.
#[derive(Debug)]
#[expect(missing_docs, reason = "the journal's words")]
pub struct LintInput<'r> {
    pub id: u64,
    pub at: Millis,
    /// The merchant's time; the machine's if that is unknown.
    pub clock: Millis,
    pub endpoint: Endpoint,
    pub method: &'r str,
    pub path: Cow<'r, str>,
    pub query: Option<Cow<'r, str>>,
    /// A line for each header: the name in lowercase, a colon, a space and the value.
    pub headers: Cow<'r, str>,
    pub body: &'r [u8],
    pub params: Option<StoredParameters>,
    pub status: u16,
    pub fault: Option<&'r str>,
    pub order_id: Option<u64>,
    /// The answer's body.
    pub answer: &'r [u8],
}

impl<'r> LintInput<'r> {
    /// From an entry of the journal; `None` if it is not a call to the API.
    pub(crate) fn entry(entry: &'r Entry) -> Option<Self> {
        let note = &entry.note;
        Some(Self {
            id: entry.id,
            at: entry.at,
            clock: note.clock.unwrap_or(entry.at),
            endpoint: note.endpoint?,
            method: entry.method.as_str(),
            path: entry.path(),
            query: entry.query(),
            headers: entry.header_lines(),
            body: entry.body().unwrap_or_default(),
            params: match &note.params {
                Some(JournaledParameters::Named(kept)) => Some(kept.clone()),
                _ => None,
            },
            status: entry.status,
            fault: note.fault.as_deref(),
            order_id: note.order_id,
            answer: entry.reply_body(),
        })
    }

    /// From the view of an exchange, with hashes instead of secrets.
    pub fn exchange(contract: &'static Contract, exchange: &'r ExchangeView) -> Option<Self> {
        let row = &exchange.row;
        let Some(CallKind::Api(endpoint)) = row.endpoint else {
            return None;
        };
        let at = row.at.as_millisecond();
        let params = row.params.as_ref();
        let mut headers = String::new();
        for (name, value) in &row.headers {
            headers.extend([name, ": ", value.as_str().unwrap_or_default(), "\n"]);
        }
        Some(Self {
            id: row.id,
            at,
            clock: row.clock.map_or(at, Timestamp::as_millisecond),
            endpoint,
            method: &row.method,
            path: row.path.as_str().into(),
            query: exchange.query.as_deref().map(Cow::from),
            headers: headers.into(),
            body: row.body.as_deref().unwrap_or_default().as_bytes(),
            params: params.map(|params| kept(contract, endpoint, params)),
            status: row.status,
            fault: row.fault.as_deref(),
            order_id: row.order_id,
            answer: exchange
                .response_body
                .as_deref()
                .unwrap_or_default()
                .as_bytes(),
        })
    }
}
