//! How the customer or someone else returns to the shop: by which URL, in how many windows.

use crate::merchant::stage::browser::cookies::From;
use crate::merchant::stage::browser::{ATTACKER, MARKUP};
use crate::merchant::stage::customer::Customer;
use crate::merchant::trace::{Happened, Page};
use anyhow::{Context as _, anyhow};
use flexiti_contract::scenario::{By, To};
use std::thread::ScopedJoinHandle;

/// A token that was never granted.
const FORGED: &str = "f0f1f2f3f4f5f6f7f8f9f0f1f2f3f4f5f6f7f8f9";

/// What a shop's own front end may say of an order that is paid.
const CLAIMS: &str = "status=success&result=success&outcome=approved&success=true&paid=true";

impl Customer<'_, '_> {
    /// Where a returning browser comes from. If Flexiti's pages are in a frame, a made-up URL is
    /// opened outside of it, with the shop's cookies.
    fn way_back(&self, to: To) -> From {
        match (self.stage.driver.callbacks.framed, to) {
            (true, To::Own) => From::Frame,
            (true, _) => From::Shop,
            (false, _) => From::Flexiti,
        }
    }

    /// The success URL of the driver file, with parameters added to its query.
    fn success(&self, query: &str) -> String {
        let success = &self.stage.driver.callbacks.success;
        let success = success.replace("{lang}", self.lang);
        match query {
            "" => success,
            _ if success.contains('?') => format!("{success}&{query}"),
            _ => format!("{success}?{query}"),
        }
    }

    /// The URL that Flexiti sends the customer to.
    fn callback(&self) -> anyhow::Result<&str> {
        let callback = self.callback.as_deref();
        callback.context("Flexiti has named no callback URL for the order")
    }

    pub fn come_back(&mut self, to: To, by: By) -> anyhow::Result<Happened> {
        let Some(own) = self.order else {
            return Ok(Happened::Skipped);
        };
        let url = match to {
            To::Status => return self.status_page_seen_by(by),
            To::Own => self.callback()?.to_owned(),
            To::Success => self.success(""),
            To::Known => self.success(&format!("orderId={own}")),
            To::Told => self.success(&format!("orderId={own}&status=SUCCESS")),
            To::Foreign => {
                let paid = self.stage.paid;
                let paid = paid.context("no other customer's order has been paid yet")?;
                self.success(&format!("orderId={paid}"))
            }
            To::Error => {
                let error = &self.stage.driver.callbacks.error;
                error.replace("{lang}", self.lang)
            }
            To::Unknown => self.success("orderId=987654321012"),
            To::Malformed => {
                let pairs = [
                    ("orderId", format!("../{MARKUP}'\"")),
                    ("status", MARKUP.to_owned()),
                    ("redirect", format!("http://{ATTACKER}/")),
                    ("next", format!("http://{ATTACKER}/")),
                    ("return_url", format!("http://{ATTACKER}/")),
                    ("url", format!("//{ATTACKER}/")),
                ];
                self.success(&serde_urlencoded::to_string(pairs)?)
            }
            To::Token => self.success(&format!("orderId={own}&auth_token={FORGED}")),
        };
        let seen = match by {
            By::Customer => {
                let arrive = |url: &str| {
                    let from = self.way_back(to);
                    self.stage
                        .acting(1, || self.arrive(&self.browser, url, from, by))
                };
                match arrive(&url)? {
                    Ok(first) if to == To::Told && !first.says_paid => {
                        let second = self.success(&format!("orderId={own}&{CLAIMS}"));
                        Ok(worse(first, arrive(&second)?.ok()))
                    }
                    seen => seen,
                }
            }
            By::Stranger => {
                let browser = self.stage.browser()?;
                self.stage
                    .acting(1, || self.arrive(&browser, &url, From::Flexiti, by))?
            }
            By::Other => match self.other()? {
                Ok(other) => self
                    .stage
                    .acting(1, || other.arrive(&other.browser, &url, From::Flexiti, by))?,
                Err(why) => Err(why),
            },
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

    /// The customer returns in several windows at once.
    pub fn crowd(&self, browsers: usize) -> anyhow::Result<Happened> {
        if self.order.is_none() {
            return Ok(Happened::Skipped);
        }
        let url = self.callback()?;
        let come = || -> Vec<_> {
            std::thread::scope(|scope| {
                let look = || self.arrive(&self.browser, url, self.way_back(To::Own), By::Customer);
                let looking: Vec<_> = (0..browsers).map(|_| scope.spawn(look)).collect();
                let seen = looking.into_iter().map(ScopedJoinHandle::join);
                seen.collect()
            })
        };
        let seen = self.stage.acting(browsers, come)?;
        let (mut pages, mut troubles) = (Vec::new(), Vec::new());
        for seen in seen {
            let (page, trouble) = apart(seen.map_err(|_| anyhow!("a window panicked"))?);
            pages.extend(page);
            troubles.extend(trouble);
        }
        Ok(Happened::Crowded { pages, troubles })
    }
}

/// The page that says more against the shop, with what either of them leaks.
fn worse(first: Page, second: Option<Page>) -> Page {
    let Some(second) = second else {
        return first;
    };
    let is_worse = second.says_paid || (second.status >= 500 && first.status < 500);
    let (mut kept, other) = if is_worse {
        (second, first)
    } else {
        (first, second)
    };
    kept.leaks.extend(other.leaks);
    kept.leaks.sort_unstable();
    kept.leaks.dedup();
    kept.echoes |= other.echoes;
    kept
}

/// Splits a result into the page, and why there was none.
pub fn apart(seen: Result<Page, String>) -> (Option<Page>, Option<String>) {
    match seen {
        Ok(page) => (Some(page), None),
        Err(trouble) => (None, Some(trouble)),
    }
}
