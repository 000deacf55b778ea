//! Refusals: those that a clause promises, and which clause to blame for an unexpected one.

use crate::server::case::Case;
use crate::server::wire::readback::endpoint_of;
use crate::server::wire::{Answer, Exchange};
use flexiti_contract::{Asserts, Endpoint, ErrorShape, Rulebook};
use serde_json::Value;
use std::fmt::Write as _;

/// The promised refusal, if the answer is not that.
pub(super) fn fault(
    rulebook: &Rulebook,
    case: &Case,
    answer: &Answer,
    param: Option<&str>,
    header: Option<&(String, String)>,
) -> Option<String> {
    let refusal = rulebook.refusal_of(&case.clause)?;
    let clause = rulebook.contract().clause(&case.clause)?;
    let mut expected = format!("{} {}", refusal.status.as_u16(), refusal.error);
    let fields = match (param, clause.msg) {
        (Some(param), Some(msg)) if rulebook.knobs().error_shape != ErrorShape::Doc => {
            let _ = write!(expected, ", field_errors: {param} {}", msg.as_str());
            Some((param, msg))
        }
        _ => None,
    };
    if let Some((name, value)) = header {
        let _ = write!(expected, ", {name}: {value}");
    }
    let body = answer.json().unwrap_or(Value::Null);
    let right_error =
        answer.status == refusal.status.as_u16() && body["error"] == refusal.error.as_str();
    let right_fields = fields.is_none_or(|(param, msg)| {
        let listed = body["field_errors"].as_array();
        listed.is_some_and(|list| {
            list.len() == 1 && list[0]["param"] == param && list[0]["msg"] == msg.as_str()
        })
    });
    let right_header = header.is_none_or(|(name, value)| {
        answer
            .header(name)
            .is_some_and(|found| found.contains(value.as_str()))
    });
    (!(right_error && right_fields && right_header)).then_some(expected)
}

/// The clause to blame for refusing a request that keeps all clauses: the one about the parameter
/// that the server names, else the one that the case names.
pub(super) fn culprit(
    rulebook: &Rulebook,
    case: &Case,
    exchange: &Exchange,
    answer: &Answer,
) -> String {
    let own = rulebook.contract().clause(&case.clause);
    if own.is_some_and(|clause| clause.asserts == Asserts::Grant) && case.blame.is_none() {
        return case.clause.clone();
    }
    let body = answer.json().unwrap_or(Value::Null);
    let named = body["field_errors"].get(0).and_then(|field| {
        let endpoint = endpoint_of(rulebook.contract(), exchange)?;
        clause_about(
            rulebook,
            endpoint,
            field["param"].as_str()?,
            field["msg"].as_str()?,
        )
    });
    named
        .or_else(|| case.blame.clone())
        .unwrap_or_else(|| case.clause.clone())
}

/// The clause that would refuse `param` with `msg`, in this dialect or in another.
fn clause_about(rulebook: &Rulebook, endpoint: Endpoint, param: &str, msg: &str) -> Option<String> {
    let says = |clause: &&flexiti_contract::Clause| {
        clause.msg.is_some_and(|word| word.as_str() == msg) && clause.covers(endpoint)
    };
    let here = rulebook.clauses().filter(says).find(|clause| {
        let places = rulebook.sites(&clause.id);
        places
            .iter()
            .any(|place| place.endpoint == endpoint && place.param == param)
    });
    let block = param.split('.').next().unwrap_or(param);
    let elsewhere = || {
        rulebook
            .contract()
            .clauses
            .iter()
            .filter(says)
            .find(|clause| {
                clause.id.contains(&format!(".{param}."))
                    || clause.id.contains(&format!(".{block}."))
            })
    };
    here.or_else(elsewhere).map(|clause| clause.id.clone())
}
