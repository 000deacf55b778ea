//! The hosted pages, and where the customer goes afterwards.

use super::shared::{Source, tail};
use crate::endpoint::Endpoint;
use crate::reference::document::{
    Block, Page, cell, code, heading, paragraph, plain, prose, table,
};
use crate::reference::questions::Scope;
use crate::reference::{document, errors};

const SCOPE: Scope = Scope {
    families: &["checkout", "callback"],
    bodies: &[],
    knobs: &[
        "callback_",
        "declined_",
        "pending_",
        "checkout_",
        "application_pin",
        "pin_",
        "after_wrong",
        "response_keys",
        "high_risk",
        "decision_",
    ],
};

pub(super) fn page(source: &Source<'_>) -> Page {
    let rulebook = source.rulebook;
    let answer = |knob: &str| rulebook.dialect().answer(knob);
    let text = |knob: &str| answer(knob).as_str().unwrap_or_default().to_owned();
    let mut blocks = vec![heading(2, "checkout", "The hosted pages")];
    let ended = match text("after_wrong_pins").as_str() {
        "refused" => "refuse the order",
        _ => "cancel the order",
    };
    let items = [
        "The customer applies, chooses a plan and confirms on pages that Flexiti hosts, in the language that init was sent.".to_owned(),
        format!("The pages of an order stay open for {} seconds.", answer("checkout_ttl")),
        format!(
            "In a sandbox, the PIN `{}` confirms an application; {} wrong ones {ended}.",
            text("application_pin"),
            answer("pin_tries")
        ),
    ];
    blocks.push(Block::List(items.iter().map(|item| prose(item)).collect()));
    if rulebook.is_active("checkout.response_keys") {
        blocks.extend(response_keys(source));
    }
    blocks.push(heading(2, "callbacks", "Callback URLs"));
    blocks.push(paragraph(
        "Both URLs are configured in the developer portal, one for success and one for errors; no request parameter sets them. The customer's browser calls them with `GET`, and anybody else can: decide by the notification only.",
    ));
    blocks.push(destinations(source));
    let carried = match text("callback_params").as_str() {
        "none" => "The callback carries no query parameters of its own",
        "order_id" => "The callback carries `orderId`",
        _ => "The callback carries `orderId` and `auth_token`",
    };
    let lang = match answer("callback_lang").as_bool() {
        Some(true) => " and `lang`, the language of the flow",
        _ => "; to come back in the customer's language, the shop has to remember it",
    };
    let mut line = prose(&format!("{carried}{lang}. "));
    line.push(document::link(
        "clause-callback.parameters",
        "callback.parameters",
    ));
    blocks.push(Block::Paragraph(line));
    blocks.push(heading(2, "sequences", "Sequences"));
    blocks.push(Block::Steps(
        steps().iter().map(|step| prose(step)).collect(),
    ));
    blocks.push(heading(2, "checkout-errors", "Errors"));
    blocks.push(errors::table_of(
        rulebook,
        Endpoint::ALL,
        &["checkout", "callback"],
    ));
    blocks.extend(tail(source, "checkout", &SCOPE));
    Page {
        id: "callbacks-and-checkout".into(),
        title: "The hosted pages and the callbacks".into(),
        blocks,
    }
}

fn steps() -> [&'static str; 6] {
    [
        "Server: get a token from `POST /oauth/token`.",
        "Server: call init with `flow`, `lang`, `amount_requested` and what the flow needs; keep `online_order_id` with your own order.",
        "Browser: open `redirection_url` in a modal or a window.",
        "Customer: applies, buys or cancels; Flexiti sends the browser to a callback URL.",
        "Server: ask for the notification of the order, and decide by its status. Ask again later while there is none.",
        "Server: after an approved application keep `apply.customer_id`; after a purchase fulfil the order, once.",
    ]
}

fn destinations(source: &Source<'_>) -> Block {
    let answer = |knob: &str| {
        let answer = source.rulebook.dialect().answer(knob);
        answer.as_str().unwrap_or_default().to_owned()
    };
    let rows = [
        (
            "approved or purchased",
            "success".to_owned(),
            "callback.success",
        ),
        (
            "declined, or the purchase refused",
            answer("declined_goes_to"),
            "callback.declined",
        ),
        (
            "pending, or to be tried again",
            answer("pending_goes_to"),
            "callback.pending",
        ),
        (
            "cancelled or expired",
            "error".to_owned(),
            "callback.cancelled",
        ),
    ];
    let rows = rows.map(|(outcome, to, clause)| {
        vec![
            cell(outcome),
            vec![vec![plain(format!("the {to} URL"))]],
            vec![vec![document::link(format!("clause-{clause}"), clause)]],
        ]
    });
    table(&["outcome", "the customer lands on", "clause"], rows.into())
}

fn response_keys(source: &Source<'_>) -> Vec<Block> {
    let rulebook = source.rulebook;
    let dialect = rulebook.dialect();
    let rows = rulebook.contract().response_keys.iter().map(|key| {
        let decision = key
            .decides(dialect)
            .map(|decision| serde_json::json!(decision));
        let decision = decision.and_then(|word| word.as_str().map(str::to_owned));
        vec![
            vec![vec![code(key.middle_name.clone())]],
            cell(&decision.unwrap_or_default()),
            cell(&key.reason),
        ]
    });
    let rows = rows.collect();
    let other = dialect.answer("decision_without_key");
    vec![
        heading(2, "response-keys", "Test data: the middle name decides"),
        paragraph(&format!(
            "In a sandbox the applicant's middle name, which `mname` of init prefills, decides the application. Any other name: {}.",
            other.as_str().unwrap_or_default()
        )),
        table(&["middle name", "decision", "what it stands for"], rows),
    ]
}
