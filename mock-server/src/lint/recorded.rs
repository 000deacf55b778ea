//! An exchange wherever it is kept: in the journal, or in what the admin API shows of it.

use crate::clock::Millis;
use crate::journal::{Entry, Exchange, Sent};
use flexiti_contract::Endpoint;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// All that is looked at of a call of the API.
#[derive(Debug)]
#[expect(missing_docs, reason = "the journal's words")]
pub struct Recorded<'r> {
    pub id: u64,
    pub at: Millis,
    /// The merchant's time; the machine's where that is not known.
    pub clock: Millis,
    pub endpoint: Endpoint,
    pub method: &'r str,
    pub path: Cow<'r, str>,
    pub query: Option<Cow<'r, str>>,
    pub headers: Vec<(String, String)>,
    pub body: &'r [u8],
    pub params: Option<Map<String, Value>>,
    pub status: u16,
    pub fault: Option<&'r str>,
    pub order_id: Option<u64>,
    /// The answer's body.
    pub answer: &'r [u8],
}

impl<'r> Recorded<'r> {
    /// An entry of the journal; none if it is no call of the API.
    pub fn entry(entry: &'r Entry) -> Option<Self> {
        let note = &entry.note;
        Some(Self {
            id: entry.id,
            at: entry.at,
            clock: note.clock.unwrap_or(entry.at),
            endpoint: note.endpoint?,
            method: entry.method.as_str(),
            path: entry.path(),
            query: entry.query(),
            headers: entry.headers(),
            body: entry.body().unwrap_or_default(),
            params: note.params.as_ref().map(Sent::to_object),
            status: entry.status,
            fault: note.fault.as_deref(),
            order_id: note.order_id,
            answer: &entry.reply_body,
        })
    }

    /// The same of an exchange as it is shown, with hashes in the place of secrets.
    pub fn exchange(exchange: &'r Exchange) -> Option<Self> {
        let row = &exchange.row;
        let at = row.at.as_millisecond();
        let header = |(name, value): (&String, &Value)| {
            let value = value.as_str().unwrap_or_default();
            (name.clone(), value.to_owned())
        };
        Some(Self {
            id: row.id,
            at,
            clock: row.clock.map_or(at, Timestamp::as_millisecond),
            endpoint: row.endpoint?,
            method: &row.method,
            path: row.path.as_str().into(),
            query: exchange.query.as_deref().map(Cow::from),
            headers: row.headers.iter().map(header).collect(),
            body: row.body.as_deref().unwrap_or_default().as_bytes(),
            params: row.params.clone(),
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
