//! Patterns in ECMA-262 syntax, as JSON Schema specifies and tools in most languages expect.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look, Repetition};
use std::fmt::Write as _;

/// Translates a pattern to ECMA-262 with the flag `u`. A pattern that means the same in both
/// grammars stays as it is; so does one that the contract's own grammar does not support, such as a
/// look-ahead, which is already ECMA-262.
pub(super) fn ecma(pattern: &str) -> String {
    if is_common(pattern) {
        return pattern.to_owned();
    }
    // Like ECMA-262, the validator limits these classes to ASCII.
    let ascii = [
        (r"\d", "[0-9]"),
        (r"\D", "[^0-9]"),
        (r"\w", "[0-9A-Z_a-z]"),
        (r"\W", "[^0-9A-Z_a-z]"),
    ];
    let mut meant = pattern.replace(r"\\", "\u{0}");
    for (class, spelled) in ascii {
        meant = meant.replace(class, spelled);
    }
    let meant = meant.replace('\u{0}', r"\\");
    let Ok(hir) = ParserBuilder::new().build().parse(&meant) else {
        return pattern.to_owned();
    };
    let mut text = String::new();
    write(&hir, &mut text);
    text
}

/// Whether a pattern means the same in both grammars.
fn is_common(pattern: &str) -> bool {
    let mut signs = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(sign) = signs.next() {
        let next = signs.peek().copied();
        match sign {
            '\\' => {
                signs.next();
                match next {
                    Some('x') => {
                        let digits = [signs.next(), signs.next()];
                        if !digits
                            .iter()
                            .all(|it| it.is_some_and(|it| it.is_ascii_hexdigit()))
                        {
                            return false;
                        }
                    }
                    Some('-') if in_class => {}
                    Some(it) if r"^$\.*+?()[]{}|/dDwWsStnr".contains(it) => {}
                    _ => return false,
                }
            }
            '[' if in_class => return false,
            '&' | '-' | '~' if in_class && next == Some(sign) => return false,
            '[' => {
                in_class = true;
                // Only one of the grammars treats an unmatched bracket as a literal.
                let start = pattern.len() - signs.clone().map(char::len_utf8).sum::<usize>();
                if pattern[start..].starts_with(']') || pattern[start..].starts_with("^]") {
                    return false;
                }
            }
            ']' if in_class => in_class = false,
            _ if in_class => {}
            '(' if next == Some('?') => {
                signs.next();
                if signs.peek() != Some(&':') {
                    return false;
                }
            }
            '{' => {
                let rest: String = signs.by_ref().take_while(|it| *it != '}').collect();
                let (least, most) = rest.split_once(',').unwrap_or((&rest, ""));
                let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
                if least.is_empty() || !digits(least) || !digits(most) {
                    return false;
                }
            }
            '.' | ']' | '}' => return false,
            _ => {}
        }
    }
    true
}

fn write(hir: &Hir, text: &mut String) {
    match hir.kind() {
        HirKind::Empty => text.push_str("(?:)"),
        HirKind::Literal(literal) => {
            for sign in String::from_utf8_lossy(&literal.0).chars() {
                literal_sign(sign, text);
            }
        }
        HirKind::Class(class) => write_class(class, text),
        HirKind::Look(look) => text.push_str(match look {
            Look::Start => "^",
            Look::End => "$",
            Look::StartLF | Look::StartCRLF => r"(?<=^|\n)",
            Look::EndLF | Look::EndCRLF => r"(?=$|\n)",
            Look::WordAsciiNegate | Look::WordUnicodeNegate => r"\B",
            _ => r"\b",
        }),
        HirKind::Repetition(repetition) => write_repetition(repetition, text),
        HirKind::Capture(capture) => group(&capture.sub, text),
        HirKind::Concat(parts) => {
            for part in parts {
                match part.kind() {
                    HirKind::Alternation(_) => group(part, text),
                    _ => write(part, text),
                }
            }
        }
        HirKind::Alternation(parts) => {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    text.push('|');
                }
                write(part, text);
            }
        }
    }
}

fn group(hir: &Hir, text: &mut String) {
    text.push_str("(?:");
    write(hir, text);
    text.push(')');
}

fn write_repetition(repetition: &Repetition, text: &mut String) {
    match repetition.sub.kind() {
        HirKind::Class(_) => write(&repetition.sub, text),
        HirKind::Literal(literal) if String::from_utf8_lossy(&literal.0).chars().count() == 1 => {
            write(&repetition.sub, text);
        }
        _ => group(&repetition.sub, text),
    }
    let _ = match (repetition.min, repetition.max) {
        (0, None) => write!(text, "*"),
        (1, None) => write!(text, "+"),
        (0, Some(1)) => write!(text, "?"),
        (least, None) => write!(text, "{{{least},}}"),
        (least, Some(most)) if least == most => write!(text, "{{{least}}}"),
        (least, Some(most)) => write!(text, "{{{least},{most}}}"),
    };
    if !repetition.greedy {
        text.push('?');
    }
}

fn write_class(class: &Class, text: &mut String) {
    let unicode = match class {
        Class::Unicode(class) => class.clone(),
        Class::Bytes(class) => match class.to_unicode_class() {
            Some(class) => class,
            None => return text.push_str("[^]"),
        },
    };
    let ranges = unicode.ranges();
    if let [range] = ranges
        && range.start() == range.end()
    {
        return literal_sign(range.start(), text);
    }
    let is_complement = ranges.last().is_some_and(|range| range.end() == char::MAX);
    let shown = if is_complement {
        let mut other: ClassUnicode = unicode.clone();
        other.negate();
        text.push_str("[^");
        other
    } else {
        text.push('[');
        unicode
    };
    for range in shown.ranges() {
        class_sign(range.start(), text);
        if range.end() > range.start() {
            if range.end() as u32 > range.start() as u32 + 1 {
                text.push('-');
            }
            class_sign(range.end(), text);
        }
    }
    text.push(']');
}

fn literal_sign(sign: char, text: &mut String) {
    if r"^$\.*+?()[]{}|/".contains(sign) {
        text.push('\\');
    }
    plain_sign(sign, text);
}

fn class_sign(sign: char, text: &mut String) {
    if r"\]^[-".contains(sign) {
        text.push('\\');
    }
    plain_sign(sign, text);
}

fn plain_sign(sign: char, text: &mut String) {
    let _ = match sign {
        sign if sign.is_ascii_graphic() || sign == ' ' => {
            text.push(sign);
            Ok(())
        }
        sign if (sign as u32) < 0x1_0000 => write!(text, "\\u{:04x}", sign as u32),
        sign => write!(text, "\\u{{{:x}}}", sign as u32),
    };
}

#[cfg(test)]
mod tests {
    use super::ecma;

    #[test]
    fn what_both_grammars_read_stays_and_the_rest_is_spelled_out() {
        for pattern in [
            "",
            r"^[0-9]{4}-[0-9]{2}(?:[.][0-9]{1,2})?$",
            r"^[\x20-\x7e]*$",
            r"^[^@\s]+@[^@\s]+[.][^@\s]+$",
            r"^https?://",
            r"^\d{3}\.\w+$",
            // Not in the contract's grammar: nothing is known about it.
            r"^(?=.*[0-9]).*$",
        ] {
            assert_eq!(ecma(pattern), pattern);
        }
        for (pattern, spelled) in [
            ("^(?i:buy)$", "^[Bb][Uu][Yy]$"),
            ("(?i)^on|qc$", "^[Oo][Nn]|[Qq][Cc]$"),
            ("^a.b$", r"^a[^\u000a]b$"),
            (r"\A(?P<year>\d+)\z", "^(?:[0-9]+)$"),
            ("^[[:alpha:]]+?$", "^[A-Za-z]+?$"),
            (r"^[a-z&&[^aeiou]]{2,}$", "^[b-df-hj-np-tv-z]{2,}$"),
            ("^a]$", r"^a\]$"),
            (r"^(?i:\\dk)$", r"^\\[Dd][Kk\u212a]$"),
            (r"^(?x: a \# b )$", "^a#b$"),
            (r"[]x]", r"[\]x]"),
        ] {
            assert_eq!(ecma(pattern), spelled, "{pattern}");
        }
    }
}
