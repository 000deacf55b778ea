//! Sends one request after another within the limits of the run, and tells an answer to the request
//! from the state of the server: one that is down must not be accused.

use super::answer::Answer;
use super::connection::NoAnswer;
use super::end::{End, Stopped};
use super::limits::Limits;
use super::prepared::Prepared;
use super::target::Target;
use super::trouble::{TRIES, Trouble};
use std::time::{Duration, SystemTime};

/// The server is taken for dead after this many requests in a row without an answer.
const SILENT: u32 = 5;
/// A request without an answer is repeated although the server answers others, until so many in a
/// row had none the second time either: then it is known that this is no accident.
const DOUBTS: u32 = 3;

/// Delivers the requests of a run.
#[derive(Debug)]
pub struct Delivery {
    pub(super) limits: Limits,
    silent: u32,
    confirmed: u32,
    limited: u32,
    unavailable: u32,
    waited: Duration,
}

/// An answer, or why there is none.
type Outcome = Result<Answer, NoAnswer>;

impl Delivery {
    /// Delivers within these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            silent: 0,
            confirmed: 0,
            limited: 0,
            unavailable: 0,
            waited: Duration::ZERO,
        }
    }

    /// Another one within the same limits.
    pub fn beside(&self) -> Self {
        Self::new(self.limits.clone())
    }

    /// Adds what another one has met.
    pub fn absorb(&mut self, other: &Self) {
        self.limited += other.limited;
        self.unavailable += other.unavailable;
        self.waited += other.waited;
    }

    /// Sends a request until its outcome is about the request, or the run has to end.
    pub fn deliver(&mut self, target: &Target, request: &Prepared) -> Result<Outcome, Stopped> {
        let mut tries = 0;
        let waited = self.waited;
        loop {
            let outcome = self.once(target, request)?;
            let Some(trouble) = Trouble::of(&outcome, SystemTime::now()) else {
                if tries > 0 {
                    self.confirmed = 0;
                }
                return Ok(outcome);
            };
            let last = tries == TRIES && !matches!(trouble, Trouble::Silent(_));
            if last || !trouble.asks_for_patience() {
                if self.is_fine(target)? {
                    // Connections break by accident, too.
                    if tries == 0 && self.confirmed < DOUBTS {
                        tries += 1;
                        continue;
                    }
                    self.confirmed += u32::from(tries > 0);
                    return Ok(outcome);
                }
                if last {
                    let waited = self.waited.saturating_sub(waited);
                    return Err(self.limits.end(trouble.end(waited)));
                }
            }
            self.pause(trouble.pause(tries))?;
            tries += 1;
        }
    }

    /// Waits, as a server has asked.
    pub(super) fn pause(&mut self, pause: Duration) -> Result<(), Stopped> {
        self.waited += pause;
        self.limits.wait(pause)
    }

    /// Sends a request once.
    pub(super) fn once(&mut self, target: &Target, request: &Prepared) -> Result<Outcome, Stopped> {
        self.limits.admit()?;
        let (url, headers) = (&request.url, &request.headers);
        let outcome = target.send(&request.method, url, headers, request.body.as_deref());
        match &outcome {
            Err(none) if !none.is_too_big() => {
                self.silent += 1;
                if self.silent >= SILENT {
                    return Err(self.limits.end(End::Unreachable(none.why.clone())));
                }
            }
            _ => self.silent = 0,
        }
        let status = outcome.as_ref().map_or(0, |answer| answer.status);
        self.limited += u32::from(status == 429);
        self.unavailable += u32::from(status == 503);
        Ok(outcome)
    }

    /// Whether the server answers the usual request for a token as if nothing were wrong.
    fn is_fine(&mut self, target: &Target) -> Result<bool, Stopped> {
        let outcome = self.once(target, &target.token_request()?)?;
        Ok(Trouble::of(&outcome, SystemTime::now()).is_none())
    }

    /// What a reader of the report should know.
    pub fn notes(&self) -> Vec<String> {
        let waited = self.waited.as_secs();
        let noted = |count: u32, what: &str| match count {
            0 => None,
            1 => Some(format!("one answer was {what}; waited {waited} s in all")),
            n => Some(format!("{n} answers were {what}; waited {waited} s in all")),
        };
        let limited = noted(self.limited, "429, too many requests");
        let unavailable = noted(self.unavailable, "503, although others were not");
        limited.into_iter().chain(unavailable).collect()
    }
}
