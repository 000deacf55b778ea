//! The contract compiled for each dialect that is in use.

use flexiti_contract::{Contract, Rulebook};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// The rulebooks of a server: its own, and those of dialects that merchants name.
#[derive(Debug)]
pub struct Dialects {
    contract: &'static Contract,
    own: RwLock<Arc<Rulebook>>,
    compiled: Mutex<Compiled>,
}

/// Rulebooks by name or path of their dialect.
pub type Compiled = HashMap<String, Arc<Rulebook>>;

impl Dialects {
    /// The rulebooks of a server where merchants without a dialect have `own`.
    pub fn new(own: Arc<Rulebook>) -> Self {
        Self {
            contract: own.contract(),
            own: RwLock::new(own),
            compiled: Mutex::default(),
        }
    }

    /// The contract that all of them are compiled from.
    pub fn contract(&self) -> &'static Contract {
        self.contract
    }

    /// The rulebook of merchants that name no dialect.
    pub fn own(&self) -> Arc<Rulebook> {
        Arc::clone(&self.own.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces all rulebooks.
    pub fn replace(&self, own: Arc<Rulebook>, compiled: Compiled) {
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = own;
        *self.compiled() = compiled;
    }

    /// The rulebook of the dialect with this name or path; compiled on first use.
    pub fn get(&self, dialect: &str) -> anyhow::Result<Arc<Rulebook>> {
        let own = self.own();
        if dialect == own.dialect().name {
            return Ok(own);
        }
        if let Some(rulebook) = self.compiled().get(dialect) {
            return Ok(Arc::clone(rulebook));
        }
        // Compile without the lock: it takes long, and doing it twice does no harm.
        let rulebook = compile(self.contract, dialect)?;
        let mut compiled = self.compiled();
        let kept = compiled.entry(dialect.to_owned()).or_insert(rulebook);
        Ok(Arc::clone(kept))
    }

    fn compiled(&self) -> MutexGuard<'_, Compiled> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a shipped dialect, or the server's own, has this name.
    pub fn has(&self, name: &str) -> bool {
        name == self.own().dialect().name || self.contract.dialect_names().contains(&name)
    }
}

/// Compiles the contract for the dialect with this name or path.
pub fn compile(contract: &'static Contract, dialect: &str) -> anyhow::Result<Arc<Rulebook>> {
    let dialect = contract.dialect(dialect)?;
    Ok(Arc::new(Rulebook::compile(contract, dialect)?))
}
