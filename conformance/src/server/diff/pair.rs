//! Two servers that are sent the same calls.

use crate::server::case::Case;
use crate::server::generate::{self, Sources};
use crate::server::run::Options;
use crate::server::wire::{Exchange, Session, Stopped, Target};

/// Two servers that are sent the same calls.
pub(super) struct Pair<'a> {
    pub(super) left: Session<'a>,
    pub(super) right: Session<'a>,
    sources: Sources,
    /// The right server's values come from the same source, unless it is the same server as the
    /// left: one order id sent twice to a server would not be the same call.
    right_source: &'static str,
}

/// The result of a case on both servers.
pub(super) enum Played {
    /// The exchanges on the left, and on the right.
    Both(Vec<Exchange>, Vec<Exchange>),
    /// Why it cannot be compared.
    NotCompared(String),
    /// Sending has stopped.
    Ended,
}

impl<'a> Pair<'a> {
    pub(super) fn new(left: (&'a Target, &Options), right: (&'a Target, &Options)) -> Self {
        let seed = left.1.seed;
        let session = |(target, options): (&'a Target, &Options)| {
            let rng = generate::rng(seed, "session");
            Session::new(target, rng, options.max_requests, options.rate)
        };
        let is_one = left.0.base_url == right.0.base_url;
        Self {
            left: session(left),
            right: session(right),
            sources: Sources::new(seed),
            right_source: if is_one { "right" } else { "left" },
        }
    }

    /// Runs a case on both servers with the same random values.
    pub(super) fn play(&mut self, case: &Case) -> Played {
        let seed = self.sources.seed_of(&case.id);
        let source = |name| generate::rng(seed, name);
        self.left.draw_from(source("left"));
        self.right.draw_from(source(self.right_source));
        let left = self.left.run(case);
        let right = match left {
            Err(Stopped::Ended(_)) => return Played::Ended,
            _ => self.right.run(case),
        };
        match (left, right) {
            (Ok(left), Ok(right)) => Played::Both(left, right),
            (_, Err(Stopped::Ended(_))) => Played::Ended,
            (Err(left), Err(_)) => Played::NotCompared(why(left)),
            (Err(left), Ok(_)) => Played::NotCompared(format!("left: {}", why(left))),
            (Ok(_), Err(right)) => Played::NotCompared(format!("right: {}", why(right))),
        }
    }

    /// Whether sending to one of them has stopped.
    pub(super) fn has_ended(&self) -> bool {
        self.left.ended().or(self.right.ended()).is_some()
    }
}

fn why(stopped: Stopped) -> String {
    match stopped {
        Stopped::NotTestable(why) => why,
        // The rest is the answer, which varies from case to case.
        Stopped::Inconclusive(why) => why.split(": ").next().unwrap_or_default().to_owned(),
        Stopped::Ended(end) => end.because(),
    }
}
