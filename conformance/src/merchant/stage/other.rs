//! Another customer of the shop, who has an order of their own, asks for somebody else's.

use super::cookies::From;
use super::customer::Customer;
use super::numbers::SHORTEST;
use crate::merchant::driver::Request;
use crate::merchant::trace::Page;
use anyhow::Context as _;
use flexiti_contract::scenario::By;

impl<'s, 'd> Customer<'s, 'd> {
    /// The other customer. An error inside says why nobody can tell them from this one.
    pub(super) fn other(&self) -> anyhow::Result<Result<&Customer<'s, 'd>, String>> {
        let other = self.other.as_deref();
        let other = other.context("no other customer has bought anything")?;
        let own = self.stage.driver.checkout_in(self.flow);
        let last = own.request();
        let requests = own.steps.iter().chain([&last]);
        let mut texts = requests.flat_map(Request::texts);
        if texts.any(|(key, text)| is_ones_own(&key, text)) {
            let why = "all customers have the same account or e-mail address: put {merchant_orderid} into it";
            return Ok(Err(why.to_owned()));
        }
        Ok(Ok(other))
    }

    /// The other customer opens a callback URL.
    pub(super) fn other_arrives(&self, url: &str) -> anyhow::Result<Result<Page, String>> {
        let number = &self.merchant_orderid;
        Ok(self.other()?.and_then(|other| {
            if number.len() < SHORTEST {
                return Err(format!(
                    "`{number}` is too short a number to be found on a page"
                ));
            }
            other.arrive(&other.browser, url, From::Flexiti, By::Other)
        }))
    }
}

/// Whether a text of the driver file names a person, the same one for all customers.
fn is_ones_own(key: &str, text: &str) -> bool {
    const KEYS: [&str; 4] = ["password", "passwd", "pwd", "authorization"];
    let key = key.to_ascii_lowercase();
    let is_named = text.contains('@') || KEYS.iter().any(|own| key.contains(own));
    is_named && !text.contains("{merchant_orderid}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_who_log_in_alike_are_one() {
        for (key, text, one) in [
            ("form.password", "opensesame", true),
            ("form.user[email]", "ann@example.com", true),
            ("headers.Authorization", "Basic x", true),
            ("form.email", "{merchant_orderid}@example.com", false),
            ("form.password", "pw-{merchant_orderid}", false),
            ("form.sku", "sofa", false),
        ] {
            assert_eq!(is_ones_own(key, text), one, "{key}");
        }
    }
}
