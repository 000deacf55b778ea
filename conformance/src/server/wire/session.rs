//! Runs cases: accounts, tokens, placeholders, and the record of every exchange.

use super::delivery::Delivery;
use super::end::{End, Stopped};
use super::exchange::{Answer, Exchange, Surface};
use super::limits::Limits;
use super::prepared::prepare;
use super::secrets::{self, Secrets};
use super::target::{Credentials, Target};
use crate::server::case::{
    Account, Case, Expect, RequestTemplate, Step, To, placeholders, requests,
};
use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const NO_ADMIN: &str = "the target has no admin API";

/// A token of the main account, and the time to replace it.
struct CachedToken {
    token: String,
    until: Instant,
    /// How many tokens the server had issued then.
    issued: u64,
}

/// The connection of a run to its target.
pub struct Session<'a> {
    target: &'a Target,
    rng: TestRng,
    cached: Option<CachedToken>,
    /// A token of the account that the case runs on, if that is its own.
    own_token: Option<String>,
    /// How many tokens have ended before their time.
    early_ends: usize,
    early_end: Option<Exchange>,
    other: Option<(Credentials, Value)>,
    /// How many tokens the server has issued to all sessions of the run.
    issued: Arc<AtomicU64>,
    delivery: Delivery,
    made: Vec<String>,
    /// Everything that no report may show.
    secrets: Secrets,
    /// The time that the cases of each clause took.
    took: BTreeMap<String, Duration>,
}

/// The values of the placeholders of one step.
struct StepContext<'a> {
    account: &'a Credentials,
    token: Option<String>,
    answers: &'a [Exchange],
    /// The merchant's own order id, the same within a case.
    merchant_order: &'a str,
}

impl<'a> Session<'a> {
    /// A session that sends at most `budget` requests, at most `rate` per second.
    pub fn new(target: &'a Target, rng: TestRng, budget: u64, rate: Option<f64>) -> Self {
        Self {
            target,
            rng,
            cached: None,
            own_token: None,
            early_ends: 0,
            early_end: None,
            other: None,
            issued: Arc::default(),
            delivery: Delivery::new(Limits::new(budget, rate, target.interrupted())),
            made: Vec::new(),
            secrets: Secrets::default(),
            took: BTreeMap::new(),
        }
    }

    /// Another session of the same run: it has its own tokens, and shares the limits.
    pub fn beside(&self) -> Self {
        Self {
            target: self.target,
            rng: self.rng.clone(),
            cached: None,
            own_token: None,
            early_ends: 0,
            early_end: None,
            other: None,
            issued: Arc::clone(&self.issued),
            delivery: self.delivery.beside(),
            made: Vec::new(),
            secrets: Secrets::default(),
            took: BTreeMap::new(),
        }
    }

    /// Takes over what another session of the run has learnt.
    pub fn absorb(&mut self, mut other: Self) {
        self.delivery.absorb(&other.delivery);
        self.secrets.absorb(std::mem::take(&mut other.secrets));
        self.made.append(&mut other.made);
        for (clause, took) in std::mem::take(&mut other.took) {
            *self.took.entry(clause).or_default() += took;
        }
    }

    /// Whether the target has an admin API.
    pub fn has_admin_api(&self) -> bool {
        self.target.has_admin_api()
    }

    /// Draws what it generates from this source from now on.
    pub fn draw_from(&mut self, rng: TestRng) {
        self.rng = rng;
    }

    /// How many requests are left.
    pub fn remaining(&self) -> u64 {
        self.delivery.limits.remaining()
    }

    /// Why the run has ended, if it has.
    pub fn ended(&self) -> Option<End> {
        self.delivery.limits.ended()
    }

    /// What a reader of the report should know.
    pub fn notes(&self) -> Vec<String> {
        self.delivery.notes()
    }

    /// Everything that no report may show.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The time that the cases of each clause took.
    pub fn took(&self) -> &BTreeMap<String, Duration> {
        &self.took
    }

    /// Runs a case and returns its exchanges, one for each request.
    pub fn run(&mut self, case: &Case) -> Result<Vec<Exchange>, Stopped> {
        let started = Instant::now();
        let exchanges = self.exchanges(case);
        *self.took.entry(case.clause.clone()).or_default() += started.elapsed();
        exchanges
    }

    fn exchanges(&mut self, case: &Case) -> Result<Vec<Exchange>, Stopped> {
        if let Some(end) = self.ended() {
            return Err(Stopped::Ended(end));
        }
        let needs_admin = |step: &Step| matches!(step, Step::Complete { .. });
        if case.steps.iter().any(needs_admin) && !self.target.has_admin_api() {
            return Err(Stopped::NotTestable(NO_ADMIN.to_owned()));
        }
        let own = match case.account {
            Account::Main => None,
            Account::Own if !self.target.has_admin_api() => None,
            _ if !self.target.has_admin_api() => {
                return Err(Stopped::NotTestable(NO_ADMIN.to_owned()));
            }
            kind => {
                let made = self.target.new_merchant(kind != Account::Unprovisioned);
                Some(made.map_err(Stopped::Inconclusive)?)
            }
        };
        let account = own.clone().unwrap_or_else(|| self.target.main.clone());
        let exchanges = self.steps(case, &account, own.is_some());
        if let Some(own) = own {
            // If this fails, the merchant costs the target a few hundred bytes.
            let _ = self.target.remove_merchant(&own.client_id);
        }
        exchanges
    }

    fn steps(
        &mut self,
        case: &Case,
        account: &Credentials,
        own: bool,
    ) -> Result<Vec<Exchange>, Stopped> {
        let mut exchanges: Vec<Exchange> = Vec::new();
        self.own_token = None;
        let merchant_order = format!("{:016x}", self.rng.next_u64());
        let is_course = matches!(case.expect, Expect::Course(_));
        for (at, step) in case.steps.iter().enumerate() {
            let done_so_far = exchanges.len();
            match self.step(
                case,
                at,
                step,
                account,
                own,
                &merchant_order,
                &mut exchanges,
            ) {
                // What a course is about may be missing because of the fault that it has found.
                Err(Stopped::Inconclusive(_)) if is_course && done_so_far > 0 => break,
                done => done?,
            }
        }
        Ok(exchanges)
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one case")]
    fn step(
        &mut self,
        case: &Case,
        at: usize,
        step: &Step,
        account: &Credentials,
        own: bool,
        merchant_order: &str,
        exchanges: &mut Vec<Exchange>,
    ) -> Result<(), Stopped> {
        let done = |done: Result<(), String>| done.map_err(Stopped::Inconclusive);
        match step {
            Step::Advance(_) | Step::Deprovision if !own => {
                return Err(Stopped::NotTestable(
                    "the target's clock cannot be set".to_owned(),
                ));
            }
            Step::Advance(seconds) => {
                self.own_token = None;
                done(self.target.advance(&account.client_id, *seconds))?;
            }
            Step::Deprovision => done(self.target.deprovision(&account.client_id))?,
            Step::Complete { order, outcome } => {
                let context = StepContext {
                    account,
                    token: None,
                    answers: exchanges,
                    merchant_order,
                };
                let order = self.fill(order, &context)?;
                let done = self.target.complete(&order, outcome);
                let mut exchange = done.map_err(Stopped::Inconclusive)?;
                let known = exchanges.iter().flat_map(|e| e.secrets.iter().cloned());
                exchange.secrets.extend(known);
                self.secrets.learn(exchange.secrets.iter().cloned());
                exchanges.push(exchange);
            }
            Step::Send(request) => {
                let token = self.token_for(request, account, own)?;
                let context = StepContext {
                    account,
                    token,
                    answers: exchanges,
                    merchant_order,
                };
                let held = context.token.is_some() && !own;
                let mut exchange = self.send(request, &context)?;
                if held && self.may_have_ended(case, &exchange) {
                    // A new token may end the older one: no page says so, and none denies it.
                    let before = self.cached.take();
                    let context = StepContext {
                        account,
                        token: self.token_for(request, account, own)?,
                        answers: exchanges,
                        merchant_order,
                    };
                    let refused = std::mem::replace(&mut exchange, self.send(request, &context)?);
                    self.ended_early(before.as_ref(), refused, &exchange);
                }
                let last = at + 1 == case.steps.len();
                let accepted = exchange
                    .answer()
                    .is_some_and(super::exchange::Answer::granted);
                if !last && !accepted && !case.may_refuse(exchanges.len()) {
                    let what = format!("step {} was not accepted: {}", at + 1, exchange.actual());
                    return Err(Stopped::Inconclusive(what));
                }
                exchanges.push(exchange);
            }
        }
        Ok(())
    }

    fn issued(&self) -> u64 {
        self.issued.load(Ordering::Relaxed)
    }

    /// Whether a refusal may be for a token that has ended: a later one has ended it, or it has not
    /// lived as long as it was to.
    fn may_have_ended(&self, case: &Case, exchange: &Exchange) -> bool {
        let refused = exchange.answer().is_some_and(|answer| answer.status == 401);
        let held = self.cached.as_ref();
        let is_about_tokens = case.clause.starts_with("auth.");
        refused && held.is_some_and(|held| !is_about_tokens || held.issued < self.issued())
    }

    /// Takes note of a token that was refused before its time, if the next one is not. Once may be
    /// an accident, such as a restart.
    fn ended_early(&mut self, held: Option<&CachedToken>, refused: Exchange, next: &Exchange) {
        let helps = next.answer().is_some_and(|answer| answer.status != 401);
        // The token that was just fetched for the second try.
        let is_alone = held.is_some_and(|held| held.issued + 1 == self.issued());
        if helps && is_alone {
            self.early_ends += 1;
            if self.early_ends > 1 {
                self.early_end = Some(refused);
            }
        }
    }

    /// A request that was refused because its token had ended before its time.
    pub fn early_end(&mut self) -> Option<Exchange> {
        self.early_end.take()
    }

    /// The value of `{{token}}`, if the request has that placeholder.
    fn token_for(
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
            // After half its lifetime, so that a run never sends a token that is about to expire.
            let until = Instant::now() + Duration::from_secs(seconds / 2);
            self.cached = Some(CachedToken {
                token,
                until,
                issued: self.issued(),
            });
        }
        Ok(self.cached.as_ref().map(|cached| cached.token.clone()))
    }

    fn fetch_token(&mut self, account: &Credentials) -> Result<(String, u64), Stopped> {
        let answer = self.fetch_tokens(account)?;
        let token = answer["access_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        Ok((token, answer["expires_in"].as_u64().unwrap_or(60)))
    }

    fn fetch_tokens(&mut self, account: &Credentials) -> Result<Value, Stopped> {
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

    fn send(
        &mut self,
        request: &RequestTemplate,
        context: &StepContext<'_>,
    ) -> Result<Exchange, Stopped> {
        let target = self.target;
        let value_of = &mut |name: &str| self.value_of(name, context);
        let prepared = prepare(request, &target.base_url, value_of)?;
        if prepared.surface == Surface::Pages
            && let Some(why) = target.refusal(&prepared.url)
        {
            return Err(Stopped::NotTestable(why));
        }
        let outcome = self.delivery.deliver(target, &prepared)?;
        let mut own = context.account.secrets();
        let before = context.answers.iter().filter_map(Exchange::answer);
        let answers = before.chain(&outcome).filter_map(Answer::json);
        let tokens = answers.flat_map(|answer| secrets::issued(&answer));
        let used = context.token.iter().cloned();
        for (names, token) in used.map(|token| (secrets::TOKEN, token)).chain(tokens) {
            own.extend(secrets::spellings(names, &token));
        }
        let near = own
            .iter()
            .flat_map(secrets::near_misses)
            .collect::<Vec<_>>();
        self.secrets.learn(near);
        self.secrets.learn(own.iter().cloned());
        let granted = outcome.as_ref().is_ok_and(Answer::granted);
        if granted && prepared.url.ends_with("/oauth/token") {
            self.issued.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Exchange {
            surface: prepared.surface,
            method: prepared.method,
            url: prepared.url,
            sent_headers: prepared.headers,
            sent: prepared.body.unwrap_or_default(),
            answer: outcome.map_err(|none| none.why),
            secrets: own,
        })
    }

    /// Fills in the placeholders: `{{client_id}}`, `{{client_secret}}`, `{{username}}`,
    /// `{{password}}`, `{{basic}}` (the Basic credentials), `{{basic_form}}` (form-encoded first),
    /// `{{reference_id}}` and `{{unique}}` (new ones each time), `{{merchant_order}}` (an id of the
    /// merchant's own, one for each case), `{{token}}`, `{{other_client_id}}`, `{{other_token}}`
    /// and `{{other_refresh_token}}` (of another merchant), and `{{0/access_token}}` (from the
    /// answer to the first request). Each of them may be changed: `{{client_secret|but_last}}` lacks
    /// its last character, `{{client_secret|other_case}}` has capitals for small letters.
    fn fill(&mut self, text: &str, context: &StepContext<'_>) -> Result<String, Stopped> {
        placeholders::fill(text, &mut |name| self.value_of(name, context))
    }

    fn value_of(
        &mut self,
        name: &str,
        context: &StepContext<'_>,
    ) -> Result<Option<String>, Stopped> {
        if let Some((name, change)) = name.split_once('|') {
            let value = self.value_of(name, context)?;
            return value.map(|value| near_miss(&value, change)).transpose();
        }
        let no_user = || Stopped::NotTestable("no user name and password are known".to_owned());
        Ok(Some(match name {
            "client_id" | "client_secret" | "username" | "password" | "basic" | "basic_form" => {
                context.account.value_of(name).ok_or_else(no_user)?
            }
            "reference_id" => format!("{:016x}{:016x}", self.rng.next_u64(), self.rng.next_u64()),
            "unique" => format!("{:08x}", self.rng.next_u32()),
            "token" => context.token.clone().unwrap_or_default(),
            "merchant_order" => context.merchant_order.to_owned(),
            "other_client_id" => self.other("access_token")?.0,
            "other_token" => self.other("access_token")?.1,
            "other_refresh_token" => self.other("refresh_token")?.1,
            _ => match from_answer(name, context.answers) {
                None if is_of_an_answer(name) => {
                    let what = format!("an earlier answer has no {name}");
                    return Err(Stopped::Inconclusive(what));
                }
                found => return Ok(found),
            },
        }))
    }

    /// Another merchant's client id, and a member of its token answer.
    fn other(&mut self, field: &str) -> Result<(String, String), Stopped> {
        if self.other.is_none() {
            if !self.target.has_admin_api() {
                return Err(Stopped::NotTestable("no second account".to_owned()));
            }
            let other = self
                .target
                .new_merchant(true)
                .map_err(Stopped::Inconclusive)?;
            self.made.push(other.client_id.clone());
            let tokens = self.fetch_tokens(&other)?;
            self.other = Some((other, tokens));
        }
        let found = self.other.as_ref().and_then(|(other, tokens)| {
            let value = tokens[field].as_str()?;
            Some((other.client_id.clone(), value.to_owned()))
        });
        found.ok_or_else(|| Stopped::Inconclusive(format!("no {field}")))
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        for client_id in &self.made {
            let _ = self.target.remove_merchant(client_id);
        }
    }
}

/// Whether a placeholder is for a member of an earlier answer.
fn is_of_an_answer(name: &str) -> bool {
    let number = name.split_once('/').map(|(at, _)| at.parse::<usize>());
    matches!(number, Some(Ok(_)))
}

/// `0/access_token`: a member of an earlier answer.
fn from_answer(name: &str, answers: &[Exchange]) -> Option<String> {
    let (at, member) = name.split_once('/')?;
    let answer = answers.get(at.parse::<usize>().ok()?)?.answer()?.json()?;
    Some(match answer.get(member)? {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// A value that is nearly the right one.
fn near_miss(value: &str, change: &str) -> Result<String, Stopped> {
    let other = secrets::changed(value, change);
    if other == value || other.is_empty() {
        let why = format!("nothing about the value can be changed ({change})");
        return Err(Stopped::NotTestable(why));
    }
    Ok(other)
}
