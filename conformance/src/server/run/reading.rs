//! How a server is read: the contract in the server's own dialect.

use super::options::Options;
use crate::server::case::Case;
use crate::server::generate;
use crate::server::plan::{self, Samples, Working};
use crate::server::probe::{self, Probed};
use crate::server::report::Learned;
use crate::server::wire::{Session, Target};
use flexiti_contract::{Contract, Dialect, LoadError, Rulebook};
use std::sync::{Arc, Mutex, PoisonError};

/// How a server is read. A question that the documentation leaves open is asked once, when the
/// server is probed; the clauses that merely pass through it are judged by the answer.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The contract in the server's dialect. Where the server's answer contradicts the
    /// documentation, the yardstick's answer stands here, so that a case shows the violation.
    pub rulebook: Arc<Rulebook>,
    /// The values that the server takes.
    pub samples: Samples,
    /// The name of the dialect that answers are compared with.
    pub yardstick: String,
    /// The questions that the server answers otherwise than the yardstick.
    pub learned: Vec<Learned>,
    plans: Plans,
}

/// The planned cases for each set of things that work, so that several servers that are read alike
/// are planned once.
#[derive(Debug, Clone, Default)]
struct Plans(Arc<Mutex<Vec<Plan>>>);

/// What works, and the cases for it.
type Plan = (Working, Arc<[Case]>);

impl Reading {
    /// Reads a server by a dialect, without asking it.
    pub fn by(rulebook: &Arc<Rulebook>) -> Self {
        Self {
            rulebook: Arc::clone(rulebook),
            samples: Samples::default(),
            yardstick: rulebook.dialect().name.clone(),
            learned: Vec::new(),
            plans: Plans::default(),
        }
    }

    /// Reads a server by what a probe found out. Answers that contradict the documentation are
    /// put right, unless the yardstick itself gives them.
    pub fn of(probed: &Probed, yardstick: &Dialect) -> Result<Self, LoadError> {
        let contract = Contract::shipped();
        let mut dialect = contract.corrected(&probed.dialect, yardstick)?;
        // Reports name what the server is compared with.
        dialect.name.clone_from(&yardstick.name);
        Ok(Self {
            rulebook: Arc::new(Rulebook::compile(contract, dialect)?),
            samples: probed.samples.clone(),
            yardstick: yardstick.name.clone(),
            learned: probed.learned(contract),
            plans: Plans::default(),
        })
    }

    /// The planned cases for a server where this works.
    pub(super) fn plan(&self, working: &Working) -> Arc<[Case]> {
        let mut known = self.plans.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cases)) = known.iter().find(|(planned, _)| planned == working) {
            return Arc::clone(cases);
        }
        let cases: Arc<[Case]> = plan::cases(&self.rulebook, working).into();
        known.push((working.clone(), Arc::clone(&cases)));
        cases
    }
}

/// Probes a server. The requests that it takes count against the options' limit.
pub fn probe(
    target: &Target,
    yardstick: &Dialect,
    options: &mut Options,
) -> Result<Probed, LoadError> {
    let rng = generate::rng(options.seed, "probe");
    let mut session = Session::new(target, rng, options.max_requests, options.rate);
    let before = session.remaining();
    let mut probed = probe::probe(&mut session, Contract::shipped(), yardstick)?;
    options.max_requests = session.remaining();
    options.notes.extend(session.notes());
    probed.calls = before - session.remaining();
    Ok(probed)
}
