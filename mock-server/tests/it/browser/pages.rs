//! Every page on a phone and on a desk, in light and in dark.

use super::driver::{Browser, browse};
use super::marks::only_text;
use super::store::Store;
use super::tour::tour;
use super::walk;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The version that `.ci/test` installs, too.
const AXE: &str = include_str!("axe-core.version");

/// Where what tests leave behind is.
pub fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

fn axe() -> String {
    let path = target().join("axe/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; install it with: npm install --prefix target/axe axe-core@{}",
            path.display(),
            AXE.trim()
        )
    })
}

#[test]
fn no_page_scrolls_sideways_or_has_a_script() {
    let store = Store::open();
    let mut wide = Vec::new();
    browse(async |browser| {
        for lang in ["en", "fr"] {
            let mock = walk::server(&store);
            tour(browser, &mock, lang, &mut async |page: &str| {
                only_text(browser, page).await;
                for width in [390, 1280] {
                    browser.screen(width, "light").await;
                    let name = format!("{lang}-{width}-{page}.png");
                    browser
                        .picture(&target().join("screenshots").join(&name))
                        .await;
                    let across = browser
                        .js("return Math.max(document.documentElement.scrollWidth, innerWidth)")
                        .await;
                    if across != width {
                        wide.push(format!("{name}: {across}"));
                    }
                }
            })
            .await;
        }
    });
    assert!(wide.is_empty(), "{wide:#?}");
}

/// What axe says of the page.
pub async fn judged(browser: &Browser) -> Value {
    let run = "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done, error => done({error: String(error)}))";
    let loaded = browser.js("return typeof axe === 'object'").await;
    if loaded != true {
        browser.js(&axe()).await;
    }
    let answer = browser.client.execute_async(run, Vec::new()).await.unwrap();
    assert!(answer["violations"].is_array(), "{answer}");
    answer
}

/// What axe finds, one line for each element, with how much it matters.
pub fn findings(found: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let rules = list(&found["violations"]).into_iter();
    rules
        .flat_map(|rule| {
            list(&rule["nodes"]).into_iter().map(move |node| {
                format!(
                    "{} ({}): {} in {}: {}",
                    rule["id"], rule["impact"], rule["help"], node["html"], node["failureSummary"]
                )
            })
        })
        .collect()
}

/// What axe finds that keeps people out.
fn serious(found: &Value) -> Vec<String> {
    let mut lines = findings(found);
    let grave = ["(\"serious\")", "(\"critical\")"];
    lines.retain(|line| grave.iter().any(|impact| line.contains(impact)));
    lines
}

#[test]
fn no_page_keeps_anyone_out() {
    let store = Store::open();
    let mut found = Vec::new();
    browse(async |browser| {
        // Nothing would be found, either, if axe did not work here.
        store.show(
            "/bad",
            "<!doctype html><html lang=en><title>x</title><input>",
        );
        browser.go(&store.url("/bad")).await;
        assert!(serious(&judged(browser).await)[0].contains("label"));
        // The colours are those of either language.
        for (lang, schemes) in [("en", &["light", "dark"][..]), ("fr", &["dark"])] {
            let mock = walk::server(&store);
            tour(browser, &mock, lang, &mut async |page: &str| {
                for scheme in schemes {
                    browser.screen(390, scheme).await;
                    // The bar as it is when it is open.
                    browser
                        .js("document.querySelectorAll('details').forEach(bar => bar.open = true)")
                        .await;
                    for line in serious(&judged(browser).await) {
                        found.push(format!("{lang} {page} {scheme}: {line}"));
                    }
                }
            })
            .await;
        }
    });
    assert!(found.is_empty(), "{found:#?}");
}
