//! Rules about individual parameters.

use crate::lint::finding::{Found, listed, quoted};
use crate::lint::history::History;
use flexiti_contract::dialect::Alias;
use flexiti_contract::{Endpoint, Flow, Given, StoredParameters};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The suffix of clauses about ASCII.
pub const ASCII: &str = ".text.ascii";

/// Inits on the `/v2` path whose flow is only to apply (R-cur).
pub fn v2_apply_only(history: &History<'_>) -> Vec<Found> {
    let is_one = |flow: &str| history.rulebook.flow(flow) == Some(Flow::Apply);
    let calls = history.calls.iter().filter(|call| {
        call.endpoint == Endpoint::InitV2 && call.param("flow").is_some_and(|flow| is_one(&flow))
    });
    let requests: BTreeSet<u64> = calls.map(|call| call.id).collect();
    if requests.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "inits on /v2 whose flow is only to apply: {}",
        requests.len()
    );
    vec![Found::new(message, requests)]
}

/// Names that the endpoint does not have, in readable requests.
pub fn unknown(history: &History<'_>) -> Vec<Found> {
    let ignored = history.rulebook.knobs().merchant_order_id_alias == Alias::Ignore;
    let mut names: BTreeMap<&str, BTreeMap<&str, BTreeSet<u64>>> = BTreeMap::new();
    for call in history.calls.iter().filter(|call| call.params.is_some()) {
        let endpoint = if call.is_init() {
            "init"
        } else {
            call.endpoint.id()
        };
        let other = Some("merchant_order_id").filter(|_| ignored && call.sent.other_order_id);
        let unknown = call.sent.unknown.iter().map(String::as_str).chain(other);
        for name in unknown {
            let names = names.entry(endpoint).or_default();
            names.entry(name).or_default().insert(call.id);
        }
    }
    let found = names.into_iter().map(|(endpoint, names)| {
        let shown = listed(names.keys().map(|name| quoted(name)));
        let message = format!("{endpoint} has no parameter {shown}");
        Found::new(message, names.into_values().flatten().collect())
    });
    found.collect()
}

/// Values with characters outside printable ASCII, where the strict dialect has a clause about
/// that.
pub fn not_ascii(history: &History<'_>) -> Vec<Found> {
    let Some(strict) = history.strict() else {
        return Vec::new();
    };
    let mut places: HashMap<(Endpoint, &str), &str> = HashMap::new();
    for clause in strict.clauses().filter(|c| c.id.ends_with(ASCII)) {
        let of_clause = strict.sites(&clause.id).iter();
        places.extend(of_clause.map(|p| ((p.endpoint, p.param.as_str()), clause.id.as_str())));
    }
    let mut found: BTreeMap<(&str, &str), BTreeSet<u64>> = BTreeMap::new();
    for call in &history.calls {
        let params = call.params.iter().flat_map(StoredParameters::iter);
        for (param, _) in params.filter(|(_, value)| !is_ascii(value)) {
            if let Some(clause) = places.get(&(call.endpoint, param.name.as_str())) {
                let requests = found.entry((clause, &param.name)).or_default();
                requests.insert(call.id);
            }
        }
    }
    let found = found.into_iter().map(|((clause, name), requests)| {
        let message = format!("`{name}` contains characters outside printable ASCII");
        Found::new(message, requests).of_clause(clause)
    });
    found.collect()
}

/// Whether a value is printable ASCII, or not text at all.
fn is_ascii(value: &Given<'_>) -> bool {
    let printable = |byte: u8| (b' '..=b'~').contains(&byte);
    match value {
        Given::Text(text) => text.bytes().all(printable),
        Given::Json(_) => true,
    }
}
