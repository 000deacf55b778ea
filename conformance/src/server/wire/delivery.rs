//! Sends requests within the limits of the run, and tells answers to a request from effects of the
//! server's state: a server that is down must not be accused.

use super::answer::Answer;
use super::connection::NoAnswer;
use super::end::{End, Stopped};
use super::limits::Limits;
use super::prepared::Prepared;
use super::target::Target;
use super::trouble::{TRIES, Trouble};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// The server is considered down after this many consecutive requests without an answer.
const SILENT: u32 = 5;
const TOKEN_PATH: &str = "/oauth/token";
/// A request without an answer is retried even if the server answers others, until this many in a
/// row had no answer on retry either: then it is no accident.
const DOUBTS: u32 = 3;

/// Delivers the requests of a run.
#[derive(Debug)]
pub struct Delivery {
    pub(super) limits: Limits,
    silent: u32,
    confirmed: u32,
    limited: u32,
    unavailable: u32,
    /// How many tokens the server has issued during the whole run.
    issued: Arc<AtomicU64>,
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
            issued: Arc::default(),
            waited: Duration::ZERO,
        }
    }

    /// Another delivery of the same run.
    pub fn beside(&self) -> Self {
        Self {
            issued: Arc::clone(&self.issued),
            ..Self::new(self.limits.clone())
        }
    }

    /// How many tokens the server has issued during the whole run.
    pub fn issued(&self) -> u64 {
        self.issued.load(Ordering::Relaxed)
    }

    /// Adds the counts of another delivery.
    pub fn absorb(&mut self, other: &Self) {
        self.limited += other.limited;
        self.unavailable += other.unavailable;
        self.waited += other.waited;
    }

    /// Sends a request until its outcome is about the request itself, or the run has to end.
    pub fn deliver(&mut self, target: &Target, request: &Prepared) -> Result<Outcome, Stopped> {
        let mut tries = 0;
        let waited = self.waited;
        loop {
            let outcome = self.once(target, request)?;
            let trouble = match Trouble::of(&outcome, SystemTime::now()) {
                None => self.locked_out(target, request, &outcome)?,
                trouble => trouble,
            };
            let Some(trouble) = trouble else {
                if tries > 0 {
                    self.confirmed = 0;
                }
                return Ok(outcome);
            };
            let last = tries == TRIES && !matches!(trouble, Trouble::Silent(_));
            if last || !trouble.asks_for_patience() {
                // Connections also break by accident, so retry first. Checking the server comes
                // later, as the token that this takes may end earlier ones.
                if tries == 0 && self.confirmed < DOUBTS {
                    tries += 1;
                    continue;
                }
                if self.is_fine(target)? {
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

    /// Waits, as the server asked.
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
        if request.url.ends_with(TOKEN_PATH) && outcome.as_ref().is_ok_and(Answer::granted) {
            self.issued.fetch_add(1, Ordering::Relaxed);
        }
        let status = outcome.as_ref().map_or(0, |answer| answer.status);
        self.limited += u32::from(status == 429);
        self.unavailable += u32::from((502..=504).contains(&status));
        Ok(outcome)
    }

    /// A client that sent many wrong secrets may be locked out for a while: a token is refused, and
    /// so is the usual token request, which was granted before.
    fn locked_out(
        &mut self,
        target: &Target,
        request: &Prepared,
        outcome: &Outcome,
    ) -> Result<Option<Trouble>, Stopped> {
        let is_shut = |outcome: &Outcome| {
            let status = outcome.as_ref().map_or(0, |answer| answer.status);
            [403, 423].contains(&status)
        };
        if self.issued() == 0 || !request.url.ends_with(TOKEN_PATH) || !is_shut(outcome) {
            return Ok(None);
        }
        let usual = self.once(target, &target.token_request()?)?;
        let shut = is_shut(&usual);
        self.limited += u32::from(shut);
        Ok(shut.then_some(Trouble::TooMany { wait: None }))
    }

    /// Whether the server grants the usual token request.
    fn is_fine(&mut self, target: &Target) -> Result<bool, Stopped> {
        let outcome = self.once(target, &target.token_request()?)?;
        let is_troubled = Trouble::of(&outcome, SystemTime::now()).is_some();
        Ok(!is_troubled && (self.issued() == 0 || outcome.is_ok_and(|answer| answer.granted())))
    }

    /// Notes for the reader of the report.
    pub fn notes(&self) -> Vec<String> {
        let waited = self.waited.as_secs();
        let noted = |count: u32, what: &str| match count {
            0 => None,
            1 => Some(format!("one answer was {what}; waited {waited} s in all")),
            n => Some(format!("{n} answers were {what}; waited {waited} s in all")),
        };
        let limited = noted(
            self.limited,
            "429 (too many requests), or the client was locked out",
        );
        let unavailable = noted(self.unavailable, "502 to 504, while others succeeded");
        limited.into_iter().chain(unavailable).collect()
    }
}
