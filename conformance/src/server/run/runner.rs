//! A run in progress: what it has sent, and what it has learned.

use super::options::Options;
use super::reading::Reading;
use super::sessions::{Played, Sessions};
use super::tally::{Outcomes, Tally};
use crate::formats::{Done, Event, FORMAT_VERSION, Reporter};
use crate::server::case::{Case, Expect, Kind, Phase, Step};
use crate::server::judge::{self, Verdict};
use crate::server::plan::{self, JsonTypes, Samples};
use crate::server::report::{Beginning, Circumstances, Hide, Learned, Power, Report, Summary};
use crate::server::wire::{End, Exchange, Stopped, Target, curl, readback};
use crate::waivers::Waivers;
use flexiti_contract::{ErrorId, Flow, Rule, Rulebook};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// The verdicts on a case, with its exchanges.
pub(super) type Judged = (Vec<Verdict>, Vec<Exchange>);

/// A run in progress.
pub(super) struct Run<'a> {
    pub(super) rulebook: Arc<Rulebook>,
    pub(super) samples: Samples,
    yardstick: &'a str,
    learned: &'a [Learned],
    fail_on_open: bool,
    phases: Vec<Phase>,
    pub(super) garbage: bool,
    pub(super) oversize: bool,
    pub(super) target: &'a Target,
    pub(super) sessions: Sessions<'a>,
    pub(super) reporters: &'a mut [Box<dyn Reporter>],
    pub(super) tally: Tally,
    /// Clauses that cannot be tested.
    pub(super) out_of_reach: HashSet<String>,
    pub(super) done: usize,
    pub(super) total: usize,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        target: &'a Target,
        reading: &'a Reading,
        options: &Options,
        reporters: &'a mut [Box<dyn Reporter>],
    ) -> anyhow::Result<Self> {
        for reporter in reporters.iter_mut() {
            reporter.on(&Event::Started(&Beginning {
                target: &target.base_url,
                dialect: &reading.yardstick,
                seed: options.seed,
            }))?;
        }
        let (mut tally, mut out_of_reach) = (Tally::default(), HashSet::new());
        for clause in &reading.rulebook.contract().clauses {
            if let Some(why) = options.selection.left_out(&clause.id) {
                tally.deselect(&clause.id, why);
                out_of_reach.insert(clause.id.clone());
            }
        }
        let refused = reading.rulebook.refusal(ErrorId::TokenUnknown);
        let refused = (refused.status.as_u16(), Some(refused.error));
        Ok(Self {
            sessions: Sessions::new(target, options, refused),
            rulebook: Arc::clone(&reading.rulebook),
            samples: reading.samples.clone(),
            yardstick: &reading.yardstick,
            learned: &reading.learned,
            fail_on_open: options.fail_on_open,
            phases: options.phases.clone(),
            garbage: options.garbage,
            oversize: options.oversize,
            tally,
            out_of_reach,
            target,
            reporters,
            done: 0,
            total: usize::try_from(options.cases).unwrap_or(0),
        })
    }

    pub(super) fn has_failed(&self, clause: &str) -> bool {
        self.tally.has_failed(clause)
    }

    pub(super) fn planned<'c>(
        &mut self,
        cases: impl IntoIterator<Item = &'c Case>,
    ) -> anyhow::Result<()> {
        // If a new token ends older ones, parallel cases that wait would end each other's.
        let together = !self.rulebook.enforces(Rule::OlderEnded);
        let waits = |case: &&Case| together && self.sessions.main.waits_in(case);
        let (waiting, cases): (Vec<&Case>, Vec<&Case>) = cases.into_iter().partition(waits);
        self.total += cases.len() + waiting.len();
        for batch in cases.chunks(self.sessions.batch()) {
            self.together(batch, false)?;
        }
        self.together(&waiting, true)
    }

    /// Runs cases, and records their verdicts in order.
    fn together(&mut self, cases: &[&Case], at_once: bool) -> anyhow::Result<()> {
        let reachable: Vec<&Case> = cases
            .iter()
            .filter(|case| !self.out_of_reach.contains(&case.clause))
            .copied()
            .collect();
        let judged = self.all(&reachable, at_once);
        for (case, judged) in reachable.iter().zip(judged) {
            self.record(case, judged)?;
        }
        for _ in cases {
            self.progress()?;
        }
        Ok(())
    }

    /// Runs the cases of the selected phases.
    pub(super) fn selected(&mut self, cases: &[Case]) -> anyhow::Result<()> {
        let is_meant = |case: &&Case| self.phases.contains(&case.phase);
        let (meant, others): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(is_meant);
        for case in others {
            let why = "its cases are in phases that --phase leaves out";
            self.tally.leave_out(&case.clause, why);
        }
        self.planned(meant)
    }

    /// Whether a phase is selected.
    pub(super) fn runs(&self, phase: Phase) -> bool {
        self.phases.contains(&phase)
    }

    pub(super) fn progress(&mut self) -> anyhow::Result<()> {
        self.done += 1;
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

    /// Runs a case and records its verdicts.
    pub(super) fn case(&mut self, case: &Case) -> anyhow::Result<()> {
        let judged = self.verdicts(case);
        self.record(case, judged)
    }

    fn record(&mut self, case: &Case, judged: Result<Judged, Stopped>) -> anyhow::Result<()> {
        let json = JsonTypes::of(&self.rulebook);
        let case = &*json.applied(case);
        match judged {
            Ok((verdicts, exchanges)) => {
                self.tally
                    .judged(&self.rulebook, case, verdicts, &exchanges);
            }
            Err(stopped) => self.stopped(case, &stopped),
        }
        let Some(outcome) = self.tally.outcome_of(case) else {
            return Ok(());
        };
        for reporter in self.reporters.iter_mut() {
            let (id, of) = (case.id.as_str(), ("clause", case.clause.as_str()));
            reporter.on(&Event::Case(Done { id, of, outcome }))?;
        }
        Ok(())
    }

    /// Plays and judges cases, several at once if there are several sessions, or all `at_once`.
    pub(super) fn all(&mut self, cases: &[&Case], at_once: bool) -> Vec<Result<Judged, Stopped>> {
        let (rulebook, json) = (&self.rulebook, JsonTypes::of(&self.rulebook));
        let cases: Vec<Cow<'_, Case>> = cases.iter().map(|case| json.applied(case)).collect();
        let cases: Vec<&Case> = cases.iter().map(|case| &**case).collect();
        self.sessions.all(&cases, at_once, |case, played| {
            judged(rulebook, case, played)
        })
    }

    pub(super) fn verdicts(&mut self, case: &Case) -> Result<Judged, Stopped> {
        let json = JsonTypes::of(&self.rulebook);
        let case = &*json.applied(case);
        let played = self.sessions.one(case)?;
        judged(&self.rulebook, case, played)
    }

    pub(super) fn stopped(&mut self, case: &Case, stopped: &Stopped) {
        self.tally.stopped(case, stopped);
    }

    pub(super) fn finish(mut self, options: &Options, waivers: &Waivers) -> anyhow::Result<Report> {
        let (target, session) = (self.target, &self.sessions.joined());
        let because = session.ended().as_ref().map(End::because);
        if let Some(because) = &because {
            // Also the clauses without any case so far.
            for clause in self.rulebook.clauses() {
                self.tally.give_up(&clause.id, because);
            }
        }
        let Outcomes {
            rows,
            findings,
            otherwise,
        } = self.tally.rows(&self.rulebook, waivers);
        let mut learned = self.learned.to_vec();
        learned.extend(otherwise.iter().map(Learned::of));
        let commands: Vec<&str> = findings.iter().map(|f| f.curl.as_str()).collect();
        let circumstances = Circumstances {
            dialect_answers: self.rulebook.dialect().to_json(),
            stopped: session.ended().as_ref().map(End::word),
            because,
            notes: options
                .notes
                .iter()
                .cloned()
                .chain(session.notes())
                .chain(unplayed(&self.samples))
                .collect(),
            setup: curl::setup(&commands, &target.main.client_id, &target.token_curls()),
            is_blocked: false,
            took: session.took().clone(),
        };
        let unused = waivers.unused(
            |about, case| {
                let mut findings = findings.iter().filter(|found| about(&found.clause));
                findings.any(|found| found.shown_by().any(case))
            },
            |about, _| {
                let mut rows = rows.iter().filter(|row| about(&row.id)).peekable();
                rows.peek().is_some() && rows.all(|row| !row.status.is_seen())
            },
        );
        let mut report = Report {
            format_version: FORMAT_VERSION,
            runner: env!("CARGO_PKG_VERSION"),
            seed: options.seed,
            target: target.base_url.clone(),
            dialect: self.yardstick.to_owned(),
            summary: Summary::of(&rows),
            clauses: rows,
            learned,
            findings,
            otherwise,
            unused_waivers: unused,
            fail_on_open: self.fail_on_open,
            circumstances,
            power: Power::measured(),
            baseline: None,
        };
        if let Some(baseline) = &options.baseline {
            report.compare(baseline);
        }
        let secrets = session.secrets();
        report.hide(&Hide {
            said: &|text| secrets.hide(text),
            command: &|text| secrets.hide_in_command(text),
            case: &|text| secrets.hide_in_case(text),
        });
        for reporter in self.reporters.iter_mut() {
            reporter.on(&Event::Finished(&report))?;
        }
        Ok(report)
    }
}

/// What could not be tried because the server knows none of the printed customers.
fn unplayed(samples: &Samples) -> Vec<String> {
    let flows: BTreeSet<Flow> = samples.nobody_known.iter().map(|(_, flow)| *flow).collect();
    let note = |flow: Flow| {
        format!(
            "{flow:?} was not tried: it needs a customer, and the server knows none of the examples'"
        )
    };
    flows.into_iter().map(note).collect()
}

fn judged(rulebook: &Rulebook, case: &Case, played: Played) -> Result<Judged, Stopped> {
    let mut exchanges = played.exchanges;
    hold_to_claim(rulebook, case, &exchanges)?;
    let mut verdicts = judge::judge(rulebook, case, &exchanges);
    if let Some(refused) = played.early_end {
        verdicts.push(judge::ended_early(&refused, exchanges.len()));
        exchanges.push(refused);
    }
    Ok((verdicts, exchanges))
}

/// Reads the request back before its answer is judged: a case about parameters must have broken its
/// clause, and nothing else, on the wire.
fn hold_to_claim(rulebook: &Rulebook, case: &Case, exchanges: &[Exchange]) -> Result<(), Stopped> {
    let contract = rulebook.contract();
    let clause = contract.clause(&case.clause);
    let Some(clause) = clause.filter(|clause| plan::is_request_clause(clause)) else {
        return Ok(());
    };
    let (Some(exchange), Some(Step::Send(_))) = (exchanges.last(), case.steps.last()) else {
        return Ok(());
    };
    let Some(endpoint) = readback::endpoint_of(contract, exchange) else {
        return Ok(());
    };
    let Some(read) = readback::parameters(rulebook, endpoint, exchange) else {
        return Err(Stopped::Inconclusive(
            "the request cannot be read back".to_owned(),
        ));
    };
    let mut broken: Vec<&str> = rulebook
        .check(endpoint, &read)
        .iter()
        .map(|v| v.clause)
        .collect();
    let claimed: Vec<&str> = match case.kind {
        Kind::Positive => vec![],
        Kind::Negative => {
            if broken.contains(&clause.id.as_str()) {
                // A case may lack several parameters on purpose.
                let lacks_several =
                    case.expect == Expect::NotGranted && clause.id.ends_with(".required");
                let lacks_more = |id: &str| {
                    (lacks_several && id.ends_with(".required")) || plan::is_of_block(clause, id)
                };
                broken.retain(|id| *id == clause.id || !lacks_more(id));
            }
            vec![clause.id.as_str()]
        }
    };
    // One clause may be about two parameters.
    broken.dedup();
    if broken == claimed {
        Ok(())
    } else {
        Err(Stopped::Inconclusive(format!(
            "the request breaks {broken:?}, not {claimed:?}"
        )))
    }
}
