//! Attributes a difference to the knob or clause that explains it. Pure.

use super::contents::{Example, Group, KnobDifference};
use crate::server::case::Case;
use crate::server::judge;
use crate::server::wire::{Exchange, readback};
use flexiti_contract::comparison::{Aspect, Difference, Subject, knobs_about};
use flexiti_contract::{Endpoint, Part, Rulebook};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The contract as each server reads it, and the knobs in which they differ.
pub(super) struct Explanations {
    left: Arc<Rulebook>,
    right: Arc<Rulebook>,
    knobs: Vec<String>,
}

/// A clause that only one of two answers contradicts.
struct Fault {
    clause: String,
    knob: Option<String>,
    /// Whether it is about the wording of a refusal, whatever was refused.
    is_of_words: bool,
    /// A description for the reader.
    line: String,
}

/// A case in which the servers differ.
pub(super) struct Found {
    endpoint: Option<Endpoint>,
    /// The established subjects; empty if there is only the case to go by.
    subjects: Vec<Subject>,
    /// The case's own clause.
    clause: String,
    example: Example,
}

impl Explanations {
    pub(super) fn new(
        left: &Arc<Rulebook>,
        right: &Arc<Rulebook>,
        knobs: &[KnobDifference],
    ) -> Self {
        Self {
            left: Arc::clone(left),
            right: Arc::clone(right),
            knobs: knobs.iter().map(|row| row.knob.clone()).collect(),
        }
    }

    /// Explains how two servers differ, given their exchanges in a case and the differences of
    /// their last answers; `None` if they do not differ.
    pub(super) fn of(
        &self,
        case: &Case,
        exchanges: [&[Exchange]; 2],
        differences: Vec<Difference>,
        example: impl FnOnce(Vec<Difference>, Vec<String>) -> Option<Example>,
    ) -> Option<Found> {
        let faults = self.faults(case, exchanges);
        if differences.is_empty() && faults.is_empty() {
            return None;
        }
        let last = exchanges[0].last()?;
        let endpoint = readback::endpoint_of(self.left.contract(), last);
        let subjects = self.subjects(case, last, endpoint, &differences, &faults);
        let faults = faults.into_iter().map(|fault| fault.line).collect();
        Some(Found {
            endpoint,
            subjects,
            clause: case.clause.clone(),
            example: example(differences, faults)?,
        })
    }

    /// The clauses that only one side's answers contradict.
    fn faults(&self, case: &Case, exchanges: [&[Exchange]; 2]) -> Vec<Fault> {
        let [left, right] = exchanges.map(|list| {
            let verdicts = judge::judge(&self.left, case, list).into_iter();
            let faults = verdicts.filter_map(|verdict| Some((verdict.clause, verdict.fault?)));
            faults.collect::<Vec<_>>()
        });
        let key = |(clause, fault): &(String, judge::Fault)| (clause.clone(), fault.part);
        let only = |list: &[(String, judge::Fault)], other: &[(String, judge::Fault)], side| {
            let known: Vec<(String, Part)> = other.iter().map(key).collect();
            let mine = list.iter().filter(|fault| !known.contains(&key(fault)));
            let mine = mine.map(|(clause, fault)| Fault {
                clause: clause.clone(),
                knob: fault.knob.clone(),
                is_of_words: !matches!(fault.part, Part::Accepted | Part::Refused | Part::Content),
                line: format!("{clause}: only the {side} one is not {}", fault.expected),
            });
            mine.collect::<Vec<_>>()
        };
        let mut faults = only(&left, &right, "left");
        faults.extend(only(&right, &left, "right"));
        faults
    }

    fn subjects(
        &self,
        case: &Case,
        last: &Exchange,
        endpoint: Option<Endpoint>,
        differences: &[Difference],
        faults: &[Fault],
    ) -> Vec<Subject> {
        if let Some(knob) = endpoint.and_then(|endpoint| self.foreseen(endpoint, last)) {
            return vec![Subject::Knob(knob)];
        }
        let broken = endpoint.and_then(|endpoint| self.broken(endpoint, last, differences));
        if let Some(clause) = broken {
            return vec![self.subject(&clause)];
        }
        let spoken = || {
            let mut spoken = differences.iter().flat_map(knobs_about).copied();
            spoken.find(|knob| self.differ(knob)).map(str::to_owned)
        };
        let mut subjects: Vec<Subject> = Vec::new();
        for fault in faults {
            let knob = fault.knob.clone().filter(|knob| self.differ(knob));
            let knob = knob.or_else(|| fault.is_of_words.then(spoken).flatten());
            let subject = knob.map_or_else(|| self.subject(&fault.clause), Subject::Knob);
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        if subjects.is_empty() {
            let own = case.knob.clone().filter(|knob| self.differ(knob));
            let knob = own.or_else(spoken).or_else(|| self.knob_of(&case.clause));
            subjects.extend(knob.map(Subject::Knob));
        }
        subjects
    }

    fn differ(&self, knob: &str) -> bool {
        self.knobs.iter().any(|known| known == knob)
    }

    /// The subject of a difference about a clause.
    fn subject(&self, clause: &str) -> Subject {
        let knob = self.knob_of(clause).map(Subject::Knob);
        knob.unwrap_or_else(|| Subject::Clause(clause.to_owned()))
    }

    /// The first differing knob among those that a clause depends on.
    fn knob_of(&self, clause: &str) -> Option<String> {
        let contract = self.left.contract();
        let knobs = contract.knobs_of(contract.clause(clause)?);
        let found = knobs.into_iter().find(|knob| self.differ(knob));
        found.map(str::to_owned)
    }

    /// The clause about parameters by which only one server refuses a request, whatever the case is
    /// about.
    fn broken(
        &self,
        endpoint: Endpoint,
        exchange: &Exchange,
        differences: &[Difference],
    ) -> Option<String> {
        let read = readback::parameters(&self.left, endpoint, exchange)?;
        let violations = self.left.check(endpoint, &read);
        let clause = differences.iter().find_map(|difference| {
            match (difference.aspect, violations.as_slice()) {
                (Aspect::Outcome, [only]) => Some(only.clause),
                (Aspect::Fields, all) => {
                    let is_named = |list: &str, param: &str| list.split(", ").any(|it| it == param);
                    let by_one = all.iter().find(|violation| {
                        let param = violation.param.as_str();
                        is_named(&difference.left, param) != is_named(&difference.right, param)
                    });
                    by_one.map(|violation| violation.clause)
                }
                _ => None,
            }
        });
        clause.map(str::to_owned)
    }

    /// The knob by which only one server accepts the parameters of a request.
    fn foreseen(&self, endpoint: Endpoint, exchange: &Exchange) -> Option<String> {
        let read = readback::parameters(&self.left, endpoint, exchange)?;
        let [left, right] = [&self.left, &self.right].map(|rulebook| {
            let violations = rulebook.check(endpoint, &read).into_iter();
            violations.map(|v| (v.clause, v.param)).collect::<Vec<_>>()
        });
        let only = |list: &[(&'static str, String)], other: &[(&'static str, String)]| {
            let mut mine = list.iter().filter(|violation| !other.contains(violation));
            mine.find_map(|(clause, _)| self.knob_of(clause))
        };
        only(&right, &left).or_else(|| only(&left, &right))
    }
}

/// The groups so far.
#[derive(Default)]
pub(super) struct Groups {
    found: Vec<Found>,
}

impl Groups {
    /// Whether no group has this subject yet.
    pub(super) fn is_new(&self, found: &Found) -> bool {
        let same = |known: &Found| {
            known.subjects == found.subjects
                && (!found.subjects.is_empty() || known.clause == found.clause)
        };
        !self.found.iter().any(same)
    }

    pub(super) fn add(&mut self, found: Found) {
        self.found.push(found);
    }

    /// The groups, those with the most cases first. A difference without an explanation joins an
    /// explained group that shows the same difference.
    pub(super) fn finish(self) -> Vec<Group> {
        let mut explained: BTreeMap<Signature, Subject> = BTreeMap::new();
        for found in &self.found {
            if let Some(subject) = found.subjects.first() {
                for signature in found.signatures() {
                    explained
                        .entry(signature)
                        .or_insert_with(|| subject.clone());
                }
            }
        }
        let mut groups: BTreeMap<Subject, Group> = BTreeMap::new();
        for found in self.found {
            for subject in found.subjects_by(&explained) {
                let group = groups.entry(subject.clone()).or_insert_with(|| Group {
                    subject,
                    cases: 0,
                    example: found.example.clone(),
                });
                group.cases += 1;
                if found.example.bytes < group.example.bytes {
                    group.example = found.example.clone();
                }
            }
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.cases));
        groups
    }
}

/// What identifies the same difference in another case.
type Signature = (Option<Endpoint>, Aspect, String);

impl Found {
    fn signatures(&self) -> Vec<Signature> {
        let recognised = |difference: &&Difference| difference.aspect != Aspect::Outcome;
        let differences = self.example.differences.iter().filter(recognised);
        let signatures = differences.map(|difference| {
            let what = match difference.aspect {
                Aspect::Member | Aspect::Type | Aspect::Value | Aspect::Header => {
                    difference.at.clone()
                }
                _ => format!("{} | {}", difference.left, difference.right),
            };
            (self.endpoint, difference.aspect, what)
        });
        signatures.collect()
    }

    fn subjects_by(&self, explained: &BTreeMap<Signature, Subject>) -> Vec<Subject> {
        if !self.subjects.is_empty() {
            return self.subjects.clone();
        }
        let known = self
            .signatures()
            .into_iter()
            .find_map(|it| explained.get(&it).cloned());
        vec![known.unwrap_or_else(|| Subject::Clause(self.clause.clone()))]
    }
}
