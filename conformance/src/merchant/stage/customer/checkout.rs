//! From the cart to Flexiti's page: the steps of the driver file and its checkout.

use crate::merchant::driver::{Request, filled_url};
use crate::merchant::stage::browser::cookies::From;
use crate::merchant::stage::browser::refresh::Refresh;
use crate::merchant::stage::browser::{Outgoing, PageLoad, extract};
use crate::merchant::stage::customer::Customer;
use crate::merchant::stage::request::Prepared;
use crate::merchant::trace::{Happened, Page, sent_number};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// How long a page that reloads itself may take to lead to Flexiti.
const RELOADS: Duration = Duration::from_secs(10);
/// How often such a page is loaded at most, whatever it says.
const SHORTEST_RELOAD: Duration = Duration::from_millis(200);

impl Customer<'_, '_> {
    /// Starts to pay; `times` counts the attempts.
    pub fn start(&mut self, times: usize) -> Happened {
        match self.begin() {
            Ok((seen, before)) => {
                let order = seen.leads_to.as_ref().and_then(|url| self.order_at(url));
                self.order = order.as_ref().map(|order| order.id);
                self.others.extend(self.order);
                let own = order.and_then(|order| order.merchant_order_id);
                self.goes_by(own.or_else(|| self.refused_number()));
                Happened::Started {
                    by: self.who(),
                    times,
                    order: self.order,
                    page: Some(seen.page),
                    trouble: None,
                    before,
                }
            }
            Err(trouble) => Happened::Started {
                by: self.who(),
                times,
                order: None,
                page: None,
                trouble: Some(trouble),
                before: Vec::new(),
            },
        }
    }

    /// Records the shop's number for the order, if it numbers orders itself.
    fn goes_by(&mut self, own: Option<String>) {
        if let Some(own) = own.filter(|_| self.stage.driver.numbers_itself(self.flow)) {
            self.merchant_orderid = own;
        }
    }

    /// The shop's number in the latest init of this scenario, whatever the answer.
    fn refused_number(&self) -> Option<String> {
        let admin = self.stage.mock.admin();
        let calls = admin.requests(&self.stage.window()).ok()?.requests;
        let mut numbers = calls.iter().rev().filter_map(|call| {
            let call = admin.request(call.id).ok()?;
            sent_number(&call)
        });
        numbers.next()
    }

    /// Performs the steps before the checkout, then the checkout request. Also returns the pages on
    /// the way that contained credentials.
    fn begin(&mut self) -> Result<(PageLoad, Vec<Page>), String> {
        let before = if std::mem::take(&mut self.has_browsed) {
            Vec::new()
        } else {
            self.take_steps()?
        };
        let request = self.stage.driver.checkout_in(self.flow).request();
        let seen = self.send_checkout(&request)?;
        // A customer who was turned away sees a different page.
        if seen.leads_to.is_some() {
            self.extract(&request, &seen)
                .map_err(|why| self.stage.told(format!("checkout.{why}")))?;
        }
        Ok((seen, before))
    }

    /// Performs the steps before the checkout, and returns the pages that contained credentials.
    pub fn take_steps(&mut self) -> Result<Vec<Page>, String> {
        let checkout = self.stage.driver.checkout_in(self.flow);
        let mut leaking = Vec::new();
        self.extracted.clear();
        for (at, step) in (1..).zip(&checkout.steps) {
            let url = filled_url(&step.url, &self.values());
            let key = format!("checkout.steps[{at}] ({} {url})", step.method);
            let seen = self.send(step).map_err(|why| format!("{key}: {why}"))?;
            if seen.page.status >= 400 {
                let (status, said) = (seen.page.status, extract::quoted(&seen.text));
                return Err(format!("{key}: status {status}; the page says {said}"));
            }
            self.extract(step, &seen)
                .map_err(|why| self.stage.told(format!("{key}.{why}")))?;
            if !seen.page.leaks.is_empty() {
                leaking.push(seen.page);
            }
        }
        Ok(leaking)
    }

    /// Sends a request of the driver file.
    fn send(&self, request: &Request) -> Result<PageLoad, String> {
        let values = self.values();
        let outgoing = Prepared::new(request, &values);
        self.open(&self.browser, &outgoing.as_outgoing())
    }

    /// Sends the checkout, and waits on a page that reloads itself until it leads to Flexiti or says
    /// that it will not. A page that leads elsewhere is the last that counts.
    fn send_checkout(&self, request: &Request) -> Result<PageLoad, String> {
        let mut first = self.send(request)?;
        let end = Instant::now() + RELOADS;
        let mut next = first.refresh.clone();
        while first.leads_to.is_none()
            && first.page.status < 400
            && let Some(Refresh { after, url }) = next
        {
            let after = after.max(SHORTEST_RELOAD);
            if after > end.saturating_duration_since(Instant::now()) {
                break;
            }
            std::thread::sleep(after);
            let mut seen = self.open(&self.browser, &Outgoing::get(url.as_str(), From::Shop))?;
            let is_same = seen.page.url == first.page.url && seen.refresh.is_none();
            if seen.leads_to.is_some() || seen.page.status >= 400 || is_same {
                seen.page.leaks.append(&mut first.page.leaks);
                return Ok(seen);
            }
            first.page.leaks.append(&mut seen.page.leaks);
            next = seen.refresh;
        }
        Ok(first)
    }

    /// Extracts the values that the driver file asks for.
    fn extract(&mut self, request: &Request, seen: &PageLoad) -> Result<(), String> {
        let cookies = self
            .browser
            .cookies(&filled_url(&request.url, &self.values()));
        for (name, place) in &request.extract {
            let value = extract::read(place, seen, &cookies);
            let value = value.map_err(|why| format!("extract.{name}: {why}"))?;
            self.extracted.retain(|(known, _)| known != name);
            self.extracted.push((name.clone(), value));
        }
        Ok(())
    }

    /// Sends the checkout request again, from several windows at once.
    pub fn send_again(&mut self, windows: usize) -> Happened {
        let request = self.stage.driver.checkout_in(self.flow).request();
        if self.order.is_none()
            && let Err(trouble) = self.take_steps()
        {
            return Happened::SentAgain {
                orders: Vec::new(),
                pages: Vec::new(),
                troubles: vec![trouble],
            };
        }
        let seen: Vec<Result<PageLoad, String>> = std::thread::scope(|scope| {
            let this = &*self;
            let request = &request;
            let sending: Vec<_> = (0..windows)
                .map(|_| scope.spawn(move || this.send_checkout(request)))
                .collect();
            let sent = sending.into_iter().map(ScopedJoinHandle::join);
            sent.map(|seen| seen.unwrap_or_else(|_| Err("a window panicked".to_owned())))
                .collect()
        });
        let (mut orders, mut pages, mut troubles) = (Vec::new(), Vec::new(), Vec::new());
        let mut own = None;
        let mut followed = None;
        for seen in seen {
            match seen {
                Ok(seen) => {
                    let order = seen.leads_to.as_ref().and_then(|url| self.order_at(url));
                    orders.extend(order.as_ref().map(|order| order.id));
                    pages.push(seen.page.clone());
                    if order.is_some() {
                        followed = Some(seen);
                    }
                    own = order.and_then(|order| order.merchant_order_id).or(own);
                }
                Err(trouble) => troubles.push(trouble),
            }
        }
        self.goes_by(own);
        self.others.extend(&orders);
        // The customer continues in the window opened last.
        self.order = orders.last().copied().or(self.order);
        if let Some(seen) = followed
            && let Err(why) = self.extract(&request, &seen)
        {
            troubles.push(self.stage.told(format!("checkout.{why}")));
        }
        if let Err(error) = self.plan_faults() {
            troubles.push(format!("{error:#}"));
        }
        Happened::SentAgain {
            orders,
            pages,
            troubles,
        }
    }
}
