//! Refusals: those that a clause promises, and which clause to blame for an unexpected one.

use super::verdict::Mismatch;
use crate::server::case::Case;
use crate::server::wire::readback::{self, endpoint_of};
use crate::server::wire::{Answer, Exchange};
use flexiti_contract::dialect::UnknownPathBody;
use flexiti_contract::{
    Asserts, Check, Clause, Endpoint, ErrorId, Evidence, Part, Rulebook, Support,
};
use serde_json::Value;
use std::fmt::Write as _;

/// How an answer differs from the promised refusal. The refusal itself may be documented; its
/// status, words and named parameters never are, so each is a separate open question.
pub(super) fn fault(
    rulebook: &Rulebook,
    case: &Case,
    answer: &Answer,
    param: Option<&str>,
    header: Option<&(String, String)>,
) -> Option<Mismatch> {
    let contract = rulebook.contract();
    let clause = contract.clause(&case.clause)?;
    let refusal = rulebook.refusal_of(&case.clause)?;
    let mut expected = format!("{} {}", refusal.status.as_u16(), refusal.error);
    let fields = fields_expected(rulebook, clause, param);
    if let Some((param, msg)) = &fields {
        let _ = write!(expected, ", field_errors: {param} {msg}");
    }
    if let Some((name, value)) = header {
        let _ = write!(expected, ", {name}: {value}");
    }
    if answer.granted() {
        return Some(Mismatch::of_case(case, Part::Refused, expected));
    }
    let open = |part: Part, knob: &str| {
        let support = match part {
            Part::Status | Part::Error => rulebook
                .error_of(&case.clause)
                .map(|error| contract.support_of_error(error)),
            part => contract.support_of(part),
        };
        let documented = |support: Support<'_>| support.evidence <= Evidence::Example;
        Some(Mismatch {
            violates: case.must && support.is_some_and(documented),
            ..Mismatch::open(part, Some(knob), expected.clone())
        })
    };
    let body = answer.json().unwrap_or(Value::Null);
    // A refusal with a success status is the subject of the clause about error shapes.
    if answer.status != refusal.status.as_u16() && !answer.is_disguised_refusal() {
        return open(Part::Status, "error_statuses");
    }
    let html = rulebook.knobs().unknown_path_body == UnknownPathBody::Html;
    let unknown = rulebook.refusal(ErrorId::NotFound).status.as_u16();
    if html && answer.status == unknown && answer.is("text/html") {
        return None;
    }
    if body["error"] != refusal.error.as_str() {
        return open(Part::Error, "error_words");
    }
    if let Some((param, msg)) = &fields {
        let listed = listed(&body);
        let wanted: Vec<&str> = match rulebook.dialect().answer("buy_identity_named").as_str() {
            Some("both") if clause.id.ends_with(".identity") => vec!["customer_id", "vcc"],
            _ => vec![param],
        };
        let named = |field: &&Value| wanted.iter().any(|name| field["param"] == *name);
        if listed.is_empty() || !listed.iter().all(named) {
            return open(Part::Param, "field_errors_listed");
        }
        if listed.iter().any(|field| field["msg"] != msg.as_str()) {
            return open(Part::Msg, "msg_words");
        }
    }
    let right_header = header.is_none_or(|(name, value)| {
        answer
            .header(name)
            .is_some_and(|found| found.contains(value.as_str()))
    });
    if right_header {
        None
    } else {
        Some(Mismatch::open(Part::Header, None, expected))
    }
}

/// The field error that the clause and dialect promise.
fn fields_expected(
    rulebook: &Rulebook,
    clause: &Clause,
    param: Option<&str>,
) -> Option<(String, String)> {
    let lists = rulebook.knobs().error_shape.lists_fields();
    let (param, msg) = (rulebook.named(param?), rulebook.msg_of(&clause.id)?);
    lists.then(|| (param.to_owned(), msg.as_str().to_owned()))
}

/// The field errors of a refusal, under either name that the vendor's pages use.
fn listed(body: &Value) -> Vec<&Value> {
    let list = ["field_errors", "error_fields"]
        .iter()
        .find_map(|name| body[*name].as_array());
    list.into_iter().flatten().collect()
}

/// Whether a refusal names fewer than two of these parameters; `None` if the dialect lists none.
pub(super) fn unnamed(rulebook: &Rulebook, body: &Value, names: &[String]) -> Option<bool> {
    let listed = listed(body);
    if !rulebook.knobs().error_shape.lists_fields() {
        return None;
    }
    let is_listed = |name: &String| {
        let name = rulebook.named(name);
        listed.iter().any(|field| field["param"] == *name)
    };
    Some(names.iter().filter(|name| is_listed(name)).count() < 2)
}

/// The clause to blame if a request that keeps all clauses is refused: the one about the parameter
/// that the server names, otherwise the one that the case names.
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
    let named = listed(&body).first().and_then(|field| {
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

/// The clause that explains the refusal of a request that should be accepted, if that clause is
/// itself broken: the one that grants such requests. Applies if the refusal names only parameters
/// that the case is not about, or the server failed.
pub(super) fn foundation(
    rulebook: &Rulebook,
    case: &Case,
    exchange: &Exchange,
    answer: &Answer,
) -> Option<String> {
    let own = rulebook.contract().clause(&case.clause)?;
    let endpoint = endpoint_of(rulebook.contract(), exchange)?;
    let body = answer.json().unwrap_or(Value::Null);
    let named = listed(&body);
    let is_own = |field: &&Value| {
        let mut sites = rulebook.sites(&case.clause).iter();
        sites.any(|site| field["param"] == *rulebook.named(&site.param))
    };
    let is_of_parameters = own.check == Check::Request;
    let is_elsewhere = !own.covers(endpoint);
    let names_others = !named.is_empty() && !named.iter().any(is_own);
    let explains = (answer.status >= 500 || names_others) && (is_of_parameters || is_elsewhere);
    explains.then(|| endpoint.foundation().id().to_owned())
}

/// Whether a request that identifies the buyer by one of two parameters is refused for lack of the
/// other. What each may hold is open, but one is enough (R-seed).
pub(super) fn demands_the_other(
    rulebook: &Rulebook,
    case: &Case,
    exchange: &Exchange,
    answer: &Answer,
) -> bool {
    let own = rulebook.contract().clause(&case.clause);
    if !case.clause.ends_with(".identity") || !own.is_some_and(|c| rulebook.contract().is_must(c)) {
        return false;
    }
    let sent = endpoint_of(rulebook.contract(), exchange)
        .and_then(|endpoint| readback::parameters(rulebook, endpoint, exchange))
        .unwrap_or_default();
    let named = answer.field_errors().map(|(_, named)| named);
    let named = named.unwrap_or_default();
    let lacks = |other: &str| {
        sent[other].is_null()
            && named
                .iter()
                .all(|(param, msg)| param == other && msg == "required")
    };
    !named.is_empty() && ["customer_id", "vcc"].into_iter().any(lacks)
}

/// The clause that would refuse `param` with `msg`, in this or another dialect.
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
