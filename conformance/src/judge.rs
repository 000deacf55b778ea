//! Verdicts. Pure: a case and its exchanges in, verdicts on clauses out.

use crate::case::{Case, Expect};
use crate::exchange::{Answer, Exchange};
use flexiti_contract::{Asserts, Contract, Endpoint, ErrorShape, Rule, Rulebook};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;

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
    let mut verdicts: Vec<Verdict> = exchanges
        .iter()
        .enumerate()
        .flat_map(|(at, exchange)| observe(rulebook, at, exchange))
        .collect();
    let dead = |v: &Verdict| v.clause == Rule::Robust.id() && v.fault.is_some();
    if verdicts.iter().any(dead) {
        // A server that broke down has said nothing about the clause.
        return verdicts;
    }
    verdicts.extend(expectation(rulebook, case, exchanges));
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

/// What any exchange says of the clauses that hold of every answer.
fn observe(rulebook: &Rulebook, at: usize, exchange: &Exchange) -> Vec<Verdict> {
    let alive = exchange.answer().filter(|answer| answer.status < 500);
    let Some(answer) = alive else {
        let expected = "an answer that is no 5xx".to_owned();
        let verdict = look(rulebook, Rule::Robust, at, exchange, Some(expected));
        return verdict.into_iter().collect();
    };
    let mut verdicts = Vec::new();
    let mut see = |rule, fault| verdicts.extend(look(rulebook, rule, at, exchange, fault));
    see(Rule::Robust, None);
    let endpoint = endpoint_of(rulebook.contract(), exchange);
    if (400..500).contains(&answer.status) && exchange.method != "HEAD" {
        see(Rule::ErrorShape, error_shape(rulebook, answer));
    }
    if sent(exchange, "origin").is_some() {
        see(Rule::Cors, cors(rulebook, answer));
    }
    let Some(endpoint) = endpoint else {
        return verdicts;
    };
    if answer.status == 401 && endpoint != Endpoint::Token {
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        let missing = !challenge.starts_with("Bearer");
        see(
            Rule::Challenge,
            missing.then(|| "www-authenticate: Bearer …".to_owned()),
        );
    }
    if answer.status != 200 || exchange.method != "POST" {
        return verdicts;
    }
    if endpoint == Endpoint::Token {
        let stored = answer
            .header("cache-control")
            .is_none_or(|value| !value.contains("no-store"));
        see(
            Rule::NoStore,
            stored.then(|| "cache-control: no-store".to_owned()),
        );
    } else {
        let url = answer
            .json()
            .map(|body| body["redirection_url"].to_string());
        let leaks = |url: &String| {
            exchange
                .secrets
                .iter()
                .any(|s| !s.value.is_empty() && url.contains(&s.value))
        };
        let leaked = url.is_some_and(|url| leaks(&url));
        see(
            Rule::RedirectNoCredentials,
            leaked.then(|| "a URL without token or secret".to_owned()),
        );
    }
    verdicts.extend(response(rulebook, endpoint, at, exchange, answer));
    verdicts
}

/// What an answer of 200 says of the clauses about its members.
fn response(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    at: usize,
    exchange: &Exchange,
    answer: &Answer,
) -> Vec<Verdict> {
    let body = answer.json().unwrap_or(Value::Null);
    let body = if body.is_object() {
        body
    } else {
        Value::Object(serde_json::Map::new())
    };
    let faults = rulebook.check_response(endpoint, &body);
    rulebook
        .clauses()
        .filter(|clause| {
            clause.check == flexiti_contract::Check::Response && clause.covers(endpoint)
        })
        .map(
            |clause| match faults.iter().find(|(id, _)| *id == clause.id) {
                None => kept(&clause.id),
                Some((_, what)) => broken(&clause.id, at, exchange.redact(what), exchange.actual()),
            },
        )
        .collect()
}

fn error_shape(rulebook: &Rulebook, answer: &Answer) -> Option<String> {
    if !answer.is("application/json") {
        return Some("content-type: application/json".to_owned());
    }
    match answer.json() {
        None => Some("a JSON body".to_owned()),
        Some(body) => rulebook.check_error_body(&body),
    }
}

fn cors(rulebook: &Rulebook, answer: &Answer) -> Option<String> {
    let allowed = answer.header("access-control-allow-origin").is_some();
    match (rulebook.knobs().cors, allowed) {
        (true, false) => Some("access-control-allow-origin".to_owned()),
        (false, true) => Some("no access-control-allow-origin".to_owned()),
        _ => None,
    }
}

/// What the last exchange says of the clause that the case is about.
fn expectation(rulebook: &Rulebook, case: &Case, exchanges: &[Exchange]) -> Option<Verdict> {
    let at = exchanges.len().checked_sub(1)?;
    let exchange = &exchanges[at];
    let answer = exchange.answer()?;
    let verdict = |fault: Option<String>| match fault {
        None => kept(&case.clause),
        Some(expected) => broken(&case.clause, at, expected, exchange.actual()),
    };
    match &case.expect {
        Expect::Granted | Expect::Holds(..) if answer.status != 200 => {
            let clause = culprit(rulebook, case, exchange, answer);
            Some(broken(&clause, at, "200", exchange.actual()))
        }
        Expect::Alive | Expect::Granted => Some(kept(&case.clause)),
        Expect::Holds(pointer, value) => {
            // A member that is missing is the fault of the clause about that member.
            let body = answer.json()?;
            let found = body.pointer(pointer).filter(|found| !found.is_null())?;
            Some(verdict(
                (found != value).then(|| format!("200 with {value} at {pointer}")),
            ))
        }
        Expect::NotGranted => {
            let granted = !(400..500).contains(&answer.status);
            Some(verdict(granted.then(|| "a refusal (4xx)".to_owned())))
        }
        Expect::Refused { param, header } => Some(verdict(refusal_fault(
            rulebook,
            case,
            answer,
            param.as_deref(),
            header.as_ref(),
        ))),
        Expect::Same(a, b) => {
            let [a, b] = [exchanges.get(*a)?.answer()?, exchanges.get(*b)?.answer()?];
            if a.status == 200 || b.status == 200 {
                return None;
            }
            let differ = (a.status, &a.body) != (b.status, &b.body);
            Some(verdict(differ.then(|| {
                format!("the same as before: {} {}", a.status, a.text())
            })))
        }
        Expect::Distinct(a, b, pointers) => {
            if answer.status != 200 {
                return None;
            }
            let [a, b] = [
                exchanges.get(*a)?.answer()?.json()?,
                exchanges.get(*b)?.answer()?.json()?,
            ];
            let same = pointers
                .iter()
                .find(|pointer| a.pointer(pointer) == b.pointer(pointer));
            Some(verdict(
                same.map(|pointer| format!("another value at {pointer}")),
            ))
        }
        Expect::Preflight => Some(verdict(preflight_fault(rulebook, answer))),
        Expect::Page(None) => {
            let page = answer.status == 200 && answer.is("text/html");
            Some(verdict((!page).then(|| "200 text/html".to_owned())))
        }
        // No page speaks no language: that is the fault of the clause about the page.
        Expect::Page(Some(_)) if answer.status != 200 || !answer.is("text/html") => None,
        Expect::Page(Some(lang)) => {
            let spoken = html_lang(&String::from_utf8_lossy(&answer.body)).unwrap_or_default();
            let wrong = !spoken.starts_with(lang.as_str());
            Some(verdict(wrong.then(|| format!("<html lang=\"{lang}\">"))))
        }
    }
}

/// Why an answer is not the refusal that the clause promises, if it is not.
fn refusal_fault(
    rulebook: &Rulebook,
    case: &Case,
    answer: &Answer,
    param: Option<&str>,
    header: Option<&(String, String)>,
) -> Option<String> {
    let refusal = rulebook.refusal_of(&case.clause)?;
    let clause = rulebook.contract().clause(&case.clause)?;
    let mut expected = format!("{} {}", refusal.status, refusal.error);
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
    let right_error = answer.status == refusal.status && body["error"] == refusal.error.as_str();
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

/// The clause to hold responsible for refusing a request that keeps them all: the one the
/// server names, if it names a parameter; else the one the case says.
fn culprit(rulebook: &Rulebook, case: &Case, exchange: &Exchange, answer: &Answer) -> String {
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
        let places = rulebook.places(&clause.id);
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

fn preflight_fault(rulebook: &Rulebook, answer: &Answer) -> Option<String> {
    if !rulebook.knobs().cors {
        let refused = (400..500).contains(&answer.status);
        return (!refused).then(|| "a refusal (4xx)".to_owned());
    }
    let methods = answer
        .header("access-control-allow-methods")
        .unwrap_or_default();
    let headers = answer
        .header("access-control-allow-headers")
        .unwrap_or_default();
    let right = (200..300).contains(&answer.status)
        && methods.contains("POST")
        && ["authorization", "content-type", "x-reference-id"]
            .iter()
            .all(|name| headers.contains(name));
    (!right)
        .then(|| "2xx that allows POST with authorization, content-type, x-reference-id".to_owned())
}

/// The `lang` of a page's root element.
fn html_lang(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<html")?;
    let (tag, _) = rest.split_once('>')?;
    let (_, value) = tag.split_once("lang=")?;
    let value = value.trim_start_matches(['"', '\'']);
    let end = value
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .unwrap_or(value.len());
    Some(value[..end].to_ascii_lowercase())
}

fn sent<'a>(exchange: &'a Exchange, name: &str) -> Option<&'a str> {
    let found = exchange
        .sent_headers
        .iter()
        .find(|(header, _)| header == name);
    found.map(|(_, value)| value.as_str())
}

/// The endpoint whose path an exchange went to.
pub fn endpoint_of(contract: &Contract, exchange: &Exchange) -> Option<Endpoint> {
    let path = exchange.url.split('?').next()?;
    let fits = |template: &str| match template.split_once("{clientId}") {
        None => path.ends_with(template),
        Some((before, after)) => path.ends_with(after) && path.contains(before),
    };
    let row = contract.endpoints.iter().find(|row| fits(&row.path))?;
    Some(row.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_page_is_that_of_its_root() {
        assert_eq!(
            html_lang("<!doctype html><html lang=\"fr-CA\"><p lang=en>"),
            Some("fr-ca".into())
        );
        assert_eq!(html_lang("<html class=x lang='en'>"), Some("en".into()));
        assert_eq!(html_lang("<html>"), None);
    }
}
