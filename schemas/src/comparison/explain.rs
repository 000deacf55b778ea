//! Attributes the differences between a server and a mock to clauses or knobs. Pure.

use super::answers::{Aspect, Difference};
use super::subject::{Subject, knobs_about};
use super::view::AnswerView;
use crate::endpoint::Endpoint;
use crate::rulebook::Rulebook;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// A difference between a server's answer (left) and the mock's (right), and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The clause or knob, if known.
    #[serde(flatten)]
    pub subject: Option<Subject>,
    /// The difference.
    #[serde(flatten)]
    pub difference: Difference,
}

impl Drift {
    /// The kind and name of the clause or knob.
    pub fn about(&self) -> String {
        match &self.subject {
            Some(Subject::Knob(name)) => format!("knob {name}"),
            Some(Subject::Clause(name)) => format!("clause {name}"),
            None => "no clause or knob".to_owned(),
        }
    }
}

/// A call that both answered.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The contract in the mock's dialect.
    pub rulebook: &'a Rulebook,
    /// The contract in other dialects, whose refusals help to explain another server's.
    pub others: &'a [Arc<Rulebook>],
    /// The endpoint, if it is one of the contract's.
    pub endpoint: Option<Endpoint>,
    /// The parameters, flat and as texts, if readable.
    pub params: Option<&'a Value>,
    /// The clause that the mock gives for its refusal.
    pub refused_by: Option<&'a str>,
}

/// Attributes each difference to what explains it.
pub fn explain(
    asked: Asked<'_>,
    left: AnswerView<'_>,
    right: AnswerView<'_>,
    differences: Vec<Difference>,
) -> Vec<Drift> {
    let about = |difference: Difference| Drift {
        subject: asked.subject(left, right, &difference),
        difference,
    };
    differences.into_iter().map(about).collect()
}

impl Asked<'_> {
    fn subject(
        self,
        left: AnswerView<'_>,
        right: AnswerView<'_>,
        difference: &Difference,
    ) -> Option<Subject> {
        match difference.aspect {
            Aspect::Outcome => self.outcome(left, right),
            Aspect::Fields => {
                let param = self.param_of(difference);
                param.or_else(|| self.knob(left, difference))
            }
            _ => {
                let knob = self.knob(left, difference);
                knob.or_else(|| self.member(left, right, difference))
            }
        }
    }

    /// Explains why one granted what the other refused.
    fn outcome(self, left: AnswerView<'_>, right: AnswerView<'_>) -> Option<Subject> {
        let is_refusal = |answer: AnswerView<'_>| (400..500).contains(&answer.status);
        if is_refusal(right) {
            let own = self.refused_by.map(str::to_owned);
            let clause = own
                .or_else(|| self.broken(self.rulebook, &[]))
                .or_else(|| self.by_word(self.rulebook, right))?;
            return Some(self.of_clause(&clause));
        }
        if !is_refusal(left) {
            return None;
        }
        let endpoint = self.endpoint?;
        let own = self.clauses(self.rulebook);
        let mut others = self.others.iter();
        let foreseen = others.find_map(|rulebook| self.broken(rulebook, &own));
        let named = || {
            let (_, fields) = left.field_errors()?;
            let (param, _) = fields.first()?;
            self.clause_about(endpoint, param)
        };
        let clause = foreseen
            .or_else(named)
            .or_else(|| self.by_word(self.rulebook, left))?;
        Some(self.of_clause(&clause))
    }

    /// The first clause that the parameters break, apart from `besides`.
    fn broken(self, rulebook: &Rulebook, besides: &[String]) -> Option<String> {
        let mut clauses = self.clauses(rulebook).into_iter();
        clauses.find(|clause| !besides.contains(clause))
    }

    fn clauses(self, rulebook: &Rulebook) -> Vec<String> {
        let (Some(endpoint), Some(params)) = (self.endpoint, self.params) else {
            return Vec::new();
        };
        let mut violations = rulebook.check(endpoint, params);
        violations.sort_by_key(|violation| violation.rank);
        let clauses = violations.iter().map(|it| it.clause.to_owned());
        clauses.collect()
    }

    /// The first clause whose refusal has this status and word.
    fn by_word(self, rulebook: &Rulebook, answer: AnswerView<'_>) -> Option<String> {
        let endpoint = self.endpoint?;
        let body = answer.json()?;
        let word = body["error"].as_str()?;
        let is_it = |id: &str| {
            let refusal = rulebook.refusal_of(id);
            refusal.is_some_and(|it| it.error == word && it.status.as_u16() == answer.status)
        };
        let mut clauses = rulebook.clauses().filter(|clause| clause.covers(endpoint));
        let found = clauses.find(|clause| is_it(&clause.id))?;
        Some(found.id.clone())
    }

    /// The first clause about a parameter, in the mock's dialect or in another.
    fn clause_about(self, endpoint: Endpoint, param: &str) -> Option<String> {
        let rulebooks = std::iter::once(self.rulebook).chain(self.others.iter().map(|it| &**it));
        let mut clauses = rulebooks.flat_map(|rulebook| {
            let is_about = move |id: &str| {
                let mut sites = rulebook.sites(id).iter();
                sites.any(|site| site.endpoint == endpoint && site.param == param)
            };
            rulebook.clauses().filter(move |it| is_about(&it.id))
        });
        clauses.next().map(|clause| clause.id.clone())
    }

    /// The clause about a parameter that only one of two refusals names.
    fn param_of(self, difference: &Difference) -> Option<Subject> {
        let endpoint = self.endpoint?;
        let names = |list: &str| list.split(", ").map(str::to_owned).collect::<Vec<_>>();
        let (left, right) = (names(&difference.left), names(&difference.right));
        let mut all = left.iter().chain(&right).filter(|it| !it.is_empty());
        let param = all.find(|it| left.contains(it) != right.contains(it))?;
        let own = self.params.into_iter().flat_map(|params| {
            let rulebooks = std::iter::once(self.rulebook);
            let rulebooks = rulebooks.chain(self.others.iter().map(|it| &**it));
            rulebooks.flat_map(move |rulebook| rulebook.check(endpoint, params))
        });
        let broken = own.filter(|violation| violation.param == *param);
        let broken = broken.map(|violation| violation.clause.to_owned()).next();
        let clause = broken.or_else(|| self.clause_about(endpoint, param))?;
        Some(self.of_clause(&clause))
    }

    /// The clause that a member breaks in one answer but not in the other.
    fn member(
        self,
        left: AnswerView<'_>,
        right: AnswerView<'_>,
        difference: &Difference,
    ) -> Option<Subject> {
        let endpoint = self.endpoint?;
        let is_granted = |answer: AnswerView<'_>| (200..300).contains(&answer.status);
        if !is_granted(left) || !is_granted(right) || !difference.at.starts_with('/') {
            return None;
        }
        let broken = self.rulebook.check_response(endpoint, &left.json()?);
        let kept = self.rulebook.check_response(endpoint, &right.json()?);
        let only = broken
            .iter()
            .find(|(id, _)| kept.iter().all(|(it, _)| it != id));
        only.map(|(clause, _)| self.of_clause(clause))
    }

    /// The knob about a difference between two answers that were both granted or both refused.
    fn knob(self, left: AnswerView<'_>, difference: &Difference) -> Option<Subject> {
        const GRANTED: [&str; 4] = [
            "init_success_status",
            "response_members",
            "ids_as",
            "no_store",
        ];
        let is_granted = (200..300).contains(&left.status);
        let fits = |knob: &&&str| match **knob {
            "init_success_status" => {
                let inits = [Endpoint::InitV2, Endpoint::InitPlain];
                is_granted && self.endpoint.is_some_and(|it| inits.contains(&it))
            }
            "no_store" => true,
            knob => GRANTED.contains(&knob) == is_granted,
        };
        let knob = knobs_about(difference).iter().find(fits)?;
        Some(Subject::Knob((*knob).to_owned()))
    }

    /// A clause, or the knob that decides whether it holds.
    fn of_clause(self, clause: &str) -> Subject {
        let contract = self.rulebook.contract();
        let row = contract.clause(clause);
        let knobs = row.map_or(Vec::new(), |row| contract.knobs_of(row));
        match knobs.first() {
            Some(knob) => Subject::Knob((*knob).to_owned()),
            None => Subject::Clause(clause.to_owned()),
        }
    }
}
