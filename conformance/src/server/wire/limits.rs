//! The limits of a run: how many requests, how fast, and whether somebody has interrupted it.

use super::end::{End, Stopped};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a wait looks whether the run was interrupted.
const LOOK: Duration = Duration::from_millis(50);

/// Asked before every request.
#[derive(Debug)]
pub struct Limits {
    budget: u64,
    interval: Option<Duration>,
    next: Instant,
    interrupted: Arc<AtomicBool>,
    ended: Option<End>,
}

impl Limits {
    /// At most `budget` requests, at most `rate` per second, until `interrupted`.
    pub fn new(budget: u64, rate: Option<f64>, interrupted: Arc<AtomicBool>) -> Self {
        Self {
            budget,
            interval: rate.map(|rate| Duration::from_secs_f64(1.0 / rate)),
            next: Instant::now(),
            interrupted,
            ended: None,
        }
    }

    /// Takes one request from the budget, and waits for its turn.
    pub fn admit(&mut self) -> Result<(), Stopped> {
        self.check()?;
        let Some(left) = self.budget.checked_sub(1) else {
            return Err(self.end(End::Budget));
        };
        if let Some(interval) = self.interval {
            self.wait(self.next.saturating_duration_since(Instant::now()))?;
            self.next = Instant::now() + interval;
        }
        self.budget = left;
        Ok(())
    }

    /// Waits, unless the run is interrupted meanwhile.
    pub fn wait(&mut self, pause: Duration) -> Result<(), Stopped> {
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

    /// Ends the run: nothing is admitted any more.
    pub fn end(&mut self, end: End) -> Stopped {
        Stopped::Ended(self.ended.get_or_insert(end).clone())
    }

    /// How many requests are left.
    pub fn remaining(&self) -> u64 {
        self.budget
    }

    /// Why the run has ended, if it has.
    pub fn ended(&self) -> Option<&End> {
        self.ended.as_ref()
    }

    fn check(&mut self) -> Result<(), Stopped> {
        if self.ended.is_none() && self.interrupted.load(Ordering::Relaxed) {
            self.ended = Some(End::Interrupted);
        }
        match &self.ended {
            Some(end) => Err(Stopped::Ended(end.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_and_stays_spent() {
        let mut limits = Limits::new(2, None, Arc::default());
        assert_eq!([limits.admit(), limits.admit()], [Ok(()), Ok(())]);
        for _ in 0..2 {
            assert_eq!(limits.admit(), Err(Stopped::Ended(End::Budget)));
        }
    }

    #[test]
    fn a_rate_is_an_interval_between_requests() {
        let mut limits = Limits::new(9, Some(50.0), Arc::default());
        let started = Instant::now();
        for _ in 0..4 {
            limits.admit().unwrap();
        }
        assert!(started.elapsed() >= Duration::from_millis(60));
    }

    #[test]
    fn an_interruption_ends_a_wait() {
        let flag = Arc::new(AtomicBool::new(false));
        let mut limits = Limits::new(9, None, Arc::clone(&flag));
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
        assert_eq!(limits.ended(), Some(&End::Interrupted));
    }
}
