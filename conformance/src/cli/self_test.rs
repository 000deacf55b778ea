//! `self-test`: how well the runner judges.

use super::say::say;
use crate::server::selftest::{self, Readings, bugs};
use std::time::Instant;

/// What to measure.
pub struct SelfTest<'a> {
    /// One dialect; all shipped ones if `None`.
    pub dialect: Option<&'a str>,
    /// The first seed.
    pub seed: u64,
    /// Number of seeds under which each fault must be named.
    pub seeds: u64,
    /// Number of generated cases per run.
    pub cases: u32,
    /// Number of servers judged at once.
    pub jobs: Option<usize>,
}

/// A planted fault.
struct Fault {
    name: String,
    /// The clause that must be named.
    clause: String,
    /// Whether no other clause may be named.
    alone: bool,
}

/// The score for one kind of fault.
#[derive(Debug, Default)]
struct Score {
    planted: usize,
    killed: usize,
    /// How many faults were named without any other clause.
    alone: usize,
}

/// Removes each clause, plants each bug, and returns the exit code.
pub fn run(asked: &SelfTest<'_>) -> anyhow::Result<u8> {
    let started = Instant::now();
    let readings = Readings::default();
    let sabotages = selftest::sabotages(asked.dialect)?;
    let faults = sabotages.iter().map(|one| Fault {
        name: format!("{} ({})", one.clause, one.dialect.name),
        clause: one.clause.to_owned(),
        alone: true,
    });
    let clauses = asked.each(faults.collect(), |at, seed| {
        selftest::run(&sabotages[at], &readings, seed, asked.cases)
    })?;
    // What a bug needs is known for `documented` only.
    let planted = match asked.dialect {
        None => bugs::planted()?,
        Some(_) => Vec::new(),
    };
    let faults = planted.iter().map(|one| Fault {
        name: format!("{} ({})", one.bug.name, one.bug.breaks),
        clause: one.bug.breaks.to_owned(),
        alone: false,
    });
    let bugs = asked.each(faults.collect(), |at, seed| {
        bugs::run(&planted[at], &readings, seed, asked.cases)
    })?;
    let seeds = match asked.seeds {
        1 => format!("seed {}", asked.seed),
        more => format!("seeds {} to {}", asked.seed, asked.last(more)),
    };
    say!(
        "{} of {} sabotages named exactly",
        clauses.killed,
        clauses.planted
    );
    if bugs.planted > 0 {
        say!(
            "{} of {} bugs named under the clause that they break, {} of them under no other",
            bugs.killed,
            bugs.planted,
            bugs.alone
        );
    }
    let (killed, all) = (clauses.killed + bugs.killed, clauses.planted + bugs.planted);
    say!(
        "{killed} of {all} killed, {} survived; {seeds}, version {}, {:.0} s",
        all - killed,
        env!("CARGO_PKG_VERSION"),
        started.elapsed().as_secs_f64()
    );
    Ok(u8::from(killed < all))
}

impl SelfTest<'_> {
    fn last(&self, seeds: u64) -> u64 {
        self.seed.saturating_add(seeds.saturating_sub(1))
    }

    /// Judges a server with each fault under each seed, and prints the result. A fault is killed if
    /// it is named under every seed.
    fn each(
        &self,
        faults: Vec<Fault>,
        judge: impl Fn(usize, u64) -> anyhow::Result<Vec<String>> + Sync,
    ) -> anyhow::Result<Score> {
        let jobs = self.jobs.unwrap_or_else(processors);
        let seeds = self.seed..=self.last(self.seeds);
        let runs: Vec<(usize, u64)> = (0..faults.len())
            .flat_map(|at| seeds.clone().map(move |seed| (at, seed)))
            .collect();
        let mut found = selftest::each(&runs, jobs, |(at, seed)| judge(*at, *seed)).into_iter();
        let mut score = Score::default();
        for fault in faults {
            let mut survives = Vec::new();
            let mut alone = true;
            for (seed, named) in seeds.clone().zip(&mut found) {
                let named = named?;
                let is_named = named.contains(&fault.clause);
                alone &= named.len() == 1;
                if !is_named || (fault.alone && named.len() > 1) {
                    survives.push(format!("seed {seed} named {}", listed(&named)));
                }
            }
            score.planted += 1;
            if survives.is_empty() {
                score.killed += 1;
                score.alone += usize::from(alone);
                say!("killed: {}", fault.name);
            } else {
                say!("survived: {}: {}", fault.name, survives.join("; "));
            }
        }
        Ok(score)
    }
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
