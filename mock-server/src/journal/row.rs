//! An exchange as a row of a store.

use crate::clock::Millis;
use crate::journal::entry::Entry;
use crate::journal::note::{JournaledParameters, Note, Passed, Reason};
use crate::model::named_parameters::NamedParameters;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flexiti_contract::{Contract, Endpoint, Msg};
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// An exchange as it is stored, unredacted. It borrows when written and owns when read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRow<'e> {
    at: Millis,
    method: Cow<'e, str>,
    status: u16,
    micros: u64,
    note: NoteRow<'e>,
    reply_headers: Vec<(Cow<'e, str>, Bytes<'e>)>,
    reply_type: Cow<'e, str>,
    reply_length: usize,
    path: Bytes<'e>,
    query: Option<Bytes<'e>>,
    headers: Bytes<'e>,
    body: Option<Bytes<'e>>,
    reply: Bytes<'e>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteRow<'e> {
    endpoint: Option<Endpoint>,
    callback: bool,
    error: Option<Box<str>>,
    client_id: Option<Arc<str>>,
    clock: Option<Millis>,
    params: Option<ParamsRow<'e>>,
    order_id: Option<u64>,
    fault: Option<Cow<'e, str>>,
    violations: Vec<ReasonRow<'e>>,
    upstream: Option<Box<Passed>>,
    hides_answer: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ParamsRow<'e> {
    /// Parameters named by the contract.
    Named(NamedParameters),
    /// Other parameters.
    Any(Cow<'e, str>),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonRow<'e> {
    clause: Cow<'e, str>,
    param: Option<Cow<'e, str>>,
    msg: Option<Msg>,
    remedy: Cow<'e, str>,
}

/// Bytes: a string if they are UTF-8, otherwise base64.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Bytes<'e> {
    Text(Cow<'e, str>),
    Base64 { base64: String },
}

impl<'e> From<&'e [u8]> for Bytes<'e> {
    fn from(bytes: &'e [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.into()),
            Err(_) => Self::Base64 {
                base64: STANDARD.encode(bytes),
            },
        }
    }
}

impl Bytes<'_> {
    fn read(self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) => Ok(text.into_owned().into_bytes()),
            Self::Base64 { base64 } => STANDARD.decode(base64).map_err(|e| e.to_string()),
        }
    }
}

impl Entry {
    /// The row for this exchange.
    pub fn row(&self) -> ExchangeRow<'_> {
        let after_path = self.query.unwrap_or(self.path);
        let headers = self.reply_headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str().into(), value.as_bytes().into()));
        ExchangeRow {
            at: self.at,
            method: self.method.as_str().into(),
            status: self.status,
            micros: u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
            note: NoteRow::new(&self.note),
            reply_headers: headers.collect(),
            reply_type: (&*self.reply_type).into(),
            reply_length: self.reply_length,
            path: self.copied[..self.path].into(),
            query: self.query.map(|end| self.copied[self.path..end].into()),
            headers: self.copied[after_path..self.head].into(),
            body: self.body().map(Bytes::from),
            reply: self.reply_body().into(),
        }
    }
}

impl<'e> NoteRow<'e> {
    fn new(note: &'e Note) -> Self {
        let params = note.params.as_ref().map(|params| match params {
            JournaledParameters::Named(stored) => {
                ParamsRow::Named(NamedParameters::Stored(stored.clone()))
            }
            JournaledParameters::Any(text) => ParamsRow::Any(text.into()),
        });
        let reason = |reason: &'e Reason| ReasonRow {
            clause: reason.clause.into(),
            param: reason.param.as_deref().map(Cow::from),
            msg: reason.msg,
            remedy: (&*reason.remedy).into(),
        };
        Self {
            endpoint: note.endpoint,
            callback: note.callback,
            error: note.error.clone(),
            client_id: note.client_id.clone(),
            clock: note.clock,
            params,
            order_id: note.order_id,
            fault: note.fault.as_deref().map(Cow::from),
            violations: note.violations.iter().map(reason).collect(),
            upstream: note.upstream.clone(),
            hides_answer: note.hides_answer,
        }
    }

    fn read(self, contract: &'static Contract) -> Result<Note, String> {
        let params = match (self.params, self.endpoint) {
            (Some(ParamsRow::Named(all)), Some(endpoint)) => {
                let stored = all.stored(contract.params(endpoint))?;
                Some(JournaledParameters::Named(stored))
            }
            (Some(ParamsRow::Named(all)), None) => Some(JournaledParameters::Any(
                Value::Object(all.into_object()).to_string(),
            )),
            (Some(ParamsRow::Any(text)), _) => Some(JournaledParameters::Any(text.into_owned())),
            (None, _) => None,
        };
        let reason = |row: ReasonRow<'_>| {
            let clause = contract.clause(&row.clause);
            let clause = clause.ok_or_else(|| format!("no clause `{}`", row.clause))?;
            Ok(Reason {
                clause: &clause.id,
                param: row.param.map(Cow::into_owned),
                msg: row.msg,
                remedy: (&*row.remedy).into(),
            })
        };
        Ok(Note {
            endpoint: self.endpoint,
            callback: self.callback,
            error: self.error,
            client_id: self.client_id,
            clock: self.clock,
            params,
            order_id: self.order_id,
            fault: self.fault.map(Cow::into_owned),
            ticket: None,
            upstream: self.upstream,
            hides_answer: self.hides_answer,
            violations: self
                .violations
                .into_iter()
                .map(reason)
                .collect::<Result<_, String>>()?,
        })
    }
}

impl ExchangeRow<'_> {
    /// Restores the exchange with this id; the error says what is invalid.
    pub fn read(self, id: u64, contract: &'static Contract) -> Result<Entry, String> {
        let mut copied = self.path.read()?;
        let path = copied.len();
        let mut query = None;
        if let Some(text) = self.query {
            copied.extend(text.read()?);
            query = Some(copied.len());
        }
        copied.extend(self.headers.read()?);
        let head = copied.len();
        let has_body = self.body.is_some();
        if let Some(sent) = self.body {
            copied.extend(sent.read()?);
        }
        let body = copied.len();
        copied.extend(self.reply.read()?);
        let header = |(name, value): (Cow<'_, str>, Bytes<'_>)| {
            let name = HeaderName::try_from(&*name).map_err(|error| error.to_string())?;
            let value = HeaderValue::try_from(value.read()?).map_err(|error| error.to_string())?;
            Ok((name, value))
        };
        Ok(Entry {
            id,
            at: self.at,
            method: Method::try_from(&*self.method).map_err(|error| error.to_string())?,
            status: self.status,
            took: Duration::from_micros(self.micros),
            note: self.note.read(contract)?,
            reply_headers: self
                .reply_headers
                .into_iter()
                .map(header)
                .collect::<Result<_, String>>()?,
            reply_type: Cow::Owned(self.reply_type.into_owned()),
            reply_length: self.reply_length,
            copied: copied.into(),
            path,
            query,
            head,
            body,
            has_body,
        })
    }
}
