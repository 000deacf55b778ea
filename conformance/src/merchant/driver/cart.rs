//! The addresses in the customer's cart, from the driver file.

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

    /// The placeholders such as `billing.city`, with their values.
    pub fn placeholders(&self) -> impl Iterator<Item = (String, String)> {
        self.blocks().into_iter().flat_map(|(block, fields)| {
            let place =
                move |(name, value): (&String, &String)| (format!("{block}.{name}"), value.clone());
            fields.iter().map(place)
        })
    }

    /// The same values under the names of init's parameters: `billing_information.city`.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        let parameter = |(place, value): (String, String)| {
            let (block, name) = place.split_once('.').unwrap_or((&place, ""));
            (format!("{block}_information.{name}"), value)
        };
        self.placeholders().map(parameter).collect()
    }

    /// Refuses fields that init does not know.
    pub fn check(&self) -> anyhow::Result<()> {
        let params = Contract::shipped().params(Endpoint::InitV2);
        for (block, fields) in self.blocks() {
            let prefix = format!("{block}_information.");
            let known = params.iter().filter_map(|p| p.name.strip_prefix(&prefix));
            let known: Vec<&str> = known.collect();
            if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
                bail!(
                    "cart.{block}.{unknown}: unknown field; expected one of {}",
                    known.join(", ")
                );
            }
        }
        Ok(())
    }
}
