//! Plays moves: the requests of a course, and the expected answers.

use super::requests::{about, scope, signed, token_request};
use super::state::{NEAR, Order, Token};
use super::world::{Move, World};
use crate::server::case::requests::request_to;
use crate::server::case::{
    Account, Case, Checked, Encoding, Expect, Kind, Params, Phase, RequestTemplate, Step,
};
use crate::server::course::expected_notification::told;
use crate::server::plan;
use flexiti_contract::{Endpoint, Flow, Rule};
use serde_json::json;

/// A course under construction.
pub(super) struct Course<'a> {
    world: &'a World<'a>,
    now: u64,
    answers: usize,
    steps: Vec<Step>,
    checks: Vec<Checked>,
    tokens: Vec<Token>,
    orders: Vec<Order>,
}

impl<'a> Course<'a> {
    /// A course that begins with a merchant token.
    pub(super) fn new(world: &'a World<'a>) -> Self {
        let mut course = Self {
            world,
            now: 0,
            answers: 0,
            steps: Vec::new(),
            checks: Vec::new(),
            tokens: Vec::new(),
            orders: Vec::new(),
        };
        course.token(false);
        course
    }

    /// The case for the moves played so far.
    pub(super) fn case(self) -> Case {
        let clause = Rule::TokenAccepted.id();
        let expect = Expect::Course(self.checks);
        let mut case = Case::of_steps(clause, "course", Kind::Positive, self.steps, expect);
        case.phase = Phase::Stateful;
        case.account = if self.world.has_admin_api {
            Account::New
        } else {
            Account::Main
        };
        case
    }

    /// Adds a move; does nothing if it has no subject yet.
    pub(super) fn play(&mut self, one: Move) {
        let (which, other) = (usize::from(one.which), usize::from(one.other));
        match one.what {
            0 => self.token(which % 3 == 0),
            1 | 2 => self.refresh(which),
            3 | 4 => self.open(which, other),
            5 => self.finish(which, other),
            6..=8 => self.ask(which, other),
            _ => self.wait(which),
        }
    }

    /// Sends a request whose answer this clause decides.
    fn send(&mut self, request: RequestTemplate, rule: Rule, expect: Option<Expect>) {
        self.steps.push(Step::Send(request));
        if let Some(expect) = expect {
            self.check(rule, expect, true);
        }
        self.answers += 1;
    }

    fn check(&mut self, rule: Rule, expect: Expect, is_documented: bool) {
        let contract = self.world.rulebook.contract();
        let must = contract
            .clause(rule.id())
            .is_some_and(|c| contract.is_must(c));
        self.checks.push(Checked {
            answer: self.answers,
            clause: rule.id().to_owned(),
            must: must && is_documented,
            expect: Box::new(expect),
        });
    }

    fn token(&mut self, is_customer: bool) {
        let changes = [("scope", scope(is_customer))];
        let request = token_request(&changes);
        self.send(request, Rule::TokenAccepted, Some(Expect::Granted));
        self.issued(is_customer);
    }

    fn issued(&mut self, is_customer: bool) {
        self.tokens.push(Token {
            answer: self.answers - 1,
            issued: self.now,
            is_customer,
            is_used: false,
            is_ended: false,
        });
    }

    fn refresh(&mut self, which: usize) {
        let rulebook = self.world.rulebook;
        let knobs = rulebook.knobs();
        let at = which % self.tokens.len().max(1);
        let Some(token) = self.tokens.get(at) else {
            return;
        };
        let age = self.now - token.issued;
        let (rule, life) = if rulebook.enforces(Rule::RefreshInTime) {
            (Rule::RefreshInTime, u64::from(knobs.token_ttl))
        } else {
            (Rule::RefreshLifetime, u64::from(knobs.refresh_ttl))
        };
        if age.abs_diff(life) <= NEAR {
            return;
        }
        // A refresh must not ask for more than was granted (RFC 6749, section 6).
        let scope = scope(token.is_customer);
        let changes = [
            ("scope", scope),
            ("grant_type", "refresh_token"),
            (
                "refresh_token",
                &format!("{{{{{}/refresh_token}}}}", token.answer),
            ),
        ];
        let request = token_request(&changes);
        let is_customer = token.is_customer;
        if token.is_used && rulebook.enforces(Rule::RefreshRotation) {
            self.send(request, Rule::RefreshRotation, Some(Expect::NotGranted));
        } else if age > life {
            self.send(request, rule, Some(Expect::NotGranted));
        } else {
            let rule = if age > u64::from(knobs.token_ttl) {
                Rule::RefreshLate
            } else {
                Rule::GrantRefresh
            };
            self.send(request, rule, Some(Expect::Granted));
            let token = &mut self.tokens[at];
            token.is_used = true;
            token.is_ended |= rulebook.enforces(Rule::RefreshRevokes);
            self.issued(is_customer);
        }
    }

    fn open(&mut self, which: usize, other: usize) {
        let Some((flow, endpoint, base)) = pick(&self.world.flows, other) else {
            return;
        };
        let (flow, endpoint) = (*flow, *endpoint);
        let id = json!(format!("{{{{merchant_order}}}}-{}", self.orders.len()));
        let params = plan::replaced(base, "merchant_orderid", &id);
        let encodings = &self.world.working.encodings;
        let encoding = pick(encodings, which)
            .copied()
            .unwrap_or(Encoding::FormDotted);
        let Some(request) = request_to(endpoint, &params, encoding) else {
            return;
        };
        let Some(token) = pick(&self.tokens, which) else {
            return;
        };
        let Ok(refused) = token.refused(self.world.rulebook, self.now, Rule::Scope) else {
            return;
        };
        let request = signed(request, token);
        if let Some(rule) = refused {
            self.send(request, rule, Some(Expect::NotGranted));
            return;
        }
        let rule = match endpoint {
            Endpoint::InitPlain => Rule::PlainAccepted,
            _ => Rule::V2Accepted,
        };
        self.send(request, rule, Some(Expect::Granted));
        self.orders.push(Order {
            answer: self.answers - 1,
            flow,
            opened: self.now,
            outcome: None,
            told: [None, None],
        });
    }

    fn finish(&mut self, which: usize, other: usize) {
        let at = which % self.orders.len().max(1);
        let Some(order) = self.orders.get(at).filter(|_| self.world.has_admin_api) else {
            return;
        };
        if order.outcome.is_some() || order.may_be_closed(self.world.rulebook, self.now) {
            return;
        }
        let outcomes: &[&'static str] = match order.flow {
            Flow::Apply => &["approved", "declined", "cancelled"],
            Flow::Buy => &["purchased", "refused", "cancelled"],
            Flow::ApplyBuy => &["purchased", "refused"],
        };
        let outcome = pick(outcomes, other).copied().unwrap_or("cancelled");
        self.steps.push(Step::Complete {
            order: format!("{{{{{}/online_order_id}}}}", order.answer),
            outcome: outcome.to_owned(),
        });
        self.answers += 1;
        self.orders[at].outcome = Some(outcome);
        self.orders[at].told = [None, None];
    }

    fn ask(&mut self, which: usize, other: usize) {
        let at = which % self.orders.len().max(1);
        let (Some(order), Some(token)) = (self.orders.get(at), pick(&self.tokens, other)) else {
            return;
        };
        let by_merchant = other % 2 == 1;
        let endpoint = if by_merchant {
            Endpoint::NotificationMerchantOrder
        } else {
            Endpoint::NotificationOrder
        };
        let request = request_to(endpoint, &Params::new(), Encoding::FormDotted);
        let Some(request) = request.filter(|_| self.world.working.has(endpoint)) else {
            return;
        };
        let Ok(refused) = token.refused(self.world.rulebook, self.now, Rule::NotificationScope)
        else {
            return;
        };
        let request = signed(about(request, order, at), token);
        if let Some(rule) = refused {
            self.send(request, rule, Some(Expect::NotGranted));
            return;
        }
        if order.may_be_closed(self.world.rulebook, self.now) {
            return;
        }
        let (rule, expect, printed) = told(self.world.rulebook, order);
        let before = order.told[usize::from(by_merchant)].filter(|_| order.outcome.is_some());
        self.check(rule, expect, printed);
        if let Some(before) = before {
            let same = Expect::Agree(before, self.answers, Vec::new());
            self.check(Rule::NotificationStable, same, true);
        }
        self.orders[at].told[usize::from(by_merchant)] = Some(self.answers);
        self.send(request, rule, None);
    }

    fn wait(&mut self, which: usize) {
        if !self.world.has_admin_api {
            return;
        }
        let life = u64::from(self.world.rulebook.knobs().token_ttl);
        let times = [1, 60, life / 2, life.saturating_sub(30), life + 30];
        let seconds = pick(&times, which).copied().unwrap_or(1);
        self.steps.push(Step::Advance(seconds));
        self.now += seconds;
    }
}

fn pick<T>(list: &[T], which: usize) -> Option<&T> {
    list.get(which % list.len().max(1))
}
