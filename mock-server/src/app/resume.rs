//! A server that resumes from its store, or shares it with others.

use crate::app::reconcile::find;
use crate::app::{App, locked, locked_state};
use crate::config::Settings;
use crate::events::Change;
use crate::journal::Journal;
use crate::model::account::MerchantConfig;
use crate::random::Random;
use crate::state::State;
use crate::store::{
    Entered, Entry, FORMAT, File, FileMemory, Keeper, Key, Lost, Memory, Restored, Rows,
    SharedStore, Store, Table, Turn, Turns, WRITER, Wanted, Write, Writer, apply, journal_writes,
    put, restore, writes,
};
use anyhow::{Context as _, bail, ensure};
use flexiti_contract::Rulebook;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How long a starting server waits for the other servers to pass on the turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts a server that listens on `address`, with the state in its store.
pub fn start(
    settings: &Settings,
    rulebook: Arc<Rulebook>,
    address: SocketAddr,
) -> anyhow::Result<Arc<App>> {
    let kept = OpenStore::open(settings)?;
    let app = App::new(settings, rulebook, address, kept.generation())?;
    let app = Arc::new(app);
    app.begin(kept)?;
    Ok(app)
}

/// The store that a server opens at its start.
#[derive(Debug)]
enum OpenStore {
    Nothing,
    File(Box<File>, Option<Writer>),
    Shared(Box<SharedStore>, u64),
}

impl OpenStore {
    fn open(settings: &Settings) -> anyhow::Result<Self> {
        if let Some(path) = &settings.data {
            let file = File::open(path).context("--data")?;
            let before = file.writer().context("--data")?;
            return Ok(Self::File(Box::new(file), before));
        }
        if let Some(store) = &settings.store {
            let me = Random::new(None).hex::<16>();
            let shared = SharedStore::connect(&store.url, store.ca_file.as_deref(), me)?;
            let generation = shared.next_generation().context("--store")?;
            return Ok(Self::Shared(Box::new(shared), generation));
        }
        Ok(Self::Nothing)
    }

    /// How many servers have started with the store before.
    fn generation(&self) -> u64 {
        match self {
            Self::Nothing | Self::File(_, None) => 0,
            Self::File(_, Some(before)) => before.generation + 1,
            Self::Shared(_, generation) => *generation,
        }
    }
}

impl App {
    /// Resumes from the stored state, or begins to store it; does nothing without a store.
    fn begin(self: &Arc<Self>, kept: OpenStore) -> anyhow::Result<()> {
        let store = match kept {
            OpenStore::Nothing => return Ok(()),
            OpenStore::File(file, before) => Store::File(self.begin_file(*file, before.as_ref())?),
            OpenStore::Shared(shared, _) => {
                let begun = self.begin_shared(*shared);
                Store::Shared(begun.context("--store")?)
            }
        };
        // Nothing else sets it.
        let _ = self.store.set(store);
        Ok(())
    }

    fn begin_file(
        self: &Arc<Self>,
        mut file: File,
        before: Option<&Writer>,
    ) -> anyhow::Result<Keeper> {
        if let Some(before) = before {
            self.restore(&file, &before.configured)
                .with_context(|| format!("--data: {}", file.path().display()))?;
        }
        self.track(before.is_none());
        if let Some(before) = before {
            self.reconcile(&before.configured);
        }
        // Write this now, so that a server killed before its first request counts as well.
        let mut out = vec![self.writer()];
        out.append(&mut self.take());
        file.write(&out).context("--data")?;
        let memory = OwnMemory {
            app: Arc::downgrade(self),
            state: Arc::clone(&self.state),
            journal: Arc::clone(&self.journal),
        };
        Keeper::start(file, memory)
    }

    fn begin_shared(self: &Arc<Self>, mut shared: SharedStore) -> anyhow::Result<Turns> {
        let begun = Instant::now();
        let is_new = loop {
            match shared.enter()? {
                Entered::Anew(is_new) => break is_new,
                Entered::Turn(_) => {
                    bail!("{}: granted a turn that was not requested", shared.place())
                }
                Entered::Busy => {}
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "{}: timed out waiting for the other servers that share this store",
                shared.place()
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        if is_new {
            shared.begin(self.draw());
        }
        let before = if is_new { None } else { shared.writer()? };
        if let Some(before) = &before {
            ensure!(
                before.format <= FORMAT,
                "{}: written by flexiti-mock {} in format {}, and this is format {FORMAT}",
                shared.place(),
                before.version,
                before.format
            );
            self.restore(&shared, &before.configured)?;
        }
        self.track(is_new);
        if let Some(before) = &before {
            self.reconcile(&before.configured);
        }
        let mut out = vec![self.writer()];
        out.append(&mut self.take());
        shared.leave(&out, Vec::new(), is_new)?;
        let memory: Weak<Self> = Arc::downgrade(self);
        Turns::start(shared, memory)
    }

    fn track(&self, is_new: bool) {
        self.state().track(is_new);
        self.journal().track(is_new);
    }

    fn writer(&self) -> Write {
        let writer = Writer {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            contract: self.contract().digest(),
            generation: self.generation,
            configured: self.configured().merchants.clone(),
        };
        put(Table::Server, Key::text(WRITER), &writer)
    }

    fn restore(&self, rows: &dyn Rows, before: &[MerchantConfig]) -> anyhow::Result<()> {
        let secrets = Arc::clone(&self.state().secrets);
        let mut state = State::new(Random::new(self.seed), secrets);
        let mut journal = Journal::new(self.journal_limits);
        // The limits may be lower than they were; entries dropped for that must leave the store as
        // well.
        journal.track(false);
        let configured = self.configured();
        let account = |kept: MerchantConfig| {
            let was = find(before, &kept.client_id);
            match find(&configured.merchants, &kept.client_id) {
                Some(now) if was != Some(now) => now.clone(),
                // The merchant is about to be removed, perhaps together with its dialect file.
                None if was.is_some() => MerchantConfig {
                    dialect: None,
                    ..kept
                },
                _ => kept,
            }
        };
        let mut into = Restored {
            state: &mut state,
            journal: &mut journal,
            dialects: &self.dialects,
        };
        restore(rows, &mut into, &account, &|id| self.random_of(id))?;
        let begun = std::mem::replace(&mut *self.state(), state);
        begun.forget_secrets();
        *self.journal() = journal;
        Ok(())
    }

    /// Stores the current configuration.
    pub(super) fn keep_configured(&self) {
        if let Some(store) = self.store.get() {
            store.also(self.writer());
        }
    }

    /// The store, if there is one.
    pub fn store(&self) -> Option<&Store> {
        self.store.get()
    }

    /// Waits until a request may be answered: with a shared store, until it is this server's turn.
    pub async fn enter(&self) -> Result<Option<Entry>, Lost> {
        match self.store.get() {
            Some(store) => store.enter().await.map(Some),
            None => Ok(None),
        }
    }

    /// Waits until everything that an answer depends on is stored.
    pub async fn keep(&self, entry: Option<Entry>) -> Result<(), Lost> {
        match (self.store.get(), entry) {
            (Some(store), Some(entry)) => store.keep(entry).await,
            _ => Ok(()),
        }
    }

    /// Stores what is left; nothing is stored after that.
    pub fn close(&self) {
        if let Some(store) = self.store.get() {
            store.close();
        }
    }

    /// Passes a change on to the watchers of other servers.
    pub(super) fn tell_others(&self, change: &Change) {
        if matches!(self.store.get(), Some(Store::Shared(_))) {
            let told = self.told.lock();
            let mut told = told.unwrap_or_else(PoisonError::into_inner);
            told.push(serde_json::to_value(change).unwrap_or_default());
        }
    }
}

fn take(state: &Mutex<State>, journal: &Mutex<Journal>) -> Vec<Write> {
    let changes = locked_state(state).take_changes();
    let exchanges = locked(journal).take_changes();
    // The locks are released here: turning rows into JSON takes longer than copying them.
    let mut out = Vec::new();
    for change in changes {
        writes(change, &mut out);
    }
    journal_writes(exchanges, &mut out);
    out
}

/// The memory of a server with its own file. It holds state and journal themselves, so that the
/// last changes are stored even while the app is being dropped.
struct OwnMemory {
    app: Weak<App>,
    state: Arc<Mutex<State>>,
    journal: Arc<Mutex<Journal>>,
}

impl FileMemory for OwnMemory {
    fn take(&mut self, wanted: Wanted) -> Vec<Write> {
        if wanted == Wanted::All {
            locked_state(&self.state).track(true);
            locked(&self.journal).track(true);
        }
        take(&self.state, &self.journal)
    }

    fn go_back(&mut self, kept: &dyn Rows) -> anyhow::Result<()> {
        match self.app.upgrade() {
            Some(app) => app.read(kept),
            None => Ok(()),
        }
    }
}

impl Memory for App {
    fn take(&self) -> Vec<Write> {
        take(&self.state, &self.journal)
    }

    fn take_events(&self) -> Vec<Value> {
        let told = self.told.lock();
        std::mem::take(&mut *told.unwrap_or_else(PoisonError::into_inner))
    }

    fn take_over(&self, turns: Vec<Turn>) -> anyhow::Result<()> {
        if turns.is_empty() {
            return Ok(());
        }
        let mut events = Vec::new();
        {
            let mut state = self.state();
            let mut journal = self.journal();
            let mut into = Restored {
                state: &mut state,
                journal: &mut journal,
                dialects: &self.dialects,
            };
            for mut turn in turns {
                apply(turn.writes(), &mut into, &|id| self.random_of(id))?;
                events.append(&mut turn.events);
            }
            // These changes are already in the store.
            drop(state.take_changes());
            journal.track(false);
        }
        for event in events {
            if let Ok(change) = serde_json::from_value(event) {
                self.events.changed(change);
            }
        }
        self.events.recorded();
        Ok(())
    }

    fn read(&self, rows: &dyn Rows) -> anyhow::Result<()> {
        let configured = self.configured();
        self.restore(rows, &configured.merchants)?;
        self.track(false);
        self.events.recorded();
        Ok(())
    }

    fn write_all(&self) {
        self.track(true);
        self.keep_configured();
    }

    fn draw(&self) -> String {
        Random::new(None).hex::<16>()
    }
}
