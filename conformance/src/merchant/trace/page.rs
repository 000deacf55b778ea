//! A page of the shop, as the customer saw it.

use serde::{Deserialize, Serialize};

/// A page that the customer saw.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that was seen on the page, and all occur together"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its URL, without the query.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// The language it declares, as two letters.
    pub lang: Option<String>,
    /// The names of credentials found in it, in a redirection to it, or in a cookie.
    pub leaks: Vec<String>,
    /// Whether it shows the customer's order, by number or amount.
    pub names_order: bool,
    /// Whether it shows this customer the number of another customer's order, if that could be
    /// determined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names_others_order: Option<bool>,
    /// Whether it says explicitly that the order is paid.
    #[serde(default)]
    pub says_paid: bool,
    /// What a page says when something went wrong but it does not mention that.
    #[serde(default)]
    pub empty_words: Option<EmptyWords>,
    /// Whether it renders markup from a callback URL as markup.
    #[serde(default)]
    pub echoes: bool,
    /// Whether it redirects to a host named in a callback URL.
    #[serde(default)]
    pub redirected_away: bool,
    /// Whether a script produces what the customer reads: it fills the page, or requested JSON.
    #[serde(default)]
    pub by_script: bool,
}

impl Page {
    /// A page that could not be opened.
    pub fn unreachable(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            status: 0,
            lang: None,
            leaks: Vec::new(),
            names_order: false,
            names_others_order: None,
            says_paid: false,
            empty_words: None,
            echoes: false,
            redirected_away: false,
            by_script: false,
        }
    }
}

/// How a page fails to tell the customer what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyWords {
    /// There is no text.
    Blank,
    /// Thanks for an order, or a JSON answer that reports success.
    AllIsWell,
}
