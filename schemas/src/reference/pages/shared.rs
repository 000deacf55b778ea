//! Shared between the pages: their source, and common blocks.

use crate::endpoint::{Auth, Endpoint};
use crate::reference::document::{Block, Text, code, heading, paragraph, plain, prose};
use crate::reference::options::Options;
use crate::reference::questions::{self, Scope};
use crate::reference::requests::Example;
use crate::reference::{answers, clauses};
use crate::rulebook::Rulebook;
use crate::wording::alternatives;

/// The source of the pages.
pub(in crate::reference) struct Source<'r> {
    pub rulebook: &'r Rulebook,
    pub options: &'r Options,
    /// The other shipped dialects.
    pub others: Vec<Rulebook>,
    pub examples: Vec<Example>,
}

/// Method, path, authentication and encodings of an endpoint, under a heading.
pub(super) fn endpoint(source: &Source<'_>, endpoint: Endpoint) -> Vec<Block> {
    let rulebook = source.rulebook;
    let row = rulebook.contract().endpoint(endpoint);
    let mut blocks = vec![heading(
        2,
        endpoint.id(),
        &format!("`{} {}`", row.method, row.path),
    )];
    let summary = prose(&format!("{}.", row.summary));
    blocks.push(Block::Paragraph(summary));
    let auth = if row.auth != Auth::Bearer {
        "`client_id` and `client_secret` in the body."
    } else if endpoint == Endpoint::Calculator && rulebook.is_active("calculator.open") {
        "none."
    } else {
        "the header `authorization: Bearer TOKEN`."
    };
    let mut items = vec![prose(&format!("Authentication: {auth}"))];
    if row.method != "GET" {
        let types = rulebook.media_types(endpoint);
        let types = alternatives(&types);
        items.push(prose(&format!("Body: {types}.")));
    }
    items.push(clauses::rests_on(rulebook.contract(), &row.source));
    blocks.push(Block::List(items));
    blocks
}

/// The requests of an example, one command for each encoding.
pub(super) fn commands(example: &Example) -> Vec<Block> {
    let mut blocks = Vec::new();
    for command in &example.commands {
        if example.commands.len() > 1 {
            let encoding = match command.encoding {
                "form" => "a form",
                other => other,
            };
            blocks.push(paragraph(&format!("As {encoding}:")));
        }
        blocks.push(Block::Code {
            language: "sh",
            text: command.curl.clone(),
        });
    }
    blocks
}

/// The end of each page: the clauses and the open questions.
pub(super) fn tail(source: &Source<'_>, id: &str, scope: &Scope) -> Vec<Block> {
    let rulebook = source.rulebook;
    let mut blocks = Vec::new();
    let questions = questions::table_of(rulebook, id, scope);
    if !questions.is_empty() {
        blocks.push(heading(2, format!("{id}-questions"), "Open questions"));
        blocks.extend(questions);
    }
    let entries = clauses::entries(rulebook, scope.families);
    if !entries.is_empty() {
        blocks.push(heading(2, format!("{id}-clauses"), "Clauses"));
        blocks.push(Block::Paragraph(counted(rulebook, scope)));
        blocks.extend(entries);
    }
    blocks
}

/// Formats a number of clauses, given the words for none, one and several.
fn of(count: usize, words: [&str; 3]) -> String {
    match count {
        0 => words[0].to_owned(),
        1 => format!("1 {}", words[1]),
        count => format!("{count} {}", words[2]),
    }
}

/// How many of a page's clauses are guesses.
pub(super) fn counted(rulebook: &Rulebook, scope: &Scope) -> Text {
    let here = rulebook
        .clauses()
        .filter(|clause| scope.families.contains(&clauses::family(clause)));
    let (guesses, known): (Vec<_>, Vec<_>) =
        here.partition(|clause| crate::reference::document::is_guess(clause.evidence));
    vec![
        plain(format!(
            "What the API promises here, one entry each. {} on Flexiti's documentation of the Online API; {} in the dialect ",
            of(known.len(), ["None rests", "rests", "rest"]),
            of(
                guesses.len(),
                ["none is a guess", "is a guess", "are guesses"]
            ),
        )),
        code(rulebook.dialect().name.clone()),
        plain("."),
    ]
}

/// The answer to a request that breaks a clause.
pub(super) fn refused(
    source: &Source<'_>,
    endpoint: Endpoint,
    clause: &str,
    field: Option<(&str, crate::error::Msg, &str)>,
) -> Vec<Block> {
    let rulebook = source.rulebook;
    let Some(refusal) = rulebook
        .refusal_of(clause)
        .filter(|_| rulebook.is_active(clause))
    else {
        return Vec::new();
    };
    let row = rulebook.contract().endpoint(endpoint);
    let path = row.path.replace("{clientId}", &source.options.client_id);
    let path = path.replace("{orderId}", "999999999");
    let body = answers::refusal(
        rulebook,
        &refusal,
        &format!("/flexiti/online-api{path}"),
        field,
    );
    let about = rulebook
        .contract()
        .clause(clause)
        .map_or("", |clause| &clause.requirement);
    let status = refusal.status.as_u16();
    vec![
        Block::Paragraph({
            let mut text = prose(&format!("Refused, {status}: {about} "));
            text.push(crate::reference::document::link(
                format!("clause-{clause}"),
                clause,
            ));
            text
        }),
        answers::body(&body),
    ]
}
