//! One connection: TLS if configured, then the protocol that its client speaks.

use crate::server::answer::{Answering, Handle, Serving, answer};
use crate::server::connections::Place;
use crate::server::http2;
use crate::server::malformed;
use crate::server::socket::{Other, Socket};
use crate::server::tls::{HTTP2, Tls, handshake};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Serves one connection until it ends or has to make room for another.
pub fn connection<H: Handle>(
    serving: Arc<Serving<H>>,
    stream: TcpStream,
    place: Place,
    stop: watch::Receiver<()>,
) -> impl Future<Output = ()> + Send + use<H> {
    let place = Arc::new(place);
    async move {
        let served = async {
            match &serving.tls {
                None => {
                    let socket = Socket::new(stream, serving.service.app.limits.write_time);
                    http1(&serving, socket, &place, stop).await;
                }
                // Boxed, so that plain connections do not need the space for it.
                Some(tls) => Box::pin(secured(&serving, tls, stream, &place, stop)).await,
            }
        };
        tokio::select! {
            biased;
            () = served => {}
            () = place.closed() => {}
        }
    }
}

/// Serves one TLS connection.
async fn secured<H: Handle>(
    serving: &Arc<Serving<H>>,
    tls: &Tls,
    stream: TcpStream,
    place: &Arc<Place>,
    mut stop: watch::Receiver<()>,
) {
    let limits = &serving.service.app.limits;
    let accepted = tokio::select! {
        biased;
        accepted = handshake::accept(&serving.service, tls, stream) => accepted,
        // Nothing was requested yet.
        _ = stop.changed() => None,
    };
    let Some(stream) = accepted else {
        return;
    };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
    let socket = Socket::within_tls(stream, limits.write_time);
    if is_http2 {
        let service = Arc::clone(&serving.service);
        let each = each_stream(serving, place);
        http2::serve(service, socket.known(), each, stop).await;
    } else {
        http1(serving, socket, place, stop).await;
    }
}

/// Serves HTTP/1, or HTTP/2 to a client that starts with it.
async fn http1<H: Handle>(
    serving: &Arc<Serving<H>>,
    socket: Socket,
    place: &Arc<Place>,
    mut stop: watch::Receiver<()>,
) {
    let service = &serving.service;
    let kept = socket.clone();
    let (own, held, state) = (socket.clone(), Arc::clone(place), Arc::clone(serving));
    let each = service_fn(move |request| {
        let on = Answering::Connection(own.clone());
        answer(Arc::clone(&state), on, Arc::clone(&held), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(service.app.limits.head_time)
        .max_header_size(malformed::HEADER_SIZE)
        .half_close(true)
        .serve_connection(TokioIo::new(socket), each);
    let ended = {
        let mut connection = pin!(connection);
        tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            _ = stop.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    if let Some(Other::Http2(begun)) = kept.other() {
        let socket = kept.beginning_with(begun.clone());
        let each = each_stream(serving, place);
        Box::pin(http2::serve(Arc::clone(service), socket, each, stop)).await;
    } else if let Err(error) = ended {
        malformed::ended(service, &kept, &error);
    }
}

/// The handler for requests on HTTP/2 streams.
fn each_stream<H: Handle>(serving: &Arc<Serving<H>>, place: &Arc<Place>) -> http2::Each {
    let (serving, place) = (Arc::clone(serving), Arc::clone(place));
    Box::new(move |open, request| {
        let on = Answering::Stream(open);
        Box::pin(answer(
            Arc::clone(&serving),
            on,
            Arc::clone(&place),
            request,
        ))
    })
}
