//! The questions about amounts: how small they may be, and how exact.

use super::heard::Heard;
use super::prober::Prober;
use super::values::one;
use crate::server::wire::Stopped;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::json;

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

/// The least amount: between the smallest that there is and the one that is granted, half of what is
/// left each time.
fn least(prober: &mut Prober<'_, '_>, granted: Decimal) -> Result<(), Stopped> {
    let cent = Decimal::new(1, 2);
    let mut shown = ask(prober, cent)?;
    if shown.granted() {
        prober.note("least_amount", 0, &shown);
        return Ok(());
    }
    let cents = (granted / cent).trunc().to_u64();
    let (mut refused, Some(mut taken)) = (1, cents) else {
        return Ok(());
    };
    while taken - refused > 1 {
        let middle = u64::midpoint(refused, taken);
        let heard = ask(prober, Decimal::from(middle) * cent)?;
        match heard.outcome() {
            Some(true) => taken = middle,
            Some(false) => (refused, shown) = (middle, heard),
            None => return Ok(()),
        }
    }
    // A number, as a person would write it: 100, 99.5.
    let least = (Decimal::from(taken) * cent).normalize();
    let least = match least.is_integer() {
        true => json!(least.to_u64()),
        false => json!(least.to_f64()),
    };
    if shown.refused() {
        prober.note("least_amount", least, &shown);
    }
    Ok(())
}

fn ask(prober: &mut Prober<'_, '_>, amount: Decimal) -> Result<Heard, Stopped> {
    let params = prober.base_with("amount_requested", json!(amount.to_string()));
    one(prober, params)
}
