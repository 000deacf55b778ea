//! The customers that Flexiti knows: test customers from a file, and those whose application
//! was approved.

use anyhow::{Context as _, ensure};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A customer with a credit account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// The id that merchants keep for a later purchase (R-bul), at most 20 characters.
    pub customer_id: String,
    /// The card number: 16 digits (P-wid).
    pub vcc: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What may still be bought, in dollars.
    pub available_credit: Decimal,
    /// Whether the account may be used.
    pub status: Status,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It may.
    Active,
    /// It may not (P-err `user_not_able_to_purchase`).
    Frozen,
    /// The card is answered as if it did not exist (P-plan).
    NotFound,
}

/// Why a customer may not buy (P-err).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The account is frozen.
    UserNotAbleToPurchase,
    /// The amount is over the available credit.
    CreditExceeded,
}

impl Refused {
    /// The POS API's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::UserNotAbleToPurchase => "user_not_able_to_purchase",
            Self::CreditExceeded => "credit_exceeded",
        }
    }
}

/// The test customers that are always there unless a file replaces them.
const SHIPPED: &str = include_str!("../../fixtures/customers.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    customers: Vec<Customer>,
}

/// The shipped test customers.
pub fn shipped() -> anyhow::Result<Vec<Customer>> {
    let file: File = toml::from_str(SHIPPED).context("fixtures/customers.toml")?;
    check(&file.customers)?;
    Ok(file.customers)
}

/// Checks what no type says.
pub fn check(customers: &[Customer]) -> anyhow::Result<()> {
    for (at, customer) in customers.iter().enumerate() {
        let place = format!("customers[{at}] ({})", customer.customer_id);
        ensure!(
            (1..=20).contains(&customer.customer_id.len()) && customer.customer_id.is_ascii(),
            "{place}: customer_id: must have 1 to 20 ASCII characters"
        );
        ensure!(
            customer.vcc.len() == 16 && customer.vcc.bytes().all(|b| b.is_ascii_digit()),
            "{place}: vcc: must have 16 digits"
        );
        let same = |other: &Customer| {
            other.customer_id == customer.customer_id || other.vcc == customer.vcc
        };
        ensure!(
            !customers[..at].iter().any(same),
            "{place}: customer_id or vcc stands twice"
        );
    }
    Ok(())
}

impl Customer {
    /// Whether the customer may buy for `amount`.
    pub fn may_buy(&self, amount: Decimal) -> Result<(), Refused> {
        if self.status != Status::Active {
            return Err(Refused::UserNotAbleToPurchase);
        }
        if amount > self.available_credit {
            return Err(Refused::CreditExceeded);
        }
        Ok(())
    }
}

/// The customer with this id or card number, spaces in it aside.
pub fn find<'a>(
    customers: &'a mut [Customer],
    customer_id: Option<&str>,
    vcc: Option<&str>,
) -> Option<&'a mut Customer> {
    let vcc: Option<String> = vcc.map(|vcc| vcc.split_whitespace().collect());
    customers.iter_mut().find(|customer| {
        customer.status != Status::NotFound
            && (Some(customer.customer_id.as_str()) == customer_id
                || vcc.as_ref() == Some(&customer.vcc))
    })
}
