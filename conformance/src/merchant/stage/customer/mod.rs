//! A customer of the shop, who plays one scenario.

pub mod arrival;
pub mod checkout;
pub mod numbers;
pub mod other_customer;
pub mod placeholders;
pub mod return_to_shop;
pub mod stranger;

use crate::merchant::record::{What, is_of_order};
use crate::merchant::stage::browser::cookies::From;
use crate::merchant::stage::browser::{Browser, Outgoing, PageLoad};
use crate::merchant::stage::customer::numbers::names;
use crate::merchant::stage::shop::belief;
use crate::merchant::stage::{Stage, last_id};
use crate::merchant::trace::Happened;
use flexiti_contract::scenario::{By, Scenario, Start, Step, outcome_in};
use flexiti_mock::embed::admin::{Completed, OrderView};
use reqwest::Url;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Customers with credit whom the mock knows (fixtures/customers.toml). Plays alternate between
/// them, in case the shop mixes them up.
const CUSTOMERS: [&str; 2] = ["1293836", "20009100"];

/// How long a customer waits after being told to come back later: `Retry-After` is one second in
/// the scenarios.
const COME_BACK: Duration = Duration::from_millis(1_150);

/// A customer of the shop, who plays one scenario.
pub struct Customer<'s, 'd> {
    pub stage: &'s Stage<'d>,
    pub flow: &'s str,
    pub lang: &'s str,
    pub scenario: &'s Scenario,
    pub faults: &'s [Value],
    /// The amount to pay.
    pub amount: String,
    /// The shop's own order number.
    pub merchant_orderid: String,
    /// A unique name, for accounts and e-mail addresses.
    pub name: String,
    /// Their id at Flexiti.
    pub known_as: &'static str,
    pub browser: Browser,
    /// The order whose pages are open.
    pub order: Option<u64>,
    /// The orders whose pages are open in other windows.
    pub others: BTreeSet<u64>,
    /// The URL that Flexiti sends the customer to.
    pub callback: Option<String>,
    /// The journal id after which notifications show the order's outcome.
    settled: Option<u64>,
    /// The URL that the customer last returned to.
    pub last_return: Option<String>,
    /// Whether a step could not be carried out.
    has_failed: bool,
    /// Values extracted from the shop's answers, by placeholder.
    pub extracted: Vec<(String, String)>,
    /// Whether the steps before the checkout are done.
    pub has_browsed: bool,
    /// Another customer, who is checking out too.
    pub bystander: Option<Box<Self>>,
    /// If this is a bystander: the order number of the main customer, which no page may show to
    /// them.
    stranger_to: Option<String>,
    /// How often the shop has to ask before a notification shows the outcome.
    polls: u32,
}

impl<'s, 'd> Customer<'s, 'd> {
    /// A customer who has not started yet.
    pub fn new(
        stage: &'s Stage<'d>,
        flow: &'s str,
        lang: &'s str,
        scenario: &'s Scenario,
    ) -> anyhow::Result<Self> {
        let plays = stage.plays;
        Ok(Self {
            stage,
            flow,
            lang,
            scenario,
            faults: &scenario.faults,
            // A distinctive amount, so that it can be recognized.
            amount: stage.driver.cart.amount(lang).map_or_else(
                || format!("{}.{}", 120 + plays, plays % 89 + 10),
                str::to_owned,
            ),
            merchant_orderid: format!("C{}-{plays}", stage.run),
            name: format!("c{}-{plays}", stage.run),
            known_as: CUSTOMERS[usize::try_from(plays)? % CUSTOMERS.len()],
            browser: stage.browser()?,
            order: None,
            others: BTreeSet::new(),
            callback: None,
            settled: None,
            last_return: None,
            has_failed: false,
            extracted: Vec::new(),
            has_browsed: false,
            bystander: None,
            stranger_to: None,
            polls: 0,
        })
    }

    /// Performs a step of the scenario. Whatever prevents that is no fault of the shop's, and is
    /// recorded with its reason.
    pub fn take(&mut self, step: &Step) -> Happened {
        let happened = self.carry_out(step);
        happened.unwrap_or_else(|error| {
            self.has_failed = true;
            Happened::Failed {
                why: self.stage.told(format!("{error:#}")),
            }
        })
    }

    fn carry_out(&mut self, step: &Step) -> anyhow::Result<Happened> {
        match step {
            Step::Checkout { expect } => {
                let started = self.check_out(*expect);
                self.plan_faults()?;
                Ok(started)
            }
            Step::Retry => {
                let started = self.pay_again();
                self.plan_faults()?;
                Ok(started)
            }
            Step::Complete {
                outcome,
                settle_after,
                every,
            } => {
                if *every {
                    self.complete_others(outcome);
                }
                self.complete(outcome, settle_after.as_ref())
            }
            Step::Return { to, by } => self.come_back(*to, *by),
            Step::Crowd { browsers } => self.crowd(*browsers),
            Step::Bystander { outcome } => self.bystander(outcome),
            Step::Again { windows } => {
                let stage = self.stage;
                stage.acting(*windows, || self.send_again(*windows))
            }
            Step::Browse => self.browse(),
            Step::Fail => {
                self.fail()?;
                Ok(Happened::Failing)
            }
            Step::Wait { ms } => {
                std::thread::sleep(Duration::from_millis(*ms));
                Ok(Happened::Advanced(*ms))
            }
            Step::Believe { one_of } => {
                belief::believe(&self.asked(), one_of, &|| self.look_again())
            }
            Step::Doubt { none_of } => belief::doubt(&self.asked(), none_of),
            Step::Advance { ms } => {
                self.stage.steer(self.scenario, What::Advance(*ms))?;
                Ok(Happened::Advanced(*ms))
            }
        }
    }

    /// Plans the faults of notifications for the order just opened, unless a later step does.
    pub fn plan_faults(&self) -> anyhow::Result<()> {
        if self.scenario.steps.contains(&Step::Fail) {
            return Ok(());
        }
        self.fail()
    }

    /// Plans the faults of notifications for the current order.
    fn fail(&self) -> anyhow::Result<()> {
        if self.faults.iter().any(is_of_order) {
            let order = self.order;
            self.stage.steer(self.scenario, What::Plan { order })?;
        }
        Ok(())
    }

    /// How long Flexiti delays the answer to a notification.
    fn silence(&self) -> Duration {
        let faults = self.faults.iter().filter(|fault| is_of_order(fault));
        let delays = faults.filter_map(|fault| fault["action"]["ms"].as_u64());
        Duration::from_millis(delays.max().unwrap_or(0))
    }

    fn asked(&self) -> belief::Asked<'_> {
        belief::Asked {
            flow: self.flow,
            values: self.values(),
            browser: &self.browser,
            // There is no point in waiting for an outcome that was not brought about.
            order: self.order.filter(|_| !self.has_failed),
            settled: self.settled,
            is_undisturbed: self.faults.is_empty(),
            has_faults: self.faults.iter().any(is_of_order),
            silence: self.silence(),
            polls: self.polls,
            stage: self.stage,
        }
    }

    fn check_out(&mut self, expect: Start) -> Happened {
        let first = self.start(1);
        let turned_away = matches!(
            &first,
            Happened::Started {
                order: None,
                page: Some(_),
                ..
            }
        );
        // A customer told to come back later does so, once.
        let passes = self.faults.iter().any(|fault| !fault.is_null());
        if turned_away && passes && expect != Start::Fails {
            return self.try_again();
        }
        first
    }

    /// Sends the checkout again; if that fails, starts over. The customer is not turned away just
    /// because a step, such as signing up, works only once.
    fn try_again(&mut self) -> Happened {
        std::thread::sleep(COME_BACK);
        self.has_browsed = true;
        let second = self.start(2);
        let has_steps = !self.stage.driver.checkout_in(self.flow).steps.is_empty();
        if self.order.is_some() || !has_steps {
            return second;
        }
        std::thread::sleep(COME_BACK);
        self.begin_anew().unwrap_or(second)
    }

    /// Sends the checkout again after a failed payment. A shop may want another order for another
    /// payment.
    fn pay_again(&mut self) -> Happened {
        let before = self.order;
        self.has_browsed = true;
        let second = self.start(2);
        // The pages of an order that has ended lead nowhere.
        if self.order.is_some() && self.order != before {
            return second;
        }
        let number = self.merchant_orderid.clone();
        self.merchant_orderid.push_str("-2");
        self.begin_anew().unwrap_or_else(|| {
            self.merchant_orderid = number;
            second
        })
    }

    /// Starts over at the first step in a new browser, since this one's cart is still full. `None`
    /// if the steps work only once.
    fn begin_anew(&mut self) -> Option<Happened> {
        let fresh = self.stage.browser().ok()?;
        let known = (
            std::mem::replace(&mut self.browser, fresh),
            self.extracted.clone(),
        );
        self.has_browsed = self.take_steps().is_ok();
        if !self.has_browsed {
            (self.browser, self.extracted) = known;
            return None;
        }
        Some(self.start(3))
    }

    /// Reloads the page that the customer returned to. A shop may ask Flexiti only when rendering
    /// that page.
    fn look_again(&self) {
        if let Some(url) = &self.last_return {
            // The page is judged where it was first seen.
            let _ = self.arrive(&self.browser, url, From::Shop, By::Customer);
        }
    }

    /// Whether this is the customer or the bystander.
    pub fn who(&self) -> By {
        match self.stranger_to {
            Some(_) => By::Other,
            None => By::Customer,
        }
    }

    /// The id that they give the shop, if the driver file passes it on.
    pub fn told_id(&self) -> Option<String> {
        let tells = self.flow == "buy" && self.stage.driver.names("customer_id");
        tells.then(|| self.known_as.to_owned())
    }

    pub fn open(&self, browser: &Browser, outgoing: &Outgoing<'_>) -> Result<PageLoad, String> {
        let (patience, started) = (self.stage.page_patience(), Instant::now());
        let seen = browser.open(outgoing);
        if seen.is_err() && started.elapsed() >= patience {
            self.stage.has_hung();
        }
        let seen = seen.map_err(|trouble| self.stage.told(trouble))?;
        let mut seen = self.stage.searched(seen);
        let comma = self.amount.replace('.', ",");
        let own = [&self.merchant_orderid, &self.amount, &comma];
        let bystander = self.other().ok().and_then(Result::ok);
        seen.page.names_others_order =
            bystander.map(|other| names(&seen.text, &other.merchant_orderid));
        seen.page.names_order = match &self.stranger_to {
            Some(number) => names(&seen.text, number),
            None => own.iter().any(|name| seen.text.contains(name.as_str())),
        };
        Ok(seen)
    }

    /// The order whose pages are at `url`.
    pub fn order_at(&self, url: &Url) -> Option<OrderView> {
        let orders = self
            .stage
            .mock
            .admin()
            .orders(Some(&self.stage.client_id))
            .orders;
        let here = |order: &&OrderView| {
            let pages = order.redirection_url.split('?').next();
            pages.is_some_and(|pages| pages.ends_with(url.path()))
        };
        orders.into_iter().find(|order| here(&order))
    }

    fn complete(
        &mut self,
        outcome: &str,
        settle_after: Option<&Value>,
    ) -> anyhow::Result<Happened> {
        let Some(order) = self.order else {
            return Ok(Happened::Skipped);
        };
        let polls = settle_after.and_then(|after| after["polls"].as_u64());
        self.polls = polls.and_then(|polls| polls.try_into().ok()).unwrap_or(0);
        let completed = self.bring(order, outcome, settle_after)?;
        let admin = self.stage.mock.admin();
        self.callback = completed.and_then(|completed| completed.callback_url);
        let is_settled = admin.order(order)?.settled;
        self.settled = is_settled.then(|| last_id(admin)).transpose()?;
        let outcome = outcome_in(self.flow, outcome);
        Ok(Happened::Completed(outcome.to_owned()))
    }

    /// Completes the orders in the other windows too, as far as Flexiti allows.
    fn complete_others(&self, outcome: &str) {
        let own = self.order;
        for order in self.others.iter().filter(|other| Some(**other) != own) {
            // An order that has ended cannot be paid.
            let _ = self.bring(*order, outcome, None);
        }
    }

    fn bring(
        &self,
        order: u64,
        outcome: &str,
        settle_after: Option<&Value>,
    ) -> anyhow::Result<Option<Completed>> {
        let what = What::Complete {
            order,
            outcome: outcome_in(self.flow, outcome).to_owned(),
            settle_after: settle_after.cloned(),
        };
        self.stage.steer(self.scenario, what)
    }

    /// Another customer checks out with the same goods, and their order gets an outcome.
    fn bystander(&mut self, outcome: &str) -> anyhow::Result<Happened> {
        let mut other = Self {
            faults: &[],
            amount: self.amount.clone(),
            merchant_orderid: format!("{}-B", self.merchant_orderid),
            name: format!("{}-b", self.name),
            known_as: self.known_as,
            stranger_to: Some(self.merchant_orderid.clone()),
            ..Customer::new(self.stage, self.flow, self.lang, self.scenario)?
        };
        let started = other.start(1);
        other.complete(outcome, None)?;
        self.bystander = Some(Box::new(other));
        Ok(started)
    }
}
