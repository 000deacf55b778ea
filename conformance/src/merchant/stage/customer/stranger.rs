//! Someone else, with their own cookies or none, opens the page that shows the customer's order.

use crate::merchant::driver::{Order, filled, filled_url};
use crate::merchant::stage::browser::cookies::From;
use crate::merchant::stage::browser::{Browser, Outgoing, extract};
use crate::merchant::stage::customer::Customer;
use crate::merchant::stage::customer::numbers::{is_guessable, is_number};
use crate::merchant::stage::customer::return_to_shop::apart;
use crate::merchant::trace::{Happened, Page};
use anyhow::bail;
use flexiti_contract::scenario::{By, To};

/// The placeholders that name an order.
const NUMBERS: [&str; 2] = ["merchant_orderid", "online_order_id"];

impl Customer<'_, '_> {
    /// What the page shows to someone who guessed the order's number. Not tested if the driver file
    /// asks as the shop's owner, with a program, or after a login.
    pub fn status_page_seen_by(&self, by: By) -> anyhow::Result<Happened> {
        let seen = match by {
            By::Customer => bail!("the customer's own status page is read where the shop is asked"),
            By::Other => match self.other()? {
                Ok(other) => self.stage.acting(1, || {
                    let looked = self.looked_up(&other.browser, &other.values());
                    looked.unwrap_or_else(no_page)
                })?,
                Err(why) => Err(why),
            },
            By::Stranger => {
                let browser = self.stage.browser()?;
                self.stage.acting(1, || {
                    let looked = self.looked_up(&browser, &self.values_without_secrets());
                    looked.unwrap_or_else(no_page)
                })?
            }
        };
        let (page, trouble) = apart(seen);
        Ok(Happened::Returned {
            to: To::Status,
            by,
            page,
            trouble,
        })
    }

    /// The page of this customer's order, as seen with this browser and these placeholders.
    fn looked_up(
        &self,
        browser: &Browser,
        values: &[(String, String)],
    ) -> Option<Result<Page, String>> {
        let order = self.stage.driver.order_in(self.flow)?;
        let url = order.url.as_ref().filter(|_| is_customers_own(&order))?;
        // An order's number is not secret, wherever the driver file takes it from.
        let own = self.values().into_iter();
        let own = own.filter(|(name, value)| NUMBERS.contains(&name.as_str()) || is_number(value));
        let known: Vec<(String, String)> = own.chain(values.iter().cloned()).collect();
        let is_named = |name: &str| url.contains(&format!("{{{name}}}"));
        let mut named = known.iter().filter(|(name, _)| is_named(name));
        // A stranger who does not know the URL cannot look.
        let is_hidden = |(name, value): &(String, String)| {
            let stays = |(known, _): &&(String, String)| known == name;
            value.is_empty()
                && known
                    .iter()
                    .find(stays)
                    .is_none_or(|(_, known)| known.is_empty())
        };
        let mut extracted = values.iter().filter(|(name, _)| is_named(name));
        if named.any(|(_, value)| !is_guessable(value)) || extracted.any(is_hidden) {
            return None;
        }
        let headers: Vec<(String, String)> = order
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), filled(value, values)))
            .collect();
        let url = filled_url(url, &known);
        let outgoing = Outgoing {
            headers: &headers,
            ..Outgoing::get(&url, From::Shop)
        };
        Some(self.open(browser, &outgoing).map(|seen| {
            let word = extract::read(&order.place(), &seen, &[]);
            Page {
                names_order: word.is_ok_and(|word| order.paid.contains(&word)),
                ..seen.page
            }
        }))
    }
}

fn no_page() -> Result<Page, String> {
    Err("the driver file names no such page".to_owned())
}

/// Whether the customer's own browser reads the page, with nothing but its cookies and what the
/// shop told it.
fn is_customers_own(order: &Order) -> bool {
    const KEYS: [&str; 3] = ["authorization", "cookie", "key"];
    let is_key = |name: &str| {
        KEYS.iter()
            .any(|key| name.to_ascii_lowercase().contains(key))
    };
    let mut headers = order.headers.iter();
    let has_key = headers.any(|(name, value)| is_key(name) && !value.contains('{'));
    order.as_customer && order.steps.is_empty() && !has_key
}
