//! Who calls: the bearer token of the endpoints behind the token endpoint.

use crate::app::App;
use crate::clock::Millis;
use crate::reject::Rejection;
use crate::request::Request;
use crate::state::Scope;
use flexiti_contract::dialect::Lax;
use flexiti_contract::{Endpoint, Rule, Rulebook};
use hyper::header::AUTHORIZATION;
use std::sync::Arc;

/// A call that may go on.
#[derive(Debug)]
pub struct Caller {
    /// The merchant that calls.
    pub client_id: Arc<str>,
    /// The token it called with; empty only on a server that does not ask for one.
    pub token: Arc<str>,
    /// The merchant's time.
    pub now: Millis,
}

/// Checks the token of a call to a path of `client_id`.
pub fn authenticate(
    app: &App,
    rulebook: &Rulebook,
    endpoint: Endpoint,
    client_id: Option<&str>,
    request: &Request,
    machine: Millis,
) -> Result<Caller, Rejection> {
    let in_path = client_id.unwrap_or_default();
    let in_path = if rulebook.enforces(Rule::PathQuotes) {
        in_path.trim_matches('"')
    } else {
        in_path
    };
    let header = request.header(&AUTHORIZATION);
    let token = bearer(rulebook, header.as_deref())?;
    let state = app.state();
    let caller = |client_id: &str, token: Arc<str>| match state.merchants.get(client_id) {
        Some(merchant) => Ok((
            merchant,
            Caller {
                now: merchant.clock.at(machine),
                token,
                client_id: Arc::clone(&merchant.client_id),
            },
        )),
        None => Err(Rejection::new(Rule::BearerKnown, "token_unknown")),
    };
    let Some((token, access)) = state.access.entry(token) else {
        let unchecked = rulebook.taken_away(Rule::BearerKnown)
            || (token.is_empty() && rulebook.taken_away(Rule::BearerRequired));
        if unchecked {
            return caller(in_path, token.into()).map(|(_, caller)| caller);
        }
        return Err(Rejection::new(Rule::BearerKnown, "token_unknown"));
    };
    if access.revoked {
        return Err(Rejection::new(Rule::RefreshRevokes, "token_unknown"));
    }
    let (merchant, caller) = caller(&access.client_id, Arc::clone(token))?;
    if caller.now >= access.expires && rulebook.enforces(Rule::BearerAlive) {
        return Err(Rejection::new(Rule::BearerAlive, "token_expired"));
    }
    if *caller.client_id != *in_path && rulebook.enforces(Rule::BearerClient) {
        let error = rulebook.error_id_of(Rule::BearerClient);
        let rejection = Rejection::new(Rule::BearerClient, error);
        return Err(if *in_path.trim_matches('"') == *caller.client_id {
            rejection.because("client_id in the path stands in double quotes")
        } else {
            rejection
        });
    }
    if access.scope == Scope::Customer
        && let Some((refused, accepted)) = scope_rules(endpoint)
        && (rulebook.enforces(refused) || rulebook.taken_away(accepted))
    {
        return Err(Rejection::new(refused, "insufficient_scope"));
    }
    if !merchant.account.provisioned && rulebook.enforces(Rule::InitProvisioned) {
        return Err(Rejection::new(Rule::InitProvisioned, "invalid_role"));
    }
    Ok(caller)
}

/// The rules that refuse and accept a customer's token. The endpoints for a shop's pages take
/// one: they are made for them (P-auth).
fn scope_rules(endpoint: Endpoint) -> Option<(Rule, Rule)> {
    match endpoint {
        Endpoint::Token | Endpoint::Calculator | Endpoint::Availability | Endpoint::LearnMore => {
            None
        }
        Endpoint::InitV2 | Endpoint::InitPlain => Some((Rule::Scope, Rule::ScopeCustomer)),
        Endpoint::NotificationOrder
        | Endpoint::NotificationMerchantOrder
        | Endpoint::NotificationOld => {
            Some((Rule::NotificationScope, Rule::NotificationScopeCustomer))
        }
    }
}

/// The token of a request, however its header is spelled.
pub fn token_of(request: &Request) -> Option<String> {
    let header = request.header(&AUTHORIZATION)?;
    header.split_whitespace().next_back().map(str::to_owned)
}

/// The token of the authorization header.
fn bearer<'h>(rulebook: &Rulebook, header: Option<&'h str>) -> Result<&'h str, Rejection> {
    let Some(header) = header.filter(|value| !value.trim().is_empty()) else {
        if rulebook.enforces(Rule::BearerRequired) {
            return Err(Rejection::new(Rule::BearerRequired, "token_missing"));
        }
        return Ok("");
    };
    if !rulebook.enforces(Rule::BearerScheme) {
        return Ok(header.split(' ').next_back().unwrap_or_default());
    }
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    let spelled = match rulebook.knobs().bearer_scheme {
        Lax::Exact => scheme == "Bearer",
        Lax::AnyCase => scheme.eq_ignore_ascii_case("bearer"),
    };
    if !spelled || token.is_empty() {
        return Err(Rejection::new(Rule::BearerScheme, "token_malformed"));
    }
    Ok(token.trim())
}
