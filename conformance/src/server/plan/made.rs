//! What is made of a dialect once and used often: valid requests, and those with one defect.

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
    /// With those only that it needs.
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
    /// The value is wrong by its length alone.
    pub too_long: bool,
}

/// The requests of one dialect.
#[derive(Debug, Default)]
struct OfDialect {
    answers: Map<String, Value>,
    bases: HashMap<Endpoint, Arc<[Base]>>,
    broken: HashMap<(String, Endpoint, String), Arc<[Broken]>>,
}

/// The requests of each dialect, each made once. They follow from the dialect's answers and from the
/// rest of [`Working`](super::Working), so that two are always alike.
#[derive(Debug, Clone, Default)]
pub struct Made(Arc<Mutex<Vec<OfDialect>>>);

impl PartialEq for Made {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Made {
    /// The valid requests to an endpoint, made now if they are not there.
    pub fn bases(
        &self,
        rulebook: &Rulebook,
        endpoint: Endpoint,
        make: impl FnOnce() -> Arc<[Base]>,
    ) -> Arc<[Base]> {
        self.once(rulebook, |made| &mut made.bases, endpoint, make)
    }

    /// The requests that break a clause at a place, made now if they are not there.
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

    /// What is kept in one place under one key, made if it is not there. Making it may look for more.
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
