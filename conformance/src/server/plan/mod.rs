//! The planned cases. Each one names the clause it is about before anything is sent.

mod clauses;
mod params;
mod rules;
mod working;

pub(crate) use clauses::{Broken, breaks_only, broken_at, broken_case, is_request_clause};
pub use params::replaced;
pub(crate) use params::{bases, once, thinned, violations};
pub(crate) use working::{INIT, RESTING, accepted, out_of_reach};
pub use working::{Samples, Working};

use crate::server::case::requests::request_to;
use crate::server::case::{Case, Encoding, Expect, Kind};
use flexiti_contract::{Endpoint, Rule, Rulebook};

/// The very first cases: can a token be obtained?
pub fn token_cases() -> Vec<Case> {
    rules::accepted()
}

/// A case that probes whether a path of init works in an encoding.
pub fn probe(
    rulebook: &Rulebook,
    samples: &Samples,
    endpoint: Endpoint,
    encoding: Encoding,
) -> Option<Case> {
    let working = Working {
        samples: samples.clone(),
        ..Working::default()
    };
    let base = bases(rulebook, &working, endpoint).into_iter().next()?;
    let request = request_to(endpoint, &base, encoding)?;
    let name = format!("probe {encoding:?}");
    Some(Case::of_request(
        accepted(endpoint),
        &name,
        Kind::Positive,
        request,
        Expect::Granted,
    ))
}

/// A case that probes an endpoint which depends on init, or on a token.
pub fn probe_resting(rulebook: &Rulebook, endpoint: Endpoint, working: &Working) -> Option<Case> {
    let rule = Rule::from_id(accepted(endpoint))?;
    let cases = rules::cases(rulebook, rule, working);
    cases.into_iter().find(|case| case.kind == Kind::Positive)
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
    cases
}
