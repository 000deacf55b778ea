//! What a shop shows before a checkout: the calculator, availability, and the withdrawn learn-more.

use super::shared::{Source, commands, endpoint, refused, tail};
use crate::endpoint::Endpoint;
use crate::error::Msg;
use crate::reference::document::{Page, heading, paragraph};
use crate::reference::questions::Scope;
use crate::reference::{answers, errors, parameters};

pub(super) fn calculator(source: &Source<'_>) -> Page {
    const SCOPE: Scope = Scope {
        families: &["calculator"],
        bodies: &["calculator.request", "calculator.response"],
        knobs: &["calculator_"],
    };
    let rulebook = source.rulebook;
    let mut blocks = vec![paragraph(
        "Tells what a price comes to each month, for a product's page. Only the request and one answer are shown by the reference.",
    )];
    blocks.extend(page(source, Endpoint::Calculator, "calculator"));
    blocks.push(heading(3, "calculator-answers", "Answers"));
    for (title, body) in answers::calculator(rulebook) {
        blocks.push(paragraph(&format!("{title}, 200:")));
        blocks.push(answers::body(&body));
    }
    blocks.extend(answers::members(rulebook, Endpoint::Calculator));
    let field = ("price", Msg::Type, "12,50");
    blocks.extend(refused(
        source,
        Endpoint::Calculator,
        "calculator.price.number",
        Some(field),
    ));
    blocks.push(heading(3, "calculator-errors", "Errors"));
    blocks.push(errors::table_of(
        rulebook,
        &[Endpoint::Calculator],
        &["calculator"],
    ));
    blocks.extend(tail(source, "calculator", &SCOPE));
    Page {
        id: "payment-calculator".into(),
        title: "Payment calculator".into(),
        blocks,
    }
}

pub(super) fn availability(source: &Source<'_>) -> Page {
    const SCOPE: Scope = Scope {
        families: &["availability"],
        bodies: &["availability.request", "availability.response"],
        knobs: &["availability_"],
    };
    let mut blocks = vec![paragraph(
        "Tells whether the payment option may be shown. Only its method and path are documented: parameters and answer are unknown, so whatever is sent is accepted, and the answer is a guess.",
    )];
    blocks.extend(page(source, Endpoint::Availability, "availability"));
    blocks.push(heading(3, "availability-answers", "Answers"));
    blocks.push(paragraph("Accepted, 200:"));
    blocks.push(answers::body(
        source.rulebook.dialect().answer("availability_body"),
    ));
    blocks.extend(tail(source, "availability", &SCOPE));
    Page {
        id: "payment-availability".into(),
        title: "Payment availability".into(),
        blocks,
    }
}

pub(super) fn learn_more(source: &Source<'_>) -> Page {
    const SCOPE: Scope = Scope {
        families: &["learn_more"],
        bodies: &["learn_more.request"],
        knobs: &["learn_more"],
    };
    let rulebook = source.rulebook;
    let mut blocks = vec![paragraph(
        "The current reference no longer lists this endpoint. Older versions name its parameters, but not what it asks of them.",
    )];
    if rulebook.serves(Endpoint::LearnMore) {
        blocks.extend(page(source, Endpoint::LearnMore, "learn_more"));
        blocks.push(heading(3, "learn_more-answers", "Answers"));
        blocks.push(paragraph("Accepted, 200:"));
        let options = source.options;
        let answer = answers::init(rulebook, &options.base_url, &options.client_id);
        blocks.push(answers::body(&answer));
    } else {
        let gone = refused(source, Endpoint::LearnMore, "learn_more.gone", None);
        blocks.extend(gone);
    }
    blocks.extend(tail(source, "learn_more", &SCOPE));
    Page {
        id: "learn-more".into(),
        title: "Learn more (withdrawn)".into(),
        blocks,
    }
}

fn page(source: &Source<'_>, id: Endpoint, prefix: &str) -> Vec<crate::reference::document::Block> {
    let rulebook = source.rulebook;
    let mut blocks = endpoint(source, id);
    if !rulebook.contract().params(id).is_empty() {
        blocks.push(heading(3, format!("{prefix}-parameters"), "Parameters"));
        blocks.push(parameters::parameters(rulebook, &source.others, id, prefix));
    }
    blocks.push(heading(3, format!("{prefix}-request"), "Example request"));
    let own = source
        .examples
        .iter()
        .filter(|example| example.endpoint == id);
    blocks.extend(own.flat_map(commands));
    blocks
}
