//! Courses: tokens, orders and notifications in an order that proptest draws, and what a server
//! with one state must answer to each of them.

use super::case::requests::{request_to, token_params};
use super::case::{
    Account, Case, Checked, Encoding, Expect, Is, JsonMember, Kind, Params, Phase, RequestTemplate,
    Step, To,
};
use super::plan::{self, Working};
use flexiti_contract::dialect::Unfinished;
use flexiti_contract::{Endpoint, Flow, Rule, Rulebook};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use serde_json::json;

/// The longest course.
const MOVES: usize = 12;
/// So near to the end of something, in seconds, nothing is expected: the real clock runs as well.
const NEAR: u64 = 5;

/// A move, before it is known what it can be about: the numbers count what there is by then.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    what: u8,
    which: u8,
    other: u8,
}

/// A token, as far as the answers to it depend on it.
struct Token {
    /// The answer that issued it.
    answer: usize,
    issued: u64,
    is_customer: bool,
    is_used: bool,
    is_ended: bool,
}

struct Order {
    /// The answer that opened it.
    answer: usize,
    flow: Flow,
    opened: u64,
    outcome: Option<&'static str>,
    /// The last answer about it since it has its outcome, under each of its ids.
    told: [Option<usize>; 2],
}

/// What a server can be asked.
pub struct World<'a> {
    rulebook: &'a Rulebook,
    working: &'a Working,
    /// Whether orders can be finished and clocks set.
    has_admin_api: bool,
    flows: Vec<(Flow, Endpoint, Params)>,
}

/// A course while it is put together.
struct Course<'a> {
    world: &'a World<'a>,
    now: u64,
    answers: usize,
    steps: Vec<Step>,
    checks: Vec<Checked>,
    tokens: Vec<Token>,
    orders: Vec<Order>,
}

/// Courses of moves.
pub fn moves() -> BoxedStrategy<Vec<Move>> {
    let one = (0..10_u8, any::<u8>(), any::<u8>());
    let one = one.prop_map(|(what, which, other)| Move { what, which, other });
    proptest::collection::vec(one, 1..=MOVES).boxed()
}

impl<'a> World<'a> {
    /// What this server can be asked.
    pub fn new(rulebook: &'a Rulebook, working: &'a Working, has_admin_api: bool) -> Self {
        let flows = [Flow::Apply, Flow::Buy, Flow::ApplyBuy];
        let open = |flow: Flow| {
            working.init().find_map(|endpoint| {
                let base = plan::base_params(rulebook, working, endpoint, flow)?;
                let valid = plan::violations(rulebook, endpoint, &base).is_empty();
                valid.then_some((flow, endpoint, base))
            })
        };
        Self {
            flows: flows.into_iter().filter_map(open).collect(),
            rulebook,
            working,
            has_admin_api,
        }
    }

    /// The case of these moves; those that are about nothing are left out.
    pub fn case(&self, moves: &[Move]) -> Case {
        let mut course = Course {
            world: self,
            now: 0,
            answers: 0,
            steps: Vec::new(),
            checks: Vec::new(),
            tokens: Vec::new(),
            orders: Vec::new(),
        };
        course.token(false);
        for one in moves {
            course.play(*one);
        }
        let clause = Rule::TokenAccepted.id();
        let expect = Expect::Course(course.checks);
        let mut case = Case::of_steps(clause, "course", Kind::Positive, course.steps, expect);
        case.phase = Phase::Stateful;
        case.account = if self.has_admin_api {
            Account::New
        } else {
            Account::Main
        };
        case
    }
}

impl Course<'_> {
    fn play(&mut self, one: Move) {
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

    /// Sends a request whose answer is to be as this clause says.
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
        // A refresh asks for no more than was granted (RFC 6749, section 6).
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

    /// Why a call with this token is refused. An error is a token near its end.
    fn refused(&self, token: &Token, scope: Rule) -> Result<Option<Rule>, ()> {
        let rulebook = self.world.rulebook;
        let life = u64::from(rulebook.knobs().token_ttl);
        let age = self.now - token.issued;
        if age.abs_diff(life) <= NEAR {
            return Err(());
        }
        Ok(if token.is_ended {
            Some(Rule::RefreshRevokes)
        } else if age > life {
            Some(Rule::BearerAlive)
        } else {
            Some(scope).filter(|scope| token.is_customer && rulebook.enforces(*scope))
        })
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
        let Ok(refused) = self.refused(token, Rule::Scope) else {
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

    /// Whether the pages of an order may have closed.
    fn may_be_closed(&self, order: &Order) -> bool {
        let open = u64::from(self.world.rulebook.knobs().checkout_ttl);
        order.outcome.is_none() && self.now - order.opened + NEAR >= open
    }

    fn finish(&mut self, which: usize, other: usize) {
        let at = which % self.orders.len().max(1);
        let Some(order) = self.orders.get(at).filter(|_| self.world.has_admin_api) else {
            return;
        };
        if order.outcome.is_some() || self.may_be_closed(order) {
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
        let Ok(refused) = self.refused(token, Rule::NotificationScope) else {
            return;
        };
        let request = signed(about(request, order, at), token);
        if let Some(rule) = refused {
            self.send(request, rule, Some(Expect::NotGranted));
            return;
        }
        let Some((rule, expect, printed)) = self.told(order) else {
            return;
        };
        let before = order.told[usize::from(by_merchant)].filter(|_| order.outcome.is_some());
        self.check(rule, expect, printed);
        if let Some(before) = before {
            let same = Expect::Agree(before, self.answers, Vec::new());
            self.check(Rule::NotificationStable, same, true);
        }
        self.orders[at].told[usize::from(by_merchant)] = Some(self.answers);
        self.send(request, rule, None);
    }

    /// What a notification of this order must say, and whether that is printed somewhere. Nothing
    /// if it cannot be told.
    fn told(&self, order: &Order) -> Option<(Rule, Expect, bool)> {
        let knobs = self.world.rulebook.knobs();
        if self.may_be_closed(order) {
            return None;
        }
        let block = knobs.purchase_block_name.as_str();
        let shows = |at: String, is: Is| Expect::Shows(vec![JsonMember { at, is }]);
        let Some(outcome) = order.outcome else {
            let at = match order.flow {
                Flow::Buy => format!("/{block}/status"),
                Flow::Apply | Flow::ApplyBuy => "/apply/apply_status".to_owned(),
            };
            let expect = match (knobs.notification_unfinished, order.flow) {
                (Unfinished::NotFound, _) => Expect::NotGranted,
                (Unfinished::WithoutBlocks | Unfinished::Empty, _) => shows(at, Is::Absent),
                (Unfinished::StatusWord, Flow::Buy) => {
                    shows(at, Is::Value(json!(knobs.purchase_status_words.unfinished)))
                }
                (Unfinished::StatusWord, _) => {
                    shows(at, Is::Value(json!(knobs.apply_status_words.unfinished)))
                }
            };
            return Some((Rule::NotificationUnfinished, expect, true));
        };
        let (rule, at, word) = match (order.flow, outcome) {
            (Flow::Apply, outcome) => {
                let words = &knobs.apply_status_words;
                let word = match outcome {
                    "approved" => &words.approved,
                    "declined" => &words.declined,
                    _ => &words.cancelled,
                };
                (Rule::ApplyStatus, "/apply/apply_status".to_owned(), word)
            }
            (_, outcome) => {
                let words = &knobs.purchase_status_words;
                let word = match outcome {
                    "purchased" => &words.purchased,
                    "refused" => &words.refused,
                    _ => &words.cancelled,
                };
                (Rule::PurchaseStatus, format!("/{block}/status"), word)
            }
        };
        let printed = outcome == "approved" || rule == Rule::PurchaseStatus;
        Some((rule, shows(at, Is::Value(json!(word))), printed))
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

fn token_request(changes: &[(&str, &str)]) -> RequestTemplate {
    let params = changes
        .iter()
        .fold(token_params(), |params, (name, value)| {
            plan::replaced(&params, name, &json!(value))
        });
    request_to(Endpoint::Token, &params, Encoding::FormDotted)
        .unwrap_or_else(super::case::requests::token_request)
}

fn scope(is_customer: bool) -> &'static str {
    if is_customer { "customer" } else { "merchant" }
}

/// A request with this token.
fn signed(request: RequestTemplate, token: &Token) -> RequestTemplate {
    let bearer = format!("Bearer {{{{{}/access_token}}}}", token.answer);
    request.header("authorization", &bearer)
}

/// A notification about this order, the one that was opened after `earlier` others.
fn about(request: RequestTemplate, order: &Order, earlier: usize) -> RequestTemplate {
    let To::Path(path) = &request.to else {
        return request;
    };
    let path = path
        .replace("{{0/", &format!("{{{{{}/", order.answer))
        .replace(
            "{{merchant_order}}",
            &format!("{{{{merchant_order}}}}-{earlier}"),
        );
    RequestTemplate {
        to: To::Path(path),
        ..request
    }
}
