//! `self-test`: how well the runner judges.

use crate::server::selftest::{self, Readings, bugs};

/// What to measure.
pub struct SelfTest<'a> {
    /// The one dialect, or all shipped ones.
    pub dialect: Option<&'a str>,
    /// The seed of the runs.
    pub seed: u64,
    /// The number of generated cases of each run.
    pub cases: u32,
    /// How many servers are judged at once.
    pub jobs: Option<usize>,
}

/// Takes each clause away and plants each bug; gives the exit code.
pub fn run(asked: &SelfTest<'_>) -> anyhow::Result<u8> {
    let SelfTest { seed, cases, .. } = *asked;
    let jobs = asked.jobs.unwrap_or_else(processors);
    let readings = Readings::default();
    let sabotages = selftest::sabotages(asked.dialect)?;
    let found = selftest::each(&sabotages, jobs, |one| {
        selftest::run(one, &readings, seed, cases)
    });
    let mut exact = 0;
    for (sabotage, named) in sabotages.iter().zip(found) {
        let named = named?;
        if named == [sabotage.clause] {
            exact += 1;
        } else {
            println!(
                "{} ({}): named {}",
                sabotage.clause,
                sabotage.dialect.name,
                listed(&named)
            );
        }
    }
    println!("{exact} of {} sabotages named exactly", sabotages.len());
    let mut survived = 0;
    // What a bug needs is told for `documented` only.
    if asked.dialect.is_none() {
        survived = plant(&readings, seed, cases, jobs)?;
    }
    Ok(u8::from(exact < sabotages.len() || survived > 0))
}

/// Plants each bug, and gives the number of those that were not named.
fn plant(readings: &Readings, seed: u64, cases: u32, jobs: usize) -> anyhow::Result<usize> {
    let planted = bugs::planted()?;
    let found = selftest::each(&planted, jobs, |one| bugs::run(one, readings, seed, cases));
    let (mut killed, mut alone) = (0, 0);
    for (planted, named) in planted.iter().zip(found) {
        let (bug, named) = (planted.bug, named?);
        if named.iter().any(|clause| clause == bug.breaks) {
            killed += 1;
            alone += usize::from(named.len() == 1);
        } else {
            let named = listed(&named);
            println!("survived: {} ({}): named {named}", bug.name, bug.breaks);
        }
    }
    println!(
        "{killed} of {} bugs named under the clause that they break, {alone} of them under no other",
        planted.len()
    );
    Ok(planted.len() - killed)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn listed(clauses: &[String]) -> String {
    if clauses.is_empty() {
        "nothing".to_owned()
    } else {
        clauses.join(", ")
    }
}
