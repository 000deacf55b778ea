//! The numbers of a shop's orders, as they appear in URLs and on pages.

/// Ids with at least this many letters and digits may be a secret between the shop and its
/// customer.
const UNGUESSABLE: usize = 16;
/// Maximum number of letters at the start of an order number.
const LETTERS: usize = 4;
/// Maximum number of digits in it.
const DIGITS: usize = 9;
/// Shorter numbers occur in any text by chance; with other characters, `SHORTEST` applies.
const FEWEST_DIGITS: usize = 5;
const SHORTEST: usize = 4;

/// Whether this looks like a sequential order number: digits, perhaps after a few letters, as in
/// `R123456789`, or with separators, as in `26-00002`.
pub fn is_number(text: &str) -> bool {
    let letters = text.chars().take_while(char::is_ascii_alphabetic).count();
    let rest = text.get(letters..).unwrap_or_default();
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let is_sign = |sign: char| ['-', '_', '.', '/'].contains(&sign);
    letters <= LETTERS
        && (1..=DIGITS).contains(&digits)
        && rest
            .chars()
            .all(|sign| sign.is_ascii_digit() || is_sign(sign))
}

/// Whether an id can be guessed.
pub fn is_guessable(id: &str) -> bool {
    id.chars().filter(char::is_ascii_alphanumeric).count() < UNGUESSABLE
}

/// Whether a number is long enough not to occur on a page by chance, as a price, a year or a width.
pub fn is_found(number: &str) -> bool {
    let are_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    number.len() >= if are_digits { FEWEST_DIGITS } else { SHORTEST }
}

/// Whether a text contains this number, and not just as part of a longer one.
pub fn names(text: &str, number: &str) -> bool {
    let is_part = |sign: char| sign.is_alphanumeric() || "-_%".contains(sign);
    let is_point = |sign: char| ".,".contains(sign);
    text.match_indices(number).any(|(at, _)| {
        let mut before = text[..at].chars().rev();
        let mut after = text[at + number.len()..].chars();
        let joins = |next: Option<char>, beyond: Option<char>| {
            let is_decimal = next.is_some_and(is_point) && beyond.is_some_and(char::is_numeric);
            next.is_some_and(is_part) || is_decimal
        };
        !joins(before.next(), before.next()) && !joins(after.next(), after.next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orders_number_may_have_letters_in_front_and_signs_in_between() {
        for (text, number) in [
            ("10045", true),
            ("R123456789", true),
            ("26-00002", true),
            ("QT-2048-2", true),
            ("ORD_2026.11/7", true),
            ("1234567890", false),
            ("wc8f2a", false),
            ("order-17", false),
            ("-", false),
            ("", false),
        ] {
            assert_eq!(is_number(text), number, "{text}");
        }
    }

    #[test]
    fn a_number_is_guessed_and_a_random_id_is_not() {
        for (id, guessable) in [
            ("10045", true),
            ("QT-2048-2", true),
            ("0b9f7a52-30a1-4a1e-9a50-9fd2b5a3b3b0", false),
            ("ord_5f3c9a7e1b2d4c6f", false),
        ] {
            assert_eq!(is_guessable(id), guessable, "{id}");
        }
    }

    #[test]
    fn an_orders_number_is_not_found_in_a_longer_one() {
        for (text, found) in [
            ("Order C7-3: paid", true),
            ("<td>C7-3</td>", true),
            ("Order C7-3-B: paid", false),
            ("Order C7-31: paid", false),
            ("Order AC7-3: paid", false),
            ("C7-3.50 $", false),
            ("C7-3.", true),
            ("", false),
        ] {
            assert_eq!(names(text, "C7-3"), found, "{text}");
        }
    }
}
