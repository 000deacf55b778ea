//! Clauses broken on purpose, to measure whether the runner notices.

use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::server::serve::Handle;
use flexiti_contract::{Contract, Dialect, Rulebook};
use std::sync::Arc;

/// A server that breaks one clause.
#[derive(Debug)]
pub struct Sabotaged;

impl Sabotaged {
    /// The rulebook to start with, and what stands around the service.
    pub fn new(
        contract: &'static Contract,
        dialect: Dialect,
        clause: &str,
    ) -> anyhow::Result<(Arc<Rulebook>, Self)> {
        let rulebook = Rulebook::compile_without(contract, dialect, Some(clause))?;
        Ok((Arc::new(rulebook), Self))
    }
}

impl Handle for Sabotaged {
    fn handle(&self, service: &Service, request: &Request) -> Reply {
        service.handle(request)
    }
}
