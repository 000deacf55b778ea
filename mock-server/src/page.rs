//! The page at a redirection URL: so far, what the order is about.

use crate::app::App;
use crate::money::money;
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
pub fn handle(app: &App, session: &str, request: &Request) -> Reply {
    if request.method != Method::GET && request.method != Method::HEAD {
        let mut rejection = Rejection::new(Rule::MethodAllowed, "method_not_allowed");
        rejection.allow = Some("GET, HEAD".to_owned());
        return rejection.reply(&app.rulebook, &request.path, &|text| app.is_secret(text));
    }
    let mut state = app.state();
    let state = &mut *state;
    let found = state.orders.by_session(session).and_then(|order| {
        let merchant = state.merchants.get(&*order.client_id)?;
        Some((order.clone(), Arc::clone(&merchant.rulebook)))
    });
    let (status, page) = match found {
        None => (
            404,
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

fn render(page: &impl Template) -> String {
    // Rendering writes to a string and calls no code that fails.
    page.render().unwrap_or_default()
}
