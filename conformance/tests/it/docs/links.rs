//! Every relative link of a page, every heading that it points at, and every path and test that
//! the page names exists.

use super::markdown::{Page, anchors, code_spans, parse};
use super::{pages, read, root};
use std::path::{Component, Path, PathBuf};

/// Folders at the repository's root: a code span that begins with one is a path.
const TOP: [&str; 8] = [
    ".ci",
    "conformance",
    "docs",
    "examples",
    "fixtures",
    "mock-server",
    "packaging",
    "schemas",
];

#[test]
fn every_link_and_every_path_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let parsed = parse(&read(&page));
        for (line, text) in &parsed.prose {
            for problem in problems(&page, &parsed, text) {
                broken.push(format!("{page}:{line}: {problem}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn problems(page: &str, parsed: &Page, line: &str) -> Vec<String> {
    let (spans, _) = code_spans(line);
    let paths = spans.into_iter().filter_map(path_problem);
    let links = targets(line).into_iter().filter_map(|target| {
        let problem = link_problem(page, parsed, target)?;
        Some(format!("link to {target}: {problem}"))
    });
    paths.chain(links).collect()
}

/// The targets of a line's links and images.
fn targets(line: &str) -> Vec<&str> {
    let rests = line.split("](").skip(1);
    rests
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
        .collect()
}

fn link_problem(page: &str, parsed: &Page, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() {
        page.to_owned()
    } else {
        let folder = Path::new(page).parent().unwrap();
        match within(&folder.join(file)) {
            Some(path) => path.display().to_string(),
            None => return Some("leaves the repository".to_owned()),
        }
    };
    if !root().join(&path).exists() {
        return Some("no such file".to_owned());
    }
    if anchor.is_empty() {
        return None;
    }
    let known = if file.is_empty() {
        anchors(parsed)
    } else {
        anchors(&parse(&read(&path)))
    };
    (!known.iter().any(|it| it == anchor)).then(|| "no such heading".to_owned())
}

/// The path without `.` and `..`, unless it leaves the repository.
fn within(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if !clean.pop() => return None,
            Component::CurDir | Component::ParentDir => {}
            other => clean.push(other),
        }
    }
    Some(clean)
}

/// What is wrong with a code span that looks like a path of the repository, or like `path::test`.
fn path_problem(span: &str) -> Option<String> {
    let (path, name) = span.split_once("::").unwrap_or((span, ""));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let top = path.split('/').next().unwrap_or_default();
    if !path.contains('/') || !path.chars().all(allowed) || !TOP.contains(&top) {
        return None;
    }
    let file = root().join(path);
    if !file.exists() {
        return Some(format!("no such path: {path}"));
    }
    if name.is_empty() {
        return None;
    }
    let code = std::fs::read_to_string(&file).unwrap_or_default();
    let found = code.contains(&format!("fn {name}(")) || code.contains(&format!("mod {name}"));
    (!found).then(|| format!("{path} has no `{name}`"))
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = parse("# Here\n");
    let found = |line| problems("docs/README.md", &page, line);
    let fine = [
        "[a](../README.md), [b](#here), [c](https://example.com/none), `docs/README.md`",
        "`conformance/tests/it/docs/links.rs::every_link_and_every_path_leads_somewhere`",
        "`init.amount/none`, `docs/ with a space`",
    ];
    for line in fine {
        assert_eq!(found(line), [""; 0], "{line}");
    }
    for line in [
        "[a](none.md)",
        "![a](../../README.md)",
        "[a](#there)",
        "`docs/none.md`",
        "`conformance/tests/it/docs/links.rs::no_such_test`",
    ] {
        assert_eq!(found(line).len(), 1, "{line}");
    }
}
