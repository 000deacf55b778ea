//! What to ask, planned before anything is sent: every case names the one clause it is about.

mod clauses;
mod rules;

pub use clauses::{Broken, base_params, bases, broken_at, broken_case, replaced, thinned};
pub(crate) use clauses::{breaks_only, flat};

use crate::case::{Account, Case, Expect, Kind, Step};
use crate::draft::{Draft, Encoding, Params, Payload, encode};
use flexiti_contract::{Check, Clause, Contract, Endpoint, Rule, Rulebook};
use serde_json::{Value, json};

/// What of the target works: everything else rests on it.
#[derive(Debug, Clone, Default)]
pub struct Working {
    /// The init paths.
    pub endpoints: Vec<Endpoint>,
    /// The encodings of init.
    pub encodings: Vec<Encoding>,
}

impl Working {
    /// The encoding for what could be sent in any.
    pub fn preferred(&self) -> Encoding {
        self.encodings
            .first()
            .copied()
            .unwrap_or(Encoding::FormDotted)
    }

    /// Whether init can be sent so.
    pub fn carries(&self, encoding: Encoding) -> bool {
        self.encodings.contains(&encoding)
    }
}

/// The very first cases: is there a token?
pub fn token_cases() -> Vec<Case> {
    rules::accepted()
}

/// A case that finds out whether a path of init works in an encoding.
pub fn probe(rulebook: &Rulebook, endpoint: Endpoint, encoding: Encoding) -> Option<Case> {
    let base = bases(rulebook, endpoint).into_iter().next()?;
    let draft = draft(endpoint, &base, encoding)?;
    let name = format!("probe {encoding:?}");
    Some(case(
        accepted(endpoint),
        &name,
        Kind::Positive,
        draft,
        Expect::Granted,
    ))
}

/// The cases of the encodings and paths of init.
pub fn init_cases(rulebook: &Rulebook, working: &Working) -> Vec<Case> {
    let mut cases = Vec::new();
    for encoding in Encoding::ALL {
        if rulebook.is_active(encoding.clause()) {
            cases.extend(rules::encoding(rulebook, encoding, &working.endpoints));
        }
    }
    for endpoint in INIT {
        if rulebook.is_active(accepted(endpoint)) {
            cases.extend(rules::path(rulebook, endpoint, working.preferred()));
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

/// The two paths of init.
pub const INIT: [Endpoint; 2] = [Endpoint::InitV2, Endpoint::InitPlain];

/// Whether a clause needs init to work before anything can be said of it.
pub fn needs_init(clause: &Clause) -> bool {
    !clause.endpoints.is_empty() && !clause.covers(Endpoint::Token)
}

/// The foundation clause of an endpoint.
pub fn accepted(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Token => Rule::TokenAccepted.id(),
        Endpoint::InitV2 => Rule::V2Accepted.id(),
        Endpoint::InitPlain => Rule::PlainAccepted.id(),
        Endpoint::NotificationOrder => Rule::NotificationOrder.id(),
        Endpoint::NotificationMerchantOrder => Rule::NotificationMerchantOrder.id(),
        Endpoint::NotificationOld => Rule::NotificationOldPath.id(),
        Endpoint::Calculator => Rule::CalculatorAccepted.id(),
        Endpoint::Availability => Rule::AvailabilityAccepted.id(),
        Endpoint::LearnMore => Rule::LearnMoreServed.id(),
    }
}

/// Whether the clause's predicate is a constraint on parameters.
pub fn is_request_clause(clause: &Clause) -> bool {
    clause.check == Check::Request
}

/// The parameters of a token request with the client's own keys.
pub fn token_params() -> Params {
    [
        ("client_id", "{{client_id}}"),
        ("client_secret", "{{client_secret}}"),
        ("grant_type", "client_credentials"),
        ("scope", "merchant"),
    ]
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .into()
}

/// A plain token request.
pub fn token_draft() -> Draft {
    draft(Endpoint::Token, &token_params(), Encoding::FormDotted)
        .unwrap_or_else(|| Draft::post("/oauth/token", Payload::None))
}

/// A request to an endpoint with its usual headers; `None` where the encoding cannot carry it.
pub fn draft(endpoint: Endpoint, params: &Params, encoding: Encoding) -> Option<Draft> {
    let mut body = params.clone();
    let reference = body.iter().position(|(name, _)| name == REFERENCE_ID);
    let reference = reference.map(|at| body.remove(at).1);
    let payload = encode(&body, encoding)?;
    let path = &Contract::shipped().endpoint(endpoint).path;
    let mut draft = Draft::post(path.replace("{clientId}", "{{client_id}}"), payload);
    match reference {
        Some(Value::String(id)) => draft = draft.header(REFERENCE_ID, &id),
        Some(_) => {}
        None => draft = draft.header(REFERENCE_ID, "{{reference_id}}"),
    }
    if endpoint != Endpoint::Token {
        draft = draft.header("authorization", "Bearer {{token}}");
    }
    Some(draft)
}

/// The header that traces an operation. Among parameters, null takes it away.
pub const REFERENCE_ID: &str = "x-reference-id";

/// A case of one request on the main account.
pub(crate) fn case(clause: &str, name: &str, kind: Kind, draft: Draft, expect: Expect) -> Case {
    let sign = match kind {
        Kind::Positive => "keeps",
        Kind::Negative => "breaks",
    };
    Case {
        id: format!("{clause}/{sign}/{name}"),
        clause: clause.to_owned(),
        kind,
        account: Account::Main,
        steps: vec![Step::Send(draft)],
        expect,
        blame: None,
    }
}
