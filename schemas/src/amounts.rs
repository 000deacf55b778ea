//! Amounts of money as patterns, so that JSON Schema can compare them.

use serde_json::Value;

/// A pattern of the dollar amounts that are at least this much; `None` for zero, as every amount
/// is.
///
/// The text must already be an amount: digits, optionally with a period and more digits.
pub(crate) fn amounts_from(least: &Value) -> Option<String> {
    let dollars = least.as_f64().filter(|least| *least > 0.0)?;
    // Whole cents, as `{:.2}` rounds them.
    let text = format!("{dollars:.2}");
    let (whole, cents) = text.split_once('.')?;
    let [tens, ones] = cents.as_bytes() else {
        return None;
    };
    let mut parts = larger(whole);
    if cents == "00" {
        parts.push(format!("{whole}(?:[.]|$)"));
    } else {
        parts.extend(fractions(*tens, *ones).map(|rest| format!("{whole}[.]{rest}")));
    }
    Some(format!("^0*(?:{})", parts.join("|")))
}

/// Patterns of larger whole parts: longer ones, and those of the same length whose first different
/// digit is larger.
fn larger(whole: &str) -> Vec<String> {
    let digits = whole.trim_start_matches('0');
    let rest = |count: usize| match count {
        0 => String::new(),
        count => format!("[0-9]{{{count}}}"),
    };
    let same_length = digits.bytes().enumerate().filter_map(|(at, digit)| {
        let range = above(digit)?;
        let behind = rest(digits.len() - at - 1);
        Some(format!("{}{range}{behind}(?:[.]|$)", &digits[..at]))
    });
    let longer = format!("[1-9][0-9]{{{},}}", digits.len());
    same_length.chain([longer]).collect()
}

/// The digits above this one.
fn above(digit: u8) -> Option<String> {
    (digit < b'9').then(|| format!("[{}-9]", char::from(digit + 1)))
}

/// Patterns of the digits after the period that are at least this many cents.
fn fractions(tens: u8, ones: u8) -> impl Iterator<Item = String> {
    let larger = above(tens);
    let same = match ones {
        b'0' => char::from(tens).to_string(),
        ones => format!("{}[{}-9]", char::from(tens), char::from(ones)),
    };
    larger.into_iter().chain([same])
}

#[cfg(test)]
mod tests {
    use super::amounts_from;
    use proptest::prelude::*;
    use regex::Regex;
    use serde_json::json;

    fn spelled(cents: u32) -> Vec<String> {
        let (whole, rest) = (cents / 100, cents % 100);
        let mut spelled = vec![format!("{whole}.{rest:02}"), format!("00{whole}.{rest:02}")];
        if rest.is_multiple_of(10) {
            spelled.push(format!("{whole}.{}", rest / 10));
        }
        if rest == 0 {
            spelled.push(whole.to_string());
        }
        spelled
    }

    proptest! {
        #[test]
        fn the_pattern_takes_exactly_the_amounts_that_are_no_less(
            least in 1_u32..2_000_000,
            other in 1_u32..2_000_000,
            near in 0_u32..3,
        ) {
            let pattern = amounts_from(&json!(f64::from(least) / 100.0)).expect("more than zero");
            let pattern = Regex::new(&pattern).expect("a pattern");
            for cents in [other, (least + near).saturating_sub(1).max(1), least] {
                for text in spelled(cents) {
                    prop_assert_eq!(pattern.is_match(&text), cents >= least, "{} {}", text, pattern);
                }
            }
        }
    }

    #[test]
    fn zero_demands_nothing() {
        assert_eq!(amounts_from(&json!(0)), None);
        assert_eq!(amounts_from(&json!(null)), None);
    }
}
