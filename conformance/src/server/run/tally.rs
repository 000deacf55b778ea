//! What a run has learned about each clause so far.

use super::roots;
use crate::server::case::{Case, Kind};
use crate::server::judge::Verdict;
use crate::server::report::{CaseRow, ClauseRow, Finding, Status};
use crate::server::wire::{Exchange, Stopped, curl};
use crate::waivers::{Excuse, Waivers};
use flexiti_contract::{Asserts, Clause, Rulebook};
use std::collections::{BTreeMap, BTreeSet};

/// What is known about one clause.
#[derive(Debug, Default)]
struct ClauseTally {
    cases: Vec<CaseRow>,
    kept: usize,
    finding: Option<Finding>,
    /// What explains each fault of the finding.
    rests_on: BTreeSet<Option<String>>,
    /// The first answer to an open question that differs from the dialect's.
    otherwise: Option<Finding>,
    not_testable: Option<String>,
    /// Why the run does not judge it, in which case nothing else counts.
    left_out: Option<String>,
    inconclusive: Option<String>,
    /// The violated clause at which a case about this one ended.
    blocked_by: Option<String>,
}

/// The outcomes of all clauses.
#[derive(Debug)]
pub(crate) struct Outcomes {
    /// The clauses of the dialect, and any other clause that was broken.
    pub(crate) rows: Vec<ClauseRow>,
    /// The violations.
    pub(crate) findings: Vec<Finding>,
    /// Open questions answered differently.
    pub(crate) otherwise: Vec<Finding>,
}

/// What is known about all clauses.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<String, ClauseTally>);

impl Tally {
    /// Whether the clause was broken.
    pub(crate) fn has_failed(&self, clause: &str) -> bool {
        self.0
            .get(clause)
            .is_some_and(|record| record.finding.is_some())
    }

    /// Whether the clause was violated, or answered differently.
    pub(crate) fn is_known(&self, clause: &str) -> bool {
        let record = self.0.get(clause);
        record.is_some_and(|record| record.finding.is_some() || record.otherwise.is_some())
    }

    /// Marks a clause as inconclusive.
    pub(crate) fn give_up(&mut self, clause: &str, why: &str) {
        let record = self.0.entry(clause.to_owned()).or_default();
        record.inconclusive.get_or_insert_with(|| why.to_owned());
    }

    /// Marks a clause as not selected.
    pub(crate) fn deselect(&mut self, clause: &str, why: &str) {
        let record = self.0.entry(clause.to_owned()).or_default();
        record.left_out = Some(why.to_owned());
    }

    /// The outcome of a case that has just been run.
    pub(crate) fn outcome_of(&self, case: &Case) -> Option<&'static str> {
        let row = self.0.get(&case.clause)?.cases.last()?;
        (row.id == case.id).then_some(row.outcome)
    }

    /// Marks a clause as left out of the run.
    pub(crate) fn leave_out(&mut self, clause: &str, why: &str) {
        let record = self.0.entry(clause.to_owned()).or_default();
        record.not_testable.get_or_insert_with(|| why.to_owned());
    }

    /// Records the verdicts on a case.
    pub(crate) fn judged(
        &mut self,
        rulebook: &Rulebook,
        case: &Case,
        verdicts: Vec<Verdict>,
        exchanges: &[Exchange],
    ) {
        let clause = rulebook.contract().clause(&case.clause);
        self.ended_elsewhere(case, &verdicts);
        for verdict in verdicts {
            let own = verdict.clause == case.clause;
            let record = self.0.entry(verdict.clause.clone()).or_default();
            if own {
                let outcome = match &verdict.fault {
                    None => "kept",
                    Some(fault) if fault.violates => "violated",
                    Some(_) => "otherwise",
                };
                record.cases.push(CaseRow::new(case, outcome));
            }
            match verdict.fault {
                None if own && !proves(clause, case) => {}
                None => record.kept += 1,
                Some(fault) => {
                    let Some(exchange) = exchanges.get(fault.exchange) else {
                        continue;
                    };
                    let slot = if fault.violates {
                        record.rests_on.insert(fault.rests_on);
                        &mut record.finding
                    } else {
                        &mut record.otherwise
                    };
                    let finding = slot.get_or_insert_with(|| Finding {
                        clause: verdict.clause,
                        case: case.id.clone(),
                        cases: 0,
                        other_cases: Vec::new(),
                        part: fault.part,
                        knob: fault.knob,
                        expected: fault.expected,
                        actual: fault.actual,
                        curl: curl::command(exchange),
                        replay: case.clone(),
                    });
                    finding.cases += 1;
                    if finding.case != case.id && !finding.other_cases.contains(&case.id) {
                        finding.other_cases.push(case.id.clone());
                    }
                }
            }
        }
    }

    /// Does not report a fault that another one explains: its clause counts as not verified, and
    /// its cases count for the root.
    fn find_roots(&mut self) {
        let broken: Vec<(String, String)> = self
            .0
            .iter()
            .filter(|(_, record)| record.finding.is_some() || record.otherwise.is_some())
            .filter_map(|(clause, record)| {
                let mut roots = roots::of(clause);
                // An open question cannot explain a violation.
                let explains = |root: &&str| match record.finding {
                    Some(_) => self.has_failed(root),
                    None => self.is_known(root),
                };
                let root = roots.find(explains).map(str::to_owned);
                Some((
                    clause.clone(),
                    root.or_else(|| self.foundation(clause, record))?,
                ))
            })
            .collect();
        for (clause, root) in broken {
            let is_violated = self.has_failed(&root);
            let Some(record) = self.0.get_mut(&clause) else {
                continue;
            };
            let explained = record.finding.take().into_iter();
            let cases: usize = explained
                .chain(record.otherwise.take())
                .map(|f| f.cases)
                .sum();
            // Nothing is certain after an open question.
            let slot = if is_violated {
                &mut record.blocked_by
            } else {
                &mut record.not_testable
            };
            slot.get_or_insert(format!("because of {root}"));
            let root = self.0.get_mut(&root);
            let found = root.and_then(|root| root.finding.as_mut().or(root.otherwise.as_mut()));
            if let Some(found) = found {
                found.cases += cases;
            }
        }
    }

    /// The clause that explains all faults of another, if it is broken in a case of its own.
    fn foundation(&self, clause: &str, record: &ClauseTally) -> Option<String> {
        let is_broken = |root: &&String| {
            let root = self.0.get(*root).filter(|root| root.finding.is_some());
            let mut own = root.into_iter().flat_map(|root| &root.cases);
            own.any(|case| case.outcome == "violated")
        };
        record.finding.as_ref()?;
        // A parameter of both init paths depends on both.
        let roots: Option<Vec<&String>> = record.rests_on.iter().map(Option::as_ref).collect();
        let mut roots = roots?.into_iter().filter(|root| *root != clause);
        roots.find(is_broken).cloned()
    }

    /// Adds a row for a case that says nothing about its own clause because another is broken: the
    /// clause must not count as verified by its other cases.
    fn ended_elsewhere(&mut self, case: &Case, verdicts: &[Verdict]) {
        if verdicts.iter().any(|verdict| verdict.clause == case.clause) {
            return;
        }
        let faulty = |v: &&Verdict| v.fault.as_ref().is_some_and(|fault| fault.violates);
        let root = verdicts.iter().find(faulty);
        let root = root.or_else(|| verdicts.iter().find(|v| v.fault.is_some()));
        let Some(root) = root else {
            return;
        };
        let record = self.0.entry(case.clause.clone()).or_default();
        let because = format!("because of {}", root.clause);
        record
            .cases
            .push(CaseRow::new(case, "inconclusive").because(&because));
        if faulty(&root) {
            record.blocked_by.get_or_insert(because);
        } else {
            // Nothing is certain if the server answers an open question differently.
            record.not_testable.get_or_insert(because);
        }
    }

    /// Records the verdicts on a generated case without faults, which gets no row of its own.
    pub(crate) fn passed(&mut self, verdicts: Vec<Verdict>) {
        for verdict in verdicts {
            self.0.entry(verdict.clause).or_default().kept += 1;
        }
    }

    /// Records a case without a verdict.
    pub(crate) fn stopped(&mut self, case: &Case, stopped: &Stopped) {
        let record = self.0.entry(case.clause.clone()).or_default();
        let (slot, why, outcome) = match stopped {
            Stopped::NotTestable(why) => (&mut record.not_testable, why.as_str(), "not testable"),
            Stopped::Inconclusive(why) => (&mut record.inconclusive, why.as_str(), "inconclusive"),
            Stopped::Ended(end) => {
                record.inconclusive.get_or_insert_with(|| end.because());
                return;
            }
        };
        slot.get_or_insert_with(|| why.to_owned());
        record.cases.push(CaseRow::new(case, outcome).because(why));
    }

    /// The clauses of the dialect with their outcomes, and any other clause that failed.
    pub(crate) fn rows(mut self, rulebook: &Rulebook, waivers: &Waivers) -> Outcomes {
        self.find_roots();
        let mut rows = Vec::new();
        let mut findings = Vec::new();
        let mut otherwise = Vec::new();
        for clause in &rulebook.contract().clauses {
            let failed = self.is_known(&clause.id);
            if !rulebook.is_active(&clause.id) && !failed {
                continue;
            }
            let mut record = self.0.remove(&clause.id).unwrap_or_default();
            if record.left_out.is_some() {
                (record.finding, record.otherwise) = (None, None);
            }
            let must = rulebook.contract().is_must(clause);
            let (status, why) = record.outcome(waivers, must);
            findings.extend(record.finding);
            otherwise.extend(record.otherwise);
            rows.push(ClauseRow {
                id: clause.id.clone(),
                level: clause.level,
                evidence: clause.evidence,
                requirement: clause.requirement.clone(),
                source: clause.source.clone(),
                test_case: clause.test_case.clone(),
                status,
                why,
                cases: record.cases,
            });
        }
        Outcomes {
            rows,
            findings,
            otherwise,
        }
    }
}

impl ClauseTally {
    fn outcome(&self, waivers: &Waivers, must: bool) -> (Status, Option<String>) {
        if let Some(why) = &self.left_out {
            return (Status::NotTestable, Some(why.clone()));
        }
        let excuse = match &self.finding {
            Some(finding) => waivers.excuse(&finding.clause, finding.shown_by()),
            None => Excuse::None,
        };
        match (&self.finding, excuse) {
            (Some(_), Excuse::All(reason)) => (Status::Waived, Some(reason)),
            (Some(_), Excuse::Some(waived, other)) => (
                Status::Failed,
                Some(format!("{waived} of its cases waived, but not {other}")),
            ),
            (Some(_), Excuse::None) => (Status::Failed, None),
            (None, _) if self.otherwise.is_some() => (Status::Otherwise, None),
            (None, _) if self.blocked_by.is_some() => {
                (Status::NotVerified, self.blocked_by.clone())
            }
            (None, _) if self.kept > 0 => (Status::Verified, None),
            (None, _) if self.inconclusive.is_some() => {
                (Status::NotVerified, self.inconclusive.clone())
            }
            (None, _) if self.not_testable.is_some() => {
                (Status::NotTestable, self.not_testable.clone())
            }
            (None, _) if !must || self.cases.iter().all(|case| case.id.contains("/keeps/")) => (
                Status::NotTestable,
                Some("no request that the server accepts can test it".to_owned()),
            ),
            (None, _) => (
                Status::NotVerified,
                Some("it was never observed".to_owned()),
            ),
        }
    }
}

/// Whether a case without a fault proves that the clause is kept. A refusal is proved by a refused
/// request, not by its accepted counterpart.
fn proves(clause: Option<&Clause>, case: &Case) -> bool {
    let refusal = clause.is_some_and(|clause| clause.asserts == Asserts::Refusal);
    !refusal || case.kind == Kind::Negative
}
