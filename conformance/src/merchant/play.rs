//! Plays one scenario: a customer's browser before the shop.

use super::belief;
use super::browser::{Browser, Page, Seen};
use super::driver::filled;
use super::stage::{CLIENT_ID, Stage};
use super::trace::Happened;
use flexiti_contract::scenario::{By, Start, Step, To};
use flexiti_mock::steer::{ClockChange, Complete, OrderView, SettleAfter, Wanted};
use reqwest::{Method, Url};
use serde_json::Value;

/// A customer whom the mock knows, with credit (fixtures/customers.toml).
const CUSTOMER: &str = "1293836";

/// One scenario while it is played.
pub struct Play<'s, 'd> {
    pub(super) stage: &'s Stage<'d>,
    flow: &'s str,
    lang: &'s str,
    faults: &'s [Value],
    /// What the customer is to pay.
    pub amount: String,
    /// The shop's number of the order.
    pub merchant_orderid: String,
    browser: Browser,
    /// The order whose pages are open.
    pub(super) order: Option<u64>,
    /// Where Flexiti sends its customer.
    callback: Option<String>,
}

impl<'s, 'd> Play<'s, 'd> {
    /// A customer who has not begun.
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
            // An amount that no other play has, to be recognised.
            amount: format!("{}.{}", 120 + plays, plays % 89 + 10),
            merchant_orderid: format!("C{}-{plays}", stage.run),
            browser: stage.browser()?,
            order: None,
            callback: None,
        })
    }

    /// Does what a step says.
    pub fn take(&mut self, step: &Step) -> Happened {
        match step {
            Step::Checkout { expect } => {
                let started = self.check_out(*expect);
                match self.stage.plan_for(self.faults, self.order) {
                    Ok(()) => started,
                    Err(_) => Happened::Skipped,
                }
            }
            Step::Complete {
                outcome,
                settle_after,
            } => self.complete(outcome, settle_after.as_ref()),
            Step::Return { to, by } => self.come_back(*to, *by),
            Step::Crowd { browsers } => self.crowd(*browsers),
            Step::Bystander { outcome } => self.bystander(outcome),
            Step::Believe { one_of } => belief::believe(self, one_of),
            Step::Doubt { none_of } => belief::doubt(self, none_of),
            Step::Advance { ms } => {
                let change = ClockChange {
                    advance_ms: Some(*ms),
                    ..ClockChange::default()
                };
                match self.stage.mock.admin().set_clock(CLIENT_ID, &change) {
                    Ok(_) => Happened::Advanced(*ms),
                    Err(_) => Happened::Skipped,
                }
            }
        }
    }

    fn check_out(&mut self, expect: Start) -> Happened {
        let first = self.start(1);
        let turned_away = matches!(
            &first,
            Happened::Started { order: None, page: Some(page), .. } if page.status == 503
        );
        // A customer who is told to come again later does so, once.
        if turned_away && expect == Start::Either {
            return self.start(2);
        }
        first
    }

    /// What the driver file may name in braces.
    pub(super) fn values(&self) -> Vec<(String, String)> {
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
        let cart = self.stage.driver.cart.places();
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
    fn begin(&self) -> Result<Seen, String> {
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
    ) -> Result<Seen, String> {
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

    fn complete(&mut self, outcome: &str, settle_after: Option<&Value>) -> Happened {
        let wanted = serde_json::from_value::<Wanted>(outcome.into());
        let settle =
            settle_after.and_then(|s| serde_json::from_value::<SettleAfter>(s.clone()).ok());
        let (Some(order), Ok(outcome)) = (self.order, wanted) else {
            return Happened::Skipped;
        };
        let wish = Complete {
            outcome,
            follow: false,
            settle_after: settle,
        };
        match self.stage.mock.admin().complete(order, &wish) {
            Ok(completed) => {
                self.callback = completed.callback_url;
                let word = serde_json::to_value(outcome).unwrap_or_default();
                Happened::Completed(word.as_str().unwrap_or_default().to_owned())
            }
            Err(_) => Happened::Skipped,
        }
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

    fn come_back(&self, to: To, by: By) -> Happened {
        let own = self.order.unwrap_or_default();
        let url = match to {
            To::Own => self.callback.clone(),
            To::Success => Some(self.success("")),
            To::Known => Some(self.success(&format!("orderId={own}"))),
            To::Told => Some(self.success(&format!("orderId={own}&status=SUCCESS"))),
            To::Foreign => {
                let paid = self.stage.paid.unwrap_or(131_222);
                Some(self.success(&format!("orderId={paid}")))
            }
        };
        let (Some(url), Some(_)) = (url, self.order) else {
            return Happened::Skipped;
        };
        let seen = match by {
            By::Customer => self.open(&self.browser, &Method::GET, &url, &[]),
            By::Stranger => match self.stage.browser() {
                Ok(browser) => self.open(&browser, &Method::GET, &url, &[]),
                Err(error) => Err(error.to_string()),
            },
        };
        let (page, trouble) = apart(seen);
        Happened::Returned {
            to,
            by,
            page,
            trouble,
        }
    }

    /// The customer has several windows open, and all of them come back at once.
    fn crowd(&self, browsers: usize) -> Happened {
        let Some(url) = &self.callback else {
            return Happened::Skipped;
        };
        let seen: Vec<_> = std::thread::scope(|scope| {
            let look = || self.open(&self.browser, &Method::GET, url, &[]);
            let looking: Vec<_> = (0..browsers).map(|_| scope.spawn(look)).collect();
            let seen = looking.into_iter().map(|looking| {
                let broken = |_| Err("a window broke down".to_owned());
                looking.join().unwrap_or_else(broken)
            });
            seen.collect()
        });
        let (mut pages, mut troubles) = (Vec::new(), Vec::new());
        for (page, trouble) in seen.into_iter().map(apart) {
            pages.extend(page);
            troubles.extend(trouble);
        }
        Happened::Crowded { pages, troubles }
    }

    /// Somebody else buys the same, and does not come back.
    fn bystander(&self, outcome: &str) -> Happened {
        let Ok(browser) = self.stage.browser() else {
            return Happened::Skipped;
        };
        let mut other = Play {
            stage: self.stage,
            flow: self.flow,
            lang: self.lang,
            faults: &[],
            amount: self.amount.clone(),
            merchant_orderid: format!("{}-B", self.merchant_orderid),
            browser,
            order: None,
            callback: None,
        };
        let started = other.start(1);
        other.complete(outcome, None);
        started
    }
}

fn apart(seen: Result<Seen, String>) -> (Option<Page>, Option<String>) {
    match seen {
        Ok(seen) => (Some(seen.page), None),
        Err(trouble) => (None, Some(trouble)),
    }
}
