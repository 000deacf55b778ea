//! The customer's actions: [`take`] handles every form of the pages.

use crate::app::App;
use crate::checkout::form::{self, Typed};
use crate::checkout::offer::offers;
use crate::checkout::screen::Screen;
use crate::checkout::words::{Text, Words};
use crate::clock::Millis;
use crate::model::customer::{Customer, CustomerStatus, Refused};
use crate::model::decision::decide;
use crate::model::lifecycle::{Decision, Event, Illegal, Stage};
use crate::model::visit::Visit;
use crate::state::State;
use crate::state::transitions::{self, Wanted, act};
use flexiti_contract::Rulebook;
use flexiti_contract::dialect::AfterWrongPins;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::BTreeMap;

/// The errors in the customer's input, by field.
pub type Errors = BTreeMap<&'static str, &'static str>;

/// The result of a step.
#[derive(Debug)]
pub enum Taken {
    /// Show the order's page: the order has moved on, or the form was outdated.
    Look,
    /// The input has errors.
    Wrong(Errors),
    /// The form belongs to another order.
    Foreign,
    /// The order's current page does not have this step.
    NotDue,
    /// There is no such step.
    Unknown,
}

/// A submitted form.
#[derive(Debug)]
pub struct SubmittedForm<'a> {
    /// The last segment of the path.
    pub step: &'a str,
    /// The customer's input.
    pub typed: &'a Typed,
    /// The merchant's time.
    pub now: Millis,
}

/// Whether a step with this name exists.
pub fn is_step(app: &App, step: &str) -> bool {
    match step {
        "begin" | "application" | "pin" | "identify" | "plan" | "change" | "confirm" | "cancel" => {
            true
        }
        "fill" | "force" => app.sandbox_bar,
        _ => false,
    }
}

/// Takes a step of the order `id`. The order is unchanged, unless the result is [`Taken::Look`].
pub fn take(
    app: &App,
    state: &mut State,
    rulebook: &Rulebook,
    id: u64,
    sent: &SubmittedForm<'_>,
) -> Taken {
    let Some(order) = state.orders.get_mut(id) else {
        return Taken::Unknown;
    };
    let given = |name: &str| sent.typed.get(name).map_or("", |value| value.trim());
    if given("order") != id.to_string() {
        return Taken::Foreign;
    }
    if !is_step(app, sent.step) {
        return Taken::Unknown;
    }
    if given("turn") != order.visit().turn.to_string() {
        // A double click, a second tab, or the back button.
        return Taken::Look;
    }
    let mut at = StepContext {
        app,
        state,
        rulebook,
        id,
        now: sent.now,
    };
    let screen = at.screen();
    let taken = match (sent.step, screen) {
        ("begin", Screen::Choice | Screen::Approved | Screen::End(_))
            if matches!(given("way"), "apply" | "buy") =>
        {
            at.begin(given("way"))
        }
        ("application", Screen::Form) => Ok(at.application(sent.typed)),
        ("pin", Screen::Pin) => at.pin(given("pin")),
        ("identify", Screen::Identify) => Ok(at.identify(given("card"))),
        ("plan", Screen::Plan) => Ok(at.plan(given("plan"))),
        ("change", Screen::Confirm) => Ok(at.enter(|visit| visit.plan = None)),
        ("confirm", Screen::Confirm) => at.confirm(!given("agree").is_empty()),
        ("cancel", _) => at.act(Event::Cancel),
        ("fill", Screen::Form | Screen::Identify) => Ok(at.fill(screen, sent.typed)),
        ("force", _) => at.force(given("outcome")),
        _ => return Taken::NotDue,
    };
    // A step that the page no longer offers is not due.
    taken.unwrap_or(Taken::NotDue)
}

/// Opens an order when its page is first requested. On the path without `/v2`, the application
/// starts at once (R-cur).
pub fn open(app: &App, state: &mut State, rulebook: &Rulebook, id: u64, now: Millis) {
    let mut at = StepContext {
        app,
        state,
        rulebook,
        id,
        now,
    };
    let Some(order) = at.state.orders.get(id) else {
        return;
    };
    let (v2, created) = (order.v2, order.life.stage == Stage::Created);
    if created && at.act(Event::Open).is_ok() && !v2 {
        // A flow that cannot apply can buy.
        let _ = at.begin("apply").or_else(|_| at.begin("buy"));
    }
}

/// The order that a step is about, and the step's context.
struct StepContext<'a> {
    app: &'a App,
    state: &'a mut State,
    rulebook: &'a Rulebook,
    id: u64,
    now: Millis,
}

type Step = Result<Taken, Illegal>;

impl StepContext<'_> {
    fn screen(&self) -> Screen {
        let order = self.state.orders.get(self.id);
        order.map_or(Screen::Choice, Screen::of)
    }

    fn act(&mut self, event: Event) -> Step {
        act(self.state, self.id, event, self.now)?;
        Ok(Taken::Look)
    }

    /// Changes the customer's input and invalidates forms of the earlier page.
    fn enter(&mut self, change: impl FnOnce(&mut Visit)) -> Taken {
        if let Some(order) = self.state.orders.get_mut(self.id) {
            let visit = order.visit();
            visit.turn += 1;
            change(visit);
        }
        Taken::Look
    }

    fn wrong(&self, field: &'static str, text: Text) -> Taken {
        let lang = self.state.orders.get(self.id).map(|order| order.lang);
        let words = Words::of(lang.unwrap_or(flexiti_contract::Lang::En));
        Taken::Wrong(Errors::from([(field, text(words))]))
    }

    fn begin(&mut self, way: &str) -> Step {
        if way != "buy" {
            self.act(Event::Apply)?;
            return Ok(self.enter(|visit| {
                visit.begin();
                visit.application = None;
                // A new application needs new consent.
                visit.typed.remove(form::CONSENT);
            }));
        }
        self.act(Event::Buy)?;
        let State {
            orders, merchants, ..
        } = &mut *self.state;
        let Some(order) = orders.get_mut(self.id) else {
            return Ok(Taken::Look);
        };
        if order.customer_id.is_some() {
            // A customer who has just been approved has already confirmed who they are.
            return Ok(Taken::Look);
        }
        let parameters = order.parameters();
        let text = |name: &str| parameters.get(name).and_then(Value::as_str);
        let merchant = merchants.get(&order.client_id);
        let found = merchant.and_then(|merchant| {
            let customers = &merchant.customers;
            customers.find(text("customer_id"), text("vcc"))
        });
        match found.map(|customer| customer.customer_id.clone()) {
            Some(customer) => Ok(self.sign_in(customer)),
            None => Ok(Taken::Look),
        }
    }

    fn sign_in(&mut self, customer_id: String) -> Taken {
        let pin = self.state.random.digits(6);
        tracing::info!(order_id = self.id, pin, "the PIN of a purchase");
        if let Some(order) = self.state.orders.get_mut(self.id) {
            order.customer_id = Some(customer_id);
        }
        self.enter(|visit| {
            visit.begin();
            visit.pin = Some(pin);
        })
    }

    fn application(&mut self, typed: &Typed) -> Taken {
        let Some(order) = self.state.orders.get_mut(self.id) else {
            return Taken::Look;
        };
        let today = Timestamp::from_millisecond(self.now).unwrap_or(Timestamp::UNIX_EPOCH);
        let today = today.to_zoned(TimeZone::UTC).date();
        let kept = form::known(typed);
        order.visit().typed.clone_from(&kept);
        let errors = form::check(typed, Words::of(order.lang), today);
        if !errors.is_empty() {
            return Taken::Wrong(errors);
        }
        let pin = self.rulebook.knobs().application_pin.clone();
        self.enter(|visit| {
            visit.application = Some(kept);
            visit.pin = Some(pin);
        })
    }

    fn pin(&mut self, pin: &str) -> Step {
        if pin.is_empty() {
            // No attempt was made.
            return Ok(self.wrong("pin", |w| w.required));
        }
        let knobs = self.rulebook.knobs();
        let Some(order) = self.state.orders.get_mut(self.id) else {
            return Ok(Taken::Look);
        };
        let applying = order.life.stage == Stage::Applying;
        let visit = order.visit();
        if visit.pin.as_deref() == Some(pin) {
            let name = visit
                .application
                .as_ref()
                .and_then(|typed| typed.get("mname"));
            let decision = decide(self.rulebook, name.map_or("", String::as_str));
            self.enter(|visit| visit.verified = true);
            return if applying {
                self.act(Event::Decide(decision))
            } else {
                Ok(Taken::Look)
            };
        }
        visit.turn += 1;
        visit.wrong_pins += 1;
        let left = knobs.pin_tries.saturating_sub(visit.wrong_pins);
        if left > 0 {
            return Ok(self.wrong("pin", |w| w.bad_pin));
        }
        visit.refused = Some(Refused::TriesExceed);
        self.act(match (knobs.after_wrong_pins, applying) {
            (AfterWrongPins::Cancelled, _) => Event::Cancel,
            (AfterWrongPins::Refused, true) => Event::Decide(Decision::Declined),
            (AfterWrongPins::Refused, false) => Event::Refuse,
        })
    }

    fn identify(&mut self, card: &str) -> Taken {
        if card.chars().count() <= form::LONGEST
            && let Some(order) = self.state.orders.get_mut(self.id)
        {
            let typed = &mut order.visit().typed;
            typed.insert("card".to_owned(), card.to_owned());
        }
        let digits: String = card
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        if digits.len() != 16 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return self.wrong("card", |w| w.bad_card);
        }
        let State {
            orders, merchants, ..
        } = &mut *self.state;
        let order = orders.get(self.id);
        let merchant = order.and_then(|order| merchants.get(&order.client_id));
        let found = merchant.and_then(|merchant| merchant.customers.find(None, Some(&digits)));
        match found.map(|customer| customer.customer_id.clone()) {
            Some(customer) => self.sign_in(customer),
            None => self.wrong("card", |w| w.no_card),
        }
    }

    fn plan(&mut self, plan: &str) -> Taken {
        let offered = self.state.orders.get(self.id).is_some_and(|order| {
            let found = offers(self.app, self.rulebook, order);
            found.iter().any(|offer| offer.at.to_string() == plan)
        });
        match plan.parse().ok().filter(|_| offered) {
            Some(plan) => self.enter(|visit| visit.plan = Some(plan)),
            None => self.wrong("plan", |w| w.bad_plan),
        }
    }

    fn confirm(&mut self, agreed: bool) -> Step {
        if !agreed {
            return Ok(self.wrong("agree", |w| w.must_agree));
        }
        let State {
            orders, merchants, ..
        } = &mut *self.state;
        let Some(order) = orders.get_mut(self.id) else {
            return Ok(Taken::Look);
        };
        let amount = order.amount();
        let merchant = merchants.get(&order.client_id);
        let customer = merchant.and_then(|merchant| {
            let customers = &merchant.customers;
            customers.find(order.customer_id.as_deref(), None)
        });
        if let Some(Err(refused)) = customer.map(|customer| customer.may_buy(amount)) {
            order.visit().refused = Some(refused);
            return self.act(Event::Refuse);
        }
        self.act(Event::Purchase)
    }

    /// Fills empty fields with test data, for the sandbox bar. It leaves the middle name, which
    /// decides the outcome, and the consent, which only the customer gives.
    fn fill(&mut self, screen: Screen, given: &Typed) -> Taken {
        let order = self.state.orders.get(self.id);
        let found = order.and_then(|order| self.state.merchants.get(&order.client_id));
        let is_active = |customer: &&Customer| customer.status == CustomerStatus::Active;
        let card = found.and_then(|merchant| merchant.customers.iter().find(is_active));
        let card = card.map(|customer| customer.vcc.clone());
        if let Some(order) = self.state.orders.get_mut(self.id) {
            let words = Words::of(order.lang);
            let sent = order.parameters();
            let typed = &mut order.visit().typed;
            if screen == Screen::Identify {
                typed.extend(card.map(|card| ("card".to_owned(), card)));
                return Taken::Look;
            }
            // Keep what was typed but not submitted.
            typed.extend(form::known(given));
            for field in form::PERSON.iter().chain(form::ADDRESS) {
                let stands = typed.get(field.name).map(String::as_str);
                let stands = stands.or_else(|| sent.get(field.name).and_then(Value::as_str));
                let sample = (field.sample)(words);
                if stands.is_none_or(|value| value.trim().is_empty()) && !sample.is_empty() {
                    typed.insert(field.name.to_owned(), sample.to_owned());
                }
            }
        }
        Taken::Look
    }

    fn force(&mut self, outcome: &str) -> Step {
        let Ok(wanted) = serde_json::from_value::<Wanted>(outcome.into()) else {
            return Ok(Taken::NotDue);
        };
        transitions::bring(self.state, self.rulebook, self.id, wanted, self.now)?;
        Ok(Taken::Look)
    }
}
