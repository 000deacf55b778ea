//! Finds out what works at a target, on which everything else depends.

use super::params::made;
use super::rules;
use super::working::{INIT, RESTING, Samples, Working, accepted};
use crate::server::case::requests::request_to;
use crate::server::case::{Case, Encoding, Expect, Kind, Params};
use flexiti_contract::{Endpoint, Rule, Rulebook};

/// Sends a case, and returns whether its last request was granted.
pub type Granted<'g> = dyn FnMut(&Case) -> bool + 'g;

/// The working init paths, and the encodings that they accept.
pub fn working_init(rulebook: &Rulebook, samples: &Samples, granted: &mut Granted<'_>) -> Working {
    let mut found: Vec<(Endpoint, Encoding)> = Vec::new();
    for endpoint in INIT {
        for base in full_and_bare(rulebook, samples, endpoint) {
            let before = found.len();
            for encoding in Encoding::ALL {
                let offered =
                    rulebook.is_active(accepted(endpoint)) && rulebook.is_active(encoding.clause());
                let probe = probe(&base, endpoint, encoding).filter(|_| offered);
                if probe.is_some_and(|case| granted(&case)) {
                    found.push((endpoint, encoding));
                }
            }
            if found.len() > before {
                break;
            }
        }
    }
    let works = |endpoint: &Endpoint| found.iter().any(|(e, _)| e == endpoint);
    let endpoints: Vec<Endpoint> = INIT.into_iter().filter(works).collect();
    let carried = |encoding: &Encoding| found.iter().any(|(_, e)| e == encoding);
    // An encoding whose addresses are ignored still works if none are needed.
    let everywhere = |encoding: &Encoding| {
        let mut endpoints = endpoints.iter();
        endpoints.all(|endpoint| found.contains(&(*endpoint, *encoding)))
    };
    let mut encodings: Vec<Encoding> = Encoding::ALL.into_iter().filter(everywhere).collect();
    if encodings.is_empty() {
        encodings = Encoding::ALL.into_iter().filter(carried).collect();
    }
    Working {
        endpoints,
        encodings,
        samples: samples.clone(),
        ..Working::default()
    }
}

/// Adds those of the endpoints that need a token, and usually an order, that work.
pub fn add_working_resting(rulebook: &Rulebook, working: &mut Working, granted: &mut Granted<'_>) {
    for endpoint in RESTING {
        let offered = rulebook.is_active(accepted(endpoint));
        let probe = probe_resting(rulebook, endpoint, working);
        if probe.is_some_and(|case| offered && granted(&case)) {
            working.endpoints.push(endpoint);
        }
    }
}

/// The parameters that probe an init path: all, which shows every encoding, then only the required
/// ones, as a server may refuse what another flow needs.
fn full_and_bare(rulebook: &Rulebook, samples: &Samples, endpoint: Endpoint) -> Vec<Params> {
    let working = Working {
        samples: samples.clone(),
        ..Working::default()
    };
    let made = made(rulebook, &working, endpoint);
    let mut bases: Vec<Params> = made.iter().take(1).map(|base| base.full.clone()).collect();
    for base in made.iter() {
        if !bases.contains(&base.bare) {
            bases.push(base.bare.clone());
        }
    }
    bases
}

/// A case that probes whether a path of init works in an encoding.
fn probe(base: &Params, endpoint: Endpoint, encoding: Encoding) -> Option<Case> {
    let request = request_to(endpoint, base, encoding)?;
    let name = format!("probe {encoding:?}");
    Some(Case::of_request(
        accepted(endpoint),
        &name,
        Kind::Positive,
        request,
        Expect::Granted,
    ))
}

/// A case that probes an endpoint that depends on init or a token.
fn probe_resting(rulebook: &Rulebook, endpoint: Endpoint, working: &Working) -> Option<Case> {
    let rule = Rule::from_id(accepted(endpoint))?;
    let cases = rules::cases(rulebook, rule, working);
    cases.into_iter().find(|case| case.kind == Kind::Positive)
}
