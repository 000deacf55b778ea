//! A customer in front of the shop, who plays one scenario.

use super::browser::{Browser, PageLoad};
use super::{CLIENT_ID, Stage, belief};
use crate::merchant::driver::filled;
use crate::merchant::trace::{Happened, Page};
use anyhow::{Context as _, anyhow};
use flexiti_contract::scenario::{By, Start, Step, To};
use flexiti_mock::embed::admin::{ClockChange, Complete, OrderView, SettleAfter, Wanted};
use reqwest::{Method, Url};
use serde_json::Value;
use std::thread::ScopedJoinHandle;
use std::time::Duration;

/// A customer whom the mock knows, with credit (fixtures/customers.toml).
const CUSTOMER: &str = "1293836";

/// When a customer tries again who was told to come back later: `Retry-After` is one second in the
/// scenarios.
const COME_BACK: Duration = Duration::from_millis(1_150);

/// A customer, who plays one scenario.
pub struct Customer<'s, 'd> {
    stage: &'s Stage<'d>,
    flow: &'s str,
    lang: &'s str,
    faults: &'s [Value],
    /// The amount to pay.
    pub amount: String,
    /// The shop's own order number.
    pub merchant_orderid: String,
    browser: Browser,
    /// The order whose pages are open.
    order: Option<u64>,
    /// The URL that Flexiti sends the customer to.
    callback: Option<String>,
    /// The URL that the customer came back to last.
    last_return: Option<String>,
}

impl<'s, 'd> Customer<'s, 'd> {
    /// A customer who has not started yet.
    pub fn new(
        stage: &'s Stage<'d>,
        flow: &'s str,
        lang: &'s str,
        faults: &'s [Value],
    ) -> anyhow::Result<Self> {
        let plays = stage.plays;
        Ok(Self {
            stage,
            flow,
            lang,
            faults,
            // An amount of its own, so that it can be recognised.
            amount: format!("{}.{}", 120 + plays, plays % 89 + 10),
            merchant_orderid: format!("C{}-{plays}", stage.run),
            browser: stage.browser()?,
            order: None,
            callback: None,
            last_return: None,
        })
    }

    /// Takes a step of the scenario. Whatever keeps it from being carried out is no fault of the
    /// shop's, and is recorded with its reason.
    pub fn take(&mut self, step: &Step) -> Happened {
        let happened = self.carry_out(step);
        happened.unwrap_or_else(|error| Happened::Failed {
            why: self.stage.told(format!("{error:#}")),
        })
    }

    fn carry_out(&mut self, step: &Step) -> anyhow::Result<Happened> {
        match step {
            Step::Checkout { expect } => {
                let started = self.check_out(*expect);
                self.stage.plan_for(self.faults, self.order)?;
                Ok(started)
            }
            Step::Complete {
                outcome,
                settle_after,
            } => self.complete(outcome, settle_after.as_ref()),
            Step::Return { to, by } => self.come_back(*to, *by),
            Step::Crowd { browsers } => self.crowd(*browsers),
            Step::Bystander { outcome } => self.bystander(outcome),
            Step::Wait { ms } => {
                std::thread::sleep(Duration::from_millis(*ms));
                Ok(Happened::Advanced(*ms))
            }
            Step::Believe { one_of } => {
                belief::believe(&self.asked(), one_of, &|| self.look_again())
            }
            Step::Doubt { none_of } => Ok(belief::doubt(&self.asked(), none_of)),
            Step::Advance { ms } => {
                let change = ClockChange {
                    advance_ms: Some(*ms),
                    ..ClockChange::default()
                };
                self.stage.mock.admin().set_clock(CLIENT_ID, &change)?;
                Ok(Happened::Advanced(*ms))
            }
        }
    }

    fn asked(&self) -> belief::Asked<'s> {
        belief::Asked {
            values: self.values(),
            is_open: self.order.is_some(),
            stage: self.stage,
        }
    }

    fn check_out(&mut self, expect: Start) -> Happened {
        let first = self.start(1);
        let turned_away = matches!(
            &first,
            Happened::Started { order: None, page: Some(page), .. } if page.status >= 500
        );
        // A customer who is told to come back later does so, once.
        let passes = self.faults.iter().any(|fault| !fault.is_null());
        if turned_away && passes && expect != Start::Fails {
            std::thread::sleep(COME_BACK);
            return self.start(2);
        }
        first
    }

    /// The customer looks again at the page that they came back to. A shop may ask Flexiti only
    /// while it makes that page.
    fn look_again(&self) {
        if let Some(url) = &self.last_return {
            // What the page says is judged where it was first seen.
            let _ = self.open(&self.browser, &Method::GET, url, &[]);
        }
    }

    /// The values of the driver file's placeholders.
    fn values(&self) -> Vec<(String, String)> {
        let customer = if self.flow == "buy" { CUSTOMER } else { "" };
        let own = [
            ("flow", self.flow),
            ("lang", self.lang),
            ("amount", &self.amount),
            ("merchant_orderid", &self.merchant_orderid),
            ("mname", "A-RR_L"),
            ("customer_id", customer),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let cart = self.stage.driver.cart.placeholders();
        own.into_iter().chain(cart).collect()
    }

    fn start(&mut self, times: usize) -> Happened {
        match self.begin() {
            Ok(seen) => {
                self.order = seen.leads_to.as_ref().and_then(|url| self.order_at(url));
                Happened::Started {
                    times,
                    order: self.order,
                    page: Some(seen.page),
                    trouble: None,
                }
            }
            Err(trouble) => Happened::Started {
                times,
                order: None,
                page: None,
                trouble: Some(trouble),
            },
        }
    }

    /// Sends the checkout form.
    fn begin(&self) -> Result<PageLoad, String> {
        let checkout = &self.stage.driver.checkout;
        let values = self.values();
        let url = filled(&checkout.url, &values);
        let field = |(name, value): (&String, &String)| (name.clone(), filled(value, &values));
        let form: Vec<(String, String)> = checkout.form.iter().map(field).collect();
        let method = if checkout.method == "GET" {
            Method::GET
        } else {
            Method::POST
        };
        self.open(&self.browser, &method, &url, &form)
    }

    fn open(
        &self,
        browser: &Browser,
        method: &Method,
        url: &str,
        form: &[(String, String)],
    ) -> Result<PageLoad, String> {
        let seen = browser.open(method, url, form);
        let seen = seen.map_err(|trouble| self.stage.told(trouble))?;
        let mut seen = self.stage.searched(seen);
        let comma = self.amount.replace('.', ",");
        let named = [&self.merchant_orderid, &self.amount, &comma];
        seen.page.names_order = named.iter().any(|name| seen.text.contains(name.as_str()));
        Ok(seen)
    }

    /// The order whose pages are at `url`.
    fn order_at(&self, url: &Url) -> Option<u64> {
        let orders = self.stage.mock.admin().orders(Some(CLIENT_ID)).orders;
        let here = |order: &&OrderView| order.redirection_url.ends_with(url.path());
        orders.iter().find(here).map(|order| order.id)
    }

    fn complete(
        &mut self,
        outcome: &str,
        settle_after: Option<&Value>,
    ) -> anyhow::Result<Happened> {
        let Some(order) = self.order else {
            return Ok(Happened::Skipped);
        };
        let wanted: Wanted = serde_json::from_value(outcome.into())
            .with_context(|| format!("outcome `{outcome}`"))?;
        let settle_after: Option<SettleAfter> = settle_after
            .map(|after| serde_json::from_value(after.clone()))
            .transpose()
            .context("settle_after")?;
        let wish = Complete {
            outcome: wanted,
            follow: false,
            settle_after,
        };
        self.callback = self.stage.mock.admin().complete(order, &wish)?.callback_url;
        Ok(Happened::Completed(outcome.to_owned()))
    }

    /// The success URL of the driver file, with more in its query.
    fn success(&self, query: &str) -> String {
        let success = &self.stage.driver.callbacks.success;
        let success = success.replace("{lang}", self.lang);
        match query {
            "" => success,
            _ if success.contains('?') => format!("{success}&{query}"),
            _ => format!("{success}?{query}"),
        }
    }

    /// The URL that Flexiti sends its customer to.
    fn callback(&self) -> anyhow::Result<&str> {
        let callback = self.callback.as_deref();
        callback.context("Flexiti has named no callback URL for the order")
    }

    fn come_back(&mut self, to: To, by: By) -> anyhow::Result<Happened> {
        let Some(own) = self.order else {
            return Ok(Happened::Skipped);
        };
        let url = match to {
            To::Own => self.callback()?.to_owned(),
            To::Success => self.success(""),
            To::Known => self.success(&format!("orderId={own}")),
            To::Told => self.success(&format!("orderId={own}&status=SUCCESS")),
            To::Foreign => {
                let paid = self.stage.paid;
                let paid = paid.context("no other customer's order has been paid yet")?;
                self.success(&format!("orderId={paid}"))
            }
        };
        let seen = match by {
            By::Customer => self.open(&self.browser, &Method::GET, &url, &[]),
            By::Stranger => self.open(&self.stage.browser()?, &Method::GET, &url, &[]),
        };
        if by == By::Customer && to == To::Own {
            self.last_return = Some(url);
        }
        let (page, trouble) = apart(seen);
        Ok(Happened::Returned {
            to,
            by,
            page,
            trouble,
        })
    }

    /// The customer has several windows open, which all come back at once.
    fn crowd(&self, browsers: usize) -> anyhow::Result<Happened> {
        if self.order.is_none() {
            return Ok(Happened::Skipped);
        }
        let url = self.callback()?;
        let seen: Vec<_> = std::thread::scope(|scope| {
            let look = || self.open(&self.browser, &Method::GET, url, &[]);
            let looking: Vec<_> = (0..browsers).map(|_| scope.spawn(look)).collect();
            let seen = looking.into_iter().map(ScopedJoinHandle::join);
            seen.collect()
        });
        let (mut pages, mut troubles) = (Vec::new(), Vec::new());
        for seen in seen {
            let (page, trouble) = apart(seen.map_err(|_| anyhow!("a window panicked"))?);
            pages.extend(page);
            troubles.extend(trouble);
        }
        Ok(Happened::Crowded { pages, troubles })
    }

    /// Another customer buys the same, and does not come back.
    fn bystander(&self, outcome: &str) -> anyhow::Result<Happened> {
        let mut other = Customer {
            stage: self.stage,
            flow: self.flow,
            lang: self.lang,
            faults: &[],
            amount: self.amount.clone(),
            merchant_orderid: format!("{}-B", self.merchant_orderid),
            browser: self.stage.browser()?,
            order: None,
            callback: None,
            last_return: None,
        };
        let started = other.start(1);
        other.complete(outcome, None)?;
        Ok(started)
    }
}

fn apart(seen: Result<PageLoad, String>) -> (Option<Page>, Option<String>) {
    match seen {
        Ok(seen) => (Some(seen.page), None),
        Err(trouble) => (None, Some(trouble)),
    }
}
