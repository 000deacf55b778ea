//! The planned cases. Each names the clause it is about before anything is sent.

mod broken;
mod clauses;
mod discovery;
mod edges;
mod lacking;
mod made;
mod pairwise;
mod params;
mod rules;
mod typed;
mod working;

pub(crate) use broken::{breaks_only, broken_at, is_request_clause};
pub(crate) use clauses::broken_case;
pub(crate) use discovery::{add_working_resting, working_init};
pub(crate) use lacking::is_of_block;
pub(crate) use made::Broken;
pub use params::{IDENTITY, agreeing, replaced};
pub(crate) use params::{base_params, bases, once, thinned, violations};
pub(crate) use rules::lives;
pub use typed::JsonTypes;
pub(crate) use working::{INIT, RESTING, accepted, out_of_reach};
pub use working::{Samples, Working};

use crate::server::case::{Case, Encoding};
use flexiti_contract::{Rule, Rulebook};

/// The first cases: whether a token can be obtained.
pub fn token_cases() -> Vec<Case> {
    rules::accepted()
}

/// The cases of the encodings and paths of init.
pub fn init_cases(rulebook: &Rulebook, working: &Working) -> Vec<Case> {
    let mut cases = Vec::new();
    for encoding in Encoding::ALL {
        if rulebook.is_active(encoding.clause()) {
            cases.extend(rules::encoding(rulebook, encoding, working));
        }
    }
    for endpoint in INIT {
        if rulebook.is_active(accepted(endpoint)) {
            cases.extend(rules::path(rulebook, working, endpoint));
        }
    }
    cases
}

/// All other cases.
pub fn cases(rulebook: &Rulebook, working: &Working) -> Vec<Case> {
    let mut cases = Vec::new();
    for clause in rulebook.clauses() {
        match Rule::from_id(&clause.id) {
            Some(rule) => cases.extend(rules::cases(rulebook, rule, working)),
            None => cases.extend(clauses::cases(rulebook, clause, working)),
        }
    }
    cases.extend(pairwise::cases(rulebook, working));
    cases
}
