//! Breaks clauses on purpose, so that `flexiti-conformance self-test` can measure whether the
//! runner notices. The production path is not involved: a clause is broken by leaving it out of the
//! rulebook, by another answer to a knob, or by a saboteur around the pipeline.

mod account;
mod checkout;
mod http;
mod init;
mod means;
mod messaging;
mod notification;
mod rewrite;
pub mod semantic;
mod token;

use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::sabotage::means::{Means, Saboteur, means};
use crate::server::serve::Handle;
use anyhow::{Context as _, ensure};
use flexiti_contract::{Contract, Dialect, Rule, Rulebook};
use std::sync::Arc;

/// The wrapper of a server that breaks one clause.
#[derive(Debug)]
pub struct Sabotaged {
    saboteur: Option<Saboteur>,
}

impl Sabotaged {
    /// The rulebook and the wrapper of a server that breaks `clause` in `dialect` and keeps all
    /// others. Fails if no clause has this id, or if the dialect cannot have the answer to a knob
    /// that would break it.
    pub fn new(
        contract: &'static Contract,
        dialect: Dialect,
        clause: &str,
    ) -> anyhow::Result<(Arc<Rulebook>, Self)> {
        let sources = contract.sources();
        let is_known = contract.clause(clause).is_some();
        ensure!(is_known, "no clause is called `{clause}`");
        // Clauses expressed by a schema are broken by leaving them out.
        let means = Rule::from_id(clause).map_or(Means::LeftOut, means);
        let (rulebook, saboteur) = match means {
            Means::LeftOut => (Rulebook::compile_without(contract, dialect, clause)?, None),
            Means::OtherAnswer(knob, answer) => {
                let answer = answer(&dialect);
                let dialect = dialect.with_answer(knob, answer, sources)?;
                (Rulebook::compile(contract, dialect)?, None)
            }
            Means::Saboteur(saboteur) => (Rulebook::compile(contract, dialect)?, Some(saboteur)),
            Means::Bug(name) => return Self::with_bug(contract, dialect, name),
        };
        Ok((Arc::new(rulebook), Self { saboteur }))
    }

    /// The rulebook and the wrapper of a server with the [bug](semantic::bugs) called `name`; an
    /// unknown name is an error.
    pub fn with_bug(
        contract: &'static Contract,
        dialect: Dialect,
        name: &str,
    ) -> anyhow::Result<(Arc<Rulebook>, Self)> {
        let bugs = semantic::bugs();
        let bug = bugs.iter().find(|bug| bug.name == name);
        let bug = bug.with_context(|| format!("no bug is called `{name}`"))?;
        let dialect = bug
            .answers
            .iter()
            .try_fold(dialect, |dialect, (knob, answer)| {
                let answer = serde_json::from_str(answer)?;
                anyhow::Ok(dialect.with_answer(knob, answer, contract.sources())?)
            })?;
        let rulebook = Rulebook::compile(contract, dialect)?;
        let saboteur = Some(bug.saboteur);
        Ok((Arc::new(rulebook), Self { saboteur }))
    }
}

impl Handle for Sabotaged {
    fn handle(&self, service: &Service, request: &Request) -> Reply {
        match self.saboteur {
            Some(saboteur) => saboteur(service, request),
            None => service.handle(request),
        }
    }
}
