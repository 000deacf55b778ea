//! The contract compiled for each dialect that is in use.

use flexiti_contract::{Contract, Rulebook};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The rulebooks of a server: its own, and those that merchants have asked for by name.
#[derive(Debug)]
pub struct Dialects {
    own: Arc<Rulebook>,
    compiled: Mutex<HashMap<String, Arc<Rulebook>>>,
}

impl Dialects {
    /// Those of a server whose merchants have the rulebook `own` unless they name a dialect.
    pub fn new(own: Arc<Rulebook>) -> Self {
        Self {
            own,
            compiled: Mutex::default(),
        }
    }

    /// The rulebook of merchants that name no dialect.
    pub fn own(&self) -> &Arc<Rulebook> {
        &self.own
    }

    /// The rulebook of the dialect with this name or path, compiled when it is first asked for.
    pub fn get(&self, dialect: &str) -> anyhow::Result<Arc<Rulebook>> {
        if dialect == self.own.dialect().name {
            return Ok(Arc::clone(&self.own));
        }
        if let Some(rulebook) = self.compiled().get(dialect) {
            return Ok(Arc::clone(rulebook));
        }
        // Without the lock: compiling takes long, and twice does no harm.
        let rulebook = compile(self.own.contract(), dialect)?;
        let mut compiled = self.compiled();
        let kept = compiled.entry(dialect.to_owned()).or_insert(rulebook);
        Ok(Arc::clone(kept))
    }

    fn compiled(&self) -> MutexGuard<'_, HashMap<String, Arc<Rulebook>>> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a dialect has this name: one of the shipped ones, or the server's own.
    pub fn has(&self, name: &str) -> bool {
        name == self.own.dialect().name || self.own.contract().dialect_names().contains(&name)
    }
}

/// Compiles the contract for the dialect with this name or path.
pub fn compile(contract: &'static Contract, dialect: &str) -> anyhow::Result<Arc<Rulebook>> {
    let dialect = contract.dialect(dialect)?;
    Ok(Arc::new(Rulebook::compile(contract, dialect)?))
}
