//! Amounts of money: formatting them in either language, and parsing them.

use flexiti_contract::Lang;
use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error as _};

/// Formats an amount for people; anything else is returned unchanged.
pub fn money(amount: &str, lang: Lang) -> String {
    let Some((dollars, cents)) = parts(amount) else {
        return amount.to_owned();
    };
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

/// Formats a rate, in percent, for people.
pub fn percent(rate: Decimal, lang: Lang) -> String {
    let rate = rate.normalize().to_string();
    match lang {
        Lang::En => format!("{rate}%"),
        Lang::Fr => format!("{}\u{a0}%", rate.replace('.', ",")),
    }
}

/// Parses the amount in a parameter; `None` if it is not an amount or has too many digits.
pub fn parse(amount: &str) -> Option<Decimal> {
    let (dollars, cents) = parts(amount)?;
    // `Decimal` itself would accept exponents and underscores.
    format!("0{}.{cents:0<2}", dollars.trim_start_matches('0'))
        .parse()
        .ok()
}

/// The digits before and after the period, if there is nothing else except a plus sign.
fn parts(amount: &str) -> Option<(&str, &str)> {
    let digits = amount.strip_prefix('+').unwrap_or(amount);
    let (dollars, cents) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let only_digits = dollars.bytes().chain(cents.bytes()).all(is_digit);
    (only_digits && digits.bytes().any(is_digit)).then_some((dollars, cents))
}

/// Deserializes a number from a file, with or without quotes.
pub fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    <Decimal as Deserialize>::deserialize(from)
        .map_err(|_| D::Error::custom("wrong, expected a number like 49.99"))
}

/// Deserializes an optional number.
pub fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
    number(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_the_customers_language() {
        assert_eq!(money("1234567.5", Lang::En), "$1,234,567.50");
        assert_eq!(money("0001.5", Lang::En), "$1.50");
        assert_eq!(money("0.99", Lang::En), "$0.99");
        assert_eq!(money("+1.", Lang::En), "$1.00");
        assert_eq!(money(".5", Lang::En), "$0.50");
        assert_eq!(money("999", Lang::Fr), "999,00\u{a0}$");
        assert_eq!(money("1000.05", Lang::Fr), "1\u{a0}000,05\u{a0}$");
    }

    #[test]
    fn what_is_no_amount_is_not_made_to_look_like_one() {
        for text in ["abc", "10,50", "-1", "1.2.3", "1e3", "", ".", "１２"] {
            assert_eq!(money(text, Lang::En), text);
        }
    }

    #[test]
    fn rates_are_written_in_the_customers_language() {
        let rate = Decimal::new(12_990, 3);
        assert_eq!(percent(rate, Lang::En), "12.99%");
        assert_eq!(percent(rate, Lang::Fr), "12,99\u{a0}%");
        assert_eq!(percent(Decimal::new(900, 2), Lang::En), "9%");
    }

    #[test]
    fn every_spelling_that_the_contract_allows_is_understood() {
        let zeros = format!("{}1.50", "0".repeat(10_000));
        for (text, expected) in [
            ("499", Some("499")),
            ("+499", Some("499")),
            ("499.", Some("499")),
            (".5", Some("0.5")),
            ("0", Some("0")),
            (zeros.as_str(), Some("1.50")),
            ("9999999999999999.99", Some("9999999999999999.99")),
            ("-1", None),
            ("10,50", None),
            ("1e3", None),
            ("1_000", None),
            ("", None),
            (".", None),
            ("NaN", None),
            (&"9".repeat(10_000), None),
        ] {
            let expected = expected.map(|text| text.parse().unwrap());
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
