//! Keeps the documentation true: links lead somewhere, console blocks and scripts do what the
//! page says, and the generated parts of `docs/reference` match what they are generated from.
//!
//! `UPDATE_DOCS=1 cargo test -p flexiti-conformance --test it docs` rewrites the generated parts.

mod admin_api;
mod command_line;
mod comparison;
mod configuration;
mod console;
mod dialects_and_knobs;
mod figures;
mod links;
mod lint_rules;
mod markdown;
mod programs;
mod rust_example;
mod scenarios;
mod schema;
mod scripts;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The repository's root.
fn root() -> PathBuf {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_root.parent().unwrap().to_path_buf()
}

/// The text of a file of the repository.
fn read(path: &str) -> String {
    let file = root().join(path);
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// README.md and every page below `docs`, as paths from the root.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    let mut folders = vec!["docs".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            if entry.path().is_dir() {
                folders.push(path);
            } else if Path::new(&path).extension().is_some_and(|it| it == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// README.md and the guides: the pages whose console blocks and scripts are run.
fn pages_that_run() -> Vec<String> {
    let mut pages = pages();
    pages.retain(|page| page == "README.md" || page.starts_with("docs/guides/"));
    pages
}

/// Compares the generated parts of a page with what they should be, or writes them.
///
/// A generated part is enclosed in `<!-- generated NAME -->` and `<!-- end NAME -->`; everything
/// outside is written by hand.
fn keep(page: &str, parts: &[(&str, String)]) {
    let text = read(page);
    let mut current = text.clone();
    for (name, part) in parts {
        let (begin, end) = (
            format!("<!-- generated {name} -->\n"),
            format!("<!-- end {name} -->"),
        );
        let split = current
            .split_once(&begin)
            .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
        let (before, after) = split.unwrap_or_else(|| panic!("{page}: no generated part `{name}`"));
        current = format!("{before}{begin}\n{}\n\n{end}{after}", part.trim());
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root().join(page), current).unwrap();
    } else if text != current {
        panic!(
            "{page} is out of date at\n{}\nrun `UPDATE_DOCS=1 cargo test -p flexiti-conformance --test it docs`",
            first_difference(&text, &current)
        );
    }
}

fn first_difference(page: &str, current: &str) -> String {
    let (mut old, mut new) = (page.lines(), current.lines());
    loop {
        match (old.next(), new.next()) {
            (old, new) if old != new => {
                let mut text = String::new();
                let _ = writeln!(text, "  page:      {}", old.unwrap_or("(ends)"));
                let _ = write!(text, "  generated: {}", new.unwrap_or("(ends)"));
                return text;
            }
            (None, None) => return "  the end of the last line".to_owned(),
            _ => {}
        }
    }
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 150, "README.md has {lines} lines; 150 are allowed");
}

#[test]
fn a_generated_page_says_how_it_is_made() {
    for page in pages() {
        let text = read(&page);
        if text.contains("<!-- generated ") {
            let first = text.lines().next().unwrap_or_default();
            assert!(
                first.starts_with("<!-- ") && first.contains("UPDATE_DOCS=1"),
                "{page}: the first line says how the page is made"
            );
        }
    }
}
