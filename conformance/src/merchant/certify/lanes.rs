//! Distributes plays among several instances of the shop.

use super::options::silences;
use crate::merchant::scenarios::Play;
use flexiti_contract::scenario::{Scenario, Step};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many instances of the shop to run at once in one dialect.
#[derive(Debug, Clone, Copy)]
pub struct Shops {
    /// If they start quickly.
    pub most: usize,
    /// However long they take to start.
    pub least: usize,
}

/// Minimum number of plays for each instance: some mistakes show only in a shop that has been
/// running for a while.
const PLAYS: usize = 10;

/// How many instances to run at once in one dialect if the runner picks their ports. A shop that
/// polls Flexiti once a second mostly waits, and so does its customer.
pub fn shops(dialects: usize, plays: usize) -> Shops {
    let least = (8 / dialects.max(1)).clamp(2, 4);
    let most = (16 / dialects.max(1)).clamp(least, 12);
    Shops {
        most: most.min(plays / PLAYS).max(least),
        least,
    }
}

/// The assumed polling interval of a shop, in milliseconds.
const ASKS: u64 = 1_000;

/// Estimated duration of plays with a shop that polls once a second, in milliseconds.
fn weight(plays: &[Play<'_>]) -> u64 {
    plays.iter().map(|(scenario, ..)| takes(scenario)).sum()
}

fn takes(scenario: &Scenario) -> u64 {
    let mut was_looked_at = false;
    let steps = scenario.steps.iter().map(|step| match step {
        Step::Wait { ms } => *ms,
        Step::Doubt { .. } => {
            was_looked_at = true;
            300
        }
        Step::Believe { .. } => {
            was_looked_at = true;
            20
        }
        // The shop was told that there is no outcome yet, so it polls again.
        Step::Complete { .. } if std::mem::take(&mut was_looked_at) => ASKS - 300,
        Step::Complete {
            settle_after: Some(after),
            ..
        } => after["polls"].as_u64().unwrap_or(0) * ASKS,
        _ => 20,
    });
    let faults = scenario.faults.iter();
    let delays = faults.map(|fault| {
        let action = &fault["action"];
        match (&action["ms"], &fault["times"]) {
            (Value::Number(ms), _) => ms.as_u64().unwrap_or(0),
            // The shop gets another token at once.
            _ if action["type"] == "expire_token" => 20,
            (_, Value::Number(times)) => match times.as_u64() {
                Some(times @ 1..=3) => times * ASKS,
                // As long as the runner waits.
                _ => 3 * ASKS,
            },
            _ => ASKS,
        }
    });
    steps.chain(delays).sum::<u64>()
}

/// The plays of one dialect, for whichever lane is free next. The plays of a scenario stay
/// together. The longest come first, so that no lane is left with one at the end; those that
/// silence the shop come last.
pub struct Queue<'p>(Mutex<VecDeque<Vec<Play<'p>>>>);

impl<'p> Queue<'p> {
    pub fn new(plays: &[Play<'p>]) -> Self {
        let mut parts: Vec<Vec<Play<'p>>> = plays
            .chunk_by(|one, next| one.0.id == next.0.id)
            .map(<[_]>::to_vec)
            .collect();
        // `callback.foreign` needs another customer's paid order, so it follows the scenario that
        // leaves one.
        let at = |parts: &[Vec<Play<'_>>], id: &str| parts.iter().position(|p| p[0].0.id == id);
        if let Some(foreign) = at(&parts, "callback.foreign")
            && at(&parts, "outcome.purchased").is_some()
        {
            let foreign = parts.remove(foreign);
            if let Some(paid) = at(&parts, "outcome.purchased") {
                parts[paid].extend(foreign);
            }
        }
        parts.sort_by_key(|part| (silences(part[0].0), Reverse(weight(part))));
        Self(Mutex::new(parts.into()))
    }

    /// Takes the next plays.
    pub fn next(&self) -> Option<Vec<Play<'p>>> {
        self.parts().pop_front()
    }

    /// Discards all remaining plays, and returns how many there were.
    pub fn cut(&self) -> usize {
        self.parts().drain(..).map(|part| part.len()).sum()
    }

    fn parts(&self) -> MutexGuard<'_, VecDeque<Vec<Play<'p>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::scenarios;

    #[test]
    fn every_play_is_there_once_the_longest_first_and_the_silencing_last() {
        let plays: Vec<Play<'_>> = scenarios::all()
            .iter()
            .flat_map(|row| row.plays().map(move |(_, flow, lang)| (row, flow, lang)))
            .collect();
        let queue = Queue::new(&plays);
        let parts: Vec<Vec<Play<'_>>> = std::iter::from_fn(|| queue.next()).collect();
        assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), plays.len());
        let is_quiet = |part: &&Vec<Play<'_>>| silences(part[0].0);
        assert!(parts.iter().any(|part| is_quiet(&part)));
        assert!(
            parts
                .iter()
                .skip_while(|part| !is_quiet(part))
                .all(|part| is_quiet(&part))
        );
        let usual: Vec<u64> = parts
            .iter()
            .filter(|p| !is_quiet(p))
            .map(|p| weight(p))
            .collect();
        assert!(usual.is_sorted_by(|one, next| one >= next), "{usual:?}");
        let part = parts
            .iter()
            .find(|part| part.iter().any(|play| play.0.id == "callback.foreign"));
        assert_eq!(part.unwrap()[0].0.id, "outcome.purchased");
    }
}
