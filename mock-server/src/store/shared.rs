//! A store that several servers share, in Redis or Valkey.
//!
//! One server at a time has the turn: it takes over what the others have written since, answers
//! waiting requests, writes its changes, and passes the turn on. Taking and passing the turn are
//! one script each, and so one round trip. Every write is also appended to a log, from which the
//! other servers take it over.

use crate::store::record::{Key, Table, Write};
use crate::store::redis_url::{authority, without_secrets};
use crate::store::turn_log::Turn;
use anyhow::{Context as _, anyhow, bail};
use redis::{Client, Connection, Script, TlsCertificates, Value};
use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

/// The prefix of all keys.
pub(super) const PREFIX: &str = "flexiti-mock:";
/// The timeout for Redis.
const TIME: Duration = Duration::from_secs(2);
/// After this many milliseconds, another server takes over the turn of one that has died.
pub(super) const TURN_MS: u32 = 3_000;
/// The maximum number of turns in the log; a server that is further behind reloads everything.
const LOG: u32 = 4_096;
/// The maximum size of the log in bytes; the last turn is kept in any case.
const LOG_BYTES: u32 = 16 * 1024 * 1024;

/// The epoch before a store has been read.
const NONE: &str = "?";

/// Takes the turn, and reads the log from this server's position. The server that had the last turn
/// lets a waiting one go first.
const ENTER: &str = include_str!("scripts/enter.lua");
/// Reads the log without taking the turn, for a server that has nothing to write.
const LOOK: &str = include_str!("scripts/look.lua");
/// Writes changes and passes the turn on. A server that has lost its turn writes nothing.
const LEAVE: &str = include_str!("scripts/leave.lua");
/// Extends the turn during a long read.
const STAY: &str = include_str!("scripts/stay.lua");
/// The maximum number of rows written by one script, because Redis serves nobody else meanwhile.
const PART: usize = 1_000;

/// The result of asking for the turn.
#[derive(Debug)]
pub enum Entered {
    /// Another server has the turn.
    Busy,
    /// This server has the turn; contains what others have written since its last one.
    Turn(Vec<Turn>),
    /// This server has the turn, but is too far behind and has to reload everything. The flag means
    /// that nothing has been written yet.
    Anew(bool),
}

struct Scripts {
    enter: Script,
    leave: Script,
    look: Script,
    stay: Script,
}

impl Scripts {
    fn new() -> Self {
        Self {
            enter: Script::new(ENTER),
            leave: Script::new(LEAVE),
            look: Script::new(LOOK),
            stay: Script::new(STAY),
        }
    }
}

/// A store that several servers share.
pub struct SharedStore {
    client: Client,
    connection: RefCell<Option<Connection>>,
    place: String,
    me: String,
    /// The epoch of the store that this server has read; it changes if all data was lost.
    epoch: String,
    /// This server's position in the log.
    at: u64,
    scripts: Scripts,
}

impl std::fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedStore")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl SharedStore {
    /// The store at a URL: `redis://`, or `rediss://` for TLS, with the database number as path.
    /// `me` identifies this server.
    pub fn connect(url: &str, ca: Option<&Path>, me: String) -> anyhow::Result<Self> {
        let place = without_secrets(url).context("--store")?;
        let client = match ca {
            None => Client::open(url),
            Some(file) => {
                let root_cert = Some(authority(file).context("--store-ca")?);
                let certificates = TlsCertificates {
                    client_tls: None,
                    root_cert,
                };
                Client::build_with_tls(url, certificates)
            }
        };
        let shared = Self {
            client: client.map_err(|error| anyhow!("--store: {place}: {error}"))?,
            connection: RefCell::new(None),
            place,
            me,
            epoch: NONE.to_owned(),
            at: 0,
            scripts: Scripts::new(),
        };
        let answers = shared.ask(|connection| redis::cmd("PING").query::<()>(connection));
        answers.context("--store")?;
        Ok(shared)
    }

    /// The URL without the password.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// How many servers have started with this store before; counts this one.
    pub fn next_generation(&self) -> anyhow::Result<u64> {
        let name = format!("{PREFIX}generation");
        let count: u64 = self.ask(|connection| redis::cmd("INCR").arg(&name).query(connection))?;
        Ok(count - 1)
    }

    /// Sends a command over the current connection, or a new one. After an error, the connection is
    /// dropped.
    pub(super) fn ask<T>(
        &self,
        ask: impl FnOnce(&mut Connection) -> redis::RedisResult<T>,
    ) -> anyhow::Result<T> {
        let wrong = |error: redis::RedisError| anyhow!("{}: {error}", self.place);
        let mut held = self.connection.borrow_mut();
        let connection =
            if let Some(connection) = held.take().filter(redis::ConnectionLike::is_open) {
                connection
            } else {
                let made = self
                    .client
                    .get_connection_with_timeout(TIME)
                    .map_err(wrong)?;
                made.set_read_timeout(Some(TIME)).map_err(wrong)?;
                made.set_write_timeout(Some(TIME)).map_err(wrong)?;
                made
            };
        let connection = held.insert(connection);
        let answer = ask(connection);
        if answer.is_err() {
            *held = None;
        }
        answer.map_err(wrong)
    }

    /// Asks for the turn.
    pub fn enter(&mut self) -> anyhow::Result<Entered> {
        let answer: Vec<Value> = self.ask(|connection| {
            self.scripts
                .enter
                .arg(PREFIX)
                .arg(&self.me)
                .arg(TURN_MS)
                .arg(&self.epoch)
                .arg(self.at)
                .invoke(connection)
        })?;
        let mut words = answer.into_iter().map(text);
        match words.next().transpose()?.as_deref() {
            Some("busy") => Ok(Entered::Busy),
            Some("anew") => {
                self.epoch = words.next().transpose()?.unwrap_or_default();
                self.at = self.head(&words.next().transpose()?.unwrap_or_default())?;
                Ok(Entered::Anew(self.epoch.is_empty()))
            }
            Some("turn") => Ok(Entered::Turn(self.turns(words)?)),
            other => bail!("{}: answered {other:?} to a script", self.place),
        }
    }

    /// Takes over what others have written, without a turn; `None` if everything has to be
    /// reloaded.
    pub fn look(&mut self) -> anyhow::Result<Option<Vec<Turn>>> {
        let answer: Vec<Value> = self.ask(|connection| {
            self.scripts
                .look
                .arg(PREFIX)
                .arg(&self.epoch)
                .arg(self.at)
                .invoke(connection)
        })?;
        let mut words = answer.into_iter().map(text);
        match words.next().transpose()?.as_deref() {
            Some("turn") => Ok(Some(self.turns(words)?)),
            _ => Ok(None),
        }
    }

    /// Parses the position of the end of the log in a script's answer.
    fn head(&self, said: &str) -> anyhow::Result<u64> {
        said.parse().map_err(|_| {
            anyhow!(
                "{}: a script answered `{}` where a number belongs; does another program write \
                 keys that begin with `{PREFIX}`?",
                self.place,
                said.escape_debug()
            )
        })
    }

    fn turns(
        &mut self,
        words: impl Iterator<Item = anyhow::Result<String>>,
    ) -> anyhow::Result<Vec<Turn>> {
        let mut turns = Vec::new();
        for word in words {
            let turn = serde_json::from_str(&word?);
            turns.push(turn.with_context(|| format!("{}: the log", self.place))?);
            self.at += 1;
        }
        Ok(turns)
    }

    /// Makes the next turn reload everything.
    pub fn forget(&mut self) {
        NONE.clone_into(&mut self.epoch);
        self.at = 0;
    }

    /// Makes the next turn the first of a new store.
    pub fn begin(&mut self, epoch: String) {
        self.epoch = epoch;
        self.at = 0;
    }

    /// Extends the turn to its full length, if this server has it.
    pub(super) fn stay(&self) -> anyhow::Result<()> {
        self.ask(|connection| {
            let mut script = self.scripts.stay.arg(PREFIX);
            script.arg(&self.me).arg(TURN_MS).invoke(connection)
        })
    }

    /// Writes changes and passes the turn on. `is_first` means a new store.
    pub fn leave(
        &mut self,
        writes: &[Write],
        events: Vec<serde_json::Value>,
        is_first: bool,
    ) -> anyhow::Result<()> {
        let is_empty = writes.is_empty() && events.is_empty();
        // The others read a new store completely anyway. It exists once its last part is written; a
        // server that finds an incomplete one starts over.
        let entry = if is_empty || is_first {
            String::new()
        } else {
            serde_json::to_string(&Turn::new(writes, events))?
        };
        let mut rest = writes;
        while is_first && rest.len() > PART {
            let (part, more) = rest.split_at(PART);
            self.write(part, "", "", TURN_MS)?;
            rest = more;
        }
        let epoch = if is_first { self.epoch.as_str() } else { "" };
        let head = self.write(rest, epoch, &entry, 0)?;
        self.at = self.head(&head)?;
        Ok(())
    }

    /// Writes rows; keeps the turn for `stays` milliseconds, or passes it on.
    fn write(
        &self,
        writes: &[Write],
        epoch: &str,
        entry: &str,
        stays: u32,
    ) -> anyhow::Result<String> {
        let answer: String = self.ask(|connection| {
            let mut script = self.scripts.leave.arg(PREFIX);
            script.arg(&self.me).arg(LOG).arg(epoch).arg(entry);
            script.arg(LOG_BYTES).arg(stays);
            for write in writes {
                arguments(write, &mut script);
            }
            script.invoke(connection)
        })?;
        if answer == "lost" {
            bail!(
                "{}: the turn took longer than {TURN_MS} ms, and another server has taken it",
                self.place
            );
        }
        Ok(answer)
    }

    /// A factory for further connections.
    pub fn client(&self) -> Client {
        self.client.clone()
    }
}

/// Waits until a server has written something, or for a limited time.
pub fn news(client: &Client, held: &mut Option<Connection>) -> anyhow::Result<()> {
    if held.is_none() {
        let mut connection = client.get_connection_with_timeout(TIME)?;
        connection.set_read_timeout(Some(TIME))?;
        redis::cmd("SUBSCRIBE")
            .arg(format!("{PREFIX}news"))
            .query::<()>(&mut connection)?;
        *held = Some(connection);
    }
    let Some(connection) = held else {
        return Ok(());
    };
    match connection.recv_response() {
        Ok(_) => Ok(()),
        Err(error) if error.is_timeout() => Ok(()),
        Err(error) => {
            *held = None;
            Err(error.into())
        }
    }
}

/// The arguments of the script that writes a row.
fn arguments(write: &Write, script: &mut redis::ScriptInvocation<'_>) {
    // Rows that belong to a merchant are in the merchant's own hash.
    let split = |table: Table, key: &Key| match table {
        Table::Faults | Table::Customers => (key.0.clone(), key.1.to_string()),
        Table::Orders | Table::Exchanges => (String::new(), key.1.to_string()),
        _ => (String::new(), key.0.clone()),
    };
    match write {
        Write::Put(table, key, value) => {
            let (of, field) = split(*table, key);
            script.arg("put").arg(table.name()).arg(of).arg(field);
            script.arg(value.as_slice());
        }
        Write::Remove(table, key) => {
            let (of, field) = split(*table, key);
            script
                .arg("remove")
                .arg(table.name())
                .arg(of)
                .arg(field)
                .arg("");
        }
        Write::RemoveAllOf(table, of) => {
            script.arg("all").arg(table.name()).arg(of).arg("").arg("");
        }
        Write::Clear(table) => {
            script
                .arg("clear")
                .arg(table.name())
                .arg("")
                .arg("")
                .arg("");
        }
    }
}

fn text(value: Value) -> anyhow::Result<String> {
    match value {
        Value::BulkString(bytes) => Ok(String::from_utf8(bytes)?),
        Value::SimpleString(text) => Ok(text),
        other => bail!("a script answered {other:?}"),
    }
}
