//! The server as a whole: what it was started with, and its state.

use crate::admin::Routes;
use crate::clock::{self, Millis};
use crate::config::{MerchantConfig, Settings};
use crate::customers::Customer;
use crate::events::{Change, Event, What};
use crate::journal::{Journal, Limits, Note};
use crate::metrics::Metrics;
use crate::plans::Plan;
use crate::random::Random;
use crate::redact::Redactor;
use crate::reply::Reply;
use crate::request::Request;
use crate::route::{BASE, Router};
use crate::state::{Merchant, State};
use anyhow::Context as _;
use flexiti_contract::{Contract, Rulebook};
use std::collections::HashMap;
use std::hash::RandomState;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;

/// A server, apart from its sockets.
#[derive(Debug)]
pub struct App {
    /// The contract it keeps.
    pub contract: &'static Contract,
    /// The dialect of merchants that name none.
    pub rulebook: Arc<Rulebook>,
    /// The paths of the contract.
    pub router: Router,
    /// Origin under which customers' browsers reach it, without a slash at the end.
    pub origin: String,
    /// What the admin API asks for.
    pub admin_token: Option<String>,
    /// Whether the hosted pages have the bar that forces outcomes.
    pub sandbox_bar: bool,
    /// Where the server's time comes from.
    pub now: fn() -> Millis,
    /// The payment plans, the first to be offered first.
    pub plans: Vec<Plan>,
    accounts: Vec<MerchantConfig>,
    /// The customers that every merchant begins with.
    customers: Vec<Customer>,
    seed: Option<u64>,
    state: Mutex<State>,
    journal: Mutex<Journal>,
    limits: Limits,
    /// The key under which secrets are hashed.
    key: RandomState,
    reveal_secrets: bool,
    /// The contract in each dialect that some merchant has had by its name.
    compiled: Mutex<HashMap<String, Arc<Rulebook>>>,
    /// The paths of the admin API.
    pub admin: Routes,
    /// What is counted.
    pub metrics: Metrics,
    events: broadcast::Sender<Event>,
}

/// How many events may wait for a watcher that is slow.
const EVENTS: usize = 256;

impl App {
    /// A server that listens on `address`.
    pub fn new(
        settings: &Settings,
        rulebook: Arc<Rulebook>,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        let contract = rulebook.contract();
        let origin = match &settings.public_base_url {
            Some(url) => url.trim_end_matches('/').trim_end_matches(BASE).to_owned(),
            None => origin_of(address),
        };
        let limits = Limits {
            count: settings.journal_limit,
            bytes: settings.journal_bytes,
        };
        let app = Self {
            contract,
            router: Router::new(contract)?,
            origin,
            admin_token: settings.admin_token.clone(),
            sandbox_bar: settings.sandbox_bar,
            now: clock::machine,
            plans: settings.plans.clone(),
            accounts: settings.merchants.clone(),
            customers: settings.customers.clone(),
            seed: settings.seed,
            state: Mutex::new(State::new(Random::new(settings.seed))),
            journal: Mutex::new(Journal::new(limits)),
            limits,
            key: RandomState::new(),
            reveal_secrets: settings.reveal_secrets,
            compiled: Mutex::default(),
            admin: Routes::new()?,
            metrics: Metrics::new()?,
            events: broadcast::Sender::new(EVENTS),
            rulebook,
        };
        app.reset()?;
        Ok(app)
    }

    /// The state, for the time of one step; never held across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        // A handler that panicked left the state usable: each change is one insertion.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal, for the time of one step.
    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The base URL that merchants configure.
    pub fn base_url(&self) -> String {
        format!("{}{BASE}", self.origin)
    }

    /// A merchant at its start, ready to be added.
    pub fn merchant(&self, account: MerchantConfig) -> anyhow::Result<Merchant> {
        let rulebook = match &account.dialect {
            None => Arc::clone(&self.rulebook),
            Some(name) => self.compiled(name)?,
        };
        let random = self.random_of(&account.client_id);
        Ok(Merchant::new(
            account,
            rulebook,
            self.customers.clone(),
            random,
        ))
    }

    /// The contract in the dialect of this name or path.
    pub fn compiled(&self, dialect: &str) -> anyhow::Result<Arc<Rulebook>> {
        if dialect == self.rulebook.dialect().name {
            return Ok(Arc::clone(&self.rulebook));
        }
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rulebook) = compiled.get(dialect) {
            return Ok(Arc::clone(rulebook));
        }
        let rulebook = compile(self.contract, dialect)?;
        compiled.insert(dialect.to_owned(), Arc::clone(&rulebook));
        Ok(rulebook)
    }

    /// The customers that every merchant begins with.
    pub fn customers(&self) -> &[Customer] {
        &self.customers
    }

    /// Whether a dialect has this name: one of the shipped ones, or the server's own.
    pub fn has_dialect(&self, name: &str) -> bool {
        name == self.rulebook.dialect().name || self.contract.dialect_names().contains(&name)
    }

    /// Records and counts an exchange, and enters it into the account of the fault that struck it.
    pub fn record(
        &self,
        at: Millis,
        request: &Request,
        mut note: Note,
        reply: &Reply,
        took: Duration,
    ) {
        self.metrics.count(&note, reply.status, took);
        let settles = note.ticket.take().zip(note.client_id.clone());
        let id = self.journal().record(at, request, note, reply, took);
        if let Some((ticket, client_id)) = settles
            && let Some(merchant) = self.state().merchants.get_mut(&*client_id)
        {
            merchant.faults.settle(&ticket, id);
        }
        self.tell(Event::Recorded);
    }

    /// Says to whoever watches that something happened.
    pub fn tell(&self, event: Event) {
        if self.events.receiver_count() > 0 {
            // Nobody listens any more: nothing to say.
            let _ = self.events.send(event);
        }
    }

    /// Says that the admin API changed something.
    pub fn changed(&self, what: What, client_id: Option<&str>) {
        let client_id = client_id.map(str::to_owned);
        self.tell(Event::Changed(Change { what, client_id }));
    }

    /// Whatever happens from now on.
    pub fn news(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// A source of chance for one merchant: with a seed the same each time, whatever happens to
    /// the others.
    pub fn random_of(&self, client_id: &str) -> Random {
        let mix = |seed: u64, byte: u8| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Random::new(self.seed.map(|seed| client_id.bytes().fold(seed, mix)))
    }

    /// Whether `text` is a secret of some merchant.
    pub fn is_secret(&self, text: &str) -> bool {
        self.state().secrets.contains(text)
    }

    /// What hides the secrets of all merchants, and the admin API's.
    pub fn redactor(&self) -> Redactor {
        Redactor::new(Arc::clone(&self.state().secrets), self.key.clone())
    }

    /// The same for the journal, where secrets may be shown if that was asked for.
    pub fn journal_redactor(&self) -> Redactor {
        self.redactor().revealing(self.reveal_secrets)
    }

    /// Back to the start: the merchants it was started with, and nothing else.
    pub fn reset(&self) -> anyhow::Result<()> {
        let mut state = State::new(Random::new(self.seed));
        if let Some(token) = &self.admin_token {
            Arc::make_mut(&mut state.secrets).add(token);
        }
        for account in &self.accounts {
            let merchant = self
                .merchant(account.clone())
                .with_context(|| format!("merchant {}", account.client_id))?;
            state.add(merchant);
        }
        let state = std::mem::replace(&mut *self.state(), state);
        let journal = std::mem::replace(&mut *self.journal(), Journal::new(self.limits));
        discard((state, journal));
        Ok(())
    }
}

/// Drops what nobody can see any more on a thread of its own: tens of thousands of exchanges and
/// orders take longer than a test wants to wait.
pub fn discard(gone: impl Send + 'static) {
    let dropping = std::thread::Builder::new().name("discard".to_owned());
    // Without a thread it is dropped here, with the closure.
    let _ = dropping.spawn(move || drop(gone));
}

/// The contract in a dialect, given by name or path.
pub fn compile(contract: &'static Contract, dialect: &str) -> anyhow::Result<Arc<Rulebook>> {
    let dialect = contract.dialect(dialect)?;
    Ok(Arc::new(Rulebook::compile(contract, dialect)?))
}

/// `http://` and the address; the loopback address where it listens on all of them.
fn origin_of(address: SocketAddr) -> String {
    let port = address.port();
    match address {
        _ if !address.ip().is_unspecified() => format!("http://{address}"),
        SocketAddr::V4(_) => format!("http://127.0.0.1:{port}"),
        SocketAddr::V6(_) => format!("http://[::1]:{port}"),
    }
}
