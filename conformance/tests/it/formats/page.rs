//! The page, opened in a browser.

use super::golden;
use std::path::Path;
use std::process::Command;

const CHROMIUM: &str = "/usr/bin/chromium";

/// Opens a file and lets its scripts run; gives the page as it then is, and the console.
fn opened(file: &Path, profile: &Path) -> (String, Vec<String>) {
    let output = Command::new(CHROMIUM)
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args(["--disable-background-networking", "--disable-sync"])
        .args(["--no-first-run", "--dump-dom", "--enable-logging=stderr"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap_or_else(|error| {
            panic!("{CHROMIUM}: {error}; install it: apt-get install chromium")
        });
    let log = String::from_utf8_lossy(&output.stderr);
    let console = log.lines().filter(|line| line.contains(":CONSOLE"));
    let console = console.map(str::to_owned).collect();
    (String::from_utf8(output.stdout).unwrap(), console)
}

#[test]
fn a_browser_runs_the_pages_script_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(golden("report.html")).unwrap();
    let foreign =
        "<p id=\"x\"></p><script>document.getElementById('x').textContent = 'ran'</script>";
    let file = folder.path().join("report.html");
    std::fs::write(&file, text.replace("</main>", &format!("{foreign}</main>"))).unwrap();
    let (page, console) = opened(&file, folder.path());
    // The search is there, so the page's own script has run, and everything is shown.
    assert!(page.contains("<div id=\"find\">"), "{console:?}");
    assert!(!page.contains("unfound\""), "everything is shown");
    assert!(page.contains("<p id=\"x\"></p>"), "the policy holds");
    // The policy says so once; the page itself asks for nothing that it forbids.
    assert_eq!(console.len(), 1, "{console:?}");
    assert!(
        console[0].contains("Content Security Policy"),
        "{console:?}"
    );
}
