//! Which plays which of several shops gets that run at once.

use crate::merchant::scenarios::Play;
use flexiti_contract::scenario::{Scenario, Step};
use serde_json::Value;

/// How many shops of one dialect run at once if the runner picks their ports. A shop that polls
/// Flexiti once a second mostly waits, and so does its customer; but all of them start at once.
pub fn lanes(dialects: usize) -> usize {
    (8 / dialects.max(1)).clamp(2, 4)
}

/// How long a shop takes that asks once a second, in milliseconds.
const ASKS: u64 = 1_000;

/// About how long plays take with a shop that asks once a second, in milliseconds.
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
        // It was told that nothing is known yet, and asks again when it is.
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
            // The shop asks for another token, at once.
            _ if action["type"] == "expire_token" => 20,
            (_, Value::Number(times)) => match times.as_u64() {
                Some(times @ 1..=3) => times * ASKS,
                // As long as it is waited for.
                _ => 3 * ASKS,
            },
            _ => ASKS,
        }
    });
    steps.chain(delays).sum::<u64>()
}

/// The plays of each lane: all of a scenario in one lane, in the order of the list, and the lanes
/// about equally long: whatever takes longest goes where least was to be done.
pub fn shared_out<'p>(plays: &[Play<'p>], lanes: usize) -> Vec<Vec<Play<'p>>> {
    let mut parts: Vec<Vec<Play<'p>>> = plays
        .chunk_by(|one, next| one.0.id == next.0.id)
        .map(<[_]>::to_vec)
        .collect();
    // What needs somebody's paid order stands where one is paid before.
    let is = |part: &Vec<Play<'_>>, id: &str| part[0].0.id == id;
    if parts.iter().any(|part| is(part, "outcome.purchased")) {
        let foreign = parts
            .iter()
            .position(|part| is(part, "callback.foreign"))
            .map(|at| parts.remove(at));
        let paid = parts.iter_mut().find(|part| is(part, "outcome.purchased"));
        if let (Some(foreign), Some(paid)) = (foreign, paid) {
            paid.extend(foreign);
        }
    }
    let mut heaviest: Vec<usize> = (0..parts.len()).collect();
    heaviest.sort_by_key(|at| std::cmp::Reverse(weight(&parts[*at])));
    let mut loads = vec![(0, Vec::new()); lanes];
    for at in heaviest {
        if let Some((load, lane)) = loads.iter_mut().min_by_key(|(load, _)| *load) {
            *load += weight(&parts[at]);
            lane.push(at);
        }
    }
    let in_order = |(_, mut lane): (u64, Vec<usize>)| {
        lane.sort_unstable();
        lane.iter().flat_map(|at| parts[*at].clone()).collect()
    };
    loads.into_iter().map(in_order).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::scenarios;

    #[test]
    fn lanes_have_every_play_once_and_are_about_equally_long() {
        let plays: Vec<Play<'_>> = scenarios::all()
            .iter()
            .flat_map(|row| row.plays().map(move |(_, flow, lang)| (row, flow, lang)))
            .collect();
        for lanes in [2, 4, 12] {
            let shared = shared_out(&plays, lanes);
            assert_eq!(shared.iter().map(Vec::len).sum::<usize>(), plays.len());
            let weights: Vec<u64> = shared.iter().map(|lane| weight(lane)).collect();
            let most = weights.iter().max().unwrap();
            let mean = weights.iter().sum::<u64>() / u64::try_from(lanes).unwrap();
            let longest = plays.iter().map(|(row, ..)| takes(row)).max().unwrap();
            assert!(*most <= mean + longest, "{weights:?}");
            let lane = shared
                .iter()
                .find(|lane| lane.iter().any(|play| play.0.id == "callback.foreign"));
            let at = |id: &str| lane.unwrap().iter().position(|play| play.0.id == id);
            assert!(at("outcome.purchased") < at("callback.foreign"));
            assert!(at("outcome.purchased").is_some());
        }
    }
}
