//! Turns at a shared store. Requests wait until this server has the turn and are answered together;
//! their answers are sent once their changes are written.

use crate::store::keeper::Lost;
use crate::store::record::Write;
use crate::store::rows::Rows;
use crate::store::shared::{Entered, SharedStore, TURN_MS, news};
use crate::store::turn_log::Turn;
use anyhow::bail;
use serde_json::Value;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The pause before the store is tried again after a failure.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the turn is held at most for requests waiting to enter it, because some may have gone
/// away.
const LONGEST: Duration = Duration::from_millis(10);
/// How long the server waits for the last turn when it stops. A store that does not respond may
/// take longer, but no client has been promised what is in that turn.
const LAST: Duration = Duration::from_millis(250);
/// How long a turn waits for its requests to be answered; by then another server has taken it.
const STUCK: Duration = Duration::from_millis(TURN_MS as u64);
/// The pause before asking for the turn again.
const BUSY: Duration = Duration::from_micros(300);

/// The memory of a server that shares a store.
pub trait Memory: Send + Sync {
    /// The changes since the last call.
    fn take(&self) -> Vec<Write>;
    /// The changes reported to watchers since the last call.
    fn take_events(&self) -> Vec<Value>;
    /// Takes over what other servers have written and reported.
    fn take_over(&self, turns: Vec<Turn>) -> anyhow::Result<()>;
    /// Replaces everything by what is in the store.
    fn read(&self, rows: &dyn Rows) -> anyhow::Result<()>;
    /// Marks everything as not yet stored.
    fn write_all(&self);
    /// A random id for a new store.
    fn draw(&self) -> String;
}

/// Turns at a shared store.
#[derive(Debug)]
pub struct Turns {
    gate: Arc<Gate>,
    taking: Mutex<Option<JoinHandle<()>>>,
    place: String,
}

#[derive(Debug)]
struct Gate {
    state: Mutex<Queue>,
    wake: Condvar,
    /// Notifies of turns that begin, and of turns that are written or have failed.
    told: watch::Sender<Told>,
}

#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a queue"
)]
struct Queue {
    is_open: bool,
    /// The number of requests waiting for the turn.
    waiting: usize,
    /// The number of requests being answered in the turn.
    inside: usize,
    /// Whether another server has written something.
    has_news: bool,
    also: Vec<Write>,
    is_over: bool,
    /// Whether the thread that takes turns has ended.
    has_ended: bool,
}

#[derive(Debug, Default, Clone)]
struct Told {
    /// The number of turns begun.
    begun: u64,
    /// The number of turns written.
    written: u64,
    failed: Option<Lost>,
    /// The turns that ended while requests were still being answered: what those changed is lost.
    lost: Vec<u64>,
}

/// A request being answered in a turn.
#[derive(Debug)]
pub struct InTurn {
    gate: Arc<Gate>,
    turn: u64,
}

impl Drop for InTurn {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.inside -= 1;
        if state.inside == 0 {
            self.gate.wake.notify_all();
        }
    }
}

/// A request waiting for the turn.
struct Waits<'g>(&'g Gate);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.waiting = state.waiting.saturating_sub(1);
        self.0.wake.notify_all();
    }
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, Queue> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(
        &self,
        state: MutexGuard<'s, Queue>,
        time: Duration,
        until: impl Fn(&Queue) -> bool,
    ) -> MutexGuard<'s, Queue> {
        let waited = self
            .wake
            .wait_timeout_while(state, time, |state| !until(state));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Signals on drop that the thread has ended, for whatever reason.
struct Ends(Arc<Gate>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.state().has_ended = true;
        self.0.wake.notify_all();
    }
}

fn gone() -> Lost {
    Lost("the server is stopping".into())
}

impl Turns {
    /// Starts to take turns at `shared`, which must already have been read, while `memory` lives.
    pub fn start(shared: SharedStore, memory: Weak<dyn Memory>) -> anyhow::Result<Self> {
        let gate = Arc::new(Gate {
            state: Mutex::default(),
            wake: Condvar::new(),
            told: watch::Sender::new(Told::default()),
        });
        let place = shared.place().to_owned();
        let client = shared.client();
        let (own, other) = (Arc::clone(&gate), Arc::clone(&gate));
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let turns = thread("store").spawn(move || {
            let ends = Ends(own);
            run(&ends.0, shared, &memory);
        })?;
        let listening = thread("store-news").spawn(move || listen(&other, &client))?;
        drop(listening);
        Ok(Self {
            gate,
            taking: Mutex::new(Some(turns)),
            place,
        })
    }

    /// Waits for the turn.
    pub async fn enter(&self) -> Result<InTurn, Lost> {
        let mut told = self.gate.told.subscribe();
        self.gate.state().waiting += 1;
        let waits = Waits(&self.gate);
        self.gate.wake.notify_all();
        loop {
            {
                let mut state = self.gate.state();
                let now = told.borrow_and_update();
                if state.is_open {
                    state.inside += 1;
                    let turn = now.begun;
                    drop((now, state, waits));
                    let gate = Arc::clone(&self.gate);
                    return Ok(InTurn { gate, turn });
                }
                if let Some(lost) = &now.failed {
                    return Err(lost.clone());
                }
                if state.is_over {
                    return Err(gone());
                }
            }
            told.changed().await.map_err(|_| gone())?;
        }
    }

    /// Waits until everything that a turn has changed is written.
    pub async fn keep(&self, inside: InTurn) -> Result<(), Lost> {
        let mut told = self.gate.told.subscribe();
        let turn = inside.turn;
        drop(inside);
        let is_lost = |told: &Told| told.lost.contains(&turn);
        let settled = |told: &Told| told.written >= turn || told.failed.is_some();
        match told.wait_for(settled).await {
            Ok(told) if told.written >= turn && !is_lost(&told) => Ok(()),
            Ok(told) if is_lost(&told) => Err(Lost("the turn ended before the answer".into())),
            Ok(told) => Err(told.failed.clone().unwrap_or_else(gone)),
            Err(_) => Err(gone()),
        }
    }

    /// Queues a write for the next turn, in addition to the recorded changes.
    pub fn also(&self, write: Write) {
        self.gate.state().also.push(write);
        self.gate.wake.notify_all();
    }

    /// Why there are no turns at the moment; `None` if there are.
    pub fn lost(&self) -> Option<Lost> {
        self.gate.told.borrow().failed.clone()
    }

    /// Where the store is.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The number of turns written so far.
    pub fn batches(&self) -> u64 {
        self.gate.told.borrow().written
    }

    /// Closes the store once the last turn is written or takes too long.
    pub fn close(&self) {
        let mut state = self.gate.state();
        state.is_over = true;
        self.gate.wake.notify_all();
        let taking = self.taking.lock();
        let taking = taking.unwrap_or_else(PoisonError::into_inner).take();
        // That thread itself may drop the last reference to the memory.
        let own = std::thread::current().id();
        if taking.is_some_and(|thread| thread.thread().id() != own) {
            drop(self.gate.wait(state, LAST, |state| state.has_ended));
        }
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.close();
    }
}

/// Wakes the other thread when another server has written something.
fn listen(gate: &Gate, client: &redis::Client) {
    let mut connection = None;
    while !gate.state().is_over {
        if news(client, &mut connection).is_err() {
            std::thread::sleep(PAUSE);
        }
        gate.state().has_news = true;
        gate.wake.notify_all();
    }
}

fn run(gate: &Gate, mut shared: SharedStore, memory: &Weak<dyn Memory>) {
    // After a failure, it is unknown how much of the last turn was written.
    let mut is_stale = false;
    loop {
        let failed = gate.told.borrow().failed.is_some();
        let state = gate.state();
        let state = if failed {
            gate.wait(state, PAUSE, |state| state.is_over)
        } else {
            let wanted = |state: &Queue| {
                state.is_over || state.waiting > 0 || state.has_news || !state.also.is_empty()
            };
            gate.wait(state, Duration::from_secs(3_600), wanted)
        };
        if state.is_over {
            drop(state);
            gate.told.send_modify(|told| told.failed = Some(gone()));
            return;
        }
        let wants_turn = state.waiting > 0 || !state.also.is_empty() || failed;
        drop(state);
        let Some(memory) = memory.upgrade() else {
            return;
        };
        let done = if wants_turn {
            turn(gate, &mut shared, &*memory, is_stale)
        } else {
            look(gate, &mut shared, &*memory)
        };
        match done {
            Ok(()) => {
                is_stale = false;
                if failed {
                    tracing::info!("the store can be used again");
                }
            }
            Err(error) => {
                is_stale = true;
                let why = Lost(format!("{error:#}").into());
                let mut state = gate.state();
                state.is_open = false;
                drop(state);
                if gate.told.borrow().failed.as_ref() != Some(&why) {
                    tracing::error!("{why}");
                }
                gate.told.send_modify(|told| told.failed = Some(why));
            }
        }
    }
}

/// Takes over what others have written.
fn look(gate: &Gate, shared: &mut SharedStore, memory: &dyn Memory) -> anyhow::Result<()> {
    gate.state().has_news = false;
    match shared.look()? {
        Some(turns) => memory.take_over(turns),
        None => turn(gate, shared, memory, true),
    }
}

fn turn(
    gate: &Gate,
    shared: &mut SharedStore,
    memory: &dyn Memory,
    is_stale: bool,
) -> anyhow::Result<()> {
    if is_stale {
        shared.forget();
    }
    let entered = loop {
        match shared.enter()? {
            Entered::Busy if gate.state().is_over => return Ok(()),
            Entered::Busy => std::thread::sleep(BUSY),
            entered => break entered,
        }
    };
    let mut is_first = false;
    match entered {
        Entered::Busy => {}
        Entered::Turn(turns) => memory.take_over(turns)?,
        Entered::Anew(is_empty) => {
            is_first = is_empty;
            if is_empty {
                shared.begin(memory.draw());
                memory.write_all();
            } else {
                memory.read(shared)?;
            }
        }
    }
    let turn = {
        let mut state = gate.state();
        state.has_news = false;
        state.is_open = true;
        let mut turn = 0;
        gate.told.send_modify(|told| {
            told.begun += 1;
            told.failed = None;
            turn = told.begun;
        });
        turn
    };
    let end = Instant::now() + LONGEST;
    let mut state = gate.state();
    while state.waiting > 0 && Instant::now() < end {
        let left = end.saturating_duration_since(Instant::now());
        state = gate.wait(state, left, |state| state.waiting == 0);
    }
    state.is_open = false;
    // Requests inside the turn are being answered by threads that do not block.
    let mut state = gate.wait(state, STUCK, |state| state.inside == 0);
    if state.inside > 0 {
        drop(state);
        gate.told.send_modify(|told| told.lost.push(turn));
        bail!(
            "{}: requests were still being answered when the turn ended, after {TURN_MS} ms",
            shared.place()
        );
    }
    let mut writes = std::mem::take(&mut state.also);
    drop(state);
    writes.append(&mut memory.take());
    shared.leave(&writes, memory.take_events(), is_first)?;
    gate.told.send_modify(|told| told.written = turn);
    Ok(())
}
