//! Where each token came from.

use crate::clock::Millis;
use crate::lint::call::Call;
use crate::lint::identity::Identity;
use flexiti_contract::Endpoint;
use std::collections::HashMap;

/// An access token from an answer.
#[derive(Debug)]
pub(super) struct Pair {
    /// The index of the call that returned it.
    pub call: usize,
    /// The first access token in its chain of refreshes.
    pub root: Identity,
    pub scope: Option<String>,
    /// When it expires, by the merchant's clock.
    pub ends: Option<Millis>,
    /// The index of the call after which the shop cannot rely on it, because it was refused or
    /// refreshed.
    pub given_up: Option<usize>,
}

/// The tokens from all answers.
#[derive(Debug, Default)]
pub struct Tokens {
    pub(super) pairs: HashMap<Identity, Pair>,
    /// The access token that belongs to each refresh token.
    refreshes: HashMap<Identity, Identity>,
}

impl Tokens {
    /// Collects the tokens in these calls.
    pub fn of(calls: &[Call]) -> Self {
        let mut tokens = Self::default();
        for (at, call) in calls.iter().enumerate() {
            tokens.see(at, call);
        }
        tokens
    }

    fn see(&mut self, at: usize, call: &Call) {
        if call.endpoint != Endpoint::Token {
            let refused = call.bearer.filter(|_| call.status == 401);
            if let Some(pair) = refused.and_then(|token| self.pairs.get_mut(&token)) {
                pair.given_up.get_or_insert(at);
            }
            return;
        }
        let mut root = None;
        if let Some(used) = self.refreshed(call)
            && let Some(pair) = self.pairs.get_mut(&used)
        {
            pair.given_up.get_or_insert(at);
            root = Some(pair.root);
        }
        let Some(granted) = &call.granted else {
            return;
        };
        let life = granted.expires_in.map(|life| life.saturating_mul(1_000));
        let pair = Pair {
            call: at,
            root: root.unwrap_or(granted.access),
            scope: granted.scope.clone(),
            ends: life.map(|life| call.clock.saturating_add(life)),
            given_up: None,
        };
        self.pairs.insert(granted.access, pair);
        if let Some(refresh) = granted.refresh {
            self.refreshes.insert(refresh, granted.access);
        }
    }

    /// The access token that a call refreshes. One known reading of the documentation sends the
    /// access token itself (RT).
    pub(super) fn refreshed(&self, call: &Call) -> Option<Identity> {
        let used = call.sent.refresh_token.filter(|_| call.is_refresh())?;
        Some(self.refreshes.get(&used).copied().unwrap_or(used))
    }

    /// The first token in the chain that a call's token belongs to; a token of unknown origin
    /// starts its own.
    pub fn root(&self, call: &Call) -> Option<Identity> {
        let token = call.bearer?;
        Some(self.pairs.get(&token).map_or(token, |pair| pair.root))
    }

    /// The index of the call that returned this call's token.
    pub fn grant_of(&self, call: &Call) -> Option<usize> {
        Some(self.pairs.get(&call.bearer?)?.call)
    }
}
