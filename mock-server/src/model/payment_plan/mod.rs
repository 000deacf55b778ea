//! Payment plans and their payments, in exact decimal arithmetic. An overflow gives no result
//! rather than a wrong one.

use crate::model::money;
use anyhow::ensure;
use flexiti_contract::dialect::Rounding;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// The maximum number of months.
const LONGEST: u32 = 120;

/// The codes of `provinces` (R-cur).
const PROVINCES: [&str; 13] = [
    "AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT",
];

/// A plan with equal monthly payments. Only the POS API tells what a merchant's plans depend on:
/// set-up, risk and province (P-cust).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentPlan {
    /// The number of payments.
    pub months: u32,
    /// Annual interest in percent; the monthly rate is a twelfth of it.
    #[serde(default, deserialize_with = "money::number")]
    pub annual_rate: Decimal,
    /// A fee in dollars, added to the price (P-cust has 49.99).
    #[serde(default, deserialize_with = "money::number")]
    pub fee: Decimal,
    /// The lowest price that it is offered for, in dollars.
    #[serde(default, deserialize_with = "money::optional")]
    pub minimum: Option<Decimal>,
    /// The highest price that it is offered for, in dollars.
    #[serde(default, deserialize_with = "money::optional")]
    pub maximum: Option<Decimal>,
    /// The provinces that it is offered in; all if empty.
    #[serde(default)]
    pub provinces: Vec<String>,
}

/// The payments for a price, with two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payments {
    /// Every payment but the last.
    pub monthly: Decimal,
    /// The last payment, which absorbs rounding differences.
    pub last: Decimal,
    /// The sum of all payments: price, fee and interest.
    pub total: Decimal,
}

impl Default for PaymentPlan {
    /// The plan in the reference's example: 499 dollars make 166.33 over 3 months (R-ex).
    fn default() -> Self {
        Self {
            months: 3,
            annual_rate: Decimal::ZERO,
            fee: Decimal::ZERO,
            minimum: None,
            maximum: None,
            provinces: Vec::new(),
        }
    }
}

impl PaymentPlan {
    /// Validates what types cannot express. An error names the key, the value and what is allowed.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(
            (1..=LONGEST).contains(&self.months),
            "months: `{}` is not allowed; 1 to {LONGEST}",
            self.months
        );
        let rate = self.annual_rate;
        ensure!(
            (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&rate) && rate.normalize().scale() <= 4,
            "annual_rate: `{rate}` is not allowed; 0 to 100 percent, with at most 4 decimals"
        );
        let amounts = [
            ("fee", Some(self.fee)),
            ("minimum", self.minimum),
            ("maximum", self.maximum),
        ];
        for (key, amount) in amounts {
            let Some(amount) = amount else { continue };
            ensure!(
                !amount.is_sign_negative() && amount.normalize().scale() <= 2,
                "{key}: `{amount}` is not allowed; dollars, not negative, with at most 2 decimals"
            );
        }
        if let (Some(minimum), Some(maximum)) = (self.minimum, self.maximum) {
            ensure!(
                minimum <= maximum,
                "minimum: `{minimum}` is not allowed; at most the maximum, {maximum}"
            );
        }
        for province in &self.provinces {
            ensure!(
                PROVINCES.contains(&province.as_str()),
                "provinces: `{province}` is not allowed; {}",
                PROVINCES.join(", ")
            );
        }
        Ok(())
    }

    /// Whether it is offered for this price and province. If the province is unknown, only plans
    /// for all provinces are.
    pub fn is_for(&self, price: Decimal, province: Option<&str>) -> bool {
        let named = |province: &str| {
            self.provinces
                .iter()
                .any(|p| p.eq_ignore_ascii_case(province))
        };
        self.minimum.is_none_or(|minimum| price >= minimum)
            && self.maximum.is_none_or(|maximum| price <= maximum)
            && (self.provinces.is_empty() || province.is_some_and(named))
    }

    /// The payments for `price`; `None` if a number overflows.
    ///
    /// The total is price plus fee, with the interest of an annuity at a twelfth of the annual
    /// rate. The total and the monthly payment are rounded to cents as the dialect says, and the
    /// last payment absorbs the difference. If rounding up would leave nothing for the last
    /// payment, or less, the monthly payment is rounded down.
    pub fn payments(&self, price: Decimal, rounding: Rounding) -> Option<Payments> {
        let exact = price.checked_add(self.fee)?.checked_mul(self.growth()?)?;
        let months = Decimal::from(self.months);
        let total = cents(exact, rounding)?;
        let part = exact.checked_div(months)?;
        let others = months - Decimal::ONE;
        let with = |monthly: Decimal| {
            let last = total.checked_sub(monthly.checked_mul(others)?)?;
            Some(Payments {
                monthly,
                last,
                total,
            })
        };
        let rounded = with(cents(part, rounding)?)?;
        if rounded.last >= Decimal::ZERO {
            return Some(rounded);
        }
        with(cents(part, Rounding::Down)?)
    }

    /// The sum of all payments for each dollar borrowed.
    fn growth(&self) -> Option<Decimal> {
        if self.annual_rate.is_zero() {
            return Some(Decimal::ONE);
        }
        let rate = self.annual_rate.checked_div(Decimal::from(1_200))?;
        let mut compound = Decimal::ONE;
        for _ in 0..self.months {
            compound = compound.checked_mul(rate.checked_add(Decimal::ONE)?)?;
        }
        // months · rate · (1 + rate)^months / ((1 + rate)^months - 1)
        Decimal::from(self.months)
            .checked_mul(rate)?
            .checked_mul(compound)?
            .checked_div(compound.checked_sub(Decimal::ONE)?)
    }
}

fn cents(amount: Decimal, rounding: Rounding) -> Option<Decimal> {
    let strategy = match rounding {
        Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        Rounding::Down => RoundingStrategy::ToZero,
    };
    let mut rounded = amount.round_dp_with_strategy(2, strategy);
    rounded.rescale(2);
    (rounded.scale() == 2).then_some(rounded)
}

/// The plans for a price in a province, in the order in which they are offered, with their indices.
pub fn for_price<'a>(
    plans: &'a [PaymentPlan],
    price: Decimal,
    province: Option<&'a str>,
) -> impl Iterator<Item = (usize, &'a PaymentPlan)> {
    plans
        .iter()
        .enumerate()
        .filter(move |(_, plan)| plan.is_for(price, province))
}

#[cfg(test)]
mod tests;
