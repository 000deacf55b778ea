//! The state of a course so far.

use flexiti_contract::{Flow, Rule, Rulebook};

/// This close to an expiry, in seconds, nothing is expected, since the real clock runs too.
pub(super) const NEAR: u64 = 5;

/// The properties of a token that affect answers.
pub(super) struct Token {
    /// The answer that issued it.
    pub(super) answer: usize,
    pub(super) issued: u64,
    pub(super) is_customer: bool,
    pub(super) is_used: bool,
    pub(super) is_ended: bool,
}

/// An order that was opened.
pub(super) struct Order {
    /// The answer that opened it.
    pub(super) answer: usize,
    pub(super) flow: Flow,
    pub(super) opened: u64,
    pub(super) outcome: Option<&'static str>,
    /// The last answer about it since its outcome, for each of its ids.
    pub(super) told: [Option<usize>; 2],
}

impl Token {
    /// Why a call with this token is refused. An error means that the token is about to expire.
    pub(super) fn refused(
        &self,
        rulebook: &Rulebook,
        now: u64,
        scope: Rule,
    ) -> Result<Option<Rule>, ()> {
        let life = u64::from(rulebook.knobs().token_ttl);
        let age = now - self.issued;
        if age.abs_diff(life) <= NEAR {
            return Err(());
        }
        Ok(if self.is_ended {
            Some(Rule::RefreshRevokes)
        } else if age > life {
            Some(Rule::BearerAlive)
        } else {
            Some(scope).filter(|scope| self.is_customer && rulebook.enforces(*scope))
        })
    }
}

impl Order {
    /// Whether the pages of an order may have closed.
    pub(super) fn may_be_closed(&self, rulebook: &Rulebook, now: u64) -> bool {
        let open = u64::from(rulebook.knobs().checkout_ttl);
        self.outcome.is_none() && now - self.opened + NEAR >= open
    }
}
