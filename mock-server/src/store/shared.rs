//! A store that several servers share, in Redis or Valkey.
//!
//! One server at a time has the turn: it takes over what the others have written since, answers
//! what waits, writes what has changed, and gives the turn on. Each of the two steps is one script,
//! so one round trip. All that is written also goes into a log, from which the others take it over.

use crate::store::record::{Key, Table, Write};
use crate::store::rows::{Rows, place};
use crate::store::turn::Turn;
use anyhow::{Context as _, anyhow, bail, ensure};
use redis::{Client, Connection, Script, TlsCertificates, Value};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// Before the names of all keys.
const PREFIX: &str = "flexiti-mock:";
/// How long Redis may take to answer.
const TIME: Duration = Duration::from_secs(2);
/// After how many milliseconds another server takes the turn of one that has died.
const TURN_MS: u32 = 3_000;
/// How many turns the log has; a server that is further behind reads everything anew.
const LOG: u32 = 4_096;
/// How many bytes they may have together; the last is kept in any case.
const LOG_BYTES: u32 = 16 * 1024 * 1024;

/// The epoch of no store.
const NONE: &str = "?";

/// Takes the turn, and reads the log from where this server is. A server that had the last turn
/// lets one go first that waits.
const ENTER: &str = include_str!("scripts/enter.lua");
/// Reads the log without taking a turn, for a server that has nothing to write.
const LOOK: &str = include_str!("scripts/look.lua");
/// Writes what has changed, and gives the turn on. A server whose turn has been taken from it
/// writes nothing.
const LEAVE: &str = include_str!("scripts/leave.lua");
/// Keeps the turn while much is read.
const STAY: &str = include_str!("scripts/stay.lua");
/// How many rows are written by one script: Redis answers nobody else meanwhile.
const PART: usize = 1_000;
/// After how many rows that were read the turn is asked for once more.
const ROWS: usize = 4_096;

/// What came of asking for the turn.
#[derive(Debug)]
pub enum Entered {
    /// Another server has it.
    Busy,
    /// This server has it; what others have written since its last one.
    Turn(Vec<Turn>),
    /// This server has it, and is too far behind: everything is to be read anew. Nothing has been
    /// written yet where the flag is set.
    Anew(bool),
}

/// A store that several servers share.
pub struct SharedStore {
    client: Client,
    connection: RefCell<Option<Connection>>,
    place: String,
    me: String,
    /// Which store this server has read; a new one after all was lost.
    epoch: String,
    /// How far in the log it is.
    at: u64,
    scripts: [Script; 4],
}

impl std::fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedStore")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl SharedStore {
    /// The store at a URL: `redis://` or, over TLS, `rediss://`, with the number of the database
    /// for a path. `me` tells this server from the others.
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
            scripts: [ENTER, LEAVE, LOOK, STAY].map(Script::new),
        };
        let answers = shared.ask(|connection| redis::cmd("PING").query::<()>(connection));
        answers.context("--store")?;
        Ok(shared)
    }

    /// Where it is, without the password.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// How many servers have begun with this store before.
    pub fn next_generation(&self) -> anyhow::Result<u64> {
        let name = format!("{PREFIX}generation");
        let count: u64 = self.ask(|connection| redis::cmd("INCR").arg(&name).query(connection))?;
        Ok(count - 1)
    }

    /// Asks Redis, over the connection that there is or a new one; after an error that one is
    /// given up.
    fn ask<T>(
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
            self.scripts[0]
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
                let head = words.next().transpose()?.unwrap_or_default();
                self.at = head.parse().unwrap_or_default();
                Ok(Entered::Anew(self.epoch.is_empty()))
            }
            Some("turn") => Ok(Entered::Turn(self.turns(words)?)),
            other => bail!("{}: answered {other:?} to a script", self.place),
        }
    }

    /// What others have written, without a turn; nothing if everything is to be read anew.
    pub fn look(&mut self) -> anyhow::Result<Option<Vec<Turn>>> {
        let answer: Vec<Value> = self.ask(|connection| {
            self.scripts[2]
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

    /// Has everything read anew with the next turn.
    pub fn forget(&mut self) {
        NONE.clone_into(&mut self.epoch);
        self.at = 0;
    }

    /// Makes the next turn the first of a new store.
    pub fn begin(&mut self, epoch: String) {
        self.epoch = epoch;
        self.at = 0;
    }

    /// Keeps the turn, if this server has it, for as long as a new one.
    fn stay(&self) -> anyhow::Result<()> {
        self.ask(|connection| {
            let mut script = self.scripts[3].arg(PREFIX);
            script.arg(&self.me).arg(TURN_MS).invoke(connection)
        })
    }

    /// Writes what has changed, and gives the turn on. With `is_first`, it is a new store.
    pub fn leave(
        &mut self,
        writes: &[Write],
        events: Vec<serde_json::Value>,
        is_first: bool,
    ) -> anyhow::Result<()> {
        let is_empty = writes.is_empty() && events.is_empty();
        // Of a new store, the others read everything anyway. There is one once its last part is
        // written; a server that finds half of one begins again.
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
        self.at = head.parse().unwrap_or(self.at);
        Ok(())
    }

    /// Writes rows; keeps the turn for `stays` milliseconds, or gives it on.
    fn write(
        &self,
        writes: &[Write],
        epoch: &str,
        entry: &str,
        stays: u32,
    ) -> anyhow::Result<String> {
        let answer: String = self.ask(|connection| {
            let mut script = self.scripts[1].arg(PREFIX);
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

    /// What makes further connections to it.
    pub fn client(&self) -> Client {
        self.client.clone()
    }
}

/// Waits until a server has written something, or for a while.
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

fn arguments(write: &Write, script: &mut redis::ScriptInvocation<'_>) {
    // Rows that belong to a merchant have a hash of its own.
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

/// A PEM file with at least one certificate.
fn authority(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = file.display();
    let pem = std::fs::read(file).with_context(|| name.to_string())?;
    let has_one = CertificateDer::pem_slice_iter(&pem).next();
    ensure!(
        matches!(has_one, Some(Ok(_))),
        "{name}: no certificate in PEM; give that of the authority"
    );
    Ok(pem)
}

/// A URL without its password.
fn without_secrets(url: &str) -> anyhow::Result<String> {
    let mut url = url::Url::parse(url).map_err(|_| anyhow!("not a URL; redis://HOST:PORT/0"))?;
    if !matches!(url.scheme(), "redis" | "rediss") || !url.has_host() {
        bail!("a URL must begin with redis:// or rediss:// and name a host");
    }
    if url.password().is_some() {
        let _ = url.set_password(Some("..."));
    }
    Ok(url.to_string())
}

impl Rows for SharedStore {
    fn each(
        &self,
        table: Table,
        see: &mut dyn FnMut(Key, &[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let name = format!("{PREFIX}{}", table.name());
        let all = |name: &str| {
            self.ask(|connection| {
                redis::cmd("HGETALL")
                    .arg(name)
                    .query::<HashMap<String, Vec<u8>>>(connection)
            })
        };
        let mut rows: Vec<(Key, Vec<u8>)> = Vec::new();
        let number = |field: &str| field.parse::<u64>().with_context(|| name.clone());
        match table {
            Table::Faults | Table::Customers => {
                let owners: Vec<String> = self.ask(|connection| {
                    let of = format!("{name}:of");
                    redis::cmd("SMEMBERS").arg(of).query(connection)
                })?;
                for of in owners {
                    for (field, value) in all(&format!("{name}:row:{of}"))? {
                        rows.push((Key(of.clone(), number(&field)?), value));
                    }
                }
            }
            Table::Orders | Table::Exchanges => {
                for (field, value) in all(&name)? {
                    rows.push((Key::number(number(&field)?), value));
                }
            }
            _ => rows.extend(
                all(&name)?
                    .into_iter()
                    .map(|(field, value)| (Key::text(field), value)),
            ),
        }
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (at, (key, value)) in rows.into_iter().enumerate() {
            if at % ROWS == ROWS - 1 {
                self.stay()?;
            }
            see(key.clone(), &value).with_context(|| place(table, &key))?;
        }
        Ok(())
    }
}
