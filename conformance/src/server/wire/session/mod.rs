//! Runs cases: accounts, tokens, placeholders, and the record of every exchange.

mod spent;
mod talk;
mod tokens;
mod values;

use crate::server::case::{Account, Case, Expect, RequestTemplate, Step};
use crate::server::wire::answer::Answer;
use crate::server::wire::delivery::Delivery;
use crate::server::wire::end::{End, Stopped};
use crate::server::wire::exchange::{Exchange, Surface};
use crate::server::wire::limits::Limits;
use crate::server::wire::prepared::prepare;
use crate::server::wire::secrets::{self, Secrets};
use crate::server::wire::target::{Credentials, Target};
use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

const NO_ADMIN: &str = "the target has no admin API";

/// A token of the main account, and when to replace it.
struct CachedToken {
    token: String,
    fetched: Instant,
    until: Instant,
    /// How many tokens the server had issued by then.
    issued: u64,
}

/// A refusal: its status and error word.
pub type Refused = (u16, Option<String>);

/// The connection of a run to its target.
pub struct Session<'a> {
    target: &'a Target,
    rng: TestRng,
    cached: Option<CachedToken>,
    /// A token for the case's own account, if it has one.
    own_token: Option<String>,
    /// How many tokens ended early.
    early_ends: usize,
    early_end: Option<Exchange>,
    /// The ages of tokens that ended early while others were issued, which may have ended them.
    ages: Vec<Duration>,
    other: Option<(Credentials, Value)>,
    /// How the server refuses an unknown token, if not with 401.
    token_refused: Option<Refused>,
    /// How long a case may wait in real time, in seconds.
    waiting: u64,
    delivery: Delivery,
    /// Number of consecutive conversations without an answer.
    unheard: u32,
    /// Whether an ordinary token request is granted, once known.
    grants_tokens: Option<bool>,
    made: Vec<String>,
    /// The refresh tokens used by earlier cases.
    spent: HashSet<String>,
    /// Everything that reports must not show.
    secrets: Secrets,
    /// How long the cases of each clause took.
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
            ages: Vec::new(),
            other: None,
            token_refused: None,
            waiting: 0,
            delivery: Delivery::new(Limits::new(budget, rate, target.interrupted())),
            unheard: 0,
            grants_tokens: None,
            made: Vec::new(),
            spent: HashSet::new(),
            secrets: Secrets::default(),
            took: BTreeMap::new(),
        }
    }

    /// Another session of the same run, with its own tokens and shared limits.
    pub fn beside(&self) -> Self {
        Self {
            target: self.target,
            rng: self.rng.clone(),
            cached: None,
            own_token: None,
            early_ends: 0,
            early_end: None,
            ages: Vec::new(),
            other: None,
            token_refused: self.token_refused.clone(),
            waiting: self.waiting,
            delivery: self.delivery.beside(),
            unheard: self.unheard,
            grants_tokens: self.grants_tokens,
            made: Vec::new(),
            spent: HashSet::new(),
            secrets: Secrets::default(),
            took: BTreeMap::new(),
        }
    }

    /// Takes over what another session of the run has learned.
    pub fn absorb(&mut self, mut other: Self) {
        self.delivery.absorb(&other.delivery);
        self.secrets.absorb(std::mem::take(&mut other.secrets));
        self.made.append(&mut other.made);
        self.ages.append(&mut other.ages);
        for (clause, took) in std::mem::take(&mut other.took) {
            *self.took.entry(clause).or_default() += took;
        }
    }

    /// Records how the server refuses an unknown token.
    pub fn learn_token_refused(&mut self, refused: Refused) {
        self.token_refused = Some(refused);
    }

    /// Allows a case to wait in real time, at most this many seconds, if the target's clock cannot
    /// be set.
    pub fn allow_waiting(&mut self, seconds: u64) {
        self.waiting = seconds;
    }

    /// Whether the target has an admin API.
    pub fn has_admin_api(&self) -> bool {
        self.target.has_admin_api()
    }

    /// Sets the source of random values.
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

    /// Notes for the reader of the report.
    pub fn notes(&self) -> Vec<String> {
        self.delivery.notes()
    }

    /// Everything that reports must not show.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// How long the cases of each clause took.
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
            // A new account is needed only for its clock.
            Account::New if !self.target.has_admin_api() && self.waiting > 0 => None,
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
                // What a course is about may be missing because of the fault that it found.
                Err(Stopped::Inconclusive(_)) if is_course && done_so_far > 0 => break,
                done => done?,
            }
        }
        self.spent.extend(exchanges.iter().filter_map(spent::spent));
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
            Step::Deprovision if !own => {
                return Err(Stopped::NotTestable(NO_ADMIN.to_owned()));
            }
            Step::Advance(seconds) if !own => self.wait_for_real(*seconds)?,
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
            Step::Talk(turns) => {
                let context = StepContext {
                    account,
                    token: None,
                    answers: exchanges,
                    merchant_order,
                };
                exchanges.push(self.talk(turns, &context)?);
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
                    // A new token may end the older one: no page says so, and none rules it out.
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
                    .is_some_and(super::answer::Answer::granted);
                if !last && !accepted && !case.may_refuse(exchanges.len()) {
                    if exchange.leads_to_another_page() {
                        let why = "the page is at another address than the one init gives";
                        return Err(Stopped::NotTestable(why.to_owned()));
                    }
                    let what = format!("step {} was not accepted: {}", at + 1, exchange.actual());
                    return Err(Stopped::Inconclusive(what));
                }
                exchanges.push(exchange);
            }
        }
        Ok(())
    }

    /// Whether a case waits in real time, as far as allowed.
    pub fn waits_in(&self, case: &Case) -> bool {
        let waits = |step: &Step| matches!(step, Step::Advance(seconds) if (1..=self.waiting).contains(seconds));
        !self.target.has_admin_api() && case.steps.iter().any(waits)
    }

    fn wait_for_real(&self, seconds: u64) -> Result<(), Stopped> {
        if seconds > self.waiting {
            let why = format!(
                "the target's clock cannot be set; --allow-waiting {seconds} would wait for it"
            );
            return Err(Stopped::NotTestable(why));
        }
        self.delivery.limits.wait(Duration::from_secs(seconds))
    }

    fn send(
        &mut self,
        request: &RequestTemplate,
        context: &StepContext<'_>,
    ) -> Result<Exchange, Stopped> {
        let target = self.target;
        let value_of = &mut |name: &str| self.value_of(name, context);
        let prepared = prepare(request, &target.base_url, value_of)?;
        let body = prepared.body.as_deref().unwrap_or_default();
        if spent::refresh_token(&prepared.url, body).is_some_and(|it| self.spent.contains(&it)) {
            let why = "the server gives out a refresh token again that was used before";
            return Err(Stopped::NotTestable(why.to_owned()));
        }
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
        let owner = context.account.owner;
        for (names, token) in used.map(|token| (secrets::TOKEN, token)).chain(tokens) {
            own.extend(secrets::spellings(owner.names(names), &token));
        }
        if let Some((other, tokens)) = &self.other {
            own.extend(other.secrets());
            for (names, token) in secrets::issued(tokens) {
                own.extend(secrets::spellings(other.owner.names(names), &token));
            }
        }
        if prepared.surface == Surface::Pages {
            // Secrets from earlier answers do not belong in a page.
            let earlier = context.answers.iter().flat_map(|earlier| &earlier.secrets);
            own.extend(earlier.cloned());
        }
        let near = own
            .iter()
            .flat_map(secrets::near_misses)
            .collect::<Vec<_>>();
        self.secrets.learn(near);
        self.secrets.learn(own.iter().cloned());
        Ok(Exchange {
            surface: prepared.surface,
            method: prepared.method,
            url: prepared.url,
            sent_headers: prepared.headers,
            sent: prepared.body.unwrap_or_default(),
            answer: outcome,
            secrets: own,
            talk: None,
        })
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        for client_id in &self.made {
            let _ = self.target.remove_merchant(client_id);
        }
    }
}
