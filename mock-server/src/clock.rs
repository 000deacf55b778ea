//! Time, which handlers receive as a number and never fetch themselves.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Milliseconds since the Unix epoch.
pub type Millis = i64;

/// The current time of the machine's clock.
pub fn machine() -> Millis {
    Timestamp::now().as_millisecond()
}

/// A merchant's clock: the machine's clock, shifted or frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    offset: Millis,
    frozen_at: Option<Millis>,
}

impl Clock {
    /// The merchant's time when the machine's clock says `machine`.
    pub fn at(&self, machine: Millis) -> Millis {
        self.frozen_at
            .unwrap_or(machine.saturating_add(self.offset))
    }

    /// Whether it is frozen.
    pub fn is_frozen(&self) -> bool {
        self.frozen_at.is_some()
    }

    /// Advances it.
    pub fn advance(&mut self, by: Duration) {
        let by = Millis::try_from(by.as_millis()).unwrap_or(Millis::MAX);
        match &mut self.frozen_at {
            Some(at) => *at = at.saturating_add(by),
            None => self.offset = self.offset.saturating_add(by),
        }
    }

    /// Sets it to `to`, when the machine's clock says `machine`.
    pub fn set(&mut self, to: Millis, machine: Millis) {
        match &mut self.frozen_at {
            Some(at) => *at = to,
            None => self.offset = to.saturating_sub(machine),
        }
    }

    /// Freezes it, or lets it run on from its current time.
    pub fn freeze(&mut self, frozen: bool, machine: Millis) {
        let now = self.at(machine);
        self.frozen_at = frozen.then_some(now);
        self.offset = now.saturating_sub(machine);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_stops_and_runs_on() {
        let mut clock = Clock::default();
        assert_eq!(clock.at(1_000), 1_000);
        clock.advance(Duration::from_secs(60));
        assert_eq!(clock.at(1_000), 61_000);
        clock.freeze(true, 2_000);
        assert_eq!(clock.at(9_000), 62_000);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.at(9_000), 63_000);
        clock.freeze(false, 10_000);
        assert_eq!(clock.at(10_500), 63_500);
        clock.set(5, 10_500);
        assert_eq!(clock.at(10_501), 6);
    }
}
