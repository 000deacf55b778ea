//! Raw conversations.

use super::{Session, StepContext};
use crate::server::case::{Turn, placeholders, requests};
use crate::server::wire::answer::Answer;
use crate::server::wire::connection::{NoAnswer, Silence};
use crate::server::wire::end::Stopped;
use crate::server::wire::exchange::{Exchange, Surface};
use crate::server::wire::prepared::{Prepared, prepare};
use crate::server::wire::secrets;
use crate::server::wire::talk::{Ending, Heard, hold};
use reqwest::Url;
use std::fmt::Write as _;
use std::time::Duration;

/// After this many consecutive conversations without an answer, no more are held: each takes
/// seconds.
const UNHEARD: u32 = 2;
/// How soon a server that is not slow answers an ordinary request.
const QUICK: Duration = Duration::from_secs(1);

impl Session<'_> {
    /// Holds a conversation on its own connection.
    pub(super) fn talk(
        &mut self,
        turns: &[Turn],
        context: &StepContext<'_>,
    ) -> Result<Exchange, Stopped> {
        let target = self.target;
        if target.is_behind_proxy() {
            let why = "a proxy stands between: its connection is not the server's";
            return Err(Stopped::NotTestable(why.to_owned()));
        }
        if self.unheard >= UNHEARD {
            let why = format!("{UNHEARD} consecutive conversations got no answer");
            return Err(Stopped::Inconclusive(why));
        }
        if !self.is_ordinary()? {
            let why = "an ordinary request for a token is not granted";
            return Err(Stopped::Inconclusive(why.to_owned()));
        }
        let url = Url::parse(&target.base_url).map_err(|e| Stopped::Inconclusive(e.to_string()))?;
        let filled = self.filled(turns, &url, context)?;
        let mut heard = self.once(&filled)?;
        if heard.answers.is_empty() && heard.ending == Ending::Closed {
            // Connections also break by accident.
            heard = self.once(&filled)?;
        }
        if heard.ending == Ending::Silent && !self.is_quick()? {
            let why = "no answer in time, and the server answers nothing else quickly";
            return Err(Stopped::Inconclusive(why.to_owned()));
        }
        self.unheard = if heard.answers.is_empty() {
            self.unheard + 1
        } else {
            0
        };
        // A server that asks for patience has said nothing about the message.
        let busy = |answer: &&Answer| [429, 503].contains(&answer.status);
        if let Some(busy) = heard.answers.iter().find(busy) {
            let why = format!("the server answered {}", busy.status);
            return Err(Stopped::Inconclusive(why));
        }
        Ok(self.talked(&filled, heard, context))
    }

    fn once(&mut self, turns: &[Turn]) -> Result<Heard, Stopped> {
        for turn in turns {
            if let Turn::Say(_) = turn {
                self.delivery.limits.admit()?;
            }
        }
        let line = self.target.line();
        let mut line = line.map_err(|why| Stopped::Inconclusive(format!("{why:#}")))?;
        Ok(hold(&mut line, turns))
    }

    /// Whether an ordinary token request is granted, which is what conversations send.
    fn is_ordinary(&mut self) -> Result<bool, Stopped> {
        if let Some(known) = self.grants_tokens {
            return Ok(known);
        }
        let request = self.target.token_request()?;
        let answer = self.delivery.deliver(self.target, &request)?;
        let grants = answer.is_ok_and(|answer| answer.granted());
        self.grants_tokens = Some(grants);
        Ok(grants)
    }

    /// Whether the server answers an ordinary request quickly: if so, it left the conversation
    /// without an answer, rather than being slow.
    fn is_quick(&mut self) -> Result<bool, Stopped> {
        let request = self.target.token_request()?;
        let answer = self.delivery.once(self.target, &request)?;
        Ok(answer.is_ok_and(|answer| answer.took < QUICK))
    }

    fn talked(&mut self, turns: &[Turn], heard: Heard, context: &StepContext<'_>) -> Exchange {
        let mut own = context.account.secrets();
        let tokens = heard.answers.iter().filter_map(Answer::json);
        for (names, token) in tokens.flat_map(|answer| secrets::issued(&answer)) {
            own.extend(secrets::spellings(names, &token));
        }
        self.secrets.learn(own.iter().cloned());
        let said = turns.iter().filter_map(|turn| match turn {
            Turn::Say(text) => Some(text.as_bytes()),
            _ => None,
        });
        let last = heard.answers.last().cloned();
        Exchange {
            surface: Surface::Api,
            method: "POST".to_owned(),
            url: self.target.base_url.clone(),
            sent_headers: Vec::new(),
            sent: said.collect::<Vec<_>>().concat(),
            answer: last.ok_or_else(|| NoAnswer {
                kind: Silence::Broken,
                why: heard.told(),
            }),
            secrets: own,
            talk: Some(Box::new(heard)),
        }
    }

    /// The turns with their placeholders filled in.
    fn filled(
        &mut self,
        turns: &[Turn],
        url: &Url,
        context: &StepContext<'_>,
    ) -> Result<Vec<Turn>, Stopped> {
        let base_url = self.target.base_url.clone();
        let value_of = &mut |name: &str| self.value_of(name, context);
        let token = prepare(&requests::token_request(), &base_url, value_of)?;
        let mut filled = Vec::with_capacity(turns.len());
        for turn in turns {
            filled.push(match turn {
                Turn::Say(text) => {
                    let value_of = &mut |name: &str| match own(name, url, &token) {
                        None => self.value_of(name, context),
                        value => Ok(value),
                    };
                    Turn::Say(placeholders::fill(text, value_of)?)
                }
                other => other.clone(),
            });
        }
        Ok(filled)
    }
}

/// The values that exist only in conversations.
fn own(name: &str, url: &Url, token: &Prepared) -> Option<String> {
    let body = token.body.as_deref().unwrap_or_default();
    let path =
        |url: &str| Url::parse(url).map_or_else(|_| String::new(), |it| it.path().to_owned());
    Some(match name {
        "host" => {
            let host = url.host_str().unwrap_or_default();
            let port = url.port().map(|port| format!(":{port}"));
            format!("{host}{}", port.unwrap_or_default())
        }
        "origin" => url.origin().ascii_serialization(),
        "base" => url.path().trim_end_matches('/').to_owned(),
        "token_path" => path(&token.url),
        "token_headers" => token
            .headers
            .iter()
            .fold(String::new(), |mut lines, (name, value)| {
                let _ = write!(lines, "{name}: {value}\r\n");
                lines
            }),
        "token_body" => String::from_utf8_lossy(body).into_owned(),
        "token_length" => body.len().to_string(),
        "token_hex" => format!("{:x}", body.len()),
        _ => return None,
    })
}
