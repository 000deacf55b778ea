//! The customers known to Flexiti: test customers from a file, and those whose application was
//! approved.

use crate::model::money;
use anyhow::ensure;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A customer with a credit account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// The customer id, which merchants keep for a later purchase (R-bul); at most 20 characters.
    pub customer_id: String,
    /// The card number: 16 digits (P-wid).
    pub vcc: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// The remaining credit, in dollars.
    #[serde(deserialize_with = "money::number")]
    pub available_credit: Decimal,
    /// Whether the account may be used.
    pub status: CustomerStatus,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerStatus {
    /// It may be used.
    Active,
    /// It may not be used (P-err `user_not_able_to_purchase`).
    Frozen,
    /// The card is answered as if it did not exist (P-plan).
    NotFound,
}

/// Why a customer may not buy, in the POS API's terms (P-err).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The account is frozen.
    UserNotAbleToPurchase,
    /// The amount exceeds the available credit.
    CreditExceeded,
    /// Too many wrong PINs.
    TriesExceed,
}

impl Refused {
    /// The POS API's name for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::UserNotAbleToPurchase => "user_not_able_to_purchase",
            Self::CreditExceeded => "credit_exceeded",
            Self::TriesExceed => "tries_exceed",
        }
    }
}

/// The test customers, which exist unless a file replaces them.
const SHIPPED: &str = include_str!("../../../fixtures/customers.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    customers: Vec<Customer>,
}

/// The shipped test customers.
pub fn shipped() -> Vec<Customer> {
    #[expect(
        clippy::expect_used,
        reason = "the file is compiled in, and every test that starts a server reads it first"
    )]
    let file: File = toml::from_str(SHIPPED).expect("fixtures/customers.toml can be read");
    file.customers
}

/// Validates what types cannot express. An error names the key, the value and what is allowed.
pub fn check(customers: &[Customer]) -> anyhow::Result<()> {
    for (at, customer) in customers.iter().enumerate() {
        let Customer {
            customer_id: id,
            vcc,
            available_credit: credit,
            ..
        } = customer;
        let place = format!("customers[{at}] ({id})");
        ensure!(
            (1..=20).contains(&id.len()) && id.is_ascii(),
            "{place}: customer_id: `{id}` is not allowed; 1 to 20 ASCII characters"
        );
        ensure!(
            vcc.len() == 16 && vcc.bytes().all(|b| b.is_ascii_digit()),
            "{place}: vcc: `{vcc}` is not allowed; 16 digits"
        );
        ensure!(
            !credit.is_sign_negative() && credit.normalize().scale() <= 2,
            "{place}: available_credit: `{credit}` is not allowed; dollars, not negative, with at most 2 decimals"
        );
        let earlier = &customers[..at];
        ensure!(
            earlier.iter().all(|other| other.customer_id != *id),
            "{place}: customer_id: duplicate `{id}`"
        );
        ensure!(
            earlier.iter().all(|other| other.vcc != *vcc),
            "{place}: vcc: duplicate `{vcc}`"
        );
    }
    Ok(())
}

impl Customer {
    /// Whether the customer may make a purchase of `amount`.
    pub fn may_buy(&self, amount: Decimal) -> Result<(), Refused> {
        if self.status != CustomerStatus::Active {
            return Err(Refused::UserNotAbleToPurchase);
        }
        if amount > self.available_credit {
            return Err(Refused::CreditExceeded);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_customers_are_valid() {
        let customers = shipped();
        check(&customers).unwrap();
        for status in [
            CustomerStatus::Active,
            CustomerStatus::Frozen,
            CustomerStatus::NotFound,
        ] {
            assert!(customers.iter().any(|customer| customer.status == status));
        }
    }
}
