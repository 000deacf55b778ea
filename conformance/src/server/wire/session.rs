//! Runs cases: accounts, tokens, placeholders, and the record of every exchange.

use super::exchange::{Exchange, Secret, Surface};
use super::target::{Credentials, Target};
use crate::server::case::{
    Account, Case, Payload, RequestTemplate, Step, To, placeholders, requests,
};
use base64::Engine as _;
use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Why a case has no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// The target lacks what the case needs.
    NotTestable(String),
    /// Something before the judged request went wrong.
    Inconclusive(String),
    /// The run has used up its requests.
    OutOfBudget,
}

const NO_ADMIN: &str = "the target has no admin API";

/// A token of the main account, and the time to replace it.
struct CachedToken {
    token: String,
    until: Instant,
}

/// The connection of a run to its target.
pub struct Session<'a> {
    target: &'a Target,
    rng: TestRng,
    cached: Option<CachedToken>,
    other: Option<(Credentials, Value)>,
    /// Requests still allowed.
    budget: u64,
    pause: Option<Duration>,
    made: Vec<String>,
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
            other: None,
            budget,
            pause: rate.map(|rate| Duration::from_secs_f64(1.0 / rate)),
            made: Vec::new(),
        }
    }

    /// Runs a case and returns its exchanges, one for each request.
    pub fn run(&mut self, case: &Case) -> Result<Vec<Exchange>, Stopped> {
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
        let merchant_order = format!("{:016x}", self.rng.next_u64());
        let done = |done: Result<(), String>| done.map_err(Stopped::Inconclusive);
        for (at, step) in case.steps.iter().enumerate() {
            match step {
                Step::Advance(_) | Step::Deprovision if !own => {
                    return Err(Stopped::NotTestable(
                        "the target's clock cannot be set".to_owned(),
                    ));
                }
                Step::Advance(seconds) => {
                    done(self.target.advance(&account.client_id, *seconds))?;
                }
                Step::Deprovision => done(self.target.deprovision(&account.client_id))?,
                Step::Complete { order, outcome } => {
                    let context = StepContext {
                        account,
                        token: None,
                        answers: &exchanges,
                        merchant_order: &merchant_order,
                    };
                    let order = self.fill(order, &context)?;
                    let done = self.target.complete(&order, outcome);
                    let mut exchange = done.map_err(Stopped::Inconclusive)?;
                    let known = exchanges.iter().flat_map(|e| e.secrets.iter().cloned());
                    exchange.secrets.extend(known);
                    exchanges.push(exchange);
                }
                Step::Send(request) => {
                    let token = self.token_for(request, account, own)?;
                    let context = StepContext {
                        account,
                        token,
                        answers: &exchanges,
                        merchant_order: &merchant_order,
                    };
                    let exchange = self.send(request, &context)?;
                    let last = at + 1 == case.steps.len();
                    let accepted = exchange
                        .answer()
                        .is_some_and(super::exchange::Answer::granted);
                    if !last && !accepted && !case.may_refuse(exchanges.len()) {
                        let what =
                            format!("step {} was not accepted: {}", at + 1, exchange.actual());
                        return Err(Stopped::Inconclusive(what));
                    }
                    exchanges.push(exchange);
                }
            }
        }
        Ok(exchanges)
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
            return self.fetch_token(account).map(|(token, _)| Some(token));
        }
        if self
            .cached
            .as_ref()
            .is_none_or(|cached| Instant::now() >= cached.until)
        {
            let (token, seconds) = self.fetch_token(account)?;
            // After half its lifetime, so that a run never sends a token that is about to expire.
            let until = Instant::now() + Duration::from_secs(seconds / 2);
            self.cached = Some(CachedToken { token, until });
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
        answer
            .and_then(super::exchange::Answer::json)
            .filter(|body| body["access_token"].is_string())
            .ok_or_else(|| Stopped::Inconclusive(format!("no token: {}", exchange.actual())))
    }

    fn send(
        &mut self,
        request: &RequestTemplate,
        context: &StepContext<'_>,
    ) -> Result<Exchange, Stopped> {
        self.budget = self.budget.checked_sub(1).ok_or(Stopped::OutOfBudget)?;
        if let Some(pause) = self.pause {
            std::thread::sleep(pause);
        }
        let (surface, url) = match &request.to {
            To::Path(path) => {
                let path = self.fill(path, context)?;
                (Surface::Api, format!("{}{path}", self.target.base_url))
            }
            To::Url(url) => {
                let url = self.fill(url, context)?;
                let base = reqwest::Url::parse(&self.target.base_url);
                let joined = base.and_then(|base| base.join(&url));
                let joined = joined.map_err(|e| Stopped::Inconclusive(format!("{url}: {e}")))?;
                (Surface::Pages, joined.to_string())
            }
        };
        let url = if request.query.is_empty() {
            url
        } else {
            format!("{url}?{}", self.pairs(&request.query, context)?)
        };
        let mut headers = Vec::new();
        if let Some(media_type) = request.media_type()
            && !request
                .headers
                .iter()
                .any(|(name, _)| name == "content-type")
        {
            headers.push(("content-type".to_owned(), media_type.to_owned()));
        }
        for (name, value) in &request.headers {
            let value = self.fill(value, context)?;
            if reqwest::header::HeaderValue::from_bytes(value.as_bytes()).is_err() {
                return Err(Stopped::Inconclusive(format!(
                    "no header can hold `{value}`"
                )));
            }
            headers.push((name.clone(), value));
        }
        let body = self.body(&request.payload, context)?;
        let mut secrets = context.account.secrets();
        let tokens = context.token.iter().cloned().chain(issued(context.answers));
        secrets.extend(tokens.map(|value| Secret {
            name: "TOKEN",
            value,
        }));
        let answer = self
            .target
            .send(&request.method, &url, &headers, body.clone());
        Ok(Exchange {
            surface,
            method: request.method.clone(),
            url,
            sent_headers: headers,
            sent: body.unwrap_or_default(),
            answer,
            secrets,
        })
    }

    fn body(
        &mut self,
        payload: &Payload,
        context: &StepContext<'_>,
    ) -> Result<Option<Vec<u8>>, Stopped> {
        Ok(match payload {
            Payload::None => None,
            Payload::Bytes(bytes) => Some(bytes.clone()),
            Payload::Json(value) => Some(
                placeholders::fill_json(value, &mut |name| self.value_of(name, context))?
                    .to_string()
                    .into_bytes(),
            ),
            Payload::Form(pairs) => Some(self.pairs(pairs, context)?.into_bytes()),
        })
    }

    /// Pairs encoded as a form or a query string.
    fn pairs(
        &mut self,
        pairs: &[(String, String)],
        context: &StepContext<'_>,
    ) -> Result<String, Stopped> {
        let mut filled = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            filled.push((name, self.fill(value, context)?));
        }
        serde_urlencoded::to_string(&filled).map_err(|e| Stopped::Inconclusive(e.to_string()))
    }

    /// Fills in the placeholders: `{{client_id}}`, `{{client_secret}}`, `{{username}}`,
    /// `{{password}}`, `{{basic}}` (the Basic credentials), `{{reference_id}}` and
    /// `{{unique}}` (new ones each time), `{{merchant_order}}` (an id of the merchant's own, one for each case), `{{token}}`,
    /// `{{other_client_id}}`, `{{other_token}}` and `{{other_refresh_token}}` (of another
    /// merchant), and `{{0/access_token}}` (from the answer to the first request).
    fn fill(&mut self, text: &str, context: &StepContext<'_>) -> Result<String, Stopped> {
        placeholders::fill(text, &mut |name| self.value_of(name, context))
    }

    fn value_of(
        &mut self,
        name: &str,
        context: &StepContext<'_>,
    ) -> Result<Option<String>, Stopped> {
        let account = context.account;
        let no_user = || Stopped::NotTestable("no user name and password are known".to_owned());
        Ok(Some(match name {
            "client_id" => account.client_id.clone(),
            "client_secret" => account.client_secret.clone(),
            "username" => account.user.clone().ok_or_else(no_user)?.0,
            "password" => account.user.clone().ok_or_else(no_user)?.1,
            "basic" => base64::engine::general_purpose::STANDARD
                .encode(format!("{}:{}", account.client_id, account.client_secret)),
            "basic_form" => {
                let encoded =
                    [&account.client_id, &account.client_secret].map(|text| form_encoded(text));
                base64::engine::general_purpose::STANDARD.encode(encoded.join(":"))
            }
            "reference_id" => format!("{:016x}{:016x}", self.rng.next_u64(), self.rng.next_u64()),
            "unique" => format!("{:08x}", self.rng.next_u32()),
            "token" => context.token.clone().unwrap_or_default(),
            "merchant_order" => context.merchant_order.to_owned(),
            "other_client_id" => self.other("access_token")?.0,
            "other_token" => self.other("access_token")?.1,
            "other_refresh_token" => self.other("refresh_token")?.1,
            _ => return Ok(from_answer(name, context.answers)),
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

/// A text as a form encodes it (RFC 6749, 2.3.1, has credentials encoded so for Basic).
fn form_encoded(text: &str) -> String {
    let pair = serde_urlencoded::to_string([("", text)]).unwrap_or_default();
    pair.trim_start_matches('=').to_owned()
}

/// `0/access_token`: a member of an earlier answer.
fn from_answer(name: &str, answers: &[Exchange]) -> Option<String> {
    let (at, member) = name.split_once('/')?;
    let answer = answers.get(at.parse::<usize>().ok()?)?.answer()?.json()?;
    Some(match answer.get(member)? {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// The tokens in earlier answers.
fn issued(answers: &[Exchange]) -> impl Iterator<Item = String> {
    let bodies = answers
        .iter()
        .filter_map(|exchange| exchange.answer()?.json());
    bodies
        .flat_map(|body| {
            ["access_token", "refresh_token"].map(|name| body[name].as_str().map(str::to_owned))
        })
        .flatten()
}
