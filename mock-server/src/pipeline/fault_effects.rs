//! The effects of a fault on a call: before it is handled, instead of that, or on its answer.

use crate::api::auth;
use crate::api::call::Call;
use crate::api::rejection::shaped;
use crate::app::App;
use crate::call_kind::CallKind;
use crate::clock::Millis;
use crate::fault::{Action, MatchInput, Strike};
use crate::http::reply::{Reply, Script, StreamScript, Way};
use crate::http::request::{BODY_LIMIT, Body, Request};
use crate::journal::{Note, sent_of};
use crate::model::order;
use bytes::Bytes;
use flexiti_contract::{Endpoint, Refusal, Rulebook};
use hyper::StatusCode;
use hyper::header::{CONTENT_LENGTH, RETRY_AFTER};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::time::Duration;

/// A fault that strikes a request of a known merchant, with the delay drawn for it.
#[derive(Debug)]
pub struct Struck {
    /// What happens to the request.
    pub action: Action,
    later: Option<Duration>,
    /// The merchant's time.
    now: Millis,
}

/// The fault that strikes a call, if there is one; records it in `note`.
pub fn strike(call: &Call<'_>, note: &mut Note) -> Option<Struck> {
    let client_id = note.client_id.as_deref()?;
    let kind = CallKind::Api(call.endpoint);
    let asked = {
        let mut state = call.app.state();
        if state.merchants.get(client_id)?.faults.is_empty() {
            return None;
        }
        state
            .merchants
            .get_mut(client_id)?
            .faults
            .asked_params(kind)
    };
    // Read them once for all faults, and without holding the lock.
    let sent = asked.map_or_else(Map::new, |names| params(call, &names));
    let state = &mut *call.app.state();
    let merchant = state.merchants.get_mut(client_id)?;
    let now = merchant.clock.at(call.machine);
    let read = || {
        let mut params = sent.clone();
        if call.endpoint == Endpoint::NotificationMerchantOrder {
            let orders = &state.orders;
            let id = order::comparable(call.rulebook, call.order_id);
            let ids = orders.by_merchant_id(&merchant.client_id, &id);
            if let Some(id) = ids.and_then(|ids| ids.back()) {
                params.insert("orderId".to_owned(), id.to_string().into());
            }
        }
        params
    };
    let strike = merchant.faults.strike(&MatchInput::new(kind, now, &read))?;
    note.strike(&strike);
    let Strike { action, later, .. } = strike;
    Some(Struck { action, later, now })
}

/// The requested parameters of a call as text, under the contract's names, read as leniently as
/// possible from query, body, headers and path.
fn params(call: &Call<'_>, names: &[String]) -> Map<String, Value> {
    let contract = call.rulebook.contract();
    let Call {
        endpoint,
        order_id,
        request,
        ..
    } = *call;
    let mut params = Map::new();
    let body = match &request.body {
        // A larger body is refused without being read.
        Body::Read(bytes) if bytes.len() <= BODY_LIMIT => bytes.as_ref(),
        _ => b"",
    };
    let query = request.query.as_deref();
    params.extend(sent_of(contract, endpoint, query, body, |name| {
        names.iter().any(|asked| asked == name)
    }));
    let mut add = |name: String, value: Value| {
        params.insert(name, value);
    };
    let in_header = contract
        .params(endpoint)
        .iter()
        .filter(|p| p.header && names.contains(&p.name));
    for param in in_header {
        let value = request.headers.get(&param.name);
        if let Some(value) = value.and_then(|value| value.to_str().ok()) {
            add(param.name.clone(), value.into());
        }
    }
    match endpoint {
        Endpoint::NotificationOrder | Endpoint::NotificationOld => {
            add("orderId".to_owned(), order_id.into());
        }
        Endpoint::NotificationMerchantOrder => {
            add("merchantOrderId".to_owned(), order_id.into());
        }
        _ => {}
    }
    params
}

impl Struck {
    /// The answer that replaces the call, if the action has one.
    pub fn instead(&self, rulebook: &Rulebook, path: &str) -> Option<Reply> {
        match &self.action {
            Action::Status {
                status,
                headers,
                body,
            } => {
                // `fault::validate` refuses invalid statuses.
                let status = StatusCode::from_u16(*status).ok()?;
                let mut reply = match body {
                    Some(Value::String(text)) => {
                        Reply::text(status, "text/plain; charset=utf-8", text)
                    }
                    Some(body) => Reply::json(status, body),
                    None => refusal(rulebook, status, path),
                };
                if headers
                    .keys()
                    .any(|name| name.eq_ignore_ascii_case("content-type"))
                {
                    // Only the plan's own `Content-Type` is sent.
                    reply.content_type = "".into();
                }
                Some(headers.iter().fold(reply, |reply, (name, value)| {
                    match name.as_str().try_into() {
                        Ok(name) => reply.with(name, value),
                        // `fault::validate` refuses invalid names.
                        Err(_) => reply,
                    }
                }))
            }
            Action::Maintenance { until, .. } => {
                let seconds = (until.as_millisecond() - self.now).max(0) / 1_000 + 1;
                let reply = refusal(rulebook, StatusCode::SERVICE_UNAVAILABLE, path);
                Some(reply.with(RETRY_AFTER, &seconds.to_string()))
            }
            Action::Empty | Action::Reset => Some(self.on(Reply::empty(StatusCode::OK))),
            _ => None,
        }
    }

    /// Applies effects that precede handling the call.
    pub fn before(&self, app: &App, request: &Request) {
        if self.action == Action::ExpireToken
            && let Some(token) = auth::token_of(request)
            && let Some(access) = app.state().access.get_mut(&*token)
        {
            access.expires = self.now;
        }
    }

    /// Whether a notification must not show an outcome yet.
    pub fn is_late(&self) -> bool {
        self.action == Action::LateNotification
    }

    /// The answer as the client gets it.
    pub fn on(&self, mut reply: Reply) -> Reply {
        reply.later = self.later.unwrap_or_default();
        let mut stream = StreamScript::Reset;
        let pieces = match &self.action {
            Action::Empty | Action::Reset | Action::LostResponse => Vec::new(),
            Action::Truncate { bytes } => {
                let half = reply.body.len() / 2;
                let kept = bytes.map_or(half, |bytes| usize::try_from(bytes).unwrap_or(half));
                let whole = raw(&reply, &reply.body);
                let missing = reply.body.len().saturating_sub(kept).max(1);
                stream = StreamScript::Body {
                    pieces: vec![(
                        Duration::ZERO,
                        reply.body.slice(..reply.body.len().saturating_sub(missing)),
                    )],
                    length: reply.body.len(),
                    ends: false,
                };
                let kept = whole.len().saturating_sub(missing);
                vec![(Duration::ZERO, whole.slice(..kept))]
            }
            Action::Dribble { bytes, every_ms } => {
                let size = usize::try_from(*bytes).unwrap_or(1).max(1);
                let pause = Duration::from_millis(u64::from(*every_ms));
                let whole = raw(&reply, &reply.body);
                let pieces = |whole: &[u8]| {
                    let pieces = whole.chunks(size);
                    let pieces = pieces.map(|piece| (pause, Bytes::copy_from_slice(piece)));
                    pieces.collect::<Vec<_>>()
                };
                stream = StreamScript::Body {
                    pieces: pieces(&reply.body),
                    length: reply.body.len(),
                    ends: true,
                };
                pieces(&whole)
            }
            Action::MalformedChunking => {
                let mut text = head(&reply);
                text.push_str("transfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\n");
                let mut bytes = text.into_bytes();
                bytes.extend_from_slice(&reply.body);
                // HTTP/2 has no chunks: there, the announced length is wrong (RFC 9113, section
                // 8.1.1).
                stream = StreamScript::Body {
                    pieces: vec![(Duration::ZERO, reply.body.clone())],
                    length: reply.body.len() + 1,
                    ends: true,
                };
                vec![(Duration::ZERO, bytes.into())]
            }
            Action::Malformed => {
                reply.body = reply.body.slice(..reply.body.len() / 2);
                return reply;
            }
            Action::WrongType => {
                let later = reply.later;
                reply = Reply::html(
                    reply.status,
                    "<!doctype html><title>OK</title>\n".to_owned(),
                );
                reply.later = later;
                return reply;
            }
            Action::Delay { .. }
            | Action::DelayUniform { .. }
            | Action::DelayLognormal { .. }
            | Action::Status { .. }
            | Action::ExpireToken
            | Action::DuplicateCallback
            | Action::NoCallback
            | Action::LateNotification
            | Action::Maintenance { .. } => return reply,
        };
        reply.way = Way::Script(Box::new(Script {
            pieces,
            reset: self.action == Action::Reset,
            stream,
        }));
        reply
    }
}

/// A refusal with this status, in the dialect's shape.
fn refusal(rulebook: &Rulebook, status: StatusCode, path: &str) -> Reply {
    let reason = status.canonical_reason();
    let error = match status {
        // The only name that the POS API's test plan shows (P-plan).
        StatusCode::GATEWAY_TIMEOUT => "GATEWAY_TIMEOUT".to_owned(),
        _ => reason.unwrap_or("blocked").to_lowercase().replace(' ', "_"),
    };
    let refusal = Refusal {
        status,
        message: reason.unwrap_or("Blocked").to_owned(),
        error,
        challenge: None,
    };
    shaped(rulebook, &refusal, path, &[])
}

/// The head of an answer, without the headers that frame its body.
fn head(reply: &Reply) -> String {
    let mut head = format!(
        "HTTP/1.1 {} {}\r\n",
        reply.status.as_u16(),
        reply.status.canonical_reason().unwrap_or_default()
    );
    if !reply.content_type.is_empty() {
        let _ = write!(head, "content-type: {}\r\n", reply.content_type);
    }
    for (name, value) in &reply.headers {
        if let Ok(value) = value.to_str() {
            let _ = write!(head, "{name}: {value}\r\n");
        }
    }
    head
}

/// An answer in wire format, after which the connection ends.
fn raw(reply: &Reply, body: &[u8]) -> Bytes {
    let mut text = head(reply);
    // The answer to HEAD already contains the body's length.
    if reply
        .headers
        .iter()
        .all(|(name, _)| *name != CONTENT_LENGTH)
    {
        let _ = write!(text, "content-length: {}\r\n", body.len());
    }
    text.push_str("connection: close\r\n\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes.into()
}
