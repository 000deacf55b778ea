//! Amounts as people write them.

use flexiti_contract::Lang;

/// An amount as people of that language write it.
pub fn money(amount: &str, lang: Lang) -> String {
    let (dollars, cents) = amount.split_once('.').unwrap_or((amount, ""));
    let dollars = match dollars.trim_start_matches('0') {
        "" => "0",
        dollars => dollars,
    };
    let cents = format!("{cents:0<2}");
    let separator = if lang == Lang::Fr { '\u{a0}' } else { ',' };
    let mut grouped = String::new();
    for (at, digit) in dollars.chars().enumerate() {
        if at > 0 && (dollars.len() - at).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    match lang {
        Lang::En => format!("${grouped}.{cents}"),
        Lang::Fr => format!("{grouped},{cents}\u{a0}$"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_the_customers_language() {
        assert_eq!(money("1234567.5", Lang::En), "$1,234,567.50");
        assert_eq!(money("0001.5", Lang::En), "$1.50");
        assert_eq!(money("0.99", Lang::En), "$0.99");
        assert_eq!(money("999", Lang::Fr), "999,00\u{a0}$");
        assert_eq!(money("1000.05", Lang::Fr), "1\u{a0}000,05\u{a0}$");
    }
}
