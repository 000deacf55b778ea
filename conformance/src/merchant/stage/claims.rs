//! Whether a page says in so many words that the order is paid.

use super::html::unescaped;
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// What says so wherever it stands in a sentence. Thanks alone say nothing: one may thank for an
/// application.
const PHRASES: &[&str] = &[
    "order is paid",
    "has been paid",
    "it is paid",
    "paid, thank you",
    "thank you for your payment",
    "payment received",
    "received your payment",
    "payment successful",
    "payment was successful",
    "order confirmed",
    "order is confirmed",
    "commande est payée",
    "payé, merci",
    "payée, merci",
    "merci pour votre paiement",
    "commande confirmée",
    "commande est confirmée",
    "c'est payé",
    "paiement reçu",
    "reçu votre paiement",
    "paiement accepté",
];

/// What says so where a sentence ends with it.
const ENDS: &[&str] = &[
    "thank you for your purchase",
    "order complete",
    "order is complete",
    "purchase complete",
    "merci pour votre achat",
    "merci de votre achat",
    "commande complétée",
];

/// What takes back, or puts off, all that follows it in a sentence.
const UNLESS: &[&str] = &[
    "not", "nothing", "never", "no", "none", "cannot", "once", "when", "if", "until", "unless",
    "whether", "before", "after", "soon", "pas", "ne", "n", "rien", "aucun", "aucune", "jamais",
    "dès", "lorsque", "lorsqu", "quand", "si", "s", "après", "avant", "jusqu", "fois", "tant",
];

/// Whether a page, or another text, says that the order is paid. What a script may show one day is
/// not what the page says; nor is a question, what is denied, or what is yet to come.
pub fn says_paid(text: &str, is_html: bool) -> bool {
    let shown = if is_html { shown(text) } else { text.into() };
    let shown = shown.to_lowercase().replace('’', "'");
    let mut rest = shown.as_str();
    while !rest.trim().is_empty() {
        let end = rest.find(['.', '!', '?', '\n', ';']);
        let (sentence, sign) = end.map_or((rest, ""), |at| (&rest[..at], &rest[at..=at]));
        let after = &rest[sentence.len() + sign.len()..];
        let thanked = sentence.trim().ends_with("paid") && after.trim().starts_with("thank you");
        if sign != "?" && (claims(sentence) || (thanked && !is_taken_back(sentence))) {
            return true;
        }
        rest = after;
    }
    false
}

fn claims(sentence: &str) -> bool {
    let anywhere = PHRASES.iter().filter_map(|phrase| sentence.find(phrase));
    let at_end = ENDS.iter().filter_map(|phrase| {
        let before = sentence.trim_end().strip_suffix(phrase)?;
        Some(before.len())
    });
    anywhere
        .chain(at_end)
        .any(|at| !is_taken_back(&sentence[..at]))
}

fn is_taken_back(words: &str) -> bool {
    let mut words = words.split(|sign: char| !sign.is_alphanumeric() && sign != '\'');
    words.any(|word| {
        let parts = word.split('\'');
        word.ends_with("n't") || parts.into_iter().any(|part| UNLESS.contains(&part))
    })
}

/// What a browser shows of a page without running its scripts; each element ends a sentence.
fn shown(page: &str) -> Cow<'_, str> {
    static HIDDEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let hidden = r"(?is)<!--.*?-->|<script\b.*?</script\s*>|<style\b.*?</style\s*>|<template\b.*?</template\s*>";
        Regex::new(hidden).ok()
    });
    // Within a sentence, words may be marked.
    static MARKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)</?(?:a|abbr|b|bdi|em|i|mark|small|span|strong|u)\b[^>]*>").ok()
    });
    static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<[^>]*>").ok());
    let without = |text: String, what: &Option<Regex>, by: &str| match what {
        Some(what) => what.replace_all(&text, by).into_owned(),
        None => text,
    };
    let text = without(page.to_owned(), &HIDDEN, "\n");
    // Lines of the source are no lines of the page.
    let text = text.replace(['\r', '\n', '\t'], " ");
    let text = without(text, &MARKED, "");
    let text = without(text, &TAG, "\n");
    unescaped(&text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_told_from_what_is_denied_asked_or_yet_to_come() {
        for text in [
            "<p>Your order is paid. Thank you!</p>",
            "<h1>Paid. Thank you!</h1>",
            "We have received your payment.",
            "<p>Nous avons bien reçu votre paiement.</p>",
            "Thank you for your purchase! It will ship today.",
            "<b>Order complete.</b> A receipt is on its way.",
            "<p>Votre commande <b>est payée</b> et sera livrée dès lundi.</p>",
            "The order is paid\nand ships once it is packed",
            "<td>C’est payé</td>",
            r#"{"message": "Your order is paid"}"#,
        ] {
            assert!(says_paid(text, text.starts_with('<')), "{text}");
        }
        for text in [
            "<p>Nothing has been paid.</p>",
            "<p>We ship your order as soon as it is paid.</p>",
            "<p>We could not confirm that the order is paid.</p>",
            "<p>Nous n'avons pas pu confirmer que la commande est payée.</p>",
            "<p>We couldn't see that it is paid.</p>",
            "<p>Has your order been paid? Is my order is paid?</p>",
            "<p>Dès que la commande est payée, nous l’expédions.</p>",
            "<p>If your order is paid, nothing is left to do.</p>",
            "<p>Thank you for your purchase request.</p>",
            "<p>Checking…</p><script>const words = {paid: 'Your order is paid.'};</script>",
            "<style>/* order is paid */</style><template>Your order is paid</template>",
        ] {
            assert!(!says_paid(text, true), "{text}");
        }
    }
}
