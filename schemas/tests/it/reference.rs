//! The API reference says what the contract says, in every dialect, and its links lead somewhere.

use crate::consistency::rulebook;
use flexiti_contract::reference::{self, Block, Inline, Options, Page, Target};
use flexiti_contract::{Contract, Rulebook, tables};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compares files with what they should be, or writes them with `UPDATE_DOCS=1`.
fn current(files: &[(PathBuf, String)]) {
    for (path, text) in files {
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
            continue;
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            found == *text,
            "{} is not current: run `UPDATE_DOCS=1 cargo test -p flexiti-contract reference`",
            path.display()
        );
    }
}

#[test]
fn the_reference_in_the_docs_is_current() {
    let folder = root().join("docs/reference/api");
    let files = reference::markdown(&rulebook("documented"), &Options::default());
    let files: Vec<_> = files
        .into_iter()
        .map(|(name, text)| (folder.join(name), text))
        .collect();
    current(&files);
    let known: HashSet<PathBuf> = files.into_iter().map(|(path, _)| path).collect();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(
            known.contains(&path),
            "{} is not generated any more",
            path.display()
        );
    }
}

#[test]
fn the_table_of_sources_is_current() {
    let path = root().join("schemas/SOURCES.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- table sources -->\n", "<!-- end of table -->");
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let table = tables::sources(Contract::shipped());
    current(&[(path, format!("{before}{begin}\n{table}\n{end}{after}"))]);
}

/// Each shipped dialect.
fn each(test: impl Fn(&Rulebook, &[Page])) {
    for name in Contract::shipped().dialect_names() {
        let rulebook = rulebook(name);
        let pages = reference::pages(&rulebook, &Options::default());
        test(&rulebook, &pages);
    }
}

fn texts(page: &Page) -> Vec<&Inline> {
    let mut found = Vec::new();
    for block in &page.blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph(text) => found.extend(text),
            Block::List(items) | Block::Steps(items) => found.extend(items.iter().flatten()),
            Block::Table { rows, .. } => found.extend(rows.iter().flatten().flatten().flatten()),
            Block::Code { .. } => {}
        }
    }
    found
}

#[test]
fn ids_are_unique_and_every_link_leads_to_one() {
    each(|rulebook, pages| {
        let name = &rulebook.dialect().name;
        let mut ids = HashSet::new();
        for page in pages {
            let headings = page.blocks.iter().filter_map(|block| match block {
                Block::Heading { id, .. } => Some(id.clone()),
                _ => None,
            });
            let anchors = texts(page).into_iter().filter_map(|piece| match piece {
                Inline::Anchor(id) => Some(id.clone()),
                _ => None,
            });
            let page_id = format!("page-{}", page.id);
            for id in headings.chain(anchors).chain([page_id]) {
                assert!(ids.insert(id.clone()), "{name}: two have the id {id}");
            }
        }
        let mut links = 0;
        for piece in pages.iter().flat_map(texts) {
            match piece {
                Inline::Link(Target::Id(id), _) => {
                    assert!(ids.contains(id), "{name}: nothing has the id {id}");
                    links += 1;
                }
                Inline::Link(Target::Page(page), _) => {
                    assert!(ids.contains(&format!("page-{page}")), "{name}: {page}");
                }
                _ => {}
            }
        }
        assert!(links > 200, "{name}: {links}");
        for clause in rulebook.clauses() {
            assert!(
                ids.contains(&format!("clause-{}", clause.id)),
                "{name}: {}",
                clause.id
            );
        }
        for knob in rulebook.dialect().answers.keys() {
            let id = format!("-knob-{knob}");
            let asked = ids.iter().any(|known| known.ends_with(&id));
            assert!(asked, "{name}: no page has the question {knob}");
        }
        for endpoint in flexiti_contract::Endpoint::ALL {
            let there = ids.contains(endpoint.id());
            assert_eq!(
                there,
                rulebook.serves(*endpoint),
                "{name}: {}",
                endpoint.id()
            );
        }
        for id in [
            "init-lang",
            "token-grant_type",
            "calculator-price",
            "source-R-cur",
        ] {
            assert!(ids.contains(id), "{name}: {id}");
        }
    });
}

#[test]
fn every_example_is_accepted_in_every_dialect() {
    for name in Contract::shipped().dialect_names() {
        let rulebook = rulebook(name);
        let examples = reference::examples(&rulebook, &Options::default());
        for title in ["Apply", "Buy", "Apply/Buy", "A refresh"] {
            assert!(
                examples.iter().any(|example| example.title == title),
                "{name}: {title}"
            );
        }
        for example in &examples {
            let request = Value::Object(example.parameters.clone());
            let violations = rulebook.check(example.endpoint, &request);
            assert!(
                violations.is_empty(),
                "{name} {}: {violations:?}",
                example.title
            );
            assert!(!example.commands.is_empty(), "{name} {}", example.title);
            for command in &example.commands {
                let sent = sent(&rulebook, example.endpoint, &command.curl);
                assert_eq!(sent, example.parameters, "{name} {}", command.curl);
            }
        }
    }
}

/// The parameters that a curl command sends.
fn sent(
    rulebook: &Rulebook,
    endpoint: flexiti_contract::Endpoint,
    curl: &str,
) -> Map<String, Value> {
    let words = words(curl);
    let mut found = Map::new();
    for pair in words.windows(2) {
        let (option, value) = (pair[0].as_str(), pair[1].as_str());
        match option {
            "--header" => {
                let (name, value) = value.split_once(": ").unwrap();
                let row = rulebook.contract().param(endpoint, name);
                if row.is_some_and(|row| row.header) {
                    found.insert(name.to_owned(), json!(value));
                }
            }
            "--data-urlencode" => {
                let (name, value) = value.split_once('=').unwrap();
                found.insert(name.to_owned(), json!(value));
            }
            "--data" if value.starts_with('{') => {
                let body: Map<String, Value> = serde_json::from_str(value).unwrap();
                for (name, value) in body {
                    flatten(&name, value, &mut found);
                }
            }
            _ => {}
        }
    }
    found
}

fn flatten(name: &str, value: Value, found: &mut Map<String, Value>) {
    let text = match value {
        Value::Object(block) => {
            for (field, value) in block {
                flatten(&format!("{name}.{field}"), value, found);
            }
            return;
        }
        Value::String(text) => text,
        other => other.to_string(),
    };
    found.insert(name.to_owned(), json!(text));
}

/// A command as a shell reads it: single quotes, and a backslash before a quote or a line break.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut characters = command.chars().peekable();
    while let Some(c) = characters.next() {
        let word = words.last_mut().unwrap();
        match c {
            '\'' => quoted = !quoted,
            '\\' if !quoted => match characters.next() {
                Some('\n') | None => {}
                Some(escaped) => word.push(escaped),
            },
            ' ' if !quoted => words.push(String::new()),
            c => word.push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn the_document_stands_alone() {
    each(|rulebook, _| {
        let html = reference::html(rulebook, &Options::default());
        assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
        for outside in [
            "<script", "<link", "<img", "<iframe", " src=", "url(", "@import", " style=",
        ] {
            assert!(!html.contains(outside), "{outside}");
        }
        for tag in [
            "section", "table", "tr", "td", "ul", "ol", "li", "pre", "code", "a", "p", "div",
        ] {
            let open = html.matches(&format!("<{tag}>")).count()
                + html.matches(&format!("<{tag} ")).count();
            let closed = html.matches(&format!("</{tag}>")).count();
            assert_eq!(open, closed, "{tag}");
        }
        assert!(html.contains("id=\"clause-init.lang.values\""));
        // For a look at it in a browser.
        let file = format!("reference-{}.html", rulebook.dialect().name);
        std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(file), html).unwrap();
    });
}

#[test]
fn what_somebodys_dialect_says_is_text_and_nothing_else() {
    let contract = Contract::shipped();
    let evil = "</code></pre><script>alert(1)</script>\"'`|[x](javascript:y)\n# z";
    let words = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| ((*name).to_owned(), json!(evil)))
            .collect::<Map<_, _>>()
            .into()
    };
    let value = json!({
        "name": "own",
        "description": evil,
        "extends": "lenient",
        "answers": {
            "lang_values": format!("^(?:{})?$", "</td><script>alert`(2|3)`"),
            "availability_body": {evil: evil},
            "redirect_url_template": "{checkout}?<script>\"'",
            "apply_status_words": words(&["approved", "pending", "declined", "retry", "cancelled", "expired", "unfinished"]),
        },
    });
    let mut value = value;
    // The words have an upper length.
    for word in value["answers"]["apply_status_words"]
        .as_object_mut()
        .unwrap()
        .values_mut()
    {
        *word = json!("<script>alert(4)</script>`|'\"");
    }
    let dialect = contract.dialect_from_json(value).unwrap();
    let rulebook = Rulebook::compile(contract, dialect).unwrap();
    let options = Options {
        client_id: "a'b\"<script>".to_owned(),
        base_url: "http://<script>'".to_owned(),
        back: Some(("/\"><script>".to_owned(), "<script>".to_owned())),
        ..Options::default()
    };
    let html = reference::html(&rulebook, &options);
    assert!(
        !html.contains("<script"),
        "{}",
        &html[html.find("<script").unwrap() - 99..]
    );
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for (name, text) in reference::markdown(&rulebook, &options) {
        let mut fence: Option<&str> = None;
        for line in text.lines() {
            if let Some(mark) = fence {
                if line == mark {
                    fence = None;
                }
                continue;
            }
            if line.starts_with("```") {
                fence = Some(line.trim_end_matches(|c: char| c != '`'));
                continue;
            }
            // Outside of code there is no tag but the anchors.
            let mut outside = String::new();
            let mut open: Option<usize> = None;
            let mut rest = line;
            while let Some(at) = rest.find('`') {
                let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
                if open.is_none() {
                    outside.push_str(rest[..at].trim_end_matches('\\'));
                }
                let escaped = open.is_none() && rest[..at].ends_with('\\');
                match open {
                    Some(length) if length == run => open = None,
                    None if !escaped => open = Some(run),
                    _ => {}
                }
                rest = &rest[at + run..];
            }
            outside.push_str(rest);
            assert!(open.is_none(), "{name}: {line}");
            assert!(!outside.contains("<script"), "{name}: {line}");
            assert!(!line.starts_with("# z"), "{name}: {line}");
        }
        assert!(fence.is_none(), "{name}");
    }
}

#[test]
fn what_is_guessed_is_marked() {
    each(|rulebook, pages| {
        let html = reference::html(rulebook, &Options::default());
        let guesses = rulebook
            .clauses()
            .filter(|clause| !matches!(clause.evidence.as_str(), "documented" | "example"));
        assert!(html.matches("guess: ").count() >= guesses.count());
        let availability = pages
            .iter()
            .find(|page| page.id == "payment-availability")
            .unwrap();
        let guess = texts(availability).into_iter().any(
            |piece| matches!(piece, Inline::Badge(evidence) if evidence.as_str() == "inferred"),
        );
        assert!(guess);
    });
}

#[test]
fn a_parameter_that_a_dialect_ignores_is_said_to_be_ignored() {
    let html = |name| reference::html(&rulebook(name), &Options::default());
    let row = |html: &str| {
        let at = html.find("id=\"init-merchant_order_id\"").unwrap();
        html[at..at + html[at..].find("</tr>").unwrap()].to_owned()
    };
    assert!(row(&html("strict")).contains("does not read it"));
    let documented = row(&html("documented"));
    assert!(!documented.contains("does not read it") && documented.contains("not read"));
}
