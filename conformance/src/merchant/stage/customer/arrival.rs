//! The way back from Flexiti: the callback page, and the requests of its script.

use crate::merchant::driver::filled_url;
use crate::merchant::stage::browser::cookies::From;
use crate::merchant::stage::browser::{Browser, Outgoing, PageLoad, extract};
use crate::merchant::stage::customer::Customer;
use crate::merchant::stage::request::Prepared;
use crate::merchant::trace::Page;
use flexiti_contract::scenario::By;
use reqwest::Url;

impl Customer<'_, '_> {
    /// Loads a callback page and runs its script.
    pub fn arrive(&self, browser: &Browser, url: &str, from: From, by: By) -> Result<Page, String> {
        let callbacks = &self.stage.driver.callbacks;
        let mut last = self.open(browser, &Outgoing::get(url, from))?;
        let mut page = last.page.clone();
        if page.status >= 400 || page.redirected_away {
            return Ok(page);
        }
        let mut values = match by {
            By::Customer | By::Other => self.values(),
            // A stranger does not know what the shop told the customer.
            By::Stranger => self.values_without_secrets(),
        };
        values.extend(parameters(url));
        for (at, step) in (1..).zip(&callbacks.steps) {
            let named = |why: String| self.stage.told(format!("callbacks.steps[{at}]: {why}"));
            let absent = step.callback_names().into_iter();
            let absent = absent.map(|name| (name, String::new()));
            let filled_in = values.iter().cloned().chain(absent);
            let filled_in: Vec<(String, String)> = filled_in.collect();
            let request = Prepared::new(step, &filled_in);
            let seen = self.open(browser, &request.as_outgoing()).map_err(named)?;
            add(&mut page, &seen);
            // Others may be shown less.
            if by != By::Customer || seen.page.status >= 400 {
                continue;
            }
            let cookies = browser.cookies(&filled_url(&step.url, &filled_in));
            for (name, place) in &step.extract {
                let value = extract::read(place, &seen, &cookies);
                let value = value.map_err(|why| named(format!("extract.{name}: {why}")))?;
                values.push((name.clone(), value));
            }
            last = seen;
        }
        if let (Some(place), By::Customer) = (&callbacks.language, by) {
            // If nothing is found there, the driver file is wrong, not the shop.
            let read = extract::read(place, &last, &browser.cookies(url)).ok();
            page.lang = read.map(|lang| lang.chars().take(2).collect::<String>().to_lowercase());
            page.by_script = false;
        }
        Ok(page)
    }
}

/// The query of a callback URL, whole and by parameter.
fn parameters(url: &str) -> Vec<(String, String)> {
    let Ok(url) = Url::parse(url) else {
        return Vec::new();
    };
    let query = url.query().unwrap_or_default().to_owned();
    let pairs = url.query_pairs();
    let pairs = pairs.map(|(name, value)| (format!("callback.{name}"), value.into_owned()));
    let whole = [("callback.query".to_owned(), query)];
    whole.into_iter().chain(pairs).collect()
}

/// Adds what a script received to the page that shows it.
fn add(page: &mut Page, seen: &PageLoad) {
    page.leaks.extend(seen.page.leaks.iter().cloned());
    page.leaks.sort_unstable();
    page.leaks.dedup();
    page.names_order |= seen.page.names_order;
    if let Some(other) = seen.page.names_others_order {
        *page.names_others_order.get_or_insert(false) |= other;
    }
    page.says_paid |= seen.page.says_paid;
    page.redirected_away |= seen.page.redirected_away;
    // A script decides what to show of a refusal; a server error leaves it nothing.
    if seen.page.status >= 500 {
        page.status = seen.page.status;
    }
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn the_parameters_of_a_callback_are_placeholders() {
        let pairs = parameters("http://shop/return?orderId=7&status=A%20B#x");
        let value = |name: &str| {
            let mut pairs = pairs.iter().filter(|(own, _)| own == name);
            pairs.next().map(|(_, value)| value.as_str())
        };
        assert_eq!(value("callback.query"), Some("orderId=7&status=A%20B"));
        assert_eq!(value("callback.status"), Some("A B"));
        assert_eq!(value("callback.auth_token"), None);
    }
}
