//! A small shop that accepts Flexiti: the minimum that a merchant's server has to do.
//!
//! ```console
//! $ cargo run -p flexiti-mock &                    # Flexiti's stand-in
//! $ cargo run -p flexiti-mock --example shop       # http://127.0.0.1:9000/
//! ```
//!
//! Read in this order:
//!
//! 1. `order.rs`: starts an order and asks about it; the rules that matter are here.
//! 2. `belief.rs`: what a notification makes the shop believe.
//! 3. `flexiti.rs`: the calls and their tokens; `token.rs` decides when a token is renewed,
//!    `wire.rs` what is retried.
//! 4. `routes.rs`: what browsers get, with the help of `form.rs`, `pages.rs`, `store.rs`, `web.rs`
//!    and `plan.rs`.
//!
//! Environment variables: `FLEXITI_BASE_URL`, `FLEXITI_CLIENT_ID` and `FLEXITI_CLIENT_SECRET`
//! (default: the mock and its demo merchant), `SHOP_LISTEN` (default: `127.0.0.1:9000`) and
//! `SHOP_READY_FILE` (written atomically once the shop listens: `{"url":
//! "http://127.0.0.1:9000"}`). The account's success URL and error URL are the shop's
//! `/flexiti/return` and `/flexiti/cancel`.
//!
//! Test drivers use two endpoints:
//!
//! * `POST /checkout`, a form with `flow` (`apply`, `buy`, `apply/buy`), `lang` (`en`, `fr`),
//!   `amount`, `order` (the merchant's order id), `mname`, `customer_id` or `vcc`, all optional.
//!   Answers 303 to the redirection URL, or with `modal=1` a page with a dialog, and sets the
//!   session cookie that the callback has to bring. A request that already has such a cookie also
//!   needs the `form_token` of the cart page. 409: Flexiti refused, or the number belongs to
//!   another session; 422: the form is invalid; 503: no answer from Flexiti.
//! * `GET /orders/{order}`: `{"status": "pending|paid|approved|failed|cancelled"}`, what the shop
//!   believes.

mod belief;
mod flexiti;
mod form;
mod lang;
mod order;
mod pages;
mod plan;
mod random;
mod routes;
mod settings;
mod store;
mod token;
mod web;
mod wire;

use crate::flexiti::Flexiti;
use crate::routes::Shop;
use crate::settings::Settings;
use crate::web::Request;
use crate::wire::Wire;
use anyhow::Context as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let settings = Settings::read()?;
    let wire = Wire::new(settings.base_url.as_str())?;
    let flexiti = Flexiti::new(wire, settings.client_id, settings.client_secret);
    let shop = Arc::new(Shop::new(flexiti, &settings.base_url));
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("SHOP_LISTEN: cannot listen on {}", settings.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    if let Some(path) = &settings.ready_file {
        write_whole(path, &serde_json::json!({"url": url}).to_string())
            .with_context(|| format!("SHOP_READY_FILE: {}", path.display()))?;
    }
    tracing::info!(url, "the shop is open");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => serve(stream, Arc::clone(&shop)),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn serve(stream: tokio::net::TcpStream, shop: Arc<Shop>) {
    let service = service_fn(move |request| {
        let shop = Arc::clone(&shop);
        async move {
            let request = Request::read(request).await;
            let reply = shop.answer(&request).await;
            // Log the path without its query, which comes from outside.
            tracing::info!(method = %request.method, path = request.path, status = reply.status());
            Ok::<_, Infallible>(reply.into_response())
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(30))
        .serve_connection(TokioIo::new(stream), service);
    // A connection that the browser breaks off ends in an error; ignore it.
    tokio::spawn(connection);
}

/// Writes a temporary file beside `path` and renames it, so that the file appears whole.
fn write_whole(path: &Path, content: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    std::fs::write(&beside, content)?;
    std::fs::rename(&beside, path)
}
