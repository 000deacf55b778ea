//! What works at a target, and what depends on what.

use super::made::Made;
use crate::server::case::Encoding;
use flexiti_contract::{Clause, Endpoint, Flow, Param, Rulebook};
use std::collections::{BTreeMap, BTreeSet};

/// The two paths of init.
pub const INIT: [Endpoint; 2] = [Endpoint::InitV2, Endpoint::InitPlain];

/// The endpoints that need a token, and usually an order.
pub const RESTING: [Endpoint; 6] = [
    Endpoint::NotificationOrder,
    Endpoint::NotificationMerchantOrder,
    Endpoint::NotificationOld,
    Endpoint::Calculator,
    Endpoint::Availability,
    Endpoint::LearnMore,
];

/// The endpoints that report on orders.
pub const NOTIFICATIONS: [Endpoint; 3] = [
    Endpoint::NotificationOrder,
    Endpoint::NotificationMerchantOrder,
    Endpoint::NotificationOld,
];

/// What works at the target, on which everything else depends.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Working {
    /// The endpoints, apart from the token endpoint.
    pub endpoints: Vec<Endpoint>,
    /// The encodings of init.
    pub encodings: Vec<Encoding>,
    /// The values that requests use.
    pub samples: Samples,
    /// The requests built from them.
    pub made: Made,
}

/// The values that a server is known to accept; the contract supplies the rest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// A value for a parameter; `None` if the server accepts none of its samples.
    pub values: BTreeMap<(Endpoint, String), Option<String>>,
    /// How the flows are spelled.
    pub flows: BTreeMap<Flow, String>,
    /// The parameters that accept some values only if nothing contradicts them; address members by
    /// their last name.
    pub agreeing: BTreeSet<String>,
    /// The init paths and flows for which the server requires a known customer, but knows none of
    /// the examples.
    pub nobody_known: BTreeSet<(Endpoint, Flow)>,
    /// The parameters that a flow must leave out.
    pub left_out: BTreeMap<Flow, BTreeSet<String>>,
    /// The flows that the init paths grant; `None` if unknown.
    pub granted: Option<Vec<(Endpoint, Flow)>>,
}

impl Samples {
    /// A value for a parameter.
    pub fn of<'s>(&'s self, endpoint: Endpoint, param: &'s Param) -> Option<&'s str> {
        let known = self.values.get(&(endpoint, param.name.clone()));
        match known {
            Some(known) => known.as_deref(),
            None => param.samples.first().map(String::as_str),
        }
    }

    /// The spelling of a flow.
    pub fn flow(&self, rulebook: &Rulebook, endpoint: Endpoint, flow: Flow) -> Option<String> {
        let samples = &rulebook.contract().param(endpoint, "flow")?.samples;
        let mut fitting = samples
            .iter()
            .filter(|text| rulebook.flow(text) == Some(flow));
        let known = self.flows.get(&flow);
        known.or_else(|| fitting.next()).cloned()
    }
}

impl Working {
    /// Everything that the dialect offers.
    pub fn everything(rulebook: &Rulebook) -> Self {
        let offered = |endpoint: &&Endpoint| rulebook.is_active(accepted(**endpoint));
        Self {
            endpoints: INIT
                .iter()
                .chain(&RESTING)
                .filter(offered)
                .copied()
                .collect(),
            encodings: Encoding::ALL
                .into_iter()
                .filter(|encoding| rulebook.is_active(encoding.clause()))
                .collect(),
            samples: Samples::default(),
            made: Made::default(),
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

    /// The encoding for requests that any encoding can carry.
    pub fn preferred(&self) -> Encoding {
        self.encodings
            .first()
            .copied()
            .unwrap_or(Encoding::FormDotted)
    }

    /// The encoding for forms.
    pub fn form(&self) -> Encoding {
        let mut forms = self.encodings.iter().copied();
        let read = forms.find(|encoding| *encoding != Encoding::Json);
        read.unwrap_or(Encoding::FormDotted)
    }

    /// Whether init reads forms.
    pub fn reads_forms(&self) -> bool {
        self.encodings.iter().any(|known| *known != Encoding::Json)
    }

    /// Whether init reads both forms and JSON.
    pub fn reads_both(&self) -> bool {
        self.reads_forms() && self.carries(Encoding::Json)
    }

    /// Whether init works in this encoding.
    pub fn carries(&self, encoding: Encoding) -> bool {
        self.encodings.contains(&encoding)
    }
}

/// Why a clause cannot be tested, if something it depends on does not work. The broken dependency
/// is reported under its own foundation clause.
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
