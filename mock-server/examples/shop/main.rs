//! A small shop that takes Flexiti: what a merchant's server has to do, and no more.
//!
//! ```console
//! $ cargo run -p flexiti-mock &                    # Flexiti's stand-in
//! $ cargo run -p flexiti-mock --example shop       # http://127.0.0.1:9000/
//! ```
//!
//! Read in this order:
//!
//! 1. `order.rs`: an order is started, and asked about; the rules that matter are here.
//! 2. `belief.rs`: what a notification makes the shop believe.
//! 3. `flexiti.rs`: the calls, and which token they are made with; `token.rs` says when it is
//!    renewed, `wire.rs` what is tried again.
//! 4. `routes.rs`: what browsers get; `form.rs`, `pages.rs`, `store.rs`, `web.rs` and `plan.rs`
//!    help.
//!
//! The environment: `FLEXITI_BASE_URL`, `FLEXITI_CLIENT_ID`, `FLEXITI_CLIENT_SECRET` (the mock
//! and its demo merchant), `SHOP_LISTEN` (`127.0.0.1:9000`), `SHOP_READY_FILE` (a file that
//! appears, whole, once the shop listens: `{"url": "http://127.0.0.1:9000"}`). The account's
//! success and error URL are `/flexiti/return` and `/flexiti/cancel` of the shop.
//!
//! Test drivers use two of its addresses:
//!
//! * `POST /checkout`, a form of `flow` (`apply`, `buy`, `apply/buy`), `lang` (`en`, `fr`),
//!   `amount`, `order` (the merchant's order id), `mname`, `customer_id` or `vcc`, all optional:
//!   303 to the redirection URL, or with `modal=1` a page with a dialog. The answer sets the
//!   cookie that the callback is then to be requested with. A request that has such a cookie
//!   needs the field `form_token` of the cart page as well. 409: Flexiti refuses, or the number
//!   is another session's; 422: a mistake in the form; 503: no answer from Flexiti.
//! * `GET /orders/{order}`: `{"status": "pending|paid|approved|failed|cancelled"}`, what the
//!   shop believes.

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
            // The path without its query, which the shop did not write.
            tracing::info!(method = %request.method, path = request.path, status = reply.status());
            Ok::<_, Infallible>(reply.into_response())
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(30))
        .serve_connection(TokioIo::new(stream), service);
    // It ends in an error when the browser breaks it off: nothing to do.
    tokio::spawn(connection);
}

/// Writes a file beside its place and moves it there whole.
fn write_whole(path: &Path, content: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    std::fs::write(&beside, content)?;
    std::fs::rename(&beside, path)
}
