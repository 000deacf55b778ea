//! Stand-in.
use flexiti_contract::dialect::Rounding;
use rust_decimal::Decimal;

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Months.
    pub months: u32,
    /// Rate.
    pub annual_rate: Decimal,
    /// Fee.
    pub fee: Decimal,
}

impl Plan {
    /// Three months.
    pub fn shipped() -> Self {
        Self {
            months: 3,
            annual_rate: Decimal::ZERO,
            fee: Decimal::ZERO,
        }
    }
    /// Fits.
    pub fn fits(&self, _price: Decimal, _province: Option<&str>) -> bool {
        true
    }
    /// Monthly.
    pub fn monthly(&self, price: Decimal, _rounding: Rounding) -> Option<Decimal> {
        Some((price / Decimal::from(self.months)).round_dp(2))
    }
    /// Total.
    pub fn total(&self, price: Decimal, _rounding: Rounding) -> Option<Decimal> {
        Some(price)
    }
}
