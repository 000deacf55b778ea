//! How long a shop may take to learn an outcome: what it has shown of its pace decides.

use std::time::Duration;

/// How long a shop gets beyond the moment at which it could know the outcome.
pub const GRACE: Duration = Duration::from_secs(3);
/// How many outcomes a shop may fail to learn, having learned none, before it gets less time.
const CHANCES: u32 = 2;
/// How many it may fail to learn that has learned others.
const MANY: u32 = 4;
/// The time that it gets then.
const IMPATIENCE: Duration = Duration::from_millis(1_500);

/// How long a page may take of a shop that has hung once, and of one that hangs again and again.
const ONCE_HUNG: Duration = Duration::from_secs(3);
const HANGS: Duration = Duration::from_secs(1);

/// What a shop has shown of its pace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// How many outcomes it has learned in time.
    pub learned: u32,
    /// How many it has not.
    pub unlearned: u32,
    /// The longest pause between two of its own questions about one order.
    pub pause: Duration,
    /// How many of its pages did not come in time.
    pub hung: u32,
}

/// What is known of one order, in time since the shop was asked about it first.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known {
    /// When Flexiti told the shop the outcome.
    pub told: Option<Duration>,
    /// When the shop should ask Flexiti again, by the pauses between its latest questions.
    pub next: Option<Duration>,
}

impl Pace {
    /// How long a page may take. A shop that hangs once hangs again, as often as it is looked at.
    pub fn page(&self, usual: Duration) -> Duration {
        match self.hung {
            0 => usual,
            1 => usual.min(ONCE_HUNG),
            _ => usual.min(HANGS),
        }
    }

    /// How long after the first look the shop may take. `usual` is what a shop gets of which
    /// nothing is known, `most` what no shop exceeds.
    pub fn limit(&self, known: Known, usual: Duration, most: Duration) -> Duration {
        let grace = GRACE.min(usual);
        if self.is_hopeless() {
            let told = known.told.unwrap_or_default();
            return (told + IMPATIENCE).min(usual);
        }
        if let Some(told) = known.told {
            return (told + grace).min(most);
        }
        // Who is in a hurry waits for no question.
        let next = known.next.unwrap_or(self.pause);
        if usual > GRACE {
            usual.max(next + GRACE).min(most.max(usual))
        } else {
            usual
        }
    }

    /// Whether the shop fails as often as it is looked at: it never asks, does not understand the
    /// answer, or hangs. Going on at its pace would take an hour.
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
        // It asks each twelve seconds, or did so about an earlier order.
        assert_eq!(limit(learns, None, Some(12)), 15);
        let slow = Pace {
            pause: Duration::from_secs(12),
            ..learns
        };
        assert_eq!(limit(slow, None, None), 15);
        // Nothing is known, and nobody waits for ever.
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
