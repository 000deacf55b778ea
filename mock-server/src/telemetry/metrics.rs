//! Metrics for Prometheus. No label identifies a merchant: client ids are not public, and there may
//! be thousands.

use crate::call_kind::CallKind;
use crate::journal::Note;
use crate::telemetry::log_writer;
use anyhow::Context as _;
use flexiti_contract::Endpoint;
use prometheus::{
    Encoder as _, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec,
    Opts, Registry, TextEncoder,
};
use std::sync::OnceLock;
use std::time::Duration;

/// The media type of the text format.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Upper bounds of the duration buckets, in seconds.
const BUCKETS: &[f64] = &[0.0001, 0.0005, 0.001, 0.005, 0.01, 0.1, 1.0];

/// The counters of a running server; a reset does not affect them.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    places: PlaceMetrics,
    violations: IntCounterVec,
    faults: IntCounterVec,
    held: IntGaugeVec,
    dropped: IntGaugeVec,
    log_dropped: IntGaugeVec,
    store_up: IntGaugeVec,
    store_batches: IntGaugeVec,
    malformed: IntCounterVec,
    refused_connections: IntCounterVec,
    reloads: IntCounterVec,
}

/// How many statuses of a call kind are cached, to avoid looking up their labels.
const STATUSES: usize = 32;
/// Calls other than those of endpoints follow these.
const OTHER_PLACES: usize = Endpoint::ALL.len();

/// The metrics for one kind of call, looked up once.
#[derive(Debug, Default)]
struct OfPlace {
    /// By status modulo [`STATUSES`]; the first status to use a slot keeps it.
    requests: [OnceLock<(u16, IntCounter)>; STATUSES],
    seconds: OnceLock<Histogram>,
}

/// The metrics for each endpoint, callbacks, the checkout, and other paths.
#[derive(Debug, Default)]
struct PlaceMetrics([OfPlace; OTHER_PLACES + 3]);

/// What can be reloaded while the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reloaded {
    Certificate,
    Configuration,
}

impl Reloaded {
    const ALL: [Self; 2] = [Self::Certificate, Self::Configuration];

    fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Configuration => "configuration",
        }
    }
}

/// The current size of a server's memory.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub merchants: usize,
    pub orders: usize,
    pub access_tokens: usize,
    pub refresh_tokens: usize,
    pub exchanges: usize,
    pub journal_bytes: usize,
    /// Exchanges that the journal has dropped since the last reset.
    pub dropped: u64,
    /// The store, if there is one.
    pub store: Option<StoreHeld>,
}

/// The current status of a store.
#[derive(Debug, Clone, Copy)]
pub struct StoreHeld {
    /// Whether it can be written.
    pub is_up: bool,
    /// The number of writes so far.
    pub batches: u64,
}

impl Metrics {
    /// All metrics, at zero.
    pub fn new() -> anyhow::Result<Self> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            IntCounterVec::new(Opts::new(format!("flexiti_mock_{name}"), help), labels)
        };
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            IntGaugeVec::new(Opts::new(format!("flexiti_mock_{name}"), help), labels)
        };
        let seconds = HistogramOpts::new(
            "flexiti_mock_request_duration_seconds",
            "How long answers took, without planned delays.",
        );
        let build = gauge(
            "build_info",
            "Always 1; the label says which.",
            &["version"],
        )?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let metrics = Self {
            registry: Registry::new(),
            requests: counter(
                "requests_total",
                "Requests by endpoint and status.",
                &["endpoint", "status"],
            )?,
            seconds: HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &["endpoint"])?,
            places: PlaceMetrics::default(),
            violations: counter(
                "violations_total",
                "Broken clauses of refused requests.",
                &["clause"],
            )?,
            faults: counter(
                "faults_total",
                "Planned faults that were injected.",
                &["type"],
            )?,
            held: gauge("held", "What the server remembers now.", &["what"])?,
            dropped: gauge(
                "journal_dropped",
                "Exchanges that the journal has dropped since it was reset.",
                &[],
            )?,
            log_dropped: gauge(
                "log_lines_dropped",
                "Log lines that nobody read in time, or that could not be written.",
                &[],
            )?,
            store_up: gauge("store_up", "Whether the store can be written.", &[])?,
            store_batches: gauge("store_batches", "How often the store was written.", &[])?,
            malformed: counter(
                "malformed_total",
                "Requests that are not HTTP, or whose head cannot be read.",
                &[],
            )?,
            refused_connections: counter(
                "connections_refused_total",
                "Connections for which there was no room.",
                &[],
            )?,
            reloads: counter(
                "reloads_total",
                "Files that were read again; a failure left what was read before.",
                &["what", "result"],
            )?,
        };
        let collectors: [Box<dyn prometheus::core::Collector>; 13] = [
            Box::new(build),
            Box::new(metrics.requests.clone()),
            Box::new(metrics.seconds.clone()),
            Box::new(metrics.violations.clone()),
            Box::new(metrics.faults.clone()),
            Box::new(metrics.held.clone()),
            Box::new(metrics.dropped.clone()),
            Box::new(metrics.log_dropped.clone()),
            Box::new(metrics.store_up.clone()),
            Box::new(metrics.store_batches.clone()),
            Box::new(metrics.malformed.clone()),
            Box::new(metrics.refused_connections.clone()),
            Box::new(metrics.reloads.clone()),
        ];
        // Show these from the start: an absent metric says nothing.
        metrics.malformed.with_label_values::<&str>(&[]);
        metrics.refused_connections.with_label_values::<&str>(&[]);
        for what in Reloaded::ALL {
            for result in ["ok", "failed"] {
                metrics.reloads.with_label_values(&[what.name(), result]);
            }
        }
        for collector in collectors {
            let registered = metrics.registry.register(collector);
            registered.context("duplicate metric")?;
        }
        Ok(metrics)
    }

    /// Counts an exchange.
    pub fn count(&self, note: &Note, status: u16, took: Duration) {
        let (at, name) = match note.place() {
            Some(CallKind::Api(endpoint)) => (endpoint as usize, endpoint.id()),
            Some(place @ CallKind::Callback) => (OTHER_PLACES, place.name()),
            None if note.client_id.is_some() => (OTHER_PLACES + 1, "checkout"),
            None => (OTHER_PLACES + 2, "none"),
        };
        let place = &self.places.0[at];
        let slot = &place.requests[usize::from(status) % STATUSES];
        let (known, requests) = slot.get_or_init(|| (status, self.requests_of(name, status)));
        if *known == status {
            requests.inc();
        } else {
            self.requests_of(name, status).inc();
        }
        let seconds = place
            .seconds
            .get_or_init(|| self.seconds.with_label_values(&[name]));
        seconds.observe(took.as_secs_f64());
        for reason in &note.violations {
            self.violations.with_label_values(&[reason.clause]).inc();
        }
        if let Some(fault) = &note.fault {
            self.fault(fault);
        }
    }

    fn requests_of(&self, endpoint: &str, status: u16) -> IntCounter {
        let status = status.to_string();
        self.requests.with_label_values(&[endpoint, &status])
    }

    /// Counts a fault without an exchange: a callback that was never requested.
    pub fn fault(&self, word: &str) {
        self.faults.with_label_values(&[word]).inc();
    }

    /// Counts a request that is not HTTP.
    pub fn malformed(&self) {
        self.malformed.with_label_values::<&str>(&[]).inc();
    }

    /// Counts a connection refused for lack of room.
    pub fn refused_connection(&self) {
        self.refused_connections
            .with_label_values::<&str>(&[])
            .inc();
    }

    /// Counts a reload, successful or not.
    pub fn reloaded(&self, what: Reloaded, is_ok: bool) {
        let result = if is_ok { "ok" } else { "failed" };
        self.reloads.with_label_values(&[what.name(), result]).inc();
    }

    /// All metrics in Prometheus's text format, with the current size of the server's memory.
    pub fn text(&self, held: &Held) -> anyhow::Result<String> {
        for (what, count) in [
            ("merchants", held.merchants),
            ("orders", held.orders),
            ("access_tokens", held.access_tokens),
            ("refresh_tokens", held.refresh_tokens),
            ("exchanges", held.exchanges),
            ("journal_bytes", held.journal_bytes),
        ] {
            let gauge = self.held.with_label_values(&[what]);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let gauge = self.dropped.with_label_values::<&str>(&[]);
        gauge.set(i64::try_from(held.dropped).unwrap_or(i64::MAX));
        let gauge = self.log_dropped.with_label_values::<&str>(&[]);
        gauge.set(i64::try_from(log_writer::dropped()).unwrap_or(i64::MAX));
        if let Some(store) = &held.store {
            let up = self.store_up.with_label_values::<&str>(&[]);
            up.set(i64::from(store.is_up));
            let batches = self.store_batches.with_label_values::<&str>(&[]);
            batches.set(i64::try_from(store.batches).unwrap_or(i64::MAX));
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8(text)?)
    }
}
