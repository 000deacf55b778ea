//! The limits of a run: the number and rate of requests, and whether it was interrupted. All
//! sessions of a run share them.

use super::end::{End, Stopped};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a wait checks whether the run was interrupted.
const LOOK: Duration = Duration::from_millis(50);

/// Consulted before every request.
#[derive(Debug, Clone)]
pub struct Limits {
    interval: Option<Duration>,
    interrupted: Arc<AtomicBool>,
    left: Arc<Mutex<Left>>,
}

/// The remaining budget of a run.
#[derive(Debug)]
struct Left {
    budget: u64,
    next: Instant,
    ended: Option<End>,
}

impl Limits {
    /// At most `budget` requests, at most `rate` per second, until `interrupted`.
    pub fn new(budget: u64, rate: Option<f64>, interrupted: Arc<AtomicBool>) -> Self {
        let left = Left {
            budget,
            next: Instant::now(),
            ended: None,
        };
        Self {
            interval: rate.map(|rate| Duration::from_secs_f64(1.0 / rate)),
            interrupted,
            left: Arc::new(Mutex::new(left)),
        }
    }

    /// Takes one request from the budget, and waits for its turn.
    pub fn admit(&self) -> Result<(), Stopped> {
        self.check()?;
        let mut left = self.left();
        let Some(budget) = left.budget.checked_sub(1) else {
            drop(left);
            return Err(self.end(End::Budget));
        };
        left.budget = budget;
        if let Some(interval) = self.interval {
            let now = Instant::now();
            let turn = left.next.max(now);
            left.next = turn + interval;
            drop(left);
            self.wait(turn.saturating_duration_since(now))?;
        }
        Ok(())
    }

    /// Waits, unless the run is interrupted.
    pub fn wait(&self, pause: Duration) -> Result<(), Stopped> {
        let until = Instant::now() + pause;
        loop {
            self.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(LOOK));
        }
    }

    /// Ends the run, so that no more requests are admitted.
    pub fn end(&self, end: End) -> Stopped {
        Stopped::Ended(self.left().ended.get_or_insert(end).clone())
    }

    /// How many requests are left.
    pub fn remaining(&self) -> u64 {
        self.left().budget
    }

    /// Why the run has ended, if it has.
    pub fn ended(&self) -> Option<End> {
        self.left().ended.clone()
    }

    fn check(&self) -> Result<(), Stopped> {
        let mut left = self.left();
        if left.ended.is_none() && self.interrupted.load(Ordering::Relaxed) {
            left.ended = Some(End::Interrupted);
        }
        match &left.ended {
            Some(end) => Err(Stopped::Ended(end.clone())),
            None => Ok(()),
        }
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_and_stays_spent() {
        let limits = Limits::new(2, None, Arc::default());
        assert_eq!([limits.admit(), limits.admit()], [Ok(()), Ok(())]);
        for _ in 0..2 {
            assert_eq!(limits.admit(), Err(Stopped::Ended(End::Budget)));
        }
    }

    #[test]
    fn a_rate_is_an_interval_between_requests() {
        let limits = Limits::new(9, Some(50.0), Arc::default());
        let started = Instant::now();
        for _ in 0..4 {
            limits.admit().unwrap();
        }
        assert!(started.elapsed() >= Duration::from_millis(60));
    }

    #[test]
    fn an_interruption_ends_a_wait() {
        let flag = Arc::new(AtomicBool::new(false));
        let limits = Limits::new(9, None, Arc::clone(&flag));
        let started = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(100));
                flag.store(true, Ordering::Relaxed);
            });
            let ended = limits.wait(Duration::from_secs(30));
            assert_eq!(ended, Err(Stopped::Ended(End::Interrupted)));
        });
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_eq!(limits.ended(), Some(End::Interrupted));
    }
}
