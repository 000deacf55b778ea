//! The two languages of the shop.

/// The customer's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// French.
    Fr,
}

impl Lang {
    /// The language that `?lang=` or a form names: `en`, `fr-CA`, …
    pub fn named(name: &str) -> Option<Self> {
        match name.get(..2)?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "fr" => Some(Self::Fr),
            _ => None,
        }
    }

    /// The code that init and HTML use.
    pub fn code(self) -> &'static str {
        self.say("en", "fr")
    }

    /// The text in this language.
    pub fn say<'a>(self, english: &'a str, french: &'a str) -> &'a str {
        match self {
            Self::En => english,
            Self::Fr => french,
        }
    }

    /// Formats an amount (`499.99`) for people.
    pub fn money(self, amount: &str) -> String {
        let (dollars, cents) = amount.split_once('.').unwrap_or((amount, ""));
        match self {
            Self::En => format!("${dollars}.{cents:0<2}"),
            Self::Fr => format!("{dollars},{cents:0<2}\u{a0}$"),
        }
    }
}
