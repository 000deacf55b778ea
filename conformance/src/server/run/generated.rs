//! The part of a run that generates its cases.

use super::options::Options;
use super::runner::Run;
use crate::server::case::{Case, Encoding, Phase};
use crate::server::course::World;
use crate::server::generate;
use crate::server::plan::{self, Working};
use flexiti_contract::Endpoint;
use proptest::prelude::Rng as _;
use std::collections::HashSet;
use std::sync::Arc;

/// A course is worth so many generated cases.
const COURSE: u32 = 20;
/// How many requests shrinking a failure may take.
const SHRINKS: usize = 300;

impl Run<'_> {
    /// Half of the generated cases are valid, four tenths have a defect, the rest is garbage.
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
        self.generate(rest, |check| generate::garbage(rest, rng, check))
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
            self.generate(each, |check| {
                generate::valid(
                    &rulebook,
                    working,
                    endpoint,
                    encoding,
                    each,
                    rng(&purpose),
                    check,
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
        // With fewer cases than places, the seed picks the places.
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
            self.generate(each, |check| {
                generate::broken(
                    &rulebook,
                    clause,
                    place,
                    working,
                    each,
                    rng(&purpose),
                    check,
                )
            })?;
        }
        Ok(())
    }

    /// Courses of tokens, orders and notifications, in any order.
    pub(super) fn courses(&mut self, options: &Options, working: &Working) -> anyhow::Result<()> {
        if !self.runs(Phase::Stateful) {
            return Ok(());
        }
        let rulebook = Arc::clone(&self.rulebook);
        let world = World::new(&rulebook, working, self.target.has_admin_api());
        let count = options.cases / COURSE;
        let rng = generate::rng(options.seed, "courses");
        self.generate(count, |check| generate::course(&world, count, rng, check))
    }

    /// Runs one property, and records only the minimal case that breaks it.
    fn generate(
        &mut self,
        cases: u32,
        property: impl FnOnce(&mut generate::Check<'_>) -> Option<Case>,
    ) -> anyhow::Result<()> {
        if cases == 0 || self.sessions.main.ended().is_some() {
            return Ok(());
        }
        let mut first: Option<HashSet<String>> = None;
        let mut sent = 0;
        let mut shrinks = 0;
        let minimal = property(&mut |case| {
            if first.is_some() {
                shrinks += 1;
                if shrinks > SHRINKS {
                    return true;
                }
            } else {
                sent += 1;
            }
            match self.verdicts(case) {
                Err(stopped) => {
                    self.stopped(case, &stopped);
                    true
                }
                Ok((verdicts, _)) => {
                    let faults: HashSet<String> = verdicts
                        .iter()
                        .filter(|verdict| verdict.fault.is_some())
                        .map(|verdict| verdict.clause.clone())
                        .collect();
                    if faults.is_empty() {
                        self.tally.passed(verdicts);
                        return true;
                    }
                    // Shrinking must not slip from one fault into another.
                    let wanted = first.get_or_insert_with(|| faults.clone());
                    faults.is_disjoint(wanted)
                }
            }
        });
        if let Some(mut case) = minimal {
            // A course is about the clause at which it ends.
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
