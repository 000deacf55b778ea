//! Collects the cases of one rule.

use super::builder::RequestBuilder;
use super::requests::refused;
use crate::server::case::requests::token_request;
use crate::server::case::{Account, Case, Expect, Heeds, Kind, RequestTemplate, Step, Turn};
use crate::server::plan::working::accepted;
use flexiti_contract::{Contract, Endpoint, Rule};

/// Collects the cases of one rule.
pub(super) struct Cases {
    rule: Rule,
    pub(super) list: Vec<Case>,
}

impl Cases {
    pub(super) fn of(rule: Rule) -> Self {
        let list = Vec::new();
        Self { rule, list }
    }

    /// Adds a case, with the clause of the rule applied.
    fn push(&mut self, case: Case) {
        let contract = Contract::shipped();
        let case = match contract.clause(self.rule.id()) {
            Some(clause) => case.held_to(contract, clause),
            None => case,
        };
        self.list.push(case);
    }

    pub(super) fn add(
        mut self,
        kind: Kind,
        name: &str,
        request: RequestTemplate,
        expect: Expect,
    ) -> Self {
        self.push(Case::of_request(
            self.rule.id(),
            name,
            kind,
            request,
            expect,
        ));
        self
    }

    /// The conversation must have this result.
    pub(super) fn talk(mut self, kind: Kind, name: &str, turns: Vec<Turn>, heeds: Heeds) -> Self {
        let steps = vec![Step::Talk(turns)];
        let expect = Expect::Heeds(heeds);
        self.push(Case::of_steps(self.rule.id(), name, kind, steps, expect));
        self
    }

    /// These steps must lead to the expected answer.
    pub(super) fn shows(mut self, name: &str, steps: Vec<Step>, expect: Expect) -> Self {
        let case = Case::of_steps(self.rule.id(), name, Kind::Positive, steps, expect);
        self.push(case);
        self
    }

    /// The request must get a 200.
    pub(super) fn keeps(self, name: &str, request: RequestTemplate) -> Self {
        self.add(Kind::Positive, name, request, Expect::Granted)
    }

    /// The request must be refused with the clause's error.
    pub(super) fn breaks(self, name: &str, request: RequestTemplate) -> Self {
        self.add(Kind::Negative, name, request, refused(None))
    }

    /// The request must be refused for several reasons, even if the clause grants something. Each
    /// reason has its own cases, so this one is never a violation.
    pub(super) fn lacks(self, name: &str, request: RequestTemplate) -> Self {
        self.add(Kind::Negative, name, request, Expect::NotGranted)
            .beyond()
    }

    /// Marks the last case as beyond what the documentation says.
    pub(super) fn beyond(self) -> Self {
        self.change(|case| case.must = false)
    }

    /// An ordinary token request must get a 200.
    pub(super) fn keeps_token(self) -> Self {
        self.keeps("own keys", token_request())
            .blaming(Rule::TokenAccepted)
    }

    /// An ordinary init request must get a 200.
    pub(super) fn keeps_init(self, requests: &RequestBuilder<'_>) -> Self {
        self.keeps("as it should be", requests.init())
            .blaming_init(requests)
    }

    /// Marks all cases as beyond what the documentation says.
    pub(super) fn all_beyond(mut self) -> Self {
        self.list.iter_mut().for_each(|case| case.must = false);
        self
    }

    /// Puts steps before the request of the last case.
    pub(super) fn after(self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.change(|case| drop(case.steps.splice(0..0, steps)))
    }

    /// Sets the account of the last case.
    pub(super) fn on(self, account: Account) -> Self {
        self.change(|case| case.account = account)
    }

    /// Names the clause to blame if the last case is refused.
    pub(super) fn blaming(self, rule: Rule) -> Self {
        self.change(|case| case.blame = Some(rule.id().to_owned()))
    }

    /// Blames the clause of the init path in use.
    pub(super) fn blaming_init(self, requests: &RequestBuilder<'_>) -> Self {
        self.resting_on(requests.endpoint)
    }

    /// Blames the foundation clause of an endpoint.
    pub(super) fn resting_on(self, endpoint: Endpoint) -> Self {
        let clause = accepted(endpoint).to_owned();
        self.change(|case| case.blame = Some(clause))
    }

    /// Blames a clause that is not a rule.
    pub(super) fn resting_on_clause(self, clause: &str) -> Self {
        self.change(|case| case.blame = Some(clause.to_owned()))
    }

    fn change(mut self, change: impl FnOnce(&mut Case)) -> Self {
        if let Some(case) = self.list.last_mut() {
            change(case);
        }
        self
    }
}
