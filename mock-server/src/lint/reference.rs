//! Rules about the header that correlates the requests of an operation (R-cur, R-bul).

use crate::lint::call::Call;
use crate::lint::finding::{Found, listed, quoted};
use crate::lint::history::History;
use crate::lint::identity::Identity;
use flexiti_contract::Endpoint;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Token requests and inits without a reference id.
pub fn missing(history: &History<'_>) -> Vec<Found> {
    let mut requests: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for call in history.calls.iter().filter(|call| call.call) {
        let clause = match call.endpoint {
            Endpoint::Token => "token.reference_id.required",
            Endpoint::InitV2 | Endpoint::InitPlain => "init.reference_id.required",
            // No source requires it of the others.
            _ => continue,
        };
        if call.reference_id.is_none() {
            requests.entry(clause).or_default().insert(call.id);
        }
    }
    let found = requests.into_iter().map(|(clause, requests)| {
        let what = if clause.starts_with("token") {
            "token requests"
        } else {
            "init requests"
        };
        let message = format!("{what} without x-reference-id: {}", requests.len());
        Found::new(message, requests).of_clause(clause)
    });
    found.collect()
}

/// What requests are made for. Orders with the same order id of the shop are one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Operation<'h> {
    Merchant(&'h str),
    Order(u64),
}

/// The requests with one reference id.
#[derive(Debug, Default)]
struct Use<'h> {
    requests: BTreeSet<u64>,
    /// The operations whose init has it.
    opened: BTreeSet<Operation<'h>>,
    /// The operations of unrelated token grants.
    unrelated: HashSet<Operation<'h>>,
    /// Whether there are unrelated token grants.
    grants: bool,
}

/// Reference ids used for several operations, except those of [`constant`].
pub fn reused(history: &History<'_>) -> Vec<Found> {
    let found = Uses::of(history).several();
    let found = found.filter(|(_, _, constant)| !constant);
    let found = found.map(|(id, used, _)| {
        let message = if used.opened.len() > 1 {
            let orders = used.opened.len();
            format!("reference id {} opened {orders} orders", quoted(id))
        } else {
            let id = quoted(id);
            format!("reference id {id} is used in token requests for different orders")
        };
        Found::new(message, used.requests)
    });
    found.collect()
}

/// Reference ids that appear in every request of at least two orders.
pub fn constant(history: &History<'_>) -> Vec<Found> {
    let found = Uses::of(history).several();
    let found = found.filter(|(_, _, constant)| *constant);
    let found = found.map(|(id, used, _)| {
        let message = format!(
            "reference id {} is used in every request of several orders: {}",
            quoted(id),
            listed(used.opened.iter().map(|operation| match operation {
                Operation::Merchant(id) => quoted(id),
                Operation::Order(id) => id.to_string(),
            }))
        );
        Found::new(message, used.requests)
    });
    found.collect()
}

/// What each reference id is used for.
#[derive(Debug, Default)]
struct Uses<'h> {
    by_id: BTreeMap<&'h str, Use<'h>>,
    /// The only reference id of an operation's requests; `None` if there are several.
    only: HashMap<Operation<'h>, Option<&'h str>>,
}

impl<'h> Uses<'h> {
    fn of(history: &'h History<'_>) -> Self {
        let opens = |call: &&Call| call.is_init() && call.accepted();
        let orders = history.calls.iter().filter(opens).filter_map(|call| {
            let id = call.merchant_order_id.as_deref()?;
            Some((call.order_id?, Operation::Merchant(id)))
        });
        let orders: HashMap<u64, Operation<'h>> = orders.collect();
        let operation = |call: &Call| {
            let id = call.order_id?;
            Some(orders.get(&id).copied().unwrap_or(Operation::Order(id)))
        };
        let mut all = Self::default();
        if !any_stands_twice(history) {
            return all;
        }
        let mut served: HashMap<Identity, BTreeSet<Operation<'h>>> = HashMap::new();
        for call in &history.calls {
            let Some(operation) = operation(call) else {
                continue;
            };
            if let Some(root) = history.tokens.root(call) {
                served.entry(root).or_default().insert(operation);
            }
            let grant = history.tokens.grant_of(call);
            let grant = grant.map(|at| &history.calls[at]);
            for id in [Some(call), grant].into_iter().flatten() {
                all.carries(operation, id.reference_id.as_deref());
            }
        }
        for call in &history.calls {
            let Some(id) = call.reference_id.as_deref() else {
                continue;
            };
            let used = all.by_id.entry(id).or_default();
            used.requests.insert(call.id);
            // A request that a fault struck may be repeated with the same id.
            if call.is_init() && call.accepted() && call.fault.is_none() {
                used.opened.extend(operation(call));
            }
            let granted = call.granted.as_ref().filter(|_| call.fault.is_none());
            let granted = granted.and_then(|granted| served.get(&granted.access));
            if let Some(operations) = granted {
                let related = operations.iter().any(|o| used.unrelated.contains(o));
                used.grants |= !used.unrelated.is_empty() && !related;
                used.unrelated.extend(operations);
            }
        }
        all
    }

    /// Records that a request for an operation has a reference id.
    fn carries(&mut self, operation: Operation<'h>, id: Option<&'h str>) {
        let Some(id) = id else {
            return;
        };
        let only = self.only.entry(operation).or_insert(Some(id));
        if *only != Some(id) {
            *only = None;
        }
    }

    /// The ids used for several operations, and whether they are constants.
    fn several(self) -> impl Iterator<Item = (&'h str, Use<'h>, bool)> {
        let Self { by_id, only } = self;
        let several = by_id
            .into_iter()
            .filter(|(_, used)| used.opened.len() > 1 || used.grants);
        several.map(move |(id, used)| {
            let alone = |o: &&Operation<'_>| only.get(*o) == Some(&Some(id));
            let constant = used.opened.iter().filter(alone).count() > 1;
            (id, used, constant)
        })
    }
}

/// Whether two inits or two token requests share a reference id. In most journals none do, so there
/// is nothing to look for.
fn any_stands_twice(history: &History<'_>) -> bool {
    let mut ids = HashSet::new();
    let calls = history.calls.iter();
    let mut calls = calls.filter(|call| call.is_init() || call.granted.is_some());
    calls.any(|call| {
        let id = call.reference_id.as_deref();
        id.is_some_and(|id| !ids.insert((call.is_init(), id)))
    })
}
