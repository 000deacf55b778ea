//! Access tokens.

use super::shared::{Source, commands, endpoint, refused, tail};
use crate::endpoint::Endpoint;
use crate::error::Msg;
use crate::reference::document::{Block, Page, heading, paragraph, prose};
use crate::reference::questions::Scope;
use crate::reference::{answers, errors, parameters};

const SCOPE: Scope = Scope {
    families: &["token"],
    bodies: &["token.request", "token.response"],
    knobs: &["token_", "refresh_", "rotate_", "grant_", "accept_"],
};

pub(super) fn page(source: &Source<'_>) -> Page {
    let rulebook = source.rulebook;
    let mut blocks = vec![paragraph(
        "Exchange the merchant's keys for an access token, which every other call carries. Call it from your server only: neither the keys nor the token may reach a browser.",
    )];
    blocks.extend(endpoint(source, Endpoint::Token));
    blocks.push(heading(3, "token-parameters", "Parameters"));
    blocks.push(parameters::parameters(
        rulebook,
        &source.others,
        Endpoint::Token,
        "token",
    ));
    blocks.push(heading(3, "token-requests", "Example requests"));
    let own = source
        .examples
        .iter()
        .filter(|example| example.endpoint == Endpoint::Token);
    for example in own {
        blocks.push(paragraph(&format!("{}:", example.title)));
        blocks.extend(commands(example));
    }
    blocks.push(heading(3, "token-answers", "Answers"));
    blocks.push(paragraph("Accepted, 200:"));
    blocks.push(answers::body(&answers::token(rulebook)));
    blocks.extend(answers::members(rulebook, Endpoint::Token));
    blocks.extend(refused(source, Endpoint::Token, "token.client.known", None));
    let field = ("scope", Msg::Invalid, "admin");
    blocks.extend(refused(
        source,
        Endpoint::Token,
        "token.scope.values",
        Some(field),
    ));
    blocks.push(heading(3, "token-errors", "Errors"));
    blocks.push(errors::table_of(rulebook, &[Endpoint::Token], &["token"]));
    blocks.push(heading(2, "token-lifetime", "Lifetime and refresh"));
    blocks.push(lifetime(source));
    blocks.extend(tail(source, "token", &SCOPE));
    Page {
        id: "token".into(),
        title: "Access tokens".into(),
        blocks,
    }
}

fn lifetime(source: &Source<'_>) -> Block {
    let rulebook = source.rulebook;
    let answer = |knob: &str| rulebook.dialect().answer(knob).to_string();
    let yes = |clause: &str| rulebook.is_active(clause);
    let life = answer("token_ttl");
    let mut items = vec![
        format!("An access token lives {life} seconds: `expires_in` of its answer."),
        if yes("token.refresh.in_time") {
            "Refresh it before it has expired. Afterwards it can no longer be refreshed: get a new one with `grant_type` `client_credentials`.".to_owned()
        } else {
            format!("It can be refreshed after it has expired, as long as its refresh token lives: {} seconds.", answer("refresh_ttl"))
        },
        if yes("token.refresh.rotation") {
            "A refresh token works once: each answer carries the next one.".to_owned()
        } else {
            "A refresh token may be used again; each answer carries another one as well.".to_owned()
        },
        if yes("token.refresh.revokes") {
            "A refresh ends the access token that it replaces at once.".to_owned()
        } else {
            "A refresh does not end the access token that it replaces: it lives out its time.".to_owned()
        },
        "Get one token for each customer who starts a checkout, and use it for the whole checkout (Flexiti's test case C-2).".to_owned(),
        "Refresh about 60 seconds before the end, as Flexiti's page on the refresh token recommends: when `now - created >= expires_in - 60`.".to_owned(),
    ];
    if yes("auth.scope") {
        items.push("The scope `merchant` opens every endpoint; a token with the scope `customer` is refused by init. Omit `scope` to get `merchant`.".to_owned());
    }
    Block::List(items.iter().map(|item| prose(item)).collect())
}
