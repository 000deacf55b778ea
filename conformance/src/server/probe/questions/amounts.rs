//! The questions about amounts: the minimum, and the precision.

use crate::server::probe::heard::Heard;
use crate::server::probe::prober::Prober;
use crate::server::probe::questions::values::one;
use crate::server::wire::Stopped;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::json;

pub fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
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

/// Typical minimum amounts, in dollars.
const ROUND: [u64; 14] = [1, 5, 10, 20, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500];

/// Amounts in cents: one that is refused, and a larger one that is granted.
struct Bounds {
    refused: u64,
    granted: u64,
    /// The last refusal.
    shown: Heard,
}

/// The minimum amount: usually a round one, otherwise in whole dollars or cents.
fn least(prober: &mut Prober<'_, '_>, granted: Decimal) -> Result<(), Stopped> {
    let shown = ask_cents(prober, 1)?;
    if shown.granted() {
        prober.note("least_amount", 0, &shown);
    }
    let cents = (granted * Decimal::ONE_HUNDRED).to_u64();
    let Some(granted) = cents.filter(|_| shown.refused()) else {
        return Ok(());
    };
    let mut bounds = Bounds {
        refused: 1,
        granted,
        shown,
    };
    let known = prober.contract.knob("least_amount").into_iter();
    let known = known.flat_map(|row| row.alternatives.iter());
    let known = known.filter_map(|known| Some(known.answer.as_u64()? * 100));
    let known = known.collect();
    let round = ROUND.iter().map(|dollars| dollars * 100).collect();
    let dollars = (1..=granted / 100).map(|dollars| dollars * 100).collect();
    // Amounts known to be in use, then a store's likely choices, then all of them.
    for candidates in [known, round, dollars] {
        let is_known = bounds.narrow(prober, candidates)?;
        let below = bounds.granted - 1;
        if !is_known || !bounds.narrow(prober, vec![below])? {
            return Ok(());
        }
        if bounds.refused == below {
            break;
        }
    }
    if !bounds.narrow(prober, (bounds.refused..bounds.granted).collect())? {
        return Ok(());
    }
    // A number as people write it: 100, 99.5.
    let least = match bounds.granted % 100 {
        0 => json!(bounds.granted / 100),
        _ => json!((Decimal::from(bounds.granted) / Decimal::ONE_HUNDRED).to_f64()),
    };
    prober.note("least_amount", least, &bounds.shown);
    Ok(())
}

impl Bounds {
    /// Narrows the bounds by binary search among these ascending amounts. False if the server
    /// neither granted nor refused one of them.
    fn narrow(
        &mut self,
        prober: &mut Prober<'_, '_>,
        mut among: Vec<u64>,
    ) -> Result<bool, Stopped> {
        among.retain(|cents| (self.refused + 1..self.granted).contains(cents));
        while !among.is_empty() {
            let middle = among[among.len() / 2];
            let heard = ask_cents(prober, middle)?;
            match heard.outcome() {
                Some(true) => self.granted = middle,
                Some(false) => (self.refused, self.shown) = (middle, heard),
                // Neither: keep the bounds, without guessing.
                None => return Ok(false),
            }
            among.retain(|cents| (self.refused + 1..self.granted).contains(cents));
        }
        Ok(true)
    }
}

fn ask_cents(prober: &mut Prober<'_, '_>, cents: u64) -> Result<Heard, Stopped> {
    ask(prober, Decimal::from(cents) / Decimal::ONE_HUNDRED)
}

fn ask(prober: &mut Prober<'_, '_>, amount: Decimal) -> Result<Heard, Stopped> {
    let params = prober.base_with("amount_requested", json!(amount.to_string()));
    one(prober, params)
}
