//! The tokens of a session: fetched, cached, and replaced when they end.

use super::{CachedToken, Refused, Session, StepContext};
use crate::server::case::{Case, RequestTemplate, To, requests};
use crate::server::wire::answer::Answer;
use crate::server::wire::end::Stopped;
use crate::server::wire::exchange::Exchange;
use crate::server::wire::target::Credentials;
use serde_json::Value;
use std::time::{Duration, Instant};

impl Session<'_> {
    pub(super) fn issued(&self) -> u64 {
        self.delivery.issued()
    }

    /// Whether a refusal may be due to the token: a later token ended it, or its lifetime was too
    /// short.
    pub(super) fn may_have_ended(&self, case: &Case, exchange: &Exchange) -> bool {
        let Some((answer, held)) = exchange.answer().zip(self.cached.as_ref()) else {
            return false;
        };
        let replaced = held.issued < self.issued();
        if answer.status == 401 {
            return replaced || !case.clause.starts_with("auth.");
        }
        let known = self.token_refused.as_ref();
        replaced && known.is_some_and(|known| *known == refusal(answer))
    }

    /// Records a token that was refused early, if the next one is not. A single time may be an
    /// accident, such as a restart.
    pub(super) fn ended_early(
        &mut self,
        held: Option<&CachedToken>,
        refused: Exchange,
        next: &Exchange,
    ) {
        let helps = next.answer().is_some_and(|answer| answer.status != 401);
        let Some(held) = held.filter(|_| helps) else {
            return;
        };
        // No other token was issued except the one for the retry.
        if held.issued + 1 == self.issued() {
            self.early_ends += 1;
            if self.early_ends > 1 {
                self.early_end = Some(refused);
            }
        } else {
            self.ages.push(held.fetched.elapsed());
        }
    }

    /// The greatest age at which tokens ended early, if that was no accident: either this is their
    /// lifetime, or the tokens issued meanwhile ended them.
    pub fn suspected_life(&self) -> Option<Duration> {
        let accidents = 1;
        let ages = self.ages.iter().max();
        ages.filter(|_| self.ages.len() > accidents).copied()
    }

    /// A request that was refused because its token had ended early.
    pub fn early_end(&mut self) -> Option<Exchange> {
        self.early_end.take()
    }

    /// The value of `{{token}}`, if the request uses it.
    pub(super) fn token_for(
        &mut self,
        request: &RequestTemplate,
        account: &Credentials,
        own: bool,
    ) -> Result<Option<String>, Stopped> {
        let wanted = request
            .headers
            .iter()
            .any(|(_, value)| value.contains("{{token"))
            || matches!(&request.to, To::Path(path) if path.contains("{{token"));
        if !wanted {
            return Ok(None);
        }
        if own {
            if self.own_token.is_none() {
                self.own_token = Some(self.fetch_token(account)?.0);
            }
            return Ok(self.own_token.clone());
        }
        if self
            .cached
            .as_ref()
            .is_none_or(|cached| Instant::now() >= cached.until)
        {
            let (token, seconds) = self.fetch_token(account)?;
            let fetched = Instant::now();
            // Replace it after half its lifetime, so that a run never sends a token that is about
            // to expire.
            let until = fetched + Duration::from_secs(seconds / 2);
            self.cached = Some(CachedToken {
                token,
                fetched,
                until,
                issued: self.issued(),
            });
        }
        Ok(self.cached.as_ref().map(|cached| cached.token.clone()))
    }

    pub(super) fn fetch_token(&mut self, account: &Credentials) -> Result<(String, u64), Stopped> {
        let answer = self.fetch_tokens(account)?;
        let token = answer["access_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        Ok((token, answer["expires_in"].as_u64().unwrap_or(60)))
    }

    pub(super) fn fetch_tokens(&mut self, account: &Credentials) -> Result<Value, Stopped> {
        let request = requests::token_request();
        let context = StepContext {
            account,
            token: None,
            answers: &[],
            merchant_order: "",
        };
        let exchange = self.send(&request, &context)?;
        let answer = exchange.answer().filter(|answer| answer.granted());
        let body = answer
            .and_then(Answer::json)
            .filter(|body| body["access_token"].is_string());
        body.ok_or_else(|| Stopped::Inconclusive(format!("no token: {}", exchange.actual())))
    }
}

/// The status and error word of a refusal.
fn refusal(answer: &Answer) -> Refused {
    let word = answer.json();
    let word = word.and_then(|body| body["error"].as_str().map(str::to_owned));
    (answer.status, word)
}
