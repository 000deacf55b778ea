//! The phases that generate their cases.

use super::options::Options;
use super::runner::Run;
use crate::server::case::{Case, Encoding, Phase};
use crate::server::course::World;
use crate::server::generate::{self, Player, Smaller};
use crate::server::judge::Verdict;
use crate::server::plan::{self, Working};
use flexiti_contract::Endpoint;
use proptest::prelude::Rng as _;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One course for this many generated cases.
const COURSE: u32 = 20;
/// How many cases of a property to play together, whatever `--jobs` says, so that `--jobs` does not
/// affect the findings.
const BATCH: u32 = 64;
/// Maximum number of requests for shrinking a failure.
const SHRINKS: usize = 300;
/// Time limit for shrinking: a slow server gets fewer requests.
const SHRINK_TIME: Duration = Duration::from_secs(20);

impl Run<'_> {
    /// Half of the generated cases are valid, four tenths have a defect, and the rest are garbage.
    pub(super) fn generated(&mut self, options: &Options, working: &Working) -> anyhow::Result<()> {
        if self.runs(Phase::Generated) {
            self.valid_and_broken(options, working)?;
        }
        let rest = if options.garbage {
            options.cases / 10
        } else {
            0
        };
        let rng = generate::rng(options.seed, "garbage");
        self.generate(rest, BATCH, |player| generate::garbage(rest, rng, player))
    }

    fn valid_and_broken(&mut self, options: &Options, working: &Working) -> anyhow::Result<()> {
        let rulebook = Arc::clone(&self.rulebook);
        let rng = |purpose: &str| generate::rng(options.seed, purpose);
        let mut targets: Vec<(Endpoint, Encoding)> = vec![(Endpoint::Token, Encoding::FormDotted)];
        for endpoint in working.init() {
            let encodings = working.encodings.iter();
            targets.extend(encodings.map(|encoding| (endpoint, *encoding)));
        }
        if working.has(Endpoint::Calculator) {
            targets.push((Endpoint::Calculator, Encoding::FormDotted));
        }
        let share = |of: u32, among: usize| {
            let among = u32::try_from(among).unwrap_or(1).max(1);
            if of == 0 { 0 } else { (of / among).max(1) }
        };
        targets.retain(|(endpoint, _)| !self.out_of_reach.contains(plan::accepted(*endpoint)));
        let each = share(options.cases / 2, targets.len());
        for (endpoint, encoding) in targets {
            let purpose = format!("valid {} {encoding:?}", endpoint.id());
            self.generate(each, BATCH, |player| {
                generate::valid(
                    &rulebook,
                    working,
                    endpoint,
                    encoding,
                    each,
                    rng(&purpose),
                    player,
                )
            })?;
        }
        let places: Vec<_> = rulebook
            .clauses()
            .filter(|clause| plan::is_request_clause(clause) && !self.has_failed(&clause.id))
            .filter(|clause| !self.out_of_reach.contains(&clause.id))
            .flat_map(|clause| {
                rulebook
                    .sites(&clause.id)
                    .iter()
                    .map(move |place| (clause, place))
            })
            .filter(|(_, place)| place.endpoint == Endpoint::Token || working.has(place.endpoint))
            .collect();
        // If there are fewer cases than sites, the seed selects the sites.
        let wanted = options.cases * 4 / 10;
        let each = share(wanted, places.len());
        let mut order = rng("places");
        let turns = usize::try_from(wanted / each.max(1))
            .unwrap_or(0)
            .min(places.len());
        let skipped = if places.is_empty() {
            0
        } else {
            usize::try_from(order.next_u32()).unwrap_or(0) % places.len()
        };
        for (clause, place) in places.iter().cycle().skip(skipped).take(turns) {
            let purpose = format!("{} {} {}", clause.id, place.endpoint.id(), place.param);
            self.generate(each, BATCH, |player| {
                generate::broken(
                    &rulebook,
                    clause,
                    place,
                    working,
                    each,
                    rng(&purpose),
                    player,
                )
            })?;
        }
        Ok(())
    }

    /// Random courses of tokens, orders and notifications.
    pub(super) fn courses(&mut self, options: &Options, working: &Working) -> anyhow::Result<()> {
        if !self.runs(Phase::Stateful) {
            return Ok(());
        }
        let rulebook = Arc::clone(&self.rulebook);
        let world = World::new(&rulebook, working, self.target.has_admin_api());
        let count = options.cases / COURSE;
        let rng = generate::rng(options.seed, "courses");
        // One course at a time, since each advances the clock that all share.
        self.generate(count, 1, |player| {
            generate::course(&world, count, rng, player)
        })
    }

    /// Runs one property, and records only the minimal case that breaks it.
    fn generate(
        &mut self,
        cases: u32,
        batch: u32,
        property: impl FnOnce(&mut dyn Player) -> Option<Case>,
    ) -> anyhow::Result<()> {
        if cases == 0 || self.sessions.main.ended().is_some() {
            return Ok(());
        }
        let mut playing = Playing {
            run: self,
            batch,
            wanted: HashSet::new(),
            sent: 0,
            shrinks: 0,
            since: None,
        };
        let minimal = property(&mut playing);
        let sent = playing.sent;
        if let Some(mut case) = minimal {
            // A course is about the clause at which it fails.
            if case.phase == Phase::Stateful
                && let Ok((verdicts, _)) = self.verdicts(&case)
                && let Some(broken) = verdicts.iter().find(|v| v.fault.is_some())
            {
                case.clause.clone_from(&broken.clause);
                case.id = format!("{}/breaks/course", broken.clause);
            }
            self.case(&case)?;
        }
        self.done += sent;
        self.progress()
    }
}

/// A run that plays the cases of one property.
struct Playing<'r, 'a> {
    run: &'r mut Run<'a>,
    batch: u32,
    /// The clauses broken by the first case that failed.
    wanted: HashSet<String>,
    sent: usize,
    shrinks: usize,
    /// When shrinking began.
    since: Option<Instant>,
}

impl Player for Playing<'_, '_> {
    fn batch(&self) -> u32 {
        self.batch
    }

    fn drawn(&mut self, cases: &[Case]) -> Option<usize> {
        let judged = self.run.all(&cases.iter().collect::<Vec<_>>(), false);
        for (at, (case, judged)) in cases.iter().zip(judged).enumerate() {
            self.sent += 1;
            match judged {
                Err(stopped) => self.run.stopped(case, &stopped),
                Ok((verdicts, _)) => {
                    self.wanted = faults(&verdicts);
                    if !self.wanted.is_empty() {
                        return Some(at);
                    }
                    self.run.tally.passed(verdicts);
                }
            }
        }
        None
    }

    fn smaller(&mut self, case: &Case) -> Smaller {
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.shrinks == SHRINKS || since.elapsed() > SHRINK_TIME {
            return Smaller::Enough;
        }
        self.shrinks += 1;
        match self.run.verdicts(case) {
            Err(stopped) => {
                self.run.stopped(case, &stopped);
                Smaller::Right
            }
            Ok((verdicts, _)) => {
                let faults = faults(&verdicts);
                if faults.is_empty() {
                    self.run.tally.passed(verdicts);
                }
                // Shrinking must not slip from one fault into another.
                if faults.is_disjoint(&self.wanted) {
                    Smaller::Right
                } else {
                    Smaller::Wrong
                }
            }
        }
    }
}

fn faults(verdicts: &[Verdict]) -> HashSet<String> {
    verdicts
        .iter()
        .filter(|verdict| verdict.fault.is_some())
        .map(|verdict| verdict.clause.clone())
        .collect()
}
