//! Searches the pages of the driver file, and their scripts, for credentials.

use super::Stage;
use crate::merchant::scenarios;
use crate::merchant::stage::browser::cookies::From;
use crate::merchant::stage::browser::{Browser, Outgoing, scripts};
use crate::merchant::stage::customer::Customer;
use crate::merchant::trace::Page;
use std::collections::BTreeSet;

/// Maximum number of scripts to read.
const SCRIPTS: usize = 40;

impl Stage<'_> {
    /// The browser of a customer with a filled cart, if the driver file says how to fill it.
    fn browser_with_cart(&self) -> anyhow::Result<Browser> {
        let shop = &self.driver.shop;
        let named = (shop.flows.first(), shop.languages.first());
        let (Some(flow), Some(lang)) = named else {
            return self.browser();
        };
        let mut scenarios = scenarios::all().iter();
        let Some(scenario) = scenarios
            .next()
            .filter(|_| !self.driver.checkout_in(flow).steps.is_empty())
        else {
            return self.browser();
        };
        let mut customer = Customer::new(self, flow, lang, scenario)?;
        // If that fails, the scenarios say so; the pages are then searched as a stranger sees them.
        let _ = customer.take_steps();
        Ok(customer.browser)
    }

    /// Loads the pages of the driver file and searches them for credentials.
    pub fn scan(&self) -> anyhow::Result<Vec<Page>> {
        let browser = self.browser_with_cart()?;
        let mut pages = Vec::new();
        let mut scripts = Vec::new();
        let urls = self.driver.pages.urls(&self.driver.shop.languages);
        let urls: Vec<String> = urls.collect();
        for url in &urls {
            match browser.open(&Outgoing::get(url, From::Shop)) {
                Ok(seen) => {
                    scripts.extend(scripts::of(url, &seen.text));
                    pages.push(self.searched(seen).page);
                }
                Err(_) => pages.push(Page::unreachable(url)),
            }
        }
        // What cannot be loaded does not reach a customer's browser either.
        let mut done = BTreeSet::new();
        while let Some(url) = scripts.pop().filter(|_| done.len() < SCRIPTS) {
            if !done.insert(url.clone()) {
                continue;
            }
            if let Ok(seen) = browser.open(&Outgoing::get(&url, From::Shop)) {
                scripts.extend(scripts::source_map(&url, &seen.text));
                pages.push(self.searched(seen).page);
            }
        }
        // A missing script does not count as a page that could not be searched.
        pages.retain(|page| page.status < 400 || urls.contains(&page.url));
        Ok(pages)
    }
}
