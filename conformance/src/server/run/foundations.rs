//! The foundations: what has to work before anything else can be tested.

use super::runner::Run;
use crate::server::case::{Case, Encoding};
use crate::server::plan::{self, Working};
use crate::server::wire::{Answer, Exchange};
use flexiti_contract::{Clause, Endpoint, Rule};
use std::sync::Arc;

impl Run<'_> {
    /// Finds out which paths and encodings of init work, and which endpoints behind them. `None` if
    /// not even a token can be obtained.
    pub(super) fn foundations(&mut self) -> anyhow::Result<Option<Working>> {
        self.planned(&plan::token_cases())?;
        if self.has_failed(plan::accepted(Endpoint::Token)) {
            self.give_up(|_| Some("no token could be obtained"));
            return Ok(None);
        }
        let mut found: Vec<(Endpoint, Encoding)> = Vec::new();
        for endpoint in plan::INIT {
            for encoding in Encoding::ALL {
                let offered = self.rulebook.is_active(plan::accepted(endpoint))
                    && self.rulebook.is_active(encoding.clause());
                let probe = plan::probe(&self.rulebook, &self.samples, endpoint, encoding)
                    .filter(|_| offered);
                if probe.is_some_and(|case| self.is_granted(&case)) {
                    found.push((endpoint, encoding));
                }
            }
        }
        let works = |endpoint: &Endpoint| found.iter().any(|(e, _)| e == endpoint);
        let carried = |encoding: &Encoding| found.iter().any(|(_, e)| e == encoding);
        let mut working = Working {
            endpoints: plan::INIT.into_iter().filter(works).collect(),
            encodings: Encoding::ALL.into_iter().filter(carried).collect(),
            samples: self.samples.clone(),
        };
        self.planned(&plan::init_cases(&self.rulebook, &working))?;
        for endpoint in plan::RESTING {
            let offered = self.rulebook.is_active(plan::accepted(endpoint));
            let probe = plan::probe_resting(&self.rulebook, endpoint, &working);
            if probe.is_some_and(|case| offered && self.is_granted(&case)) {
                working.endpoints.push(endpoint);
            }
        }
        for (sent, rule, phase) in [
            (self.garbage, Rule::Robust, "garbage"),
            (self.oversize, Rule::BodySize, "oversize"),
        ] {
            if !sent {
                let why = format!("not sent to a live system without --phase {phase}");
                self.tally.leave_out(rule.id(), &why);
                self.out_of_reach.insert(rule.id().to_owned());
            }
        }
        let rulebook = Arc::clone(&self.rulebook);
        self.give_up(|clause| plan::out_of_reach(&rulebook, clause, &working));
        Ok(Some(working))
    }

    /// Gives up the clauses that cannot be tested.
    fn give_up(&mut self, why: impl Fn(&Clause) -> Option<&'static str>) {
        for clause in self.rulebook.clauses() {
            if let Some(why) = why(clause) {
                self.tally.give_up(&clause.id, why);
                self.out_of_reach.insert(clause.id.clone());
            }
        }
    }

    fn is_granted(&mut self, case: &Case) -> bool {
        let exchanges = self.session.run(case).unwrap_or_default();
        let answer = exchanges.last().and_then(Exchange::answer);
        answer.is_some_and(Answer::granted)
    }
}
