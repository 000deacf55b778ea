//! Makes callbacks to the shop instead of a customer's browser. Each request is an exchange in the
//! merchant's journal.

use crate::fault::{Action, Strike};
use crate::http::forwarded::Forwarded;
use crate::http::reply::{Callback, Reply};
use crate::http::request;
use crate::journal::Note;
use crate::pipeline::Service;
use crate::server::runtime;
use crate::upstream::is_own;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// The timeout of a callback.
const TIME: Duration = Duration::from_secs(10);

/// Requests the URL as the fault says: late, never or twice. Records each request; returns the
/// status of the last.
pub async fn bring(service: &Service, callback: Callback) -> Result<StatusCode, String> {
    let Callback { url, strike, .. } = &callback;
    let action = strike.as_ref().map(|strike| &strike.action);
    if let Some(action @ Action::NoCallback) = action {
        service.metrics.fault(&action.word());
        return Err("not requested: the fault no_callback struck it".to_owned());
    }
    if let Some(later) = strike.as_ref().and_then(|strike| strike.later) {
        tokio::time::sleep(later).await;
    }
    if callback.twice {
        // The ordinary callback first; the fault's is the extra one, but both count.
        let _ = once(service, &callback, url, None).await;
    }
    once(service, &callback, url, strike.as_ref()).await
}

/// [`bring`] for synchronous callers, inside a runtime or outside one.
pub fn bring_blocking(service: &Service, callback: Callback) -> Result<StatusCode, String> {
    // On its own thread, because a runtime cannot block on another one from within.
    let waited = std::thread::scope(|scope| {
        let request = scope.spawn(|| {
            let runtime = runtime::runtime().map_err(|error| format!("{error:#}"))?;
            runtime.block_on(bring(service, callback))
        });
        request.join()
    });
    waited.unwrap_or_else(|_| Err("the request panicked".to_owned()))
}

async fn once(
    service: &Service,
    callback: &Callback,
    url: &str,
    strike: Option<&Strike>,
) -> Result<StatusCode, String> {
    let app = &service.app;
    // The semaphore is never closed.
    let place = service.callbacks.acquire().await.ok();
    let at = (app.now)();
    let started = Instant::now();
    let came = get(url, app.address).await;
    drop(place);
    let took = started.elapsed();
    let mut note = Note {
        callback: true,
        client_id: Some(Arc::clone(&callback.client_id)),
        order_id: Some(callback.order_id),
        error: came.as_ref().err().map(|why| why.as_str().into()),
        ..Note::default()
    };
    if let Some(strike) = strike {
        note.strike(strike);
    }
    // The exchange is recorded in any case.
    let entry = app.enter().await.unwrap_or_default();
    {
        let state = app.state();
        let order = state.orders.get(callback.order_id);
        let merchant = state.merchants.get(&callback.client_id);
        match (order, merchant) {
            (Some(order), Some(merchant)) if order.client_id == callback.client_id => {
                note.clock = Some(merchant.clock.at(at));
            }
            // The order or merchant was reset or deleted meanwhile, together with the journal.
            _ => return came,
        }
    }
    let request = recorded(url);
    let reply = came.as_ref().ok().copied().map(Reply::empty);
    service.record(at, &request, note, reply.as_ref(), took);
    // If this fails, the requests that follow notice it.
    let _ = app.keep(entry).await;
    came
}

/// The request as it is recorded. The fragment of a URL is never sent.
fn recorded(url: &str) -> request::Request {
    let sent = url.split('#').next().unwrap_or(url);
    let (path, query) = match sent.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (sent, None),
    };
    let uri = url.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::authority);
    let host = host.and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    request::Request {
        method: Method::GET,
        path: path.to_owned(),
        query,
        headers: HeaderMap::from_iter(host.map(|host| (HOST, host))),
        body: request::Body::Read(Bytes::new()),
        forwarded: Forwarded::default(),
    }
}

/// Requests an `http` URL with GET, without following redirects; returns the status.
async fn get(url: &str, own: SocketAddr) -> Result<StatusCode, String> {
    match tokio::time::timeout(TIME, request(url, own)).await {
        Ok(came) => came,
        Err(_) => Err(format!("no answer within {} seconds", TIME.as_secs())),
    }
}

async fn request(url: &str, own: SocketAddr) -> Result<StatusCode, String> {
    let why = |error: &dyn std::fmt::Display| error.to_string();
    let uri: Uri = url.parse().map_err(|e| why(&e))?;
    let authority = uri.authority().ok_or("the URL names no host")?;
    if uri.scheme_str() != Some("http") {
        return Err("only http URLs are followed; open this one yourself".to_owned());
    }
    let host = authority.host().trim_matches(['[', ']']);
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host, port))
        .await
        .map_err(|e| why(&e))?;
    if is_own(&stream, own) {
        // Each call would cause another one.
        return Err("the URL leads to this mock itself; give that of your shop".to_owned());
    }
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|e| why(&e))?;
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(HOST, authority.as_str())
        .body(Empty::<Bytes>::new())
        .map_err(|e| why(&e))?;
    let answer = sender.send_request(request).await.map_err(|e| why(&e))?;
    Ok(answer.status())
}
