//! The customer's cart in the driver file: addresses, and the shop's own amounts.

use anyhow::{bail, ensure};
use flexiti_contract::{Contract, Endpoint};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[cart]` of a driver file: what init's address blocks must hold (R-cur).
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cart {
    /// Fields of `billing_information`: `first_name`, `city`, …
    #[serde(default)]
    pub billing: BTreeMap<String, String>,
    /// Fields of `shipping_information`.
    #[serde(default)]
    pub shipping: BTreeMap<String, String>,
    /// The total of the cart, if the shop has prices of its own: `129.95`.
    pub amount: Option<String>,
    /// Carts that differ by the customer's language: `[cart.by_language.fr]`.
    #[serde(default)]
    pub by_language: BTreeMap<String, LanguageCart>,
}

/// The cart of customers of one language; keys that are not given are those of `[cart]`.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguageCart {
    /// Fields of `billing_information`.
    #[serde(default)]
    pub billing: BTreeMap<String, String>,
    /// Fields of `shipping_information`.
    #[serde(default)]
    pub shipping: BTreeMap<String, String>,
    /// The total of the cart.
    pub amount: Option<String>,
}

impl Cart {
    /// The addresses of a customer of this language.
    fn blocks(&self, lang: &str) -> [(&'static str, BTreeMap<String, String>); 2] {
        let own = self.by_language.get(lang);
        let merged = |all: &BTreeMap<String, String>, own: Option<&BTreeMap<String, String>>| {
            let mut fields = all.clone();
            fields.extend(own.cloned().unwrap_or_default());
            fields
        };
        [
            (
                "billing",
                merged(&self.billing, own.map(|own| &own.billing)),
            ),
            (
                "shipping",
                merged(&self.shipping, own.map(|own| &own.shipping)),
            ),
        ]
    }

    /// The total of the cart of a customer of this language, if the shop sets it.
    pub fn amount(&self, lang: &str) -> Option<&str> {
        let own = self.by_language.get(lang);
        let own = own.and_then(|own| own.amount.as_ref());
        own.or(self.amount.as_ref()).map(String::as_str)
    }

    /// The placeholders such as `billing.city`, with their values.
    pub fn placeholders(&self, lang: &str) -> impl Iterator<Item = (String, String)> + use<> {
        self.blocks(lang).into_iter().flat_map(|(block, fields)| {
            let place = move |(name, value)| (format!("{block}.{name}"), value);
            fields.into_iter().map(place)
        })
    }

    /// The values of the placeholders, under the names of init's parameters:
    /// `billing_information.city`.
    pub fn parameters(&self, lang: &str) -> BTreeMap<String, String> {
        let parameter = |(place, value): (String, String)| {
            let (block, name) = place.split_once('.').unwrap_or((&place, ""));
            (format!("{block}_information.{name}"), value)
        };
        self.placeholders(lang).map(parameter).collect()
    }

    /// Rejects fields that init does not have, and malformed amounts.
    pub fn check(&self) -> anyhow::Result<()> {
        let own = (
            "cart".to_owned(),
            &self.billing,
            &self.shipping,
            &self.amount,
        );
        let by_language = self.by_language.iter().map(|(lang, cart)| {
            let key = format!("cart.by_language.{lang}");
            (key, &cart.billing, &cart.shipping, &cart.amount)
        });
        for lang in self.by_language.keys() {
            ensure!(
                matches!(lang.as_str(), "en" | "fr"),
                "cart.by_language.{lang}: expected en or fr"
            );
        }
        for (key, billing, shipping, amount) in [own].into_iter().chain(by_language) {
            check_block(&key, "billing", billing)?;
            check_block(&key, "shipping", shipping)?;
            if let Some(amount) = amount {
                let digits =
                    |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                let (dollars, cents) = amount.split_once('.').unwrap_or((amount, "00"));
                ensure!(
                    digits(dollars) && digits(cents) && cents.len() <= 2,
                    "{key}.amount: `{amount}` is not an amount in dollars, such as 129.95"
                );
            }
        }
        Ok(())
    }
}

fn check_block(key: &str, block: &str, fields: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let params = Contract::shipped().params(Endpoint::InitV2);
    let prefix = format!("{block}_information.");
    let known = params.iter().filter_map(|p| p.name.strip_prefix(&prefix));
    let known: Vec<&str> = known.collect();
    if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        bail!(
            "{key}.{block}.{unknown}: unknown field; expected one of {}",
            known.join(", ")
        );
    }
    Ok(())
}
