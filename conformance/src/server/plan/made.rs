//! Requests built once for a dialect and used often: valid ones, and those with one defect.

use crate::server::case::Params;
use flexiti_contract::{Clause, Endpoint, ParameterSite, Rulebook};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// A valid request.
#[derive(Debug)]
pub struct Base {
    /// With every parameter.
    pub full: Params,
    /// With required parameters only.
    pub bare: Params,
}

/// A request with exactly one defect.
#[derive(Debug, Clone)]
pub struct Broken {
    /// A name for the defect.
    pub name: String,
    /// The valid request it was made from.
    pub base: Params,
    /// The request.
    pub params: Params,
    /// The value of the broken parameter; null if it was removed.
    pub value: Value,
    /// Whether only the length of the value is wrong.
    pub too_long: bool,
}

/// The requests of one dialect.
#[derive(Debug, Default)]
struct OfDialect {
    answers: Map<String, Value>,
    bases: HashMap<Endpoint, Arc<[Base]>>,
    broken: HashMap<(String, Endpoint, String), Arc<[Broken]>>,
}

/// The requests of each dialect, built once. They depend only on the dialect's answers and the rest
/// of [`Working`](super::Working).
#[derive(Debug, Clone, Default)]
pub struct Made(Arc<Mutex<Vec<OfDialect>>>);

impl PartialEq for Made {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Made {
    /// The valid requests to an endpoint, built on first use.
    pub fn bases(
        &self,
        rulebook: &Rulebook,
        endpoint: Endpoint,
        make: impl FnOnce() -> Arc<[Base]>,
    ) -> Arc<[Base]> {
        self.once(rulebook, |made| &mut made.bases, endpoint, make)
    }

    /// The requests that break a clause at a site, built on first use.
    pub fn broken(
        &self,
        rulebook: &Rulebook,
        clause: &Clause,
        place: &ParameterSite,
        make: impl FnOnce() -> Arc<[Broken]>,
    ) -> Arc<[Broken]> {
        let key = (clause.id.clone(), place.endpoint, place.param.clone());
        self.once(rulebook, |made| &mut made.broken, key, make)
    }

    /// Looks up a cached value, building it on first use. Building may use the cache.
    fn once<K: Eq + Hash, T>(
        &self,
        rulebook: &Rulebook,
        place: fn(&mut OfDialect) -> &mut HashMap<K, Arc<[T]>>,
        key: K,
        make: impl FnOnce() -> Arc<[T]>,
    ) -> Arc<[T]> {
        let known = self.of(rulebook, |made| place(made).get(&key).cloned());
        known.unwrap_or_else(|| {
            let fresh = make();
            self.of(rulebook, |made| place(made).insert(key, Arc::clone(&fresh)));
            fresh
        })
    }

    fn of<T>(&self, rulebook: &Rulebook, with: impl FnOnce(&mut OfDialect) -> T) -> T {
        let answers = &rulebook.dialect().answers;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|made| made.answers == *answers);
        let at = at.unwrap_or_else(|| {
            known.push(OfDialect {
                answers: answers.clone(),
                ..OfDialect::default()
            });
            known.len() - 1
        });
        with(&mut known[at])
    }
}
