//! Running cases: accounts, tokens, blanks, and the record of every exchange.

use crate::case::{Account, Case, Step};
use crate::draft::{Draft, Payload, To};
use crate::exchange::{Exchange, Part, Secret};
use crate::target::{Credentials, Target};
use base64::Engine as _;
use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Why a case gave no verdict.
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

/// A token of the main account, with the time when it should be replaced.
struct Kept {
    token: String,
    until: Instant,
}

/// One run's connection to its target.
pub struct Session<'a> {
    target: &'a Target,
    rng: TestRng,
    kept: Option<Kept>,
    other: Option<(Credentials, Value)>,
    /// Requests still allowed.
    budget: u64,
    pause: Option<Duration>,
    made: Vec<String>,
}

/// What the blanks of one case stand for.
struct Blanks<'a> {
    account: &'a Credentials,
    token: Option<String>,
    answers: &'a [Exchange],
    /// An id of the merchant's own, the same within a case.
    merchant_order: &'a str,
}

impl<'a> Session<'a> {
    /// A session that sends at most `budget` requests, at most `rate` a second.
    pub fn new(target: &'a Target, rng: TestRng, budget: u64, rate: Option<f64>) -> Self {
        Self {
            target,
            rng,
            kept: None,
            other: None,
            budget,
            pause: rate.map(|rate| Duration::from_secs_f64(1.0 / rate)),
            made: Vec::new(),
        }
    }

    /// Runs a case and gives its exchanges, one for each request step.
    pub fn run(&mut self, case: &Case) -> Result<Vec<Exchange>, Stopped> {
        let steered = |step: &Step| matches!(step, Step::Complete { .. });
        if case.steps.iter().any(steered) && !self.target.can_be_steered() {
            return Err(Stopped::NotTestable(NO_ADMIN.to_owned()));
        }
        let own = match case.account {
            Account::Main => None,
            Account::Own if !self.target.can_be_steered() => None,
            _ if !self.target.can_be_steered() => {
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
            // Left behind, it costs the target a few hundred bytes.
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
        let steered = |done: Result<(), String>| done.map_err(Stopped::Inconclusive);
        for (at, step) in case.steps.iter().enumerate() {
            match step {
                Step::Advance(_) | Step::Deprovision if !own => {
                    return Err(Stopped::NotTestable(
                        "the target's clock cannot be set".to_owned(),
                    ));
                }
                Step::Advance(seconds) => {
                    steered(self.target.advance(&account.client_id, *seconds))?;
                }
                Step::Deprovision => steered(self.target.deprovision(&account.client_id))?,
                Step::Complete { order, outcome } => {
                    let blanks = Blanks {
                        account,
                        token: None,
                        answers: &exchanges,
                        merchant_order: &merchant_order,
                    };
                    let order = self.fill(order, &blanks)?;
                    let done = self.target.complete(&order, outcome);
                    let mut exchange = done.map_err(Stopped::Inconclusive)?;
                    let known = exchanges.iter().flat_map(|e| e.secrets.iter().cloned());
                    exchange.secrets.extend(known);
                    exchanges.push(exchange);
                }
                Step::Send(draft) => {
                    let token = self.token_for(draft, account, own)?;
                    let blanks = Blanks {
                        account,
                        token,
                        answers: &exchanges,
                        merchant_order: &merchant_order,
                    };
                    let exchange = self.send(draft, &blanks)?;
                    let last = at + 1 == case.steps.len();
                    let accepted = exchange.answer().is_some_and(|answer| answer.status == 200);
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

    /// The token that `{{token}}` stands for, if the request has that blank.
    fn token_for(
        &mut self,
        draft: &Draft,
        account: &Credentials,
        own: bool,
    ) -> Result<Option<String>, Stopped> {
        let wanted = draft
            .headers
            .iter()
            .any(|(_, value)| value.contains("{{token"))
            || matches!(&draft.to, To::Path(path) if path.contains("{{token"));
        if !wanted {
            return Ok(None);
        }
        if own {
            return self.fetch_token(account).map(|(token, _)| Some(token));
        }
        if self
            .kept
            .as_ref()
            .is_none_or(|kept| Instant::now() >= kept.until)
        {
            let (token, seconds) = self.fetch_token(account)?;
            // Half of its life: a run never sends a token that is about to end.
            let until = Instant::now() + Duration::from_secs(seconds / 2);
            self.kept = Some(Kept { token, until });
        }
        Ok(self.kept.as_ref().map(|kept| kept.token.clone()))
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
        let draft = crate::plan::token_draft();
        let blanks = Blanks {
            account,
            token: None,
            answers: &[],
            merchant_order: "",
        };
        let exchange = self.send(&draft, &blanks)?;
        let answer = exchange.answer().filter(|answer| answer.status == 200);
        answer
            .and_then(crate::exchange::Answer::json)
            .filter(|body| body["access_token"].is_string())
            .ok_or_else(|| Stopped::Inconclusive(format!("no token: {}", exchange.actual())))
    }

    fn send(&mut self, draft: &Draft, blanks: &Blanks<'_>) -> Result<Exchange, Stopped> {
        self.budget = self.budget.checked_sub(1).ok_or(Stopped::OutOfBudget)?;
        if let Some(pause) = self.pause {
            std::thread::sleep(pause);
        }
        let (part, url) = match &draft.to {
            To::Path(path) => {
                let path = self.fill(path, blanks)?;
                (Part::Api, format!("{}{path}", self.target.base_url))
            }
            To::Url(url) => {
                let url = self.fill(url, blanks)?;
                let base = reqwest::Url::parse(&self.target.base_url);
                let joined = base.and_then(|base| base.join(&url));
                let joined = joined.map_err(|e| Stopped::Inconclusive(format!("{url}: {e}")))?;
                (Part::Pages, joined.to_string())
            }
        };
        let url = if draft.query.is_empty() {
            url
        } else {
            format!("{url}?{}", self.pairs(&draft.query, blanks)?)
        };
        let mut headers = Vec::new();
        if let Some(media_type) = draft.media_type()
            && !draft.headers.iter().any(|(name, _)| name == "content-type")
        {
            headers.push(("content-type".to_owned(), media_type.to_owned()));
        }
        for (name, value) in &draft.headers {
            let value = self.fill(value, blanks)?;
            if reqwest::header::HeaderValue::from_bytes(value.as_bytes()).is_err() {
                return Err(Stopped::Inconclusive(format!(
                    "no header can hold `{value}`"
                )));
            }
            headers.push((name.clone(), value));
        }
        let body = self.body(&draft.payload, blanks)?;
        let mut secrets = blanks.account.secrets();
        let tokens = blanks.token.iter().cloned().chain(issued(blanks.answers));
        secrets.extend(tokens.map(|value| Secret {
            name: "TOKEN",
            value,
        }));
        let answer = self
            .target
            .send(&draft.method, &url, &headers, body.clone());
        Ok(Exchange {
            part,
            method: draft.method.clone(),
            url,
            sent_headers: headers,
            sent: body.unwrap_or_default(),
            answer,
            secrets,
        })
    }

    fn body(&mut self, payload: &Payload, blanks: &Blanks<'_>) -> Result<Option<Vec<u8>>, Stopped> {
        Ok(match payload {
            Payload::None => None,
            Payload::Bytes(bytes) => Some(bytes.clone()),
            Payload::Json(value) => Some(self.fill_json(value, blanks)?.to_string().into_bytes()),
            Payload::Form(pairs) => Some(self.pairs(pairs, blanks)?.into_bytes()),
        })
    }

    /// Pairs as a form or a query string has them.
    fn pairs(
        &mut self,
        pairs: &[(String, String)],
        blanks: &Blanks<'_>,
    ) -> Result<String, Stopped> {
        let mut filled = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            filled.push((name, self.fill(value, blanks)?));
        }
        serde_urlencoded::to_string(&filled).map_err(|e| Stopped::Inconclusive(e.to_string()))
    }

    fn fill_json(&mut self, value: &Value, blanks: &Blanks<'_>) -> Result<Value, Stopped> {
        Ok(match value {
            Value::String(text) => self.fill(text, blanks)?.into(),
            Value::Object(object) => {
                let mut filled = serde_json::Map::new();
                for (name, value) in object {
                    filled.insert(name.clone(), self.fill_json(value, blanks)?);
                }
                filled.into()
            }
            other => other.clone(),
        })
    }

    /// Fills in the blanks: `{{client_id}}`, `{{client_secret}}`, `{{username}}`, `{{password}}`,
    /// `{{basic}}` (the Basic credentials), `{{reference_id}}` (a new one each time),
    /// `{{merchant_order}}` (an id of the merchant's own, one for each case), `{{token}}`,
    /// `{{other_client_id}}`, `{{other_token}}` and `{{other_refresh_token}}` (of another
    /// merchant), and `{{0/access_token}}` (from the answer to the first request). Other braces
    /// stay.
    fn fill(&mut self, text: &str, blanks: &Blanks<'_>) -> Result<String, Stopped> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, end)) = after.split_once("}}") else {
                break;
            };
            filled.push_str(before);
            match self.blank(name, blanks)? {
                Some(value) => filled.push_str(&value),
                None => filled.extend(["{{", name, "}}"]),
            }
            rest = end;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn blank(&mut self, name: &str, blanks: &Blanks<'_>) -> Result<Option<String>, Stopped> {
        let account = blanks.account;
        let no_user = || Stopped::NotTestable("no user name and password are known".to_owned());
        Ok(Some(match name {
            "client_id" => account.client_id.clone(),
            "client_secret" => account.client_secret.clone(),
            "username" => account.user.clone().ok_or_else(no_user)?.0,
            "password" => account.user.clone().ok_or_else(no_user)?.1,
            "basic" => base64::engine::general_purpose::STANDARD
                .encode(format!("{}:{}", account.client_id, account.client_secret)),
            "reference_id" => format!("{:016x}{:016x}", self.rng.next_u64(), self.rng.next_u64()),
            "token" => blanks.token.clone().unwrap_or_default(),
            "merchant_order" => blanks.merchant_order.to_owned(),
            "other_client_id" => self.other("access_token")?.0,
            "other_token" => self.other("access_token")?.1,
            "other_refresh_token" => self.other("refresh_token")?.1,
            _ => return Ok(from_answer(name, blanks.answers)),
        }))
    }

    /// Another merchant's client id, and a member of its token answer.
    fn other(&mut self, field: &str) -> Result<(String, String), Stopped> {
        if self.other.is_none() {
            if !self.target.can_be_steered() {
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

/// `0/access_token`: a member of an earlier answer.
fn from_answer(name: &str, answers: &[Exchange]) -> Option<String> {
    let (at, member) = name.split_once('/')?;
    let answer = answers.get(at.parse::<usize>().ok()?)?.answer()?.json()?;
    Some(match answer.get(member)? {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// The tokens that earlier answers gave.
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
