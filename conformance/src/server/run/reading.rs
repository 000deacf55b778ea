//! The reading of a server: the contract in the server's own dialect.

use super::options::Options;
use crate::server::case::Case;
use crate::server::generate;
use crate::server::plan::{self, Samples, Working};
use crate::server::probe::{self, Probed};
use crate::server::report::Learned;
use crate::server::wire::{Session, Target};
use flexiti_contract::{Contract, Dialect, LoadError, Rulebook};
use std::sync::{Arc, Mutex, PoisonError};

/// The reading of a server. An open question is asked once, in the probe; clauses that merely
/// depend on it are judged by that answer.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The contract in the server's dialect. An answer that contradicts the documentation is
    /// replaced by the yardstick's, so that a case shows the violation.
    pub rulebook: Arc<Rulebook>,
    /// The values that the server accepts.
    pub samples: Samples,
    /// The name of the dialect that answers are compared with.
    pub yardstick: String,
    /// The questions that the server answers differently from the yardstick.
    pub learned: Vec<Learned>,
    plans: Plans,
}

/// Caches the planned cases by what works, so that servers with the same reading are planned once.
#[derive(Debug, Clone, Default)]
struct Plans(Arc<Mutex<Vec<Plan>>>);

/// What works, and the cases for it.
type Plan = (Working, Arc<[Case]>);

impl Reading {
    /// A reading by a dialect, without a probe.
    pub fn by(rulebook: &Arc<Rulebook>) -> Self {
        Self {
            rulebook: Arc::clone(rulebook),
            samples: Samples::default(),
            yardstick: rulebook.dialect().name.clone(),
            learned: Vec::new(),
            plans: Plans::default(),
        }
    }

    /// A reading by the results of a probe. Answers that contradict the documentation are
    /// corrected, unless the yardstick itself has them.
    pub fn of(probed: &Probed, yardstick: &Dialect) -> Result<Self, LoadError> {
        let contract = Contract::shipped();
        let mut dialect = contract.corrected(&probed.dialect, yardstick)?;
        // Reports name the dialect that the server is compared with.
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

/// Probes a server. Its requests count against the options' limit.
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
