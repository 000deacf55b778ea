//! A span for each exchange, sent to a collector by OTLP over HTTP. Requests only hand a span to a
//! queue of bounded size; a thread of the SDK's own sends what waits. So a collector that is slow, or
//! not there, costs spans and never an answer. What the spans say, the log says too, and no more:
//! nothing secret.

use crate::clock::Millis;
use crate::http::request::Request;
use crate::journal::Note;
use crate::redact::Redactor;
use crate::telemetry::access_log;
use flexiti_contract::Contract;
use hyper::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanKind, Status, Tracer as _, TracerProvider as _,
};
use opentelemetry::{KeyValue, Value};
use opentelemetry_http::HttpClient;
use opentelemetry_otlp::{Protocol, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use std::time::{Duration, SystemTime};
use url::Url;

const NAME: &str = env!("CARGO_PKG_NAME");

/// Where spans go.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    /// Requests that belong to a trace say so (W3C Trace Context).
    context: TraceContextPropagator,
}

impl Traces {
    /// Sends spans to `collector` by `client`. Headers, the name of the service and the like are what
    /// the environment variables of OpenTelemetry say.
    pub fn start(collector: &Url, client: impl HttpClient + 'static) -> anyhow::Result<Self> {
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_endpoint(collector.as_str())
            .with_http_client(client)
            .with_protocol(protocol())
            .build()?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource())
            .build();
        Ok(Self {
            tracer: provider.tracer(NAME),
            provider,
            context: TraceContextPropagator::new(),
        })
    }

    /// Hands on the span of an exchange that began at a time of the machine's clock.
    pub fn exchange(
        &self,
        at: Millis,
        redactor: &Redactor,
        request: &Request,
        note: &Note,
        status: u16,
        took: Duration,
    ) {
        let began =
            SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at).unwrap_or_default());
        let parent = self.context.extract(&Sent(&request.headers));
        let route = note.endpoint.map(|endpoint| {
            let row = Contract::shipped().endpoint(endpoint);
            row.path.as_str()
        });
        let method = access_log::method(redactor, &request.method);
        let name = route.map_or_else(|| method.to_string(), |route| format!("{method} {route}"));
        let kind = if note.callback {
            SpanKind::Client
        } else {
            SpanKind::Server
        };
        let span = SpanBuilder::from_name(name)
            .with_kind(kind)
            .with_start_time(began)
            .with_attributes(attributes(redactor, request, note, status, route));
        let mut span = self.tracer.build_with_context(span, &parent);
        if status == 0 || status >= 500 {
            span.set_status(Status::error(
                note.error.as_deref().unwrap_or_default().to_owned(),
            ));
        }
        span.end_with_timestamp(began + took);
    }

    /// Sends what waits, for at most so long: at the end of the program.
    pub fn finish(&self, time: Duration) {
        // Whoever stops the program does not wait for a collector that is not there.
        let _ = self.provider.shutdown_with_timeout(time);
    }
}

/// What a span says, under the names of the semantic conventions where they have one.
fn attributes(
    redactor: &Redactor,
    request: &Request,
    note: &Note,
    status: u16,
    route: Option<&'static str>,
) -> Vec<KeyValue> {
    let text = |name: &'static str, value: Option<String>| Some(KeyValue::new(name, value?));
    let number = |name: &'static str, value: Option<i64>| Some(KeyValue::new(name, value?));
    let order_id = note.order_id.and_then(|id| i64::try_from(id).ok());
    let answered = (status > 0).then_some(i64::from(status));
    let refused = note
        .reasons()
        .map(|text| redactor.shown_again(&text).into_owned());
    [
        text(
            "http.request.method",
            Some(access_log::method(redactor, &request.method).into_owned()),
        ),
        text(
            "url.path",
            Some(access_log::path(redactor, &request.path, note).into_owned()),
        ),
        route.map(|route| KeyValue::new("http.route", Value::from(route))),
        number("http.response.status_code", answered),
        text(
            "flexiti.client_id",
            note.client_id.as_deref().map(str::to_owned),
        ),
        number("flexiti.order_id", order_id),
        text(
            "flexiti.reference_id",
            access_log::reference_id(redactor, request),
        ),
        text("flexiti.refused", refused),
        text("flexiti.fault", note.fault.clone()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The one that the specification has for a default, unless a variable says JSON.
fn protocol() -> Protocol {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let own = set("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
    match own.or_else(|| set("OTEL_EXPORTER_OTLP_PROTOCOL")) {
        Some(word) if word == "http/json" => Protocol::HttpJson,
        _ => Protocol::HttpBinary,
    }
}

/// Whose spans these are: the name is the program's unless a variable says another.
fn resource() -> Resource {
    let set = |name: &str| std::env::var(name).unwrap_or_default();
    let is_named = !set("OTEL_SERVICE_NAME").is_empty()
        || set("OTEL_RESOURCE_ATTRIBUTES").contains("service.name=");
    let resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if is_named {
        resource.build()
    } else {
        resource.with_service_name(NAME).build()
    }
}

/// The headers of a request.
struct Sent<'h>(&'h HeaderMap);

impl Extractor for Sent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0
            .keys()
            .map(hyper::header::HeaderName::as_str)
            .collect()
    }
}
