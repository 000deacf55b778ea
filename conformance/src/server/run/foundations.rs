//! The foundations: what must work before anything else can be tested.

use super::runner::Run;
use crate::server::case::Case;
use crate::server::plan::{self, JsonTypes, Working};
use crate::server::wire::{Answer, Exchange};
use flexiti_contract::{Clause, Endpoint, Rule};
use std::sync::Arc;

impl Run<'_> {
    /// Finds out which init paths and encodings work, and which endpoints that depend on them.
    /// `None` if not even a token can be obtained.
    pub(super) fn foundations(&mut self) -> anyhow::Result<Option<Working>> {
        self.planned(&plan::token_cases())?;
        if self.has_failed(plan::accepted(Endpoint::Token)) {
            self.give_up(|_| Some("no token could be obtained"));
            return Ok(None);
        }
        let (rulebook, samples) = (Arc::clone(&self.rulebook), self.samples.clone());
        let mut working =
            plan::working_init(&rulebook, &samples, &mut |case| self.is_granted(case));
        self.planned(&plan::init_cases(&self.rulebook, &working))?;
        plan::add_working_resting(&rulebook, &mut working, &mut |case| self.is_granted(case));
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
        let hidden =
            rulebook.knobs().notification_unfinished.hides_order() && !self.target.has_admin_api();
        if hidden {
            let about = |clause: &&Clause| clause.id.starts_with("notification.");
            for clause in rulebook.clauses().filter(about) {
                let why = "unfinished orders are hidden, and there is no admin API to complete one";
                self.tally.leave_out(&clause.id, why);
                self.out_of_reach.insert(clause.id.clone());
            }
        }
        self.give_up(|clause| {
            let hidden = hidden && clause.id.starts_with("notification.");
            plan::out_of_reach(&rulebook, clause, &working).filter(|_| !hidden)
        });
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
        let json = JsonTypes::of(&self.rulebook);
        let played = self.sessions.one(&json.applied(case)).ok();
        let exchanges = played.map(|played| played.exchanges).unwrap_or_default();
        let answer = exchanges.last().and_then(Exchange::answer);
        answer.is_some_and(Answer::granted)
    }
}
