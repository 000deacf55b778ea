//! What to ask, planned before anything is sent: every case names the one clause it is about.

mod clauses;
mod params;
mod rules;

pub(crate) use clauses::breaks_only;
pub use clauses::{Broken, broken_at, broken_case};
pub use params::{bases, replaced, thinned};
pub(crate) use params::{flat, once};

use crate::case::{Account, Case, Expect, Kind, Step};
use crate::draft::{Draft, Encoding, Params, Payload, encode};
use flexiti_contract::{Check, Clause, Contract, Endpoint, Rule, Rulebook};
use serde_json::{Value, json};

/// What of the target works: everything else rests on it.
#[derive(Debug, Clone, Default)]
pub struct Working {
    /// The endpoints behind the token endpoint.
    pub endpoints: Vec<Endpoint>,
    /// The encodings of init.
    pub encodings: Vec<Encoding>,
}

impl Working {
    /// Everything that the dialect has.
    pub fn everything(rulebook: &Rulebook) -> Self {
        let offered = |endpoint: &&Endpoint| rulebook.is_active(accepted(**endpoint));
        Self {
            endpoints: INIT
                .iter()
                .chain(&RESTING)
                .filter(offered)
                .copied()
                .collect(),
            encodings: Encoding::ALL.into(),
        }
    }

    /// Whether the endpoint works.
    pub fn has(&self, endpoint: Endpoint) -> bool {
        self.endpoints.contains(&endpoint)
    }

    /// The init paths that work.
    pub fn init(&self) -> impl Iterator<Item = Endpoint> {
        INIT.into_iter().filter(|endpoint| self.has(*endpoint))
    }

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

/// A case that finds out whether an endpoint works that rests on init, or on a token.
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

/// The endpoints that show something only where a token, and mostly an order, can be had.
pub const RESTING: [Endpoint; 6] = [
    Endpoint::NotificationOrder,
    Endpoint::NotificationMerchantOrder,
    Endpoint::NotificationOld,
    Endpoint::Calculator,
    Endpoint::Availability,
    Endpoint::LearnMore,
];

/// The endpoints that tell of orders.
pub const NOTIFICATIONS: [Endpoint; 3] = [
    Endpoint::NotificationOrder,
    Endpoint::NotificationMerchantOrder,
    Endpoint::NotificationOld,
];

/// Why nothing can be said of a clause, if nothing can: what it rests on does not work. Of what
/// does not work its own foundation clause speaks.
pub fn out_of_reach(
    rulebook: &Rulebook,
    clause: &Clause,
    working: &Working,
) -> Option<&'static str> {
    let about = |endpoints: &[Endpoint]| clause.endpoints.iter().any(|e| endpoints.contains(e));
    if about(&[Endpoint::Token]) {
        return None;
    }
    if working.init().next().is_none() && (about(&INIT) || about(&NOTIFICATIONS)) {
        return Some("no init path works");
    }
    let is_foundation = clause.endpoints.iter().any(|e| accepted(*e) == clause.id);
    let mut offered = clause
        .endpoints
        .iter()
        .filter(|e| rulebook.is_active(accepted(**e)));
    let dead = offered.clone().next().is_some() && !offered.any(|e| working.has(*e));
    (dead && !is_foundation).then_some("the endpoint does not work")
}

/// The foundation clause of an endpoint.
pub fn accepted(endpoint: Endpoint) -> &'static str {
    endpoint.foundation().id()
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
/// Where the path names an order, it is the one that the case's first request opened.
pub fn draft(endpoint: Endpoint, params: &Params, encoding: Encoding) -> Option<Draft> {
    let mut body = params.clone();
    let reference = body.iter().position(|(name, _)| name == REFERENCE_ID);
    let reference = reference.map(|at| body.remove(at).1);
    let row = Contract::shipped().endpoint(endpoint);
    let path = row
        .path
        .replace("{clientId}", "{{client_id}}")
        .replace("{orderId}", "{{0/online_order_id}}")
        .replace("{merchantOrderId}", "{{merchant_order}}");
    let mut draft = Draft::post(path, Payload::None);
    draft.method.clone_from(&row.method);
    if !row.media_types.is_empty() {
        draft.payload = encode(&body, encoding)?;
    } else if let Payload::Form(pairs) = encode(&body, Encoding::FormDotted)? {
        draft.query = pairs;
    }
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
    case_of(clause, name, kind, vec![Step::Send(draft)], expect)
}

/// A case on the main account.
pub(crate) fn case_of(
    clause: &str,
    name: &str,
    kind: Kind,
    steps: Vec<Step>,
    expect: Expect,
) -> Case {
    let sign = match kind {
        Kind::Positive => "keeps",
        Kind::Negative => "breaks",
    };
    Case {
        id: format!("{clause}/{sign}/{name}"),
        clause: clause.to_owned(),
        kind,
        account: Account::Main,
        steps,
        expect,
        blame: None,
    }
}
