//! Verdicts. Pure: a case and its exchanges in, verdicts on clauses out.

mod callback;
mod expected;
mod pairs;
mod refusal;
mod seen;
mod sights;

use crate::exchange::{Exchange, Part};
use crate::server::case::Case;
use flexiti_contract::{Contract, Endpoint, Rule, Rulebook};
use serde::Serialize;

/// What one observation says of one clause.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The clause.
    pub clause: String,
    /// What was wrong; nothing if the clause was kept.
    pub fault: Option<Fault>,
}

/// A promise that was broken.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// What the clause says must come back.
    pub expected: String,
    /// What came back.
    pub actual: String,
    /// Which of the case's exchanges shows it.
    #[serde(skip)]
    pub exchange: usize,
}

/// Judges a case by its exchanges: the clause it is about, and every clause that can be seen in
/// any answer.
pub fn judge(rulebook: &Rulebook, case: &Case, exchanges: &[Exchange]) -> Vec<Verdict> {
    let last = exchanges.len().saturating_sub(1);
    let mut verdicts: Vec<Verdict> = exchanges
        .iter()
        .enumerate()
        .filter(|(_, exchange)| exchange.part != Part::Admin)
        .flat_map(|(at, exchange)| {
            let ordinary = case.expect.is_ordinary(at, last);
            seen::observe(rulebook, at, exchange, ordinary)
        })
        .collect();
    let dead = |v: &Verdict| v.clause == Rule::Robust.id() && v.fault.is_some();
    if verdicts.iter().any(dead) {
        // A server that broke down has said nothing about the clause.
        return verdicts;
    }
    verdicts.extend(expected::expectation(rulebook, case, exchanges));
    verdicts
}

fn kept(clause: &str) -> Verdict {
    Verdict {
        clause: clause.to_owned(),
        fault: None,
    }
}

fn broken(clause: &str, at: usize, expected: impl Into<String>, actual: String) -> Verdict {
    Verdict {
        clause: clause.to_owned(),
        fault: Some(Fault {
            expected: expected.into(),
            actual,
            exchange: at,
        }),
    }
}

/// `kept` or `broken`, for a clause that the dialect has.
fn look(
    rulebook: &Rulebook,
    rule: Rule,
    at: usize,
    exchange: &Exchange,
    fault: Option<String>,
) -> Option<Verdict> {
    rulebook.enforces(rule).then(|| match fault {
        None => kept(rule.id()),
        Some(expected) => broken(rule.id(), at, expected, exchange.actual()),
    })
}

/// The endpoint whose path an exchange went to.
pub fn endpoint_of(contract: &Contract, exchange: &Exchange) -> Option<Endpoint> {
    let url = exchange.url.split('?').next()?;
    let fits = |template: &str| {
        let mut path = url.rsplit('/');
        template
            .rsplit('/')
            .take_while(|segment| !segment.is_empty())
            .all(|segment| {
                path.next().is_some_and(|part| {
                    part == segment || segment.starts_with('{') && !part.is_empty()
                })
            })
    };
    let row = contract.endpoints.iter().find(|row| fits(&row.path))?;
    Some(row.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_by_whole_segments() {
        let base = "http://127.0.0.1:1/behind/a/proxy/flexiti/online-api";
        for (path, endpoint) in [
            ("/oauth/token", Some(Endpoint::Token)),
            ("/oauth/tokens", None),
            (
                "/online/v2/client-id/x/systems/init",
                Some(Endpoint::InitV2),
            ),
            (
                "/online/client-id/x/systems/init?a=/oauth/token",
                Some(Endpoint::InitPlain),
            ),
            ("/online/client-id//systems/init", None),
            (
                "/online/client-id/x/notifications/order-id/7",
                Some(Endpoint::NotificationOrder),
            ),
            (
                "/online/client-id/x/notifications/merchant-order-id/7",
                Some(Endpoint::NotificationMerchantOrder),
            ),
            (
                "/online/client-id/x/notifications/7",
                Some(Endpoint::NotificationOld),
            ),
            ("/online/client-id/x/notifications", None),
        ] {
            let exchange = Exchange {
                part: Part::Api,
                method: "GET".to_owned(),
                url: format!("{base}{path}"),
                sent_headers: Vec::new(),
                sent: Vec::new(),
                answer: Err(String::new()),
                secrets: Vec::new(),
            };
            let found = endpoint_of(Contract::shipped(), &exchange);
            assert_eq!(found, endpoint, "{path}");
        }
    }
}
