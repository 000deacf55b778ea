//! The questions about amounts: how small they may be, and how exact.

use super::heard::Heard;
use super::prober::Prober;
use super::values::one;
use crate::server::wire::Stopped;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::json;
use std::ops::Range;

const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

pub(super) fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(());
    };
    let Ok(granted) = foothold.amount().parse::<Decimal>() else {
        return Ok(());
    };
    least(prober, granted)?;
    let exact = granted.trunc() + Decimal::new(999, 3);
    let exact = ask(prober, exact)?;
    if let Some(granted) = exact.outcome() {
        let answer = if granted { "accept" } else { "refuse" };
        prober.note("amount_precision", answer, &exact);
    }
    Ok(())
}

/// The least amount in whole dollars, as it mostly is, or else in cents.
fn least(prober: &mut Prober<'_, '_>, granted: Decimal) -> Result<(), Stopped> {
    let smallest = ask(prober, CENT)?;
    if smallest.granted() {
        prober.note("least_amount", 0, &smallest);
    }
    let Some(dollars) = granted.ceil().to_u64().filter(|_| smallest.refused()) else {
        return Ok(());
    };
    let mut shown = smallest;
    let dollars = narrowed(prober, Decimal::ONE, 0..dollars, &mut shown)?;
    let cents = (dollars * 100).saturating_sub(1);
    let below = ask(prober, Decimal::from(cents) * CENT)?;
    let least = if below.granted() {
        let cents = narrowed(prober, CENT, cents.saturating_sub(99)..cents, &mut shown)?;
        Decimal::from(cents) * CENT
    } else {
        Decimal::from(dollars)
    };
    // A number as a person would write it: 100, 99.5.
    let least = match least.is_integer() {
        true => json!(least.to_u64()),
        false => json!(least.to_f64()),
    };
    prober.note("least_amount", least, &shown);
    Ok(())
}

/// The least number of units that is granted, between one that is refused and one that is granted.
/// `shown` is the last refusal.
fn narrowed(
    prober: &mut Prober<'_, '_>,
    unit: Decimal,
    between: Range<u64>,
    shown: &mut Heard,
) -> Result<u64, Stopped> {
    let (mut refused, mut granted) = (between.start, between.end);
    while granted - refused > 1 {
        let middle = u64::midpoint(refused, granted);
        let heard = ask(prober, Decimal::from(middle) * unit)?;
        if heard.granted() {
            granted = middle;
        } else {
            refused = middle;
            *shown = heard;
        }
    }
    Ok(granted)
}

fn ask(prober: &mut Prober<'_, '_>, amount: Decimal) -> Result<Heard, Stopped> {
    let params = prober.base_with("amount_requested", json!(amount.to_string()));
    one(prober, params)
}
