//! Server-sent events (WHATWG HTML, section 9.2) for whoever watches.

use crate::app::App;
use crate::events::{Event, Watch, What};
use crate::journal::ExchangeSummary;
use crate::pipeline::Service;
use bytes::Bytes;
use http_body_util::channel::Sender;
use serde::Serialize;
use serde_json::json;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// How often a comment is sent where nothing happens, so that neither side takes the other for dead.
const QUIET: Duration = Duration::from_secs(15);
/// How many exchanges are rendered at once: the journal is locked so long.
const BATCH: usize = 64;

/// Sends what happens until the watcher has gone or the server stops.
pub async fn feed(service: Arc<Service>, mut watch: Watch, mut out: Sender<Bytes, Infallible>) {
    loop {
        while let Some(text) = next_exchanges(&service.app, &mut watch) {
            if out.send_data(text.into()).await.is_err() {
                return;
            }
        }
        let text = match tokio::time::timeout(QUIET, watch.news.recv()).await {
            Err(_) => ": still here\n\n".to_owned(),
            Ok(Ok(Event::Recorded)) => continue,
            // The journal has what was missed; what was changed can be asked for.
            Ok(Err(RecvError::Lagged(_))) => event("missed", &json!({})),
            Ok(Ok(Event::Changed(change))) => {
                if change.what == What::Reset && change.client_id.is_none() {
                    // The journal counts from one again.
                    watch.after = 0;
                }
                let theirs = watch.client_id.is_none() || change.client_id.is_none();
                if !theirs && change.client_id != watch.client_id {
                    continue;
                }
                event("change", &change)
            }
            Ok(Ok(Event::Closing) | Err(RecvError::Closed)) => return,
        };
        if out.send_data(text.into()).await.is_err() {
            return;
        }
    }
}

/// The exchanges that the watcher has not seen, as events; nothing if there are none.
fn next_exchanges(app: &App, watch: &mut Watch) -> Option<String> {
    let redactor = app.journal_redactor();
    let journal = app.journal();
    let client_id = watch.client_id.as_deref();
    let mut text = String::new();
    if journal.dropped_to(client_id) > watch.after {
        text.push_str(&event("missed", &json!({})));
        watch.after = journal.dropped_to(client_id);
    }
    for entry in journal.since(client_id, watch.after).iter().take(BATCH) {
        watch.after = entry.id;
        let _ = writeln!(text, "id: {}", entry.id);
        text.push_str(&event("request", &ExchangeSummary::new(entry, &redactor)));
    }
    (!text.is_empty()).then_some(text)
}

/// An event in its wire form; JSON has no line breaks.
fn event(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n")
}
