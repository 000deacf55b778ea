//! The redirection URL, to which the shop sends a customer's browser after init.

use crate::model::order::Order;
use flexiti_contract::Rulebook;

/// The URL of an order's pages in the merchant's dialect; `pages` is the base URL of all pages.
pub fn url(rulebook: &Rulebook, pages: &str, order: &Order) -> String {
    filled(&rulebook.knobs().redirect_url_template, |name, url| {
        match name {
            "checkout" => url.extend([pages, "/", &order.session]),
            "lang" => url.push_str(order.lang.code()),
            "order_id" => url.push_str(&order.id.to_string()),
            "client_id" => url.push_str(&order.client_id),
            _ => return false,
        }
        true
    })
}

/// Fills in the names in braces in a template; `add` returns whether it knows the name.
fn filled(template: &str, add: impl Fn(&str, &mut String) -> bool) -> String {
    let mut text = String::with_capacity(160);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.split_once('}') {
            Some((name, end)) if add(name, &mut text) => rest = end,
            _ => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn a_template_is_filled_where_it_names_something() {
        let add = |name: &str, text: &mut String| {
            text.push_str(if name == "lang" { "fr" } else { "" });
            name == "lang"
        };
        for (template, text) in [
            ("/{lang}?l={lang}", "/fr?l=fr"),
            ("{{lang}}", "{fr}"),
            ("{flow}{lang", "{flow}{lang"),
            ("{flow {lang}", "{flow fr"),
            ("", ""),
        ] {
            assert_eq!(filled(template, add), text);
        }
    }
}
