//! The application form: its fields and their validation.

use crate::checkout::words::{PROVINCES, Text, Words};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The customer's input, by field.
pub type Typed = BTreeMap<String, String>;

/// The maximum length of a field, in characters.
pub const LONGEST: usize = 200;

/// A field of the application.
#[derive(Debug)]
pub struct Field {
    /// The init parameter that prefills it.
    pub name: &'static str,
    /// The value of HTML's `autocomplete`.
    pub autocomplete: &'static str,
    /// The `type` of its `input` element.
    pub input: &'static str,
    /// May be left empty.
    pub optional: bool,
    /// Its label.
    pub label: Text,
    /// A hint at its format.
    pub hint: Option<Text>,
    /// The value that the sandbox bar fills in.
    pub sample: Text,
    check: Option<Check>,
}

/// Checks a value on a given day; the error is the message to show.
type Check = fn(&str, Date) -> Result<(), Text>;

const fn text(name: &'static str, autocomplete: &'static str, label: Text, sample: Text) -> Field {
    Field {
        name,
        autocomplete,
        input: "text",
        optional: false,
        label,
        hint: None,
        sample,
        check: None,
    }
}

/// The fields about the person.
pub const PERSON: &[Field] = &[
    text("fname", "given-name", |w| w.fname, |w| w.sample_fname),
    Field {
        optional: true,
        ..text("mname", "additional-name", |w| w.mname, |w| w.sample_mname)
    },
    text("lname", "family-name", |w| w.lname, |w| w.sample_lname),
    Field {
        hint: Some(|w| w.dob_hint),
        check: Some(of_age),
        ..text("dob", "bday", |w| w.dob, |w| w.sample_dob)
    },
    Field {
        input: "email",
        check: Some(email),
        ..text("email", "email", |w| w.email, |w| w.sample_email)
    },
    Field {
        input: "tel",
        hint: Some(|w| w.phone_hint),
        check: Some(phone),
        ..text(
            "phone_number",
            "tel-national",
            |w| w.phone_number,
            |w| w.sample_phone_number,
        )
    },
];

/// The fields of the address.
pub const ADDRESS: &[Field] = &[
    text(
        "address_1",
        "address-line1",
        |w| w.address_1,
        |w| w.sample_address_1,
    ),
    Field {
        optional: true,
        ..text(
            "address_2",
            "address-line2",
            |w| w.address_2,
            |w| w.sample_address_2,
        )
    },
    text("city", "address-level2", |w| w.city, |w| w.sample_city),
    Field {
        input: "select",
        check: Some(province),
        ..text(
            "province",
            "address-level1",
            |w| w.province,
            |w| w.sample_province,
        )
    },
    Field {
        hint: Some(|w| w.postal_hint),
        check: Some(postal_code),
        ..text(
            "postal_code",
            "postal-code",
            |w| w.postal_code,
            |w| w.sample_postal_code,
        )
    },
];

/// The name of the consent checkbox.
pub const CONSENT: &str = "consent";

/// The names of all fields.
pub fn names() -> impl Iterator<Item = &'static str> {
    PERSON.iter().chain(ADDRESS).map(|field| field.name)
}

/// The input to known fields, except values that are too long to keep.
pub fn known(typed: &Typed) -> Typed {
    let mut kept = typed.clone();
    kept.retain(|name, value| {
        let is_field = name == CONSENT || names().any(|field| field == name);
        is_field && value.chars().count() <= LONGEST
    });
    kept
}

/// The label of a field, on this page or another.
pub fn label(name: &str, words: &Words) -> &'static str {
    let own = PERSON
        .iter()
        .chain(ADDRESS)
        .find(|field| field.name == name);
    match (own, name) {
        (Some(field), _) => (field.label)(words),
        (None, "pin") => words.pin,
        (None, "card") => words.card,
        (None, "plan") => words.plan,
        (None, _) => words.consent_name,
    }
}

/// The errors in an application on the day `today`, by field.
pub fn check(
    typed: &Typed,
    words: &'static Words,
    today: Date,
) -> BTreeMap<&'static str, &'static str> {
    let value = |name: &str| typed.get(name).map_or("", |value| value.trim());
    let mut errors = BTreeMap::new();
    for field in PERSON.iter().chain(ADDRESS) {
        let value = value(field.name);
        let wrong: Option<Text> = if value.is_empty() {
            (!field.optional).then_some(|w| w.required)
        } else if value.chars().count() > LONGEST {
            Some(|w| w.too_long)
        } else if value.chars().any(char::is_control) {
            Some(|w| w.unreadable)
        } else {
            field.check.and_then(|check| check(value, today).err())
        };
        if let Some(wrong) = wrong {
            errors.insert(field.name, wrong(words));
        }
    }
    if value(CONSENT).is_empty() {
        errors.insert(CONSENT, words.must_agree);
    }
    errors
}

fn of_age(value: &str, today: Date) -> Result<(), Text> {
    let born: Date = value.parse().map_err(|_| (|w| w.bad_date) as Text)?;
    let eighteen = born.checked_add(jiff::Span::new().years(18));
    match eighteen {
        Ok(day) if day <= today => Ok(()),
        _ => Err(|w| w.under_age),
    }
}

fn email(value: &str, _: Date) -> Result<(), Text> {
    let right = value.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && !value.contains(char::is_whitespace)
            && !host.contains('@')
            && host.split('.').count() > 1
            && host.split('.').all(|part| !part.is_empty())
    });
    if right { Ok(()) } else { Err(|w| w.bad_email) }
}

fn phone(value: &str, _: Date) -> Result<(), Text> {
    let allowed = |c: char| c.is_ascii_digit() || " ()-+.".contains(c);
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if value.chars().all(allowed)
        && (digits == 10 || (digits == 11 && value.trim_start_matches('+').starts_with('1')))
    {
        Ok(())
    } else {
        Err(|w| w.bad_phone)
    }
}

fn province(value: &str, _: Date) -> Result<(), Text> {
    let known = PROVINCES.iter().any(|(code, ..)| *code == value);
    if known {
        Ok(())
    } else {
        Err(|w| w.bad_province)
    }
}

fn postal_code(value: &str, _: Date) -> Result<(), Text> {
    let code: Vec<char> = value
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect();
    let fits = |(at, c): (usize, &char)| {
        if at % 2 == 0 {
            c.is_ascii_alphabetic()
        } else {
            c.is_ascii_digit()
        }
    };
    if code.len() == 6 && code.iter().enumerate().all(fits) {
        Ok(())
    } else {
        Err(|w| w.bad_postal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::words::ENGLISH;

    fn valid() -> Typed {
        [
            ("fname", "Zoé"),
            ("lname", "Côté"),
            ("dob", "1988-07-24"),
            ("email", "zoe@example.com"),
            ("phone_number", "+1 (514) 555-0123"),
            ("address_1", "1 rue Notre-Dame"),
            ("city", "Québec"),
            ("province", "QC"),
            ("postal_code", "h2y 1c6"),
            ("consent", "yes"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn wrong(name: &str, value: &str) -> String {
        let mut typed = valid();
        typed.insert(name.to_owned(), value.to_owned());
        let errors = check(&typed, &ENGLISH, jiff::civil::date(2026, 7, 1));
        errors.into_values().collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        for (name, value, said) in [
            ("fname", "Zoé", ""),
            ("fname", "  ", "fill in this field"),
            ("mname", "", ""),
            ("mname", "a\u{0}b", "some characters are not allowed"),
            ("dob", "2008-07-01", ""),
            ("dob", "2008-07-02", "you must be 18 or older"),
            ("dob", "24/07/1988", "enter a date such as 1988-07-24"),
            ("dob", "1988-02-30", "enter a date such as 1988-07-24"),
            ("dob", "9999-12-31", "you must be 18 or older"),
            (
                "email",
                "zoe@example",
                "enter an address such as name@example.com",
            ),
            (
                "email",
                "a@b@c.d",
                "enter an address such as name@example.com",
            ),
            ("phone_number", "5550123", "enter 10 digits"),
            ("phone_number", "5145550123x", "enter 10 digits"),
            ("province", "XX", "choose one from the list"),
            ("postal_code", "12345", "enter a code such as M1M 1M1"),
            ("consent", "", "tick the box to continue"),
        ] {
            assert_eq!(wrong(name, value), said, "{name}={value}");
        }
        assert_eq!(wrong("city", &"é".repeat(200)), "");
        assert_eq!(wrong("city", &"é".repeat(201)), "too many characters");
    }
}
