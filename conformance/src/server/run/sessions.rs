//! The sessions of a run. Cases are played one after another or in parallel, with the same random
//! values.

use super::options::Options;
use crate::server::case::Case;
use crate::server::generate::Sources;
use crate::server::wire::{Exchange, Refused, Session, Stopped, Target};
use proptest::test_runner::TestRng;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Number of cases per session that are judged together.
const BATCH: usize = 32;
/// How many cases may wait for the server's clock at once.
const WAITING: usize = 64;

/// The result of a case.
pub(super) struct Played {
    pub(super) exchanges: Vec<Exchange>,
    /// A request that was refused because its token had ended early.
    pub(super) early_end: Option<Exchange>,
}

/// The sessions of a run.
pub(super) struct Sessions<'a> {
    /// The session that always exists.
    pub(super) main: Session<'a>,
    beside: Vec<Session<'a>>,
    sources: Sources,
}

impl<'a> Sessions<'a> {
    /// `token_refused` is how the server refuses an unknown token.
    pub(super) fn new(target: &'a Target, options: &Options, token_refused: Refused) -> Self {
        // A live server may require order ids to be unique across runs.
        let seed = if target.has_admin_api() {
            options.seed
        } else {
            options.seed ^ crate::server::generate::drawn()
        };
        let sources = Sources::new(seed);
        let mut main = Session::new(target, sources.first(), options.max_requests, options.rate);
        main.learn_token_refused(token_refused);
        main.allow_waiting(options.waiting);
        let others = options.jobs.saturating_sub(1);
        Self {
            beside: (0..others).map(|_| main.beside()).collect(),
            main,
            sources,
        }
    }

    /// How many cases may be played together.
    pub(super) fn batch(&self) -> usize {
        BATCH * (self.beside.len() + 1)
    }

    /// The greatest age at which a token ended early, if any did.
    pub(super) fn suspected_life(&self) -> Option<Duration> {
        let sessions = self.beside.iter().chain([&self.main]);
        sessions.filter_map(Session::suspected_life).max()
    }

    /// Plays one case.
    pub(super) fn one(&mut self, case: &Case) -> Result<Played, Stopped> {
        let source = self.sources.next(&case.id);
        played(&mut self.main, case, source)
    }

    /// Plays and judges cases; the verdicts are in the order of the cases. Cases that wait for the
    /// server's clock are played `at_once`, so that they wait in parallel.
    pub(super) fn all<T: Send>(
        &mut self,
        cases: &[&Case],
        at_once: bool,
        judge: impl Fn(&Case, Played) -> Result<T, Stopped> + Sync,
    ) -> Vec<Result<T, Stopped>> {
        let here = self.beside.len() + 1;
        let wanted = if at_once {
            cases.len().min(WAITING)
        } else {
            here
        };
        let more = wanted.saturating_sub(here);
        if self.beside.len() + more == 0 || cases.len() == 1 {
            let one = |case: &&Case| self.one(case).and_then(|played| judge(case, played));
            return cases.iter().map(one).collect();
        }
        let cases: Vec<(&Case, TestRng)> = cases
            .iter()
            .map(|case| (*case, self.sources.next(&case.id)))
            .collect();
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let work = |session: &mut Session<'a>| {
            while let Some((at, (case, source))) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                cases.get(at).map(|case| (at, case))
            } {
                let played = played(session, case, source.clone());
                let judged = played.and_then(|played| judge(case, played));
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.push((at, judged));
            }
        };
        let mut added: Vec<Session<'a>> = (0..more).map(|_| self.main.beside()).collect();
        std::thread::scope(|scope| {
            let sessions = self.beside.iter_mut().chain([&mut self.main]);
            for session in sessions.chain(&mut added) {
                scope.spawn(|| work(session));
            }
        });
        for session in added {
            self.main.absorb(session);
        }
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, judged)| judged).collect()
    }

    /// Merges all sessions into one.
    pub(super) fn joined(mut self) -> Session<'a> {
        for other in self.beside {
            self.main.absorb(other);
        }
        self.main
    }
}

fn played(session: &mut Session<'_>, case: &Case, source: TestRng) -> Result<Played, Stopped> {
    session.draw_from(source);
    let exchanges = session.run(case)?;
    Ok(Played {
        exchanges,
        early_end: session.early_end(),
    })
}
