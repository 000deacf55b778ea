//! How long a shop may take to learn an outcome, given its observed pace.

use std::time::Duration;

/// How long a shop gets after the moment at which it could know the outcome.
pub const GRACE: Duration = Duration::from_secs(3);
/// How many outcomes a shop that has learned none may miss before it gets less time.
const CHANCES: u32 = 2;
/// The same for a shop that has learned some.
const MANY: u32 = 4;
/// The time that it then gets.
const IMPATIENCE: Duration = Duration::from_millis(1_500);

/// The timeout for pages of a shop that has hung once; repeated hangs shorten it.
const ONCE_HUNG: Duration = Duration::from_secs(3);
const HANGS: Duration = Duration::from_secs(1);

/// The observed pace of a shop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// How many outcomes it learned in time.
    pub learned: u32,
    /// How many it did not.
    pub unlearned: u32,
    /// The longest pause between two unprompted questions about one order.
    pub pause: Duration,
    /// How many of its pages timed out.
    pub hung: u32,
}

/// What is known about one order, as time since the shop was first asked about it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known {
    /// When Flexiti told the shop the outcome.
    pub told: Option<Duration>,
    /// When the shop should ask Flexiti again, judging by its latest pause.
    pub next: Option<Duration>,
}

impl Pace {
    /// The timeout for a page. A shop that hangs once tends to hang every time.
    pub fn page(&self, usual: Duration) -> Duration {
        match self.hung {
            0 => usual,
            1 => usual.min(ONCE_HUNG),
            _ => usual.min(HANGS),
        }
    }

    /// How long the shop may take after the first look. `usual` is for a shop about which nothing
    /// is known, `most` the upper limit.
    pub fn limit(&self, known: Known, usual: Duration, most: Duration) -> Duration {
        let grace = GRACE.min(usual);
        if self.is_hopeless() {
            let told = known.told.unwrap_or_default();
            return (told + IMPATIENCE).min(usual);
        }
        if let Some(told) = known.told {
            return (told + grace).min(most);
        }
        // In a hurry, do not wait for the next question.
        let next = known.next.unwrap_or(self.pause);
        if usual > GRACE {
            usual.max(next + GRACE).min(most.max(usual))
        } else {
            usual
        }
    }

    /// Whether the shop fails every time it is observed: it never asks, does not understand the
    /// answer, or hangs. Continuing at its pace would take an hour.
    pub fn is_hopeless(&self) -> bool {
        (self.learned == 0 && self.unlearned >= CHANCES)
            || self.unlearned >= MANY
            || self.hung >= CHANCES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_secs(8);
    const MOST: Duration = Duration::from_secs(30);

    fn limit(pace: Pace, told: Option<u64>, next: Option<u64>) -> u64 {
        let known = Known {
            told: told.map(Duration::from_secs),
            next: next.map(Duration::from_secs),
        };
        pace.limit(known, USUAL, MOST).as_secs()
    }

    #[test]
    fn a_shop_gets_three_seconds_beyond_what_it_shows() {
        let learns = Pace {
            learned: 5,
            ..Pace::default()
        };
        // Told two seconds after the first look.
        assert_eq!(limit(learns, Some(2), None), 5);
        // It asks every twelve seconds, or did so for an earlier order.
        assert_eq!(limit(learns, None, Some(12)), 15);
        let slow = Pace {
            pause: Duration::from_secs(12),
            ..learns
        };
        assert_eq!(limit(slow, None, None), 15);
        // Nothing is known, but there is still a limit.
        assert_eq!(limit(Pace::default(), None, None), 8);
        assert_eq!(limit(learns, None, Some(3_600)), 30);
    }

    #[test]
    fn two_outcomes_that_were_not_learned_do_not_hurry_a_shop_that_learned_others() {
        let missed = |learned, unlearned| Pace {
            learned,
            unlearned,
            ..Pace::default()
        };
        assert_eq!(limit(missed(1, 2), None, None), 8);
        assert_eq!(limit(missed(0, 2), None, None), 1);
        assert_eq!(limit(missed(40, 4), None, Some(12)), 1);
    }

    #[test]
    fn a_fuzzer_in_a_hurry_stays_so() {
        let hurried = |told: Option<u64>, next: Option<u64>| {
            let known = Known {
                told: told.map(Duration::from_secs),
                next: next.map(Duration::from_secs),
            };
            let usual = Duration::from_secs(1);
            Pace::default().limit(known, usual, MOST).as_secs()
        };
        assert_eq!(hurried(None, Some(12)), 1);
        assert_eq!(hurried(Some(0), None), 1);
    }

    #[test]
    fn a_shop_that_hangs_is_waited_for_once() {
        let hung = |hung| Pace {
            hung,
            ..Pace::default()
        };
        let pages = [0, 1, 2, 50].map(|times| hung(times).page(MOST).as_secs());
        assert_eq!(pages, [30, 3, 1, 1]);
    }
}
