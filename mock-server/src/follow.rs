//! Requesting a callback URL in the place of a customer's browser.

use crate::mock;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::HOST;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long the shop may take.
const TIME: Duration = Duration::from_secs(10);

/// Requests an `http` URL with GET, redirections not followed; gives the status.
pub async fn get(url: &str) -> Result<u16, String> {
    match tokio::time::timeout(TIME, request(url)).await {
        Ok(came) => came,
        Err(_) => Err(format!("no answer within {} seconds", TIME.as_secs())),
    }
}

/// The same for callers outside a runtime, or inside one.
pub fn get_blocking(url: &str) -> Result<u16, String> {
    // A thread of its own: a runtime cannot wait for another within itself.
    let waited = std::thread::scope(|scope| {
        let request = scope.spawn(|| {
            let runtime = mock::runtime().map_err(|error| format!("{error:#}"))?;
            runtime.block_on(get(url))
        });
        request.join()
    });
    waited.unwrap_or_else(|_| Err("the request broke down".to_owned()))
}

async fn request(url: &str) -> Result<u16, String> {
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
    Ok(answer.status().as_u16())
}
