//! Init: opening the hosted flow.

use super::shared::{Source, commands, endpoint, refused, tail};
use crate::endpoint::Endpoint;
use crate::error::Msg;
use crate::reference::document::{
    Block, Page, cell, code, heading, paragraph, plain, prose, table,
};
use crate::reference::questions::Scope;
use crate::reference::requests::{flow_name, spelling};
use crate::reference::{answers, errors, parameters};
use crate::vocabulary::Flow;

const SCOPE: Scope = Scope {
    families: &["init"],
    bodies: &["init.request", "init.response"],
    knobs: &[
        "init_",
        "flow_",
        "plain_",
        "json_",
        "empty_",
        "repeated_",
        "merchant_order_id_alias",
        "apply_buy_",
        "require_",
        "redirect_",
        "ids_as",
        "first_order_id",
    ],
};

pub(super) fn page(source: &Source<'_>) -> Page {
    let rulebook = source.rulebook;
    let served = [Endpoint::InitV2, Endpoint::InitPlain];
    let served: Vec<Endpoint> = served
        .into_iter()
        .filter(|id| rulebook.serves(*id))
        .collect();
    let mut blocks = vec![paragraph(
        "Opens an order, and returns the URL of the hosted pages on which the customer applies for credit, buys with it, or both. Open that URL in a modal (preferred) or a window.",
    )];
    for id in &served {
        blocks.extend(endpoint(source, *id));
    }
    blocks.push(heading(2, "init-flows", "Flows"));
    blocks.push(flows(source));
    blocks.push(heading(2, "init-parameters", "Parameters"));
    let empty = if rulebook.is_active("init.parameters.empty") {
        "An empty optional parameter counts as absent."
    } else {
        "An empty parameter is a value like any other."
    };
    blocks.push(paragraph(&format!(
        "In a form, an address block is one parameter for each field: `billing_information.city` or `billing_information[city]`. In JSON it is a nested object. {empty}"
    )));
    if let Some(first) = served.first() {
        blocks.push(parameters::parameters(
            rulebook,
            &source.others,
            *first,
            "init",
        ));
    }
    if let [one, other] = served.as_slice() {
        blocks.extend(parameters::between(rulebook, *one, *other));
    }
    for flow in [Flow::Apply, Flow::Buy, Flow::ApplyBuy] {
        blocks.extend(example(source, flow));
    }
    blocks.push(heading(2, "init-answers", "Answers"));
    let status = source.rulebook.success_status(Endpoint::InitV2).as_u16();
    blocks.push(paragraph(&format!("Accepted, {status}:")));
    let options = source.options;
    let answer = answers::init(rulebook, &options.base_url, &options.client_id);
    blocks.push(answers::body(&answer));
    let endpoint = served.first().copied().unwrap_or(Endpoint::InitV2);
    blocks.extend(answers::members(rulebook, endpoint));
    let field = ("lang", Msg::Invalid, "??");
    blocks.extend(refused(source, endpoint, "init.lang.values", Some(field)));
    blocks.push(heading(2, "init-errors", "Errors"));
    blocks.push(paragraph(
        "Refusals for a missing, unknown or expired token are the same for every endpoint: see the index.",
    ));
    blocks.push(errors::table_of(rulebook, &served, &["init"]));
    blocks.extend(tail(source, "init", &SCOPE));
    Page {
        id: "init".into(),
        title: "Init: open the hosted flow".into(),
        blocks,
    }
}

/// What each flow is for, and what it requires.
fn flows(source: &Source<'_>) -> Block {
    let about = |flow| match flow {
        Flow::Apply => "The customer applies for credit.",
        Flow::Buy => "A customer who has credit buys with it.",
        Flow::ApplyBuy => "The customer applies, and buys at once if approved.",
    };
    let row = |flow: Flow| {
        let rulebook = source.rulebook;
        let spelled = spelling(rulebook, flow).unwrap_or_default();
        let endpoint = crate::reference::requests::endpoint_of(rulebook, flow);
        let path = &rulebook.contract().endpoint(endpoint).path;
        let must = parameters::demanded(rulebook, endpoint, flow);
        vec![
            vec![vec![plain(flow_name(flow))], prose(about(flow))],
            vec![vec![code(spelled)]],
            vec![vec![code(path.clone())]],
            cell(&must),
        ]
    };
    let rows = [Flow::Apply, Flow::Buy, Flow::ApplyBuy].map(row);
    table(&["flow", "value of flow", "path", "must send"], rows.into())
}

fn example(source: &Source<'_>, flow: Flow) -> Vec<Block> {
    let name = flow_name(flow);
    let Some(example) = source.examples.iter().find(|example| example.title == name) else {
        return Vec::new();
    };
    let id = name.to_lowercase().replace('/', "-");
    let mut blocks = vec![heading(
        3,
        format!("init-request-{id}"),
        &format!("Example: {name}"),
    )];
    blocks.extend(commands(example));
    blocks
}
