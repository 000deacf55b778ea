//! Figures for Prometheus. No label names a merchant: client ids are not for everybody to read,
//! and there may be thousands.

use crate::journal::Note;
use crate::telemetry::log_writer;
use anyhow::Context as _;
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
    TextEncoder,
};
use std::time::Duration;

/// The media type of the text format.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Upper ends of the duration's buckets, in seconds.
const BUCKETS: &[f64] = &[0.0001, 0.0005, 0.001, 0.005, 0.01, 0.1, 1.0];

/// What is counted while the server runs; a reset leaves it alone.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
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

/// What is read again while the server runs.
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

/// What a server remembers at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub merchants: usize,
    pub orders: usize,
    pub access_tokens: usize,
    pub refresh_tokens: usize,
    pub exchanges: usize,
    pub journal_bytes: usize,
    /// Exchanges that the journal has dropped since it was reset.
    pub dropped: u64,
    /// The store, where it has one.
    pub store: Option<StoreHeld>,
}

/// How a store is at this moment.
#[derive(Debug, Clone, Copy)]
pub struct StoreHeld {
    /// Whether it can be written.
    pub is_up: bool,
    /// How often it was written.
    pub batches: u64,
}

impl Metrics {
    /// Everything at zero.
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
        // Shown from the start: a figure that is absent tells nothing.
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
        let endpoint = match note.place() {
            Some(place) => place.name(),
            None if note.client_id.is_some() => "checkout",
            None => "none",
        };
        let mut digits = [0; 5];
        let status = decimal(status, &mut digits);
        self.requests.with_label_values(&[endpoint, status]).inc();
        let seconds = self.seconds.with_label_values(&[endpoint]);
        seconds.observe(took.as_secs_f64());
        for reason in &note.violations {
            self.violations.with_label_values(&[reason.clause]).inc();
        }
        if let Some(fault) = &note.fault {
            self.fault(fault);
        }
    }

    /// Counts a fault that struck what is no exchange: a callback that was never requested.
    pub fn fault(&self, word: &str) {
        self.faults.with_label_values(&[word]).inc();
    }

    /// Counts a request that is not HTTP.
    pub fn malformed(&self) {
        self.malformed.with_label_values::<&str>(&[]).inc();
    }

    /// Counts a connection for which there was no room.
    pub fn refused_connection(&self) {
        self.refused_connections
            .with_label_values::<&str>(&[])
            .inc();
    }

    /// Counts files that were read again, or could not be.
    pub fn reloaded(&self, what: Reloaded, is_ok: bool) {
        let result = if is_ok { "ok" } else { "failed" };
        self.reloads.with_label_values(&[what.name(), result]).inc();
    }

    /// All figures in Prometheus's text format, with what the server remembers at this moment.
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

/// A status in decimal digits, without an allocation.
fn decimal(status: u16, digits: &mut [u8; 5]) -> &str {
    use std::io::Write as _;
    let mut rest = &mut digits[..];
    // Five digits are enough for any.
    let _ = write!(rest, "{status}");
    let left = rest.len();
    let used = digits.len() - left;
    str::from_utf8(&digits[..used]).unwrap_or_default()
}
