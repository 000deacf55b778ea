//! Server-sent events (WHATWG HTML, section 9.2) for watchers. A separate thread formats each event
//! once. A watcher reads what it missed from the journal, and from then on gets the same bytes as
//! all others.

use crate::app::App;
use crate::events::{Batch, Told, Watch, What};
use crate::journal::{Entry, ExchangeSummary};
use crate::pipeline::Service;
use bytes::Bytes;
use http_body_util::channel::Sender;
use serde::Serialize;
use serde_json::json;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;

/// How often a comment is sent while nothing happens, so that neither side considers the other
/// dead.
const QUIET: Duration = Duration::from_secs(15);
/// The number of exchanges formatted at once, and the pause after them, so that watchers never use
/// more than part of one processor, however busy the server is.
const BATCH: usize = 64;
const PAUSE: Duration = Duration::from_millis(10);
/// The maximum size of a batch in bytes, because each watcher holds its own copy.
const LONG: usize = 128 * 1024;

/// How far exchanges have been sent.
#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    /// The id of the last one.
    last: u64,
    /// Drops up to this id have been reported.
    missed_to: u64,
}

/// Sends events until the watcher is gone or does not read, or the server stops. `aside` limits how
/// many read the journal at once.
pub async fn feed(
    service: Arc<Service>,
    aside: Arc<Semaphore>,
    mut watch: Watch,
    mut out: Sender<Bytes, io::Error>,
) {
    let patience = service.app.limits.write_time;
    tell(&service);
    let mut send = async |text: Bytes| {
        // A watcher that does not read is dropped; it may reconnect with the id of the last event
        // that it read.
        let sent = tokio::time::timeout(patience, out.send_data(text)).await;
        matches!(sent, Ok(Ok(())))
    };
    let mut cursor = Cursor {
        last: watch.after,
        missed_to: 0,
    };
    loop {
        // First what the journal already has.
        loop {
            if service.app.events.is_closing() {
                return;
            }
            let permit = Arc::clone(&aside).acquire_owned().await.ok();
            let (service, client_id) = (Arc::clone(&service), watch.client_id.clone());
            let read = move || {
                let mut text = String::new();
                let client_id = client_id.as_deref();
                exchanges(&service.app, client_id, &mut cursor, |part, _| {
                    text.push_str(&part);
                });
                drop(permit);
                (text, cursor)
            };
            let Ok((text, read_to)) = tokio::task::spawn_blocking(read).await else {
                return;
            };
            cursor = read_to;
            if text.is_empty() {
                break;
            }
            if !send(text.into()).await {
                return;
            }
        }
        loop {
            let text = match tokio::time::timeout(QUIET, watch.news.recv()).await {
                Err(_) => Bytes::from_static(b": still here\n\n"),
                Ok(Ok(batch)) => {
                    let text = theirs(&batch, watch.client_id.as_deref(), &mut cursor);
                    if batch.closing {
                        let _ = send(text).await;
                        return;
                    }
                    text
                }
                Ok(Err(RecvError::Lagged(_))) => {
                    // Missed exchanges are in the journal; for missed changes, the watcher is told
                    // to fetch the state.
                    if !send(event("missed", &json!({})).into()).await {
                        return;
                    }
                    break;
                }
                Ok(Err(RecvError::Closed)) => return,
            };
            if !text.is_empty() && !send(text).await {
                return;
            }
        }
    }
}

/// The part of a batch that a watcher has not seen and that concerns it.
fn theirs(batch: &Batch, client_id: Option<&str>, cursor: &mut Cursor) -> Bytes {
    let mut parts = Vec::new();
    for told in &batch.told {
        if told.resets {
            *cursor = Cursor::default();
        }
        let concerns = match (client_id, &told.client_id) {
            (None, _) => true,
            (wanted, Some(id)) => wanted == Some(&**id),
            // A change without a merchant concerns everyone; such an exchange concerns no merchant.
            (Some(_), None) => told.id.is_none(),
        };
        if concerns && told.id.is_none_or(|id| id > cursor.last) {
            cursor.last = told.id.unwrap_or(cursor.last);
            parts.push(told.text.clone());
        }
    }
    match &*parts {
        parts if parts.len() == batch.told.len() => batch.text.clone(),
        [part] => batch.text.slice(part.clone()),
        parts => {
            let parts: Vec<&[u8]> = parts.iter().map(|p| &batch.text[p.clone()]).collect();
            parts.concat().into()
        }
    }
}

/// Starts the thread that formats events, when the first watcher comes.
fn tell(service: &Arc<Service>) {
    if !service.app.events.is_first_to_tell() {
        return;
    }
    let service = Arc::clone(service);
    let telling = std::thread::Builder::new().name("events".to_owned());
    let started = telling.spawn(move || {
        let app = &service.app;
        let mut cursor = Cursor {
            last: app.journal().next_id() - 1,
            missed_to: 0,
        };
        while !next_batch(app, &mut cursor) {
            std::thread::sleep(PAUSE);
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "no thread for the events: watchers see nothing new");
    }
}

/// Sends what has happened since; returns whether the server is stopping.
fn next_batch(app: &App, cursor: &mut Cursor) -> bool {
    let pending = app.events.next();
    let mut text = String::new();
    let mut told = Vec::new();
    let mut add = |part: &str, id, client_id: Option<Arc<str>>, resets| {
        let start = text.len();
        text.push_str(part);
        told.push(Told {
            id,
            client_id,
            resets,
            text: start..text.len(),
        });
    };
    exchanges(app, None, cursor, |part, entry| {
        let client_id = entry.and_then(|entry| entry.note.client_id.clone());
        add(&part, entry.map(|entry| entry.id), client_id, false);
    });
    if pending.missed {
        add(&event("missed", &json!({})), None, None, false);
    }
    for change in &pending.changes {
        let resets = change.what == What::Reset && change.client_id.is_none();
        if resets {
            // The journal's ids start at one again.
            *cursor = Cursor::default();
        }
        let client_id = change.client_id.as_deref().map(Arc::from);
        add(&event("change", change), None, client_id, resets);
    }
    app.events.tell(Batch {
        text: text.into(),
        told,
        closing: pending.closing,
    });
    if app.journal().next_id() > cursor.last + 1 {
        // Exchanges are left that did not fit in the batch, or came after the reset.
        app.events.recorded();
    }
    pending.closing
}

/// Takes the next exchanges of a merchant, or of all, as events, up to the size of a batch. If the
/// journal has dropped some, an event that says so comes first.
fn exchanges(
    app: &App,
    client_id: Option<&str>,
    cursor: &mut Cursor,
    mut take: impl FnMut(String, Option<&Entry>),
) {
    let redactor = app.journal_redactor();
    let (dropped_to, entries) = {
        let journal = app.journal();
        let entries = journal.page(client_id, cursor.last, BATCH);
        (journal.dropped_to(client_id), entries)
    };
    if dropped_to > cursor.last.max(cursor.missed_to) {
        cursor.missed_to = dropped_to;
        take(event("missed", &json!({})), None);
    }
    let mut length = 0;
    for entry in entries {
        cursor.last = entry.id;
        let row = event("request", &ExchangeSummary::new(&entry, &redactor));
        length += row.len();
        take(format!("id: {}\n{row}", entry.id), Some(&entry));
        if length > LONG {
            break;
        }
    }
}

/// An event in wire format. The JSON contains no line breaks.
fn event(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n")
}
