//! The cases of a comparison, one after the other.

use super::contents::Example;
use super::groups::{Explanations, Found, Groups};
use super::pair::{Pair, Played};
use crate::formats::{Event, Reporter};
use crate::server::case::{Case, Encoding};
use crate::server::generate::{self, Player};
use crate::server::plan::{self, Working};
use crate::server::report::Shown;
use crate::server::run::{Options, Reading};
use crate::server::wire::{Answer, Exchange, Surface, curl};
use flexiti_contract::Endpoint;
use flexiti_contract::comparison::compare;
use std::collections::{BTreeMap, HashSet};

/// Maximum number of requests for shrinking a difference.
const SHRINKS: usize = 100;

/// A comparison in progress.
pub(super) struct Play<'a> {
    pub(super) pair: Pair<'a>,
    explanations: &'a Explanations,
    reporters: &'a mut [Box<dyn Reporter>],
    pub(super) groups: Groups,
    pub(super) compared: usize,
    pub(super) not_compared: BTreeMap<String, usize>,
    done: usize,
    total: usize,
}

impl<'a> Play<'a> {
    pub(super) fn new(
        pair: Pair<'a>,
        explanations: &'a Explanations,
        reporters: &'a mut [Box<dyn Reporter>],
    ) -> Self {
        Self {
            pair,
            explanations,
            reporters,
            groups: Groups::default(),
            compared: 0,
            not_compared: BTreeMap::new(),
            done: 0,
            total: 0,
        }
    }

    /// Plays the cases planned for the left server, and generated ones.
    pub(super) fn everything(
        &mut self,
        reading: &Reading,
        options: &Options,
    ) -> anyhow::Result<()> {
        self.total = usize::try_from(options.cases).unwrap_or(0);
        let rulebook = &reading.rulebook;
        self.planned(&plan::token_cases(), &HashSet::new())?;
        let mut works = |case: &Case| self.is_granted_by_both(case);
        let mut working = plan::working_init(rulebook, &reading.samples, &mut works);
        self.planned(&plan::init_cases(rulebook, &working), &HashSet::new())?;
        let mut works = |case: &Case| self.is_granted_by_both(case);
        plan::add_working_resting(rulebook, &mut working, &mut works);
        let unreached = |clause: &&flexiti_contract::Clause| {
            plan::out_of_reach(rulebook, clause, &working).is_some()
        };
        let unreached = rulebook.clauses().filter(unreached);
        let unreached: HashSet<&str> = unreached.map(|clause| clause.id.as_str()).collect();
        self.planned(&plan::cases(rulebook, &working), &unreached)?;
        self.generated(reading, options, &working)
    }

    fn planned(&mut self, cases: &[Case], unreached: &HashSet<&str>) -> anyhow::Result<()> {
        self.total += cases.len();
        for case in cases {
            if self.pair.has_ended() {
                break;
            }
            if unreached.contains(case.clause.as_str()) {
                self.skip("what it depends on does not work on both servers".to_owned());
            } else if let Some(found) = self.compare(case) {
                self.groups.add(found);
            }
            self.progress(1)?;
        }
        Ok(())
    }

    fn skip(&mut self, why: String) {
        *self.not_compared.entry(why).or_default() += 1;
    }

    fn progress(&mut self, done: usize) -> anyhow::Result<()> {
        self.done += done;
        let (done, total) = (self.done, self.total.max(self.done));
        for reporter in self.reporters.iter_mut() {
            reporter.on(&Event::Progress {
                done,
                total,
                next: None,
            })?;
        }
        Ok(())
    }

    /// Whether both servers grant a case. If only one does, that is recorded as a difference.
    fn is_granted_by_both(&mut self, case: &Case) -> bool {
        let Played::Both(left, right) = self.pair.play(case) else {
            return false;
        };
        let granted = |list: &[Exchange]| {
            let answer = list.last().and_then(Exchange::answer);
            answer.is_some_and(Answer::granted)
        };
        let both = [granted(&left), granted(&right)];
        if both[0] != both[1]
            && let Some(found) = self.difference(case, &left, &right)
        {
            self.groups.add(found);
        }
        both == [true, true]
    }

    /// Plays a case, and returns how the servers differ.
    fn compare(&mut self, case: &Case) -> Option<Found> {
        match self.pair.play(case) {
            Played::Both(left, right) => {
                self.compared += 1;
                self.difference(case, &left, &right)
            }
            Played::NotCompared(why) => {
                self.skip(why);
                None
            }
            Played::Ended => None,
        }
    }

    fn difference(&self, case: &Case, left: &[Exchange], right: &[Exchange]) -> Option<Found> {
        let (a, b) = (left.last()?, right.last()?);
        let differences = if a.surface == Surface::Admin {
            Vec::new()
        } else {
            compare(a.answer().map(Answer::view), b.answer().map(Answer::view))
        };
        self.explanations
            .of(case, [left, right], differences, |differences, faults| {
                let shown = |exchange: &Exchange| Shown {
                    curl: curl::command(exchange),
                    actual: exchange.actual(),
                };
                let headers = a.sent_headers.iter();
                let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
                Some(Example {
                    case: case.id.clone(),
                    differences,
                    faults,
                    left: shown(a),
                    right: shown(b),
                    bytes: a.url.len() + headers + a.sent.len(),
                })
            })
    }

    /// Valid requests, in every encoding that both servers read.
    fn generated(
        &mut self,
        reading: &Reading,
        options: &Options,
        working: &Working,
    ) -> anyhow::Result<()> {
        let mut targets = vec![(Endpoint::Token, Encoding::FormDotted)];
        for endpoint in working.init() {
            let encodings = working.encodings.iter();
            targets.extend(encodings.map(|encoding| (endpoint, *encoding)));
        }
        if working.has(Endpoint::Calculator) {
            targets.push((Endpoint::Calculator, Encoding::FormDotted));
        }
        let among = u32::try_from(targets.len()).unwrap_or(1).max(1);
        let each = options.cases.div_ceil(among);
        for (endpoint, encoding) in targets {
            let mut left = each;
            while left > 0 && !self.pair.has_ended() {
                let purpose = format!("diff {} {encoding:?} {left}", endpoint.id());
                let rng = generate::rng(options.seed, &purpose);
                let sent = self.until_something_new(|player| {
                    let rulebook = &reading.rulebook;
                    generate::valid(rulebook, working, endpoint, encoding, left, rng, player)
                });
                left = left.saturating_sub(sent.max(1));
                self.progress(usize::try_from(sent).unwrap_or(0))?;
            }
        }
        Ok(())
    }

    /// Plays generated cases until one differs in a new way, and shrinks it. Returns the number of
    /// cases.
    fn until_something_new(
        &mut self,
        property: impl FnOnce(&mut dyn Player) -> Option<Case>,
    ) -> u32 {
        let mut playing = Playing {
            play: self,
            sent: 0,
            shrinks: 0,
        };
        property(&mut playing);
        playing.sent
    }
}

struct Playing<'p, 'a> {
    play: &'p mut Play<'a>,
    sent: u32,
    shrinks: usize,
}

impl Player for Playing<'_, '_> {
    fn batch(&self) -> u32 {
        1
    }

    fn drawn(&mut self, cases: &[Case]) -> Option<usize> {
        cases.iter().position(|case| {
            if self.play.pair.has_ended() {
                return false;
            }
            self.sent += 1;
            let Some(found) = self.play.compare(case) else {
                return false;
            };
            let new = self.play.groups.is_new(&found);
            self.play.groups.add(found);
            new
        })
    }

    fn smaller(&mut self, case: &Case) -> generate::Smaller {
        if self.play.pair.has_ended() || self.shrinks == SHRINKS {
            return generate::Smaller::Enough;
        }
        self.shrinks += 1;
        match self.play.compare(case) {
            // A smaller request must show the same difference.
            Some(found) if !self.play.groups.is_new(&found) => {
                self.play.groups.add(found);
                generate::Smaller::Wrong
            }
            _ => generate::Smaller::Right,
        }
    }
}
