//! The server's settings and its state.

mod configured;
mod reconcile;
pub mod resume;
mod walk;

pub use configured::Configured;

use crate::store::Store;

use crate::clock::{self, Millis};
use crate::config::{ServerLimits, Settings};
use crate::dialects::Dialects;
use crate::events::{Change, Events, What};
use crate::http::forwarded::TrustedProxies;
use crate::http::request::Request;
use crate::http::route::BASE;
use crate::journal::{Journal, Limits};
use crate::model::account::MerchantConfig;
use crate::random::Random;
use crate::redact::{Redactor, Secrets};
use crate::state::{Merchant, State};
use crate::telemetry::metrics::{Held, StoreHeld};
use anyhow::Context as _;
use flexiti_contract::{Contract, Rulebook};
use std::borrow::Cow;
use std::hash::RandomState;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

/// A server's settings and its state: dialects, merchants, orders, journal, store.
#[derive(Debug)]
pub struct App {
    /// The contract in each dialect in use.
    pub dialects: Dialects,
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The origin under which customers' browsers reach it, without a trailing slash.
    pub origin: String,
    /// Whether the settings fixed the origin, so that headers of proxies cannot change it.
    is_public: bool,
    /// The proxies whose headers are trusted.
    pub trusted_proxies: TrustedProxies,
    /// The origin under which this machine reaches it, regardless of proxies.
    pub local_origin: String,
    /// The token that the admin API requires.
    pub admin_token: Option<String>,
    /// Whether the hosted pages have the bar that forces outcomes.
    pub sandbox_bar: bool,
    /// Limits on connections and watchers, and timeouts.
    pub limits: ServerLimits,
    /// Events for watchers.
    pub events: Events,
    /// The source of the server's time.
    pub now: fn() -> Millis,
    configured: RwLock<Arc<Configured>>,
    seed: Option<u64>,
    state: Arc<Mutex<State>>,
    journal: Arc<Mutex<Journal>>,
    journal_limits: Limits,
    redactor: Redactor,
    reveal_secrets: bool,
    draining: AtomicBool,
    /// How many servers have started with its store before.
    generation: u64,
    /// The store, if state is to outlive the process.
    store: OnceLock<Store>,
    /// Changes to pass on to the watchers of other servers.
    told: Mutex<Vec<serde_json::Value>>,
}

impl App {
    /// A server that listens on `address`; `generation` servers have started with its store before.
    pub fn new(
        settings: &Settings,
        rulebook: Arc<Rulebook>,
        address: SocketAddr,
        generation: u64,
    ) -> anyhow::Result<Self> {
        let scheme = if settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let local_origin = origin_of(scheme, address);
        let origin = match &settings.public_base_url {
            Some(url) => url.trim_end_matches('/').trim_end_matches(BASE).to_owned(),
            None => local_origin.clone(),
        };
        let limits = Limits {
            count: settings.journal_limit,
            bytes: settings.journal_bytes,
        };
        let secrets = Arc::<Secrets>::default();
        if let Some(token) = &settings.admin_token {
            secrets.add(token);
        }
        // With the same seed as its predecessor, it would issue the same tokens again.
        let mix = generation.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let seed = settings.seed.map(|seed| seed ^ mix);
        let app = Self {
            dialects: Dialects::new(rulebook),
            address,
            origin,
            is_public: settings.public_base_url.is_some(),
            trusted_proxies: TrustedProxies::new(settings.trusted_proxies.clone()),
            local_origin,
            admin_token: settings.admin_token.clone(),
            sandbox_bar: settings.sandbox_bar,
            now: clock::machine,
            configured: RwLock::new(Arc::new(Configured::of(settings))),
            seed,
            state: Arc::new(Mutex::new(State::new(
                Random::new(settings.seed),
                Arc::clone(&secrets),
            ))),
            journal: Arc::new(Mutex::new(Journal::new(limits))),
            journal_limits: limits,
            redactor: Redactor::new(secrets, RandomState::new()),
            reveal_secrets: settings.reveal_secrets,
            events: Events::new(settings.limits.watchers),
            limits: settings.limits.clone(),
            draining: AtomicBool::new(false),
            generation,
            store: OnceLock::new(),
            told: Mutex::default(),
        };
        app.reset()?;
        Ok(app)
    }

    /// Locks the state. Hold it for one step only, never across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        locked_state(&self.state)
    }

    /// Locks the journal. Hold it for one step only.
    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        locked(&self.journal)
    }

    /// The journal behind its lock, for answers that read it while they are streamed.
    pub fn shared_journal(&self) -> Arc<Mutex<Journal>> {
        Arc::clone(&self.journal)
    }

    /// Marks the server as about to stop: it still answers requests, but is no longer ready.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The contract that it implements.
    pub fn contract(&self) -> &'static Contract {
        self.dialects.contract()
    }

    /// The base URL that merchants configure.
    pub fn base_url(&self) -> String {
        format!("{}{BASE}", self.origin)
    }

    /// The origin under which a request's client reaches it, without a trailing slash: as set at
    /// the start, or else as trusted proxies report it.
    pub fn origin_for(&self, request: &Request) -> Cow<'_, str> {
        let forwarded = &request.forwarded;
        let said =
            (!self.is_public).then(|| forwarded.origin(&request.headers, &self.local_origin));
        match said.flatten() {
            Some(origin) => Cow::Owned(origin),
            None => Cow::Borrowed(&self.origin),
        }
    }

    /// The base URL that a request's client should use.
    pub fn base_url_for(&self, request: &Request) -> String {
        format!("{}{BASE}", self.origin_for(request))
    }

    /// The prefix of every path, as a request's client sees it.
    pub fn prefix_for(&self, request: &Request) -> String {
        let origin = self.origin_for(request);
        let after = origin.find("://").map_or(0, |at| at + 3);
        let path = origin[after..].find('/').map(|at| &origin[after + at..]);
        path.unwrap_or_default().to_owned()
    }

    /// A new merchant with this account, not yet added.
    pub fn merchant(&self, account: MerchantConfig) -> anyhow::Result<Merchant> {
        let rulebook = match &account.dialect {
            None => self.dialects.own(),
            Some(name) => self.dialects.get(name)?,
        };
        let random = self.random_of(&account.client_id);
        Ok(Merchant::new(
            account,
            rulebook,
            self.configured().customers.clone(),
            random,
        ))
    }

    /// Announces a change made by the admin API.
    pub fn changed(&self, what: What, client_id: Option<&str>) {
        let client_id = client_id.map(str::to_owned);
        let change = Change { what, client_id };
        self.tell_others(&change);
        self.events.changed(change);
    }

    /// A random source for one merchant: with a seed it is the same each time, whatever other
    /// merchants do.
    pub fn random_of(&self, client_id: &str) -> Random {
        let mix = |seed: u64, byte: u8| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Random::new(self.seed.map(|seed| client_id.bytes().fold(seed, mix)))
    }

    /// The redactor that hides the secrets of all merchants and of the admin API.
    pub fn redactor(&self) -> Redactor {
        self.redactor.clone()
    }

    /// The redactor for the journal; it reveals secrets if `--reveal-secrets` was given.
    pub fn journal_redactor(&self) -> Redactor {
        self.redactor().revealing(self.reveal_secrets)
    }

    /// The current number of merchants, orders, tokens and exchanges, for the metrics.
    pub fn held(&self) -> Held {
        let state = self.state();
        let journal = self.journal();
        let (exchanges, journal_bytes) = journal.size();
        Held {
            merchants: state.merchants.len(),
            orders: state.orders.len(),
            access_tokens: state.access.len(),
            refresh_tokens: state.refresh.len(),
            exchanges,
            journal_bytes,
            dropped: journal.dropped(None),
            store: self.store.get().map(|store| StoreHeld {
                is_up: store.lost().is_none(),
                batches: store.batches(),
            }),
        }
    }

    /// Resets the server to the merchants it was started with.
    pub fn reset(&self) -> anyhow::Result<()> {
        let secrets = Arc::clone(&self.state().secrets);
        let mut state = State::new(Random::new(self.seed), secrets);
        for account in &self.configured().merchants {
            let merchant = self
                .merchant(account.clone())
                .with_context(|| format!("merchant {}", account.client_id))?;
            state.add(merchant);
        }
        let mut journal = Journal::new(self.journal_limits);
        if self.store.get().is_some() {
            state.track(true);
            journal.track(true);
        }
        let state = std::mem::replace(&mut *self.state(), state);
        // Only now: until here, the old secrets may still have to be hidden.
        state.forget_secrets();
        let journal = std::mem::replace(&mut *self.journal(), journal);
        discard((state, journal));
        Ok(())
    }
}

/// Locks the state. Hold it for one step only.
fn locked_state(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // A panicking handler leaves the state usable, because each change is one insertion.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks the journal. Hold it for one step only.
pub fn locked(journal: &Mutex<Journal>) -> MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Drops a value on another thread: freeing tens of thousands of exchanges and orders takes longer
/// than a test wants to wait.
pub fn discard(gone: impl Send + 'static) {
    let dropping = std::thread::Builder::new().name("discard".to_owned());
    // If no thread can be spawned, the closure and the value are dropped here.
    let _ = dropping.spawn(move || drop(gone));
}

/// Scheme and address; the loopback address if it listens on all interfaces.
fn origin_of(scheme: &str, address: SocketAddr) -> String {
    let port = address.port();
    match address {
        _ if !address.ip().is_unspecified() => format!("{scheme}://{address}"),
        SocketAddr::V4(_) => format!("{scheme}://127.0.0.1:{port}"),
        SocketAddr::V6(_) => format!("{scheme}://[::1]:{port}"),
    }
}
