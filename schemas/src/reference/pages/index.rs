//! The first page: conventions, evidence, errors common to all calls, and the sources.

use super::shared::Source;
use crate::dialect::ErrorShape;
use crate::endpoint::Endpoint;
use crate::evidence::Evidence;
use crate::reference::document::{
    Block, Inline, Page, Target, Text, bare, cell, code, heading, link, paragraph, plain, prose,
    table,
};
use crate::reference::questions::{self, Scope};
use crate::reference::{answers, clauses, errors};

const SCOPE: Scope = Scope {
    families: &["http", "auth"],
    bodies: &[],
    knobs: &[
        "error_",
        "msg_words",
        "field_errors",
        "unknown_path",
        "challenge",
        "response_member",
        "cors",
        "bearer",
        "role_",
        "scope_",
        "foreign_",
        "path_",
        "bad_percent",
        "reference_id",
    ],
};

pub(super) fn page(source: &Source<'_>, pages: &[Page]) -> Page {
    let rulebook = source.rulebook;
    let dialect = rulebook.dialect();
    let mut blocks = vec![
        Block::Paragraph(vec![
            plain(
                "What the Flexiti Online API asks and answers, as this project understands it, in the dialect ",
            ),
            code(dialect.name.clone()),
            plain(format!(": {}", dialect.description)),
        ]),
        paragraph(
            "This is not Flexiti's documentation. It is generated from a contract that was written from public material; no call was made to Flexiti. Each statement names what it rests on, and what is only assumed is marked as a guess.",
        ),
    ];
    blocks.push(heading(2, "pages", "Pages"));
    let entry = |page: &Page| -> Text {
        let mut text = vec![Inline::Link(
            Target::Page(page.id.clone()),
            Box::new(plain(page.title.clone())),
        )];
        let paths = page.blocks.iter().filter_map(|block| match block {
            Block::Heading { level: 2, text, .. } if bare(text).contains(" /") => Some(bare(text)),
            _ => None,
        });
        for (at, path) in paths.enumerate() {
            text.push(plain(if at == 0 { ": " } else { ", " }));
            text.push(code(path));
        }
        text
    };
    blocks.push(Block::List(pages.iter().map(entry).collect()));
    blocks.extend(conventions(source));
    blocks.extend(evidence());
    blocks.extend(shared_errors(source));
    let questions = questions::table_of(rulebook, "index", &SCOPE);
    blocks.push(heading(2, "index-questions", "Open questions"));
    blocks.extend(questions);
    blocks.push(heading(2, "index-clauses", "Clauses of every call"));
    blocks.push(Block::Paragraph(super::shared::counted(rulebook, &SCOPE)));
    blocks.extend(clauses::entries(rulebook, SCOPE.families));
    blocks.push(heading(2, "sources", "Sources"));
    let rows = rulebook.contract().citations.iter().map(|row| {
        let title = plain(row.title.replace('`', ""));
        let title = match &row.url {
            Some(url) => Inline::Link(Target::Url(url.clone()), Box::new(title)),
            None => title,
        };
        vec![
            vec![vec![
                Inline::Anchor(format!("source-{}", row.key)),
                code(row.key.clone()),
            ]],
            vec![vec![title]],
        ]
    });
    blocks.push(table(&["key", "what it is"], rows.collect()));
    Page {
        id: "reference".into(),
        title: "Flexiti Online API: reference".into(),
        blocks,
    }
}

fn conventions(source: &Source<'_>) -> Vec<Block> {
    let options = source.options;
    let dialect = source.rulebook.dialect();
    let ids = match dialect.answer("ids_as").as_str() {
        Some("string") => "strings",
        _ => "numbers",
    };
    let items = [
        format!("Base URL of the examples: `{}`. Flexiti's production host is `https://onlineapi.flexiti.fi/flexiti/online-api`.", options.base_url),
        "Get a token first, then send it with every call: `authorization: Bearer TOKEN`.".to_owned(),
        "Requests are forms (`application/x-www-form-urlencoded`) unless an endpoint says that it also reads JSON; answers are JSON. A body is UTF-8 text of at most 64 KiB.".to_owned(),
        "`x-reference-id` is an id of your own, new for each operation, by which both sides trace it.".to_owned(),
        "Amounts are Canadian dollars with a period before the cents. No parameter names a currency.".to_owned(),
        format!("Ids in answers are JSON {ids}."),
        "Ignore members of an answer that you do not know: Flexiti reserves the right to add some.".to_owned(),
        "Keep client id, secret and token on your server; no page of the shop may hold them.".to_owned(),
    ];
    vec![
        heading(2, "conventions", "Conventions"),
        Block::List(items.iter().map(|item| prose(item)).collect()),
    ]
}

fn evidence() -> Vec<Block> {
    let rows = [
        (
            Evidence::Documented,
            "Stated in Flexiti's documentation of the Online API.",
        ),
        (Evidence::Example, "Only shown in an example there."),
        (
            Evidence::Client,
            "Seen in the code of a real client: what it sends or expects, not proof of what the server does.",
        ),
        (
            Evidence::PosApi,
            "Documented for Flexiti's POS API; that it holds here is an assumption.",
        ),
        (Evidence::Inferred, "Nothing of Flexiti's says so."),
    ];
    let rows = rows.map(|(mark, text)| vec![vec![vec![Inline::Badge(mark)]], cell(text)]);
    vec![
        heading(2, "evidence", "Evidence"),
        paragraph(
            "Each fact carries the strongest evidence there is for it. The last three are guesses about the Online API. In the tables, a fact without a mark is documented or shown in an example.",
        ),
        table(&["mark", "meaning"], rows.into()),
    ]
}

fn shared_errors(source: &Source<'_>) -> Vec<Block> {
    let rulebook = source.rulebook;
    let mut blocks = vec![heading(2, "errors", "Errors")];
    let shape = match rulebook.knobs().error_shape {
        ErrorShape::Doc => "the one that the reference's init page prints",
        ErrorShape::Pos => "the one that the POS API prints",
        ErrorShape::Oauth2 => "the one that RFC 6749 has for token endpoints",
        ErrorShape::Union => {
            "one that satisfies every known reader: the members of the reference's shape and of the POS API's"
        }
    };
    let mut text = prose(&format!(
        "A refusal is a JSON object of one shape: {shape} "
    ));
    text.extend([
        plain("("),
        link("clause-http.error.shape", "http.error.shape"),
        plain(")."),
    ]);
    blocks.push(Block::Paragraph(text));
    blocks.extend(super::shared::refused(
        source,
        Endpoint::NotificationOrder,
        "auth.token.known",
        None,
    ));
    blocks.extend(answers::members_of(rulebook, rulebook.error_schema()));
    blocks.push(paragraph("Every call can be refused so:"));
    blocks.push(errors::table_of(rulebook, Endpoint::ALL, SCOPE.families));
    blocks
}
