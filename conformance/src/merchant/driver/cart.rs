//! The addresses in the customer's cart, as the driver file tells them.

use anyhow::bail;
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
}

impl Cart {
    fn blocks(&self) -> [(&'static str, &BTreeMap<String, String>); 2] {
        [("billing", &self.billing), ("shipping", &self.shipping)]
    }

    /// What may stand in braces, with what it stands for: `billing.city`.
    pub fn places(&self) -> impl Iterator<Item = (String, String)> {
        self.blocks().into_iter().flat_map(|(block, fields)| {
            let place =
                move |(name, value): (&String, &String)| (format!("{block}.{name}"), value.clone());
            fields.iter().map(place)
        })
    }

    /// The same under the names of init's parameters: `billing_information.city`.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        let parameter = |(place, value): (String, String)| {
            let (block, name) = place.split_once('.').unwrap_or((&place, ""));
            (format!("{block}_information.{name}"), value)
        };
        self.places().map(parameter).collect()
    }

    /// Refuses fields that init does not have.
    pub fn check(&self) -> anyhow::Result<()> {
        let params = Contract::shipped().params(Endpoint::InitV2);
        for (block, fields) in self.blocks() {
            let prefix = format!("{block}_information.");
            let known = params.iter().filter_map(|p| p.name.strip_prefix(&prefix));
            let known: Vec<&str> = known.collect();
            if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
                bail!(
                    "cart.{block}.{unknown}: init has no such field; there are {}",
                    known.join(", ")
                );
            }
        }
        Ok(())
    }
}
