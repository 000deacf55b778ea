//! The certificate as a page for a reviewer.

use crate::merchant::{merchants, run};
use std::process::Command;

/// The page of a shop that plays some scenarios, and breaks one thing.
fn page(fault: &str, only: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("certificate.html");
    let driver = merchants().join("python/merchant.toml");
    let key = folder.path().join("key.json").display().to_string();
    assert!(run(&["merchant", "keygen", &key]).status.success());
    let output = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"))
        .args(["merchant", "--seed", "1", "--shop-version", "2f1c"])
        .args(["--signed-by", "Jo <b>Smith</b>", "--only", only])
        .args(["--key", &key])
        .arg("--driver")
        .arg(driver)
        .arg("--html")
        .arg(&file)
        .env("SHOP_FAULT", fault)
        .env_remove("FLEXITI_BASE_URL")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// What stands between two texts, everywhere.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Vec<&'t str> {
    let pieces = text.split(before).skip(1);
    pieces
        .filter_map(|piece| piece.split(after).next())
        .collect()
}

#[test]
fn a_reviewer_reads_the_findings_first_and_what_happened_in_each_scenario() {
    let page = page("page_always_english", "outcome.cancelled,outcome.purchased");
    let at = |words: &str| {
        page.find(words)
            .unwrap_or_else(|| panic!("{words}: {page}"))
    };
    let parts = [
        "<h1>",
        "2f1c",
        "b&#62;Smith",
        ">Findings</h2>",
        "test cases</h2>",
        ">Scenarios</h2>",
        ">Review of everything",
    ];
    assert!(
        parts.windows(2).all(|two| at(two[0]) < at(two[1])),
        "{page}"
    );

    // Every link leads to a row, and every row has its story.
    let rows = between(&page, "<details id=\"", "\"");
    assert!(rows.len() > 2, "{rows:?}");
    for link in between(&page, "href=\"#", "\"") {
        assert!(rows.contains(&link), "{link}: {rows:?}");
    }
    let stories = page.matches("<div class=\"story\">").count();
    assert_eq!(stories, rows.len(), "{page}");
    assert!(page.contains("the customer started to pay"), "{page}");
    // A finding stands there once, with what it rests on and every place where it was seen.
    let findings = &page[at(">Findings</h2>")..at("test cases</h2>")];
    assert_eq!(findings.matches("<section").count(), 1, "{findings}");
    assert!(
        findings.contains("<code>page_language</code>"),
        "{findings}"
    );
    assert!(
        findings.contains("B-2") && findings.contains("class=\"remedy\""),
        "{findings}"
    );
    assert!(
        findings.contains("FAILED") && findings.contains("href=\"#scenario-"),
        "{findings}"
    );

    // Flexiti's cases, each with what its verdict rests on.
    let cases = &page[at("test cases</h2>")..at(">Scenarios</h2>")];
    let ids: Vec<&str> = between(cases, "<th scope=\"row\">", ":");
    assert_eq!(ids, ["B-1", "B-2", "C-1", "C-2", "C-3", "D"]);
    // The language of the page that the customer comes back to is no matter of B-1.
    let verdicts = between(cases, "<tr>", "</tr>");
    assert!(!verdicts[1].contains("FAILED"), "{}", verdicts[1]);
    assert!(verdicts[2].contains("FAILED"), "{}", verdicts[2]);
    let evidence = between(cases, "<td class=\"evidence\">", "</td>");
    assert!(
        evidence[1].contains("outcome.cancelled/"),
        "{}",
        evidence[1]
    );
    assert!(
        evidence[5].contains("outcome.purchased/apply/buy/"),
        "{}",
        evidence[5]
    );
    assert!(page.contains("not played in full"), "{cases}");
    let themes = between(&page, "<h3 id=\"theme-", "</h3>");
    assert_eq!(themes, ["1\">How a checkout ends"]);
    // It can be printed and sent on: it needs nothing else.
    assert!(
        page.contains("@media print") && !page.contains("<script") && !page.contains("http-equiv")
    );
    assert!(between(&page, " src=\"", "\"").is_empty(), "{page}");
}
