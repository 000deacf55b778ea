//! The page, opened in a browser.

use super::golden;
use std::process::Command;

const CHROMIUM: &str = "/usr/bin/chromium";

/// Opens a file, lets its script run, and gives the page as it then is.
fn opened(file: &std::path::Path, profile: &std::path::Path) -> String {
    let output = Command::new(CHROMIUM)
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args([
            "--disable-background-networking",
            "--disable-sync",
            "--no-first-run",
        ])
        .args(["--dump-dom", "--enable-logging=stderr", "--v=0"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap_or_else(|error| {
            panic!("{CHROMIUM}: {error}; install it: apt-get install chromium")
        });
    let log = String::from_utf8_lossy(&output.stderr);
    // What the page's policy forbids, and what it fails at, is a line of the console.
    assert!(!log.contains(":CONSOLE"), "{log}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_browser_runs_the_page_and_filters_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(golden("report.html")).unwrap();
    let own = "<script>'use strict';";
    assert!(text.contains(own), "the page's script");
    let page = opened(&golden("report.html"), folder.path());
    // The script has run: the search is there, and everything is shown.
    assert!(page.contains("<div id=\"find\">"), "the search is offered");
    assert!(!page.contains("unfound\""), "everything is shown");
    // Another script would not run.
    let file = folder.path().join("injected.html");
    let injected = text.replace(
        "</main>",
        "<p id=\"x\"></p><script>document.getElementById('x').textContent='ran'</script></main>",
    );
    std::fs::write(&file, injected).unwrap();
    let output = Command::new(CHROMIUM)
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args(["--disable-background-networking", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("<p id=\"x\"></p>"), "the policy holds");
}
