//! Every defect of a parameter in every flow and every encoding, each pair at least once. Shows
//! what one encoding loses or one flow does not check.

use super::broken::{breaks_only, broken_at, case_of, is_request_clause};
use super::edges::kind_of;
use super::made::Base;
use super::params::{made, minimal, replaced};
use super::working::Working;
use crate::server::case::requests::request_to;
use crate::server::case::{Case, Expect, Kind, Phase};
use flexiti_contract::{Clause, ParameterSite, Rulebook};

/// How many defects of a parameter to try in each pair.
const DEFECTS: usize = 2;

/// The cases for all clauses about parameters of init.
pub(super) fn cases(rulebook: &Rulebook, working: &Working) -> Vec<Case> {
    let mut cases = accepted(rulebook, working);
    let mut turn = 0;
    for clause in rulebook
        .clauses()
        .filter(|clause| is_request_clause(clause))
    {
        for place in rulebook.sites(&clause.id) {
            if working.init().any(|endpoint| endpoint == place.endpoint) {
                turn += 1;
                cases.extend(defects(rulebook, clause, place, working, turn));
            }
        }
    }
    for case in &mut cases {
        case.phase = Phase::Pairwise;
    }
    cases
}

/// Each flow in each encoding, with all parameters and with only the required ones.
fn accepted(rulebook: &Rulebook, working: &Working) -> Vec<Case> {
    let mut cases = Vec::new();
    for endpoint in working.init() {
        for Base { full, bare } in made(rulebook, working, endpoint).iter() {
            let flow = kind_of(rulebook, full);
            for encoding in &working.encodings {
                for (what, params) in [("everything", full), ("only what is required", bare)] {
                    let Some(request) = request_to(endpoint, params, *encoding) else {
                        continue;
                    };
                    let name = format!("{} {what}, {flow} as {encoding:?}", endpoint.id());
                    let clause = encoding.clause();
                    let expect = Expect::Granted;
                    cases.push(Case::of_request(
                        clause,
                        &name,
                        Kind::Positive,
                        request,
                        expect,
                    ));
                }
            }
        }
    }
    cases
}

fn defects(
    rulebook: &Rulebook,
    clause: &Clause,
    place: &ParameterSite,
    working: &Working,
    turn: usize,
) -> Vec<Case> {
    let bases = made(rulebook, working, place.endpoint);
    let encodings = &working.encodings;
    let mut cases = Vec::new();
    // Omissions are tried everywhere anyway.
    let broken = broken_at(rulebook, clause, place, working);
    let broken = broken.iter().filter(|broken| broken.value.is_string());
    for broken in broken.take(DEFECTS) {
        // With another flow, the kind is another one, too.
        let is_flow = place.param == "flow";
        let tried = if is_flow {
            &broken.base
        } else {
            &broken.params
        };
        let tried = (kind_of(rulebook, tried), working.preferred());
        for at in 0..bases.len().max(encodings.len()) {
            let (Some(Base { full, bare }), Some(encoding)) = (
                bases.get(at % bases.len().max(1)),
                encodings.get((at + turn) % encodings.len().max(1)),
            ) else {
                continue;
            };
            let kind = kind_of(rulebook, full);
            let params = replaced(full, &place.param, &broken.value);
            let is_meant = |params: &_| {
                let is_kind = is_flow || kind_of(rulebook, params) == kind;
                breaks_only(rulebook, clause, place, params) && is_kind
            };
            if !is_meant(&params) || (kind.clone(), *encoding) == tried {
                continue;
            }
            let mut broken = broken.clone();
            // A server that takes the flow for another one expects that one's parameters as well.
            broken.params = if is_flow {
                params
            } else {
                let few = Some(replaced(bare, &place.param, &broken.value)).filter(is_meant);
                few.unwrap_or_else(|| minimal(&params, is_meant))
            };
            let Some(request) = request_to(place.endpoint, &broken.params, *encoding) else {
                continue;
            };
            let name = format!(
                "{} {} {}, {kind} as {encoding:?}",
                place.endpoint.id(),
                place.param,
                broken.name
            );
            cases.push(case_of(rulebook, clause, place, &broken, request, &name));
        }
    }
    cases
}
