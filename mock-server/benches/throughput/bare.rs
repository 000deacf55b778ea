//! The reference: hyper configured like the mock; reads the whole body and gives a constant answer.

use crate::load::Server;
use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::time::Duration;
use tokio::net::TcpListener;

/// The argument that makes this program the bare server.
pub const ARGUMENT: &str = "--bare";
/// As long as an answer of the mock.
const ANSWER: &str = r#"{"online_order_id":131210,"redirection_url":"http://127.0.0.1:45678/checkout/0123456789abcdef0123456789abcdef?lang=en"}"#;

/// Starts the bare server: this program in another process.
pub fn start(pinned: bool) -> anyhow::Result<Server> {
    let program = std::env::current_exe()?;
    let program = program.to_str().context("a path that is no text")?;
    Server::other(program, ARGUMENT, pinned)
}

pub async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(30))
            .serve_connection(TokioIo::new(stream), service_fn(constant));
        tokio::spawn(connection);
    }
}

async fn constant(
    request: hyper::Request<Incoming>,
) -> hyper::Result<hyper::Response<Full<Bytes>>> {
    request.into_body().collect().await?.to_bytes();
    let mut response = hyper::Response::new(Full::from(ANSWER));
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}
