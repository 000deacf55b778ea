//! Somebody who has no cookies of the customer's looks at the page that tells the customer of the
//! order.

use super::browser::Outgoing;
use super::cookies::From;
use super::customer::Customer;
use super::extract;
use crate::merchant::driver::{Order, filled, filled_url};
use crate::merchant::trace::{Happened, Page};
use flexiti_contract::scenario::{By, To};

/// Ids with as many letters and digits may be a secret between the shop and its customer.
const UNGUESSABLE: usize = 16;
/// An order's number begins with so many letters at most.
const LETTERS: usize = 4;
/// And has so many digits at most.
const DIGITS: usize = 9;

impl Customer<'_, '_> {
    /// What the page shows to a stranger who has guessed the order's number. It is not looked at if
    /// the driver file has the shop's owner ask, or a program, or after a login.
    pub(super) fn stranger_looks(&self) -> Happened {
        let (page, trouble) = match self.looked_up() {
            Some(Ok(page)) => (Some(page), None),
            Some(Err(trouble)) => (None, Some(trouble)),
            None => (None, Some("the driver file names no such page".to_owned())),
        };
        Happened::Returned {
            to: To::Status,
            by: By::Stranger,
            page,
            trouble,
        }
    }

    fn looked_up(&self) -> Option<Result<Page, String>> {
        let order = self.stage.driver.order_in(self.flow)?;
        let url = order.url.as_ref().filter(|_| is_customers_own(&order))?;
        let secret = self.values_without_secrets();
        // An order's number is no secret, wherever the driver file takes it from.
        let numbers = self.values().into_iter();
        let numbers = numbers.filter(|(_, value)| is_number(value));
        let known: Vec<(String, String)> = numbers.chain(secret.clone()).collect();
        let is_named = |name: &str| url.contains(&format!("{{{name}}}"));
        let mut named = known.iter().filter(|(name, _)| is_named(name));
        // A stranger who knows of no address looks nowhere.
        let is_hidden = |(name, value): &(String, String)| {
            let stays = |(known, _): &&(String, String)| known == name;
            value.is_empty()
                && known
                    .iter()
                    .find(stays)
                    .is_none_or(|(_, known)| known.is_empty())
        };
        let mut extracted = secret.iter().filter(|(name, _)| is_named(name));
        if named.any(|(_, value)| !is_guessable(value)) || extracted.any(is_hidden) {
            return None;
        }
        let headers: Vec<(String, String)> = order
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), filled(value, &secret)))
            .collect();
        let url = filled_url(url, &known);
        let outgoing = Outgoing {
            headers: &headers,
            ..Outgoing::get(&url, From::Shop)
        };
        let browser = match self.stage.browser() {
            Ok(browser) => browser,
            Err(error) => return Some(Err(format!("{error:#}"))),
        };
        Some(self.open(&browser, &outgoing).map(|seen| {
            let word = extract::read(&order.place(), &seen, &[]);
            Page {
                names_order: word.is_ok_and(|word| order.paid.contains(&word)),
                ..seen.page
            }
        }))
    }
}

/// Whether the customer's own browser reads the page, with nothing but its cookies and what the shop
/// has told it.
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

/// Whether this is an order's number, no larger than a shop has orders: digits, perhaps after a few
/// letters, as `R123456789`, or with signs between them, as `26-00002`.
fn is_number(text: &str) -> bool {
    let letters = text.chars().take_while(char::is_ascii_alphabetic).count();
    let rest = text.get(letters..).unwrap_or_default();
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let is_sign = |sign: char| ['-', '_', '.', '/'].contains(&sign);
    letters <= LETTERS
        && (1..=DIGITS).contains(&digits)
        && rest
            .chars()
            .all(|sign| sign.is_ascii_digit() || is_sign(sign))
}

/// Whether an id may be guessed.
fn is_guessable(id: &str) -> bool {
    id.chars().filter(char::is_ascii_alphanumeric).count() < UNGUESSABLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orders_number_may_have_letters_in_front_and_signs_in_between() {
        for (text, number) in [
            ("10045", true),
            ("R123456789", true),
            ("26-00002", true),
            ("QT-2048-2", true),
            ("ORD_2026.11/7", true),
            ("1234567890", false),
            ("wc8f2a", false),
            ("order-17", false),
            ("-", false),
            ("", false),
        ] {
            assert_eq!(is_number(text), number, "{text}");
        }
    }

    #[test]
    fn a_number_is_guessed_and_a_random_id_is_not() {
        for (id, guessable) in [
            ("10045", true),
            ("QT-2048-2", true),
            ("0b9f7a52-30a1-4a1e-9a50-9fd2b5a3b3b0", false),
            ("ord_5f3c9a7e1b2d4c6f", false),
        ] {
            assert_eq!(is_guessable(id), guessable, "{id}");
        }
    }
}
