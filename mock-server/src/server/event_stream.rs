//! Server-sent events (WHATWG HTML, section 9.2) for whoever watches. A thread of its own writes
//! each event once; a watcher reads what it missed from the journal, and from then on gets the
//! bytes that all others get.

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

/// How often a comment is sent where nothing happens, so that neither side takes the other for dead.
const QUIET: Duration = Duration::from_secs(15);
/// How many exchanges are written at once, and the pause after them: watchers never take more
/// than a part of one processor, however busy the server is.
const BATCH: usize = 64;
const PAUSE: Duration = Duration::from_millis(10);
/// Fewer are written at once where they are longer than this together: each watcher holds its own.
const LONG: usize = 128 * 1024;

/// How far the exchanges were told.
#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    /// The id of the last.
    last: u64,
    /// What was dropped up to here was told to be missed.
    missed_to: u64,
}

/// Sends what happens until the watcher has gone, does not read, or the server stops.
/// `aside` is how many may read the journal at once.
pub async fn feed(
    service: Arc<Service>,
    aside: Arc<Semaphore>,
    mut watch: Watch,
    mut out: Sender<Bytes, io::Error>,
) {
    let patience = service.app.limits.write_time;
    tell(&service);
    let mut send = async |text: Bytes| {
        // Whoever does not read is dropped, and may come back with the id of what it read last.
        let sent = tokio::time::timeout(patience, out.send_data(text)).await;
        matches!(sent, Ok(Ok(())))
    };
    let mut cursor = Cursor {
        last: watch.after,
        missed_to: 0,
    };
    loop {
        // What the journal has that the watcher has not.
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
                    // The journal has what was missed; what was changed can be asked for.
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

/// The part of a batch that is for a watcher, and that it has not seen.
fn theirs(batch: &Batch, client_id: Option<&str>, cursor: &mut Cursor) -> Bytes {
    let mut parts = Vec::new();
    for told in &batch.told {
        if told.resets {
            *cursor = Cursor::default();
        }
        let concerns = match (client_id, &told.client_id) {
            (None, _) => true,
            (wanted, Some(id)) => wanted == Some(&**id),
            // A change of everything is for everybody, an exchange of nobody for nobody.
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

/// Starts the thread that writes the events, for the first watcher.
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

/// Tells what has happened since; whether the server stops.
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
            // The journal counts from one again.
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
        // There were more than one batch takes, or they came after the reset.
        app.events.recorded();
    }
    pending.closing
}

/// Takes the next exchanges of a merchant, or of all, as events, until they are long; before them
/// that some were missed, where the journal has dropped them.
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

/// An event in its wire form; JSON has no line breaks.
fn event(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n")
}
