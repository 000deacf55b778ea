//! The page at a redirection URL: so far, what the order is about.

use crate::app::App;
use crate::clock::Millis;
use crate::order::Outcome;
use crate::orders::Order;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::request::Request;
use askama::Template;
use flexiti_contract::{Flow, Lang, Rule, Rulebook};
use hyper::Method;
use hyper::header::{CACHE_CONTROL, REFERRER_POLICY};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage<'a> {
    words: &'a Words,
    id: u64,
    merchant_order: Option<&'a str>,
    flow: &'a str,
    amount: String,
    customer: String,
}

#[derive(Template)]
#[template(path = "gone.html")]
struct GonePage {
    words: [&'static Words; 2],
}

struct Words {
    lang: &'static str,
    title: &'static str,
    sandbox: &'static str,
    flows: [&'static str; 3],
    order: &'static str,
    merchant_order: &'static str,
    amount: &'static str,
    customer: &'static str,
    gone: &'static str,
    gone_help: &'static str,
}

const ENGLISH: Words = Words {
    lang: "en",
    title: "Your order",
    sandbox: "Local sandbox: nothing here is a credit application.",
    flows: [
        "Apply for credit",
        "Buy with your credit",
        "Apply for credit, then buy",
    ],
    order: "Order",
    merchant_order: "Merchant's order",
    amount: "Amount",
    customer: "Customer",
    gone: "This link is not valid",
    gone_help: "Go back to the shop and start the checkout again.",
};

const FRENCH: Words = Words {
    lang: "fr",
    title: "Votre commande",
    sandbox: "Bac à sable local\u{a0}: rien ici n’est une demande de crédit.",
    flows: [
        "Demander un crédit",
        "Acheter avec votre crédit",
        "Demander un crédit, puis acheter",
    ],
    order: "Commande",
    merchant_order: "Commande du marchand",
    amount: "Montant",
    customer: "Client",
    gone: "Ce lien n’est pas valide",
    gone_help: "Retournez à la boutique et recommencez le paiement.",
};

/// Answers the page of a session.
pub fn handle(app: &App, session: &str, request: &Request, machine: Millis) -> Reply {
    if request.method != Method::GET && request.method != Method::HEAD {
        let mut rejection = Rejection::new(Rule::MethodAllowed, "method_not_allowed");
        rejection.allow = Some("GET, HEAD".to_owned());
        return rejection.reply(&app.rulebook, &request.path, &|text| app.is_secret(text));
    }
    let mut state = app.state();
    let state = &mut *state;
    let found = state.orders.by_session(session).and_then(|order| {
        let merchant = state.merchants.get(&*order.client_id)?;
        order.expire(&merchant.rulebook, merchant.clock.at(machine));
        Some((order.clone(), Arc::clone(&merchant.rulebook)))
    });
    let (status, page) = match found {
        None => (
            404,
            render(&GonePage {
                words: [&ENGLISH, &FRENCH],
            }),
        ),
        Some((order, _)) if order.life.outcome == Some(Outcome::Expired) => (
            410,
            render(&GonePage {
                words: [&ENGLISH, &FRENCH],
            }),
        ),
        Some((order, rulebook)) if rulebook.taken_away(Rule::RedirectPage) => {
            return Reply::json(200, &json!({"order": order.id}));
        }
        Some((order, rulebook)) => (200, order_page(&order, &rulebook)),
    };
    Reply::html(status, page)
        .with(CACHE_CONTROL, "no-store")
        .with(REFERRER_POLICY, "no-referrer")
}

fn order_page(order: &Order, rulebook: &Rulebook) -> String {
    let words = match order.lang {
        Lang::Fr if !rulebook.taken_away(Rule::RedirectLanguage) => &FRENCH,
        _ => &ENGLISH,
    };
    let flow = match order.flow {
        Flow::Apply => words.flows[0],
        Flow::Buy => words.flows[1],
        Flow::ApplyBuy => words.flows[2],
    };
    let parameters = order.parameters();
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let names: Vec<&str> = ["fname", "lname"].into_iter().filter_map(text).collect();
    render(&OrderPage {
        words,
        id: order.id,
        // Both spellings are in use.
        merchant_order: text("merchant_orderid").or_else(|| text("merchant_order_id")),
        flow,
        amount: money(text("amount_requested").unwrap_or("0"), order.lang),
        customer: names.join(" "),
    })
}

/// An amount as people of that language write it.
fn money(amount: &str, lang: Lang) -> String {
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

fn render(page: &impl Template) -> String {
    // Rendering writes to a string and calls no code that fails.
    page.render().unwrap_or_default()
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
