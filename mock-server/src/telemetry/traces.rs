//! A span for each exchange, sent to a collector by OTLP over HTTP. Requests only append a span to
//! a bounded queue, which a thread of the SDK sends. A slow or missing collector therefore costs
//! spans, but never delays an answer. Spans contain the same as the log, and nothing secret.

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

/// Sends spans.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    /// Reads the trace that a request belongs to (W3C Trace Context).
    context: TraceContextPropagator,
}

impl Traces {
    /// Sends spans to `collector` through `client`. OpenTelemetry's environment variables set
    /// headers, the service name and so on.
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

    /// Records the span of an exchange that began at `at`, by the machine's clock.
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

    /// Sends the remaining spans, for at most `time`. Call it at the end of the program.
    pub fn finish(&self, time: Duration) {
        // Stopping the program should not wait for a missing collector.
        let _ = self.provider.shutdown_with_timeout(time);
    }
}

/// The attributes of a span, named by the semantic conventions where these have a name.
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

/// The default of the specification, unless a variable asks for JSON.
fn protocol() -> Protocol {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let own = set("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
    match own.or_else(|| set("OTEL_EXPORTER_OTLP_PROTOCOL")) {
        Some(word) if word == "http/json" => Protocol::HttpJson,
        _ => Protocol::HttpBinary,
    }
}

/// The resource of the spans: the service name is the program's unless a variable sets it.
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
