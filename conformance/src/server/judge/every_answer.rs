//! Clauses that apply to every answer.

use super::verdict::{Mismatch, Verdict, differs, kept, look};
use super::{money, room, secrets};
use crate::server::wire::readback::{self, endpoint_of};
use crate::server::wire::{Answer, Exchange, Surface};
use flexiti_contract::dialect::UnknownPathBody;
use flexiti_contract::{Endpoint, ErrorId, Part, Rule, Rulebook};
use serde_json::{Value, json};

/// Verdicts on the clauses about every answer. Members are checked only if the answer is an
/// ordinary one; garbage may be refused by something in front of the server.
pub(super) fn observe(
    rulebook: &Rulebook,
    at: usize,
    exchange: &Exchange,
    ordinary: bool,
    garbage: bool,
) -> Vec<Verdict> {
    // 501 is right for an unknown method (RFC 9110, 9.1).
    let alive = exchange
        .answer()
        .filter(|answer| answer.status < 500 || answer.status == 501);
    let Some(answer) = alive else {
        let expected = "an answer other than 5xx".to_owned();
        let verdict = look(rulebook, Rule::Robust, at, exchange, Some(expected));
        return verdict.into_iter().collect();
    };
    let mut seen = Seen {
        rulebook,
        at,
        exchange,
        verdicts: Vec::new(),
    };
    seen.see(Rule::Robust, hardly_meant(rulebook, exchange, answer));
    let leaked = secrets::repeated(rulebook, at, exchange, answer);
    seen.verdicts.extend(leaked);
    if exchange.surface == Surface::Pages {
        return seen.verdicts;
    }
    let endpoint = endpoint_of(rulebook.contract(), exchange);
    let is_refusal = (400..500).contains(&answer.status) || answer.is_disguised_refusal();
    if is_refusal && exchange.method != "HEAD" {
        let about = endpoint.filter(|_| !garbage);
        let shape = error_shape(rulebook, about, at, exchange, answer);
        seen.verdicts.extend(shape);
    }
    if sent(exchange, "origin").is_some() {
        seen.see(Rule::Cors, cors(rulebook, answer));
    }
    // An HTML page comes from something in front of the server that blocks garbage.
    let is_api = answer.json().is_some_and(|body| body.is_object());
    if let Some(endpoint) = endpoint.filter(|_| is_api || !garbage) {
        seen.at_endpoint(endpoint, answer, ordinary);
    }
    seen.verdicts
}

/// What was expected instead of an undocumented answer that cannot be intentional: a refusal with a
/// success status, or a "JSON" answer that is not a JSON object.
fn hardly_meant(rulebook: &Rulebook, exchange: &Exchange, answer: &Answer) -> Option<String> {
    let endpoint = endpoint_of(rulebook.contract(), exchange)?;
    if answer.is_disguised_refusal() {
        return Some("a refusal with a 4xx status".to_owned());
    }
    let is_answer = answer.granted()
        && exchange.method == rulebook.contract().endpoint(endpoint).method
        && !answer.body.is_empty();
    let is_object = || answer.json().is_some_and(|body| body.is_object());
    (is_answer && !is_object()).then(|| "a JSON object".to_owned())
}

/// The verdicts on one answer.
struct Seen<'a> {
    rulebook: &'a Rulebook,
    at: usize,
    exchange: &'a Exchange,
    verdicts: Vec<Verdict>,
}

impl Seen<'_> {
    /// Records a clause as kept, or with what was expected instead.
    fn see(&mut self, rule: Rule, expected: Option<String>) {
        let verdict = look(self.rulebook, rule, self.at, self.exchange, expected);
        self.verdicts.extend(verdict);
    }

    /// Checks the clauses about an endpoint's answers.
    fn at_endpoint(&mut self, endpoint: Endpoint, answer: &Answer, ordinary: bool) {
        let (rulebook, at, exchange) = (self.rulebook, self.at, self.exchange);
        let contract = rulebook.contract();
        if answer.status == 401 && endpoint != Endpoint::Token {
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            let missing = !challenge.starts_with("Bearer");
            let expected = missing.then(|| "www-authenticate: Bearer …".to_owned());
            self.see(Rule::Challenge, expected);
        }
        if !answer.granted() || exchange.method != contract.endpoint(endpoint).method {
            return;
        }
        let is_json = answer.is("application/json");
        let expected = (!is_json).then(|| "content-type: application/json".to_owned());
        self.see(Rule::SuccessMediaType, expected);
        let about = |rule: Rule| {
            let clause = contract.clause(rule.id());
            clause.is_some_and(|clause| clause.covers(endpoint))
        };
        if about(Rule::NoStore) {
            let cache = answer.header("cache-control");
            let stored = cache.is_none_or(|value| !value.contains("no-store"));
            let expected = stored.then(|| "cache-control: no-store".to_owned());
            self.see(Rule::NoStore, expected);
        }
        if about(Rule::RedirectNoCredentials) {
            let leaked = secrets::in_redirection_url(rulebook, at, exchange, answer);
            self.verdicts.extend(leaked);
        }
        if about(Rule::MonthlyPaymentAmount) {
            let amount = money::printed(&exchange.url, answer);
            self.see(Rule::MonthlyPaymentAmount, amount);
        }
        if about(Rule::CalculatorHtmlAmount) {
            let amount = shown_amount(rulebook, at, exchange, answer);
            self.verdicts.extend(amount);
        }
        if ordinary && !says_nothing(endpoint, exchange, answer) {
            let members = response(rulebook, endpoint, at, exchange, answer);
            self.verdicts.extend(members);
        }
    }
}

/// The verdict on the amount in a calculator's fragment, if it has both.
fn shown_amount(
    rulebook: &Rulebook,
    at: usize,
    exchange: &Exchange,
    answer: &Answer,
) -> Option<Verdict> {
    let body = answer.json()?;
    let html = body["htmlRender"]
        .as_str()
        .filter(|html| !html.is_empty())?;
    let monthly = body["paymentPlan"]["monthlyPayment"].as_str()?;
    let missing = !money::shows(html, monthly);
    let fault = missing.then(|| format!("htmlRender with {monthly}"));
    look(rulebook, Rule::CalculatorHtmlAmount, at, exchange, fault)
}

/// Whether an answer has nothing to judge: the calculator's for a price without a plan, or a
/// notification about an unfinished order. The contents of those are undocumented.
fn says_nothing(endpoint: Endpoint, exchange: &Exchange, answer: &Answer) -> bool {
    let body = answer.json().unwrap_or_default();
    match endpoint {
        Endpoint::Calculator => {
            let printed = is_printed(exchange);
            let plan = &body["paymentPlan"];
            let without =
                plan.is_null() || plan["monthlyPayment"] == "" || body["htmlRender"] == "";
            body == json!({}) || (!printed && without)
        }
        Endpoint::NotificationOrder
        | Endpoint::NotificationMerchantOrder
        | Endpoint::NotificationOld => {
            // 202 means that processing is not finished (RFC 9110, 15.3.3).
            [json!({}), json!([]), json!(""), Value::Null].contains(&body)
                || [202, 204].contains(&answer.status)
        }
        _ => false,
    }
}

/// Whether the calculator was called with the price of the reference's example.
fn is_printed(exchange: &Exchange) -> bool {
    exchange.url.contains("price=499&") || exchange.url.ends_with("price=499")
}

/// Whether the body of a notification is something else: it has no member of a notification.
fn is_something_else(endpoint: Endpoint, body: &Value) -> bool {
    let notifies = matches!(
        endpoint,
        Endpoint::NotificationOrder
            | Endpoint::NotificationMerchantOrder
            | Endpoint::NotificationOld
    );
    notifies && has_none(body)
}

fn has_none(body: &Value) -> bool {
    const MEMBERS: [&str; 5] = ["transaction_id", "flow", "callback_url", "date", "apply"];
    MEMBERS.iter().all(|member| body[member].is_null())
}

/// Whether the notification is nested inside something else.
fn is_wrapped(body: &Value) -> bool {
    let members = body.as_object().into_iter().flat_map(|body| body.values());
    members
        .filter(|inner| inner.is_object())
        .any(|inner| !has_none(inner))
}

/// Verdicts on the clauses about the members of a successful answer.
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
    let contract = rulebook.contract();
    let faults = rulebook.check_response(endpoint, &body);
    if is_something_else(endpoint, &body) {
        // A single finding instead of one for each missing member.
        let clause = faults.first().and_then(|(id, _)| contract.clause(id));
        let verdict = clause.map(|clause| {
            let expected = "a notification, as the reference prints it".to_owned();
            let mismatch = if is_wrapped(&body) {
                Mismatch::of_clause(clause, expected)
            } else {
                // No page documents notifications for orders without an outcome.
                Mismatch::open(Part::Spelling, Some("notification_unfinished"), expected)
            };
            differs(&clause.id, at, mismatch, exchange.actual())
        });
        return verdict.into_iter().collect();
    }
    rulebook
        .clauses()
        .filter(|clause| {
            clause.check == flexiti_contract::Check::Response && clause.covers(endpoint)
        })
        .map(
            |clause| match faults.iter().find(|(id, _)| *id == clause.id) {
                None => kept(&clause.id),
                Some((_, what)) => {
                    let expected = exchange.redact(what);
                    let room = room::leaves(rulebook, clause, endpoint, &body).or_else(|| {
                        // An example is evidence only for its own price.
                        let elsewhere = !is_printed(exchange);
                        room::of_amounts(clause, &body).filter(|_| elsewhere)
                    });
                    let mismatch = match room {
                        Some(knob) => Mismatch::open(Part::Spelling, Some(&knob), expected),
                        None => Mismatch::of_clause(clause, expected),
                    };
                    differs(&clause.id, at, mismatch, exchange.actual())
                }
            },
        )
        .collect()
}

/// The verdict on the shape of a refusal. The pages print several shapes; a refusal of init's
/// parameters must have one of them (R-old3, R-v3).
fn error_shape(
    rulebook: &Rulebook,
    endpoint: Option<Endpoint>,
    at: usize,
    exchange: &Exchange,
    answer: &Answer,
) -> Option<Verdict> {
    const OF_PARAMETERS: [u16; 4] = [400, 402, 409, 422];
    if !rulebook.enforces(Rule::ErrorShape) {
        return None;
    }
    let html = rulebook.knobs().unknown_path_body == UnknownPathBody::Html;
    let unknown = rulebook.refusal(ErrorId::NotFound).status.as_u16();
    if answer.status == unknown && html && answer.is("text/html") {
        // The answer to an unknown path.
        return Some(kept(Rule::ErrorShape.id()));
    }
    let body = answer.json();
    let disguised = answer.is_disguised_refusal();
    let fault = match &body {
        _ if disguised => Some("a refusal with a 4xx status".to_owned()),
        _ if !answer.is("application/json") => Some("content-type: application/json".to_owned()),
        None => Some("a JSON body".to_owned()),
        Some(body) => rulebook.check_error_body(body),
    };
    let Some(expected) = fault else {
        return Some(kept(Rule::ErrorShape.id()));
    };
    let of_init = endpoint.is_some_and(|e| [Endpoint::InitV2, Endpoint::InitPlain].contains(&e));
    let printed = || body.as_ref().is_some_and(room::has_a_printed_shape);
    // An unreadable request has no parameters, and a gateway may refuse it in its own words. With
    // an HTML page it may also block what looks like an attack.
    let is_page = !answer.is("application/json");
    let read = || {
        let params = endpoint.and_then(|e| readback::parameters(rulebook, e, exchange));
        params.is_some_and(|params| !is_page || are_plain(&params)) && !exchange.sent.contains(&0)
    };
    let status = disguised || (OF_PARAMETERS.contains(&answer.status) && !printed());
    let violates = of_init && status && read() && !lacks_token(exchange);
    let mismatch = Mismatch {
        violates,
        ..Mismatch::open(Part::Shape, Some("error_shape"), expected)
    };
    let rule = Rule::ErrorShape.id();
    Some(differs(rule, at, mismatch, exchange.actual()))
}

/// Whether a request may be refused for its token, perhaps by something in front of the server: it
/// has none, or one that the server never issued.
fn lacks_token(exchange: &Exchange) -> bool {
    let bearer = sent(exchange, "authorization").unwrap_or_default();
    let token = bearer.strip_prefix("Bearer ");
    !token.is_some_and(|token| exchange.secrets.iter().any(|secret| secret.value == token))
}

/// Whether the parameters are free of characters that are special to programs behind a server, such
/// as quotes, brackets, semicolons and control characters.
fn are_plain(params: &Value) -> bool {
    let is_plain = |sign: char| sign.is_alphanumeric() || " .,@:/_+-".contains(sign);
    let members = params.as_object().into_iter().flatten();
    let mut texts = members.filter_map(|(_, value)| value.as_str());
    texts.all(|text| text.chars().all(is_plain))
}

fn cors(rulebook: &Rulebook, answer: &Answer) -> Option<String> {
    let allowed = answer.header("access-control-allow-origin").is_some();
    match (rulebook.knobs().cors, allowed) {
        (true, false) => Some("access-control-allow-origin".to_owned()),
        (false, true) => Some("no access-control-allow-origin".to_owned()),
        _ => None,
    }
}

fn sent<'a>(exchange: &'a Exchange, name: &str) -> Option<&'a str> {
    let found = exchange
        .sent_headers
        .iter()
        .find(|(header, _)| header == name);
    found.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_in_a_wrapper_is_told_from_another_answer() {
        for (body, wrapped) in [
            (
                json!({"notification": {"transaction_id": 1, "flow": "buy"}}),
                true,
            ),
            (json!({"status": "PENDING"}), false),
            (json!({"order": {"status": "PENDING"}}), false),
            (json!({}), false),
        ] {
            assert!(is_something_else(Endpoint::NotificationOrder, &body));
            assert_eq!(is_wrapped(&body), wrapped, "{body}");
        }
        let told = json!({"transaction_id": 1});
        assert!(!is_something_else(Endpoint::NotificationOrder, &told));
    }
}
