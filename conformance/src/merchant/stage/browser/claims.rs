//! What a page claims: that the order is paid, or that all is well.

use crate::merchant::stage::browser::html::unescaped;
use crate::merchant::trace::EmptyWords;
use crate::pattern::literal;
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// Phrases that claim payment anywhere in a sentence. Thanks alone do not: an application may be
/// thanked for too.
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

/// Phrases that claim payment at the end of a sentence.
const ENDS: &[&str] = &[
    "thank you for your purchase",
    "order complete",
    "order is complete",
    "purchase complete",
    "merci pour votre achat",
    "merci de votre achat",
    "commande complétée",
];

/// Phrases that only fit an order that was opened.
const THANKS: &[&str] = &[
    "thank you for your order",
    "thanks for your order",
    "merci pour votre commande",
    "merci de votre commande",
];

/// Words that negate or defer the rest of a sentence.
const UNLESS: &[&str] = &[
    "not", "nothing", "never", "no", "none", "cannot", "once", "when", "if", "until", "unless",
    "whether", "before", "after", "soon", "pas", "ne", "n", "rien", "aucun", "aucune", "jamais",
    "dès", "lorsque", "lorsqu", "quand", "si", "s", "après", "avant", "jusqu", "fois", "tant",
];

/// Whether a page or other text says that the order is paid. Text in scripts does not count, nor do
/// questions, negations and the future.
pub fn says_paid(text: &str, is_html: bool) -> bool {
    says(text, is_html, PHRASES, ENDS)
}

/// How a page fails to mention trouble: it says nothing, or that all is well.
pub fn empty_words(text: &str, is_html: bool) -> Option<EmptyWords> {
    if let Ok(answer) = serde_json::from_str::<Value>(text) {
        return empty_answer(&answer);
    }
    let is_blank = if is_html {
        // A picture may carry the message.
        !has_picture(text) && shown(text).trim().is_empty()
    } else {
        text.trim().is_empty()
    };
    if is_blank {
        return Some(EmptyWords::Blank);
    }
    says(text, is_html, THANKS, ENDS).then_some(EmptyWords::AllIsWell)
}

/// How a JSON answer fails to mention trouble.
fn empty_answer(answer: &Value) -> Option<EmptyWords> {
    const WELL: [&str; 3] = ["ok", "success", "succeeded"];
    const TROUBLE: [&str; 7] = [
        "error", "errors", "message", "detail", "details", "reason", "code",
    ];
    let members = match answer {
        Value::Null => return Some(EmptyWords::Blank),
        Value::Array(items) => return items.is_empty().then_some(EmptyWords::Blank),
        Value::Object(members) => members,
        _ => return None,
    };
    let is_flag = |name: &str, value: &Value| {
        let is_word = value.as_str().is_some_and(|word| WELL.contains(&word));
        (WELL.contains(&name) && value == &Value::Bool(true)) || (name == "status" && is_word)
    };
    if members.is_empty() {
        return Some(EmptyWords::Blank);
    }
    let tells = members.keys().any(|name| TROUBLE.contains(&name.as_str()));
    let is_well = members.iter().any(|(name, value)| is_flag(name, value));
    (is_well && !tells).then_some(EmptyWords::AllIsWell)
}

fn has_picture(page: &str) -> bool {
    let page = page.to_lowercase();
    ["<img", "<svg", "<iframe", "<object", "<canvas"]
        .iter()
        .any(|tag| page.contains(tag))
}

/// Whether a sentence contains one of `phrases` or ends with one of `ends`.
fn says(text: &str, is_html: bool, phrases: &[&str], ends: &[&str]) -> bool {
    let shown = if is_html {
        shown(text)
    } else {
        text.to_owned()
    };
    let shown = shown.to_lowercase().replace('’', "'");
    let mut rest = shown.as_str();
    while !rest.trim().is_empty() {
        let end = rest.find(['.', '!', '?', '\n', ';']);
        let (sentence, sign) = end.map_or((rest, ""), |at| (&rest[..at], &rest[at..=at]));
        let after = &rest[sentence.len() + sign.len()..];
        let thanked = sentence.trim().ends_with("paid") && after.trim().starts_with("thank you");
        if sign != "?" && (claims(sentence, phrases, ends) || (thanked && !is_taken_back(sentence)))
        {
            return true;
        }
        rest = after;
    }
    false
}

fn claims(sentence: &str, phrases: &[&str], ends: &[&str]) -> bool {
    let anywhere = phrases.iter().filter_map(|phrase| sentence.find(phrase));
    let at_end = ends.iter().filter_map(|phrase| {
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

/// What a browser shows of a page without running scripts; each element ends a sentence.
fn shown(page: &str) -> String {
    static HIDDEN: LazyLock<Regex> = LazyLock::new(|| {
        let hidden = r"(?is)<!--.*?-->|<script\b.*?</script\s*>|<style\b.*?</style\s*>|<template\b.*?</template\s*>";
        literal(hidden)
    });
    // Inline markup may occur within a sentence.
    static MARKED: LazyLock<Regex> =
        LazyLock::new(|| literal(r"(?i)</?(?:a|abbr|b|bdi|em|i|mark|small|span|strong|u)\b[^>]*>"));
    static TAG: LazyLock<Regex> = LazyLock::new(|| literal(r"<[^>]*>"));
    let text = HIDDEN.replace_all(page, "\n");
    // Line breaks in the source are not line breaks on the page.
    let text = text.replace(['\r', '\n', '\t'], " ");
    let text = MARKED.replace_all(&text, "");
    let text = TAG.replace_all(&text, "\n");
    unescaped(&text)
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

    #[test]
    fn words_that_tell_of_no_trouble_are_told_from_those_that_do() {
        let well = Some(EmptyWords::AllIsWell);
        let blank = Some(EmptyWords::Blank);
        for (text, is_html, expected) in [
            ("<html><body> \n</body></html>", true, blank),
            ("<title></title><script>let a = 1;</script>", true, blank),
            ("<body><img src=oops.png></body>", true, None),
            ("", false, blank),
            ("{}", false, blank),
            ("null", false, blank),
            (r#"{"ok": true}"#, false, well),
            (r#"{"status": "success", "order": "C1"}"#, false, well),
            (r#"{"success": true, "error": "later"}"#, false, None),
            (r#"{"success": false}"#, false, None),
            (r#"{"status": "processing"}"#, false, None),
            ("<h1>Thank you for your order!</h1>", true, well),
            ("<h1>Merci de votre commande</h1>", true, well),
            ("<p>Thank you for your patience.</p>", true, None),
            (
                "<p>We could not say thank you for your order yet.</p>",
                true,
                None,
            ),
            (
                "<p>Flexiti cannot be reached. Try again later.</p>",
                true,
                None,
            ),
        ] {
            assert_eq!(empty_words(text, is_html), expected, "{text}");
        }
    }
}
