//! What of a target works, and what rests on what.

use crate::server::case::Encoding;
use flexiti_contract::{Clause, Endpoint, Rulebook};

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
