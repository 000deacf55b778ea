//! Requests that are copied as tests: they run in their languages.

use super::{details, open, token};
use crate::browser::driver::{Browser, browse};
use crate::shop::{APPLY, INIT, KEYS, REFERENCE, SECRET, TOKEN, init_call, path_of, server};
use crate::wire::Call;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Each language with words that are in its tests only.
const LANGUAGES: [(&str, &str); 3] = [
    ("Python", "def test_request"),
    ("Node", "from \"node:test\""),
    ("PHP", "<?php"),
];

/// The test of a request in a language, whose details are open.
async fn copied(browser: &Browser, id: u64, (language, words): (&str, &str)) -> String {
    let place = format!("#request-{id}-detail");
    browser.fill(&format!("{place} select"), language).await;
    let text = format!("document.querySelector('{place} .curl').textContent");
    browser
        .until(&format!("return {text}.includes({words:?})"))
        .await;
    let code = browser.js(&format!("return {text}")).await;
    code.as_str().unwrap().to_owned()
}

/// Runs a test as its language does.
fn run(folder: &Path, language: &str, code: &str, secrets: &[(String, &str)]) -> Output {
    let file = |name: &str, code: &str| {
        let path = folder.join(name);
        fs::write(&path, code).unwrap();
        path
    };
    let mut command = match language {
        "Python" => {
            let name = code.split("def ").nth(1).unwrap().split(':').next();
            let call = format!("{code}\n\n{}\n", name.unwrap());
            let mut python = Command::new("python3");
            python.arg(file("copied.py", &call));
            python
        }
        "Node" => {
            let mut node = Command::new("node");
            node.arg("--test").arg(file("copied.test.mjs", code));
            node
        }
        _ => {
            let mut php = Command::new("php");
            php.arg(file("copied.php", code));
            php
        }
    };
    let secrets = secrets.iter().map(|(name, value)| (name, value));
    command.envs(secrets).output().unwrap()
}

#[test]
fn a_copied_test_runs_in_its_language_and_wants_the_same_status() {
    let mock = server("documented");
    let token = token(&mock);
    let odd = "lang=l'Église \"q\" \\ $HOME `x` ${1}\nflow=apply";
    let asked = init_call(INIT, &token)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-empty", "")
        .body(odd.to_owned())
        .send(mock.address());
    assert!(matches!(asked.status, 400 | 409), "{}", asked.text());
    let made = init_call(INIT, &token).form(&APPLY).send(mock.address());
    let page = path_of(made.json()["redirection_url"].as_str().unwrap());
    let page = page.split('?').next().unwrap();
    let session = page.rsplit('/').next().unwrap();
    // A page that leads elsewhere, and one that is only asked for its head.
    let sent = Call::get(&format!("{page}/application")).send(mock.address());
    assert_eq!(sent.status, 303);
    let head = Call::new("HEAD", &format!("{page}?lang=fr")).send(mock.address());
    assert_eq!(head.status, 200);
    let asked_for_token = Call::post(TOKEN)
        .header("x-reference-id", REFERENCE)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=client_credentials&{KEYS}"))
        .send(mock.address());
    assert_eq!(asked_for_token.status, 200);

    let folder = tempfile::tempdir().unwrap();
    browse(async |browser| {
        open(browser, &mock).await;
        for (id, secrets) in [
            (2, vec![("TOKEN", token.as_str())]),
            (4, vec![("SECRET_", session)]),
            (5, vec![("SECRET_", session)]),
            (6, vec![("CLIENT_SECRET", SECRET)]),
        ] {
            details(browser, id).await;
            for language in LANGUAGES {
                let code = copied(browser, id, language).await;
                let secrets: Vec<(String, &str)> = secrets
                    .iter()
                    .map(|(name, value)| {
                        let from = code.find(name).unwrap_or_else(|| panic!("{name}: {code}"));
                        let is_name = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
                        (code[from..].chars().take_while(is_name).collect(), *value)
                    })
                    .collect();
                let count = || mock.admin().requests("").unwrap().requests.len();
                let before = count();
                let ran = run(folder.path(), language.0, &code, &secrets);
                assert!(ran.status.success(), "{ran:?}: {code}");
                assert_eq!(count(), before + 1, "{}: {code}", language.0);
                let newest = mock.admin().recorded(u64::try_from(before).unwrap() + 1);
                let (again, original) = (newest.unwrap(), mock.admin().recorded(id).unwrap());
                assert_eq!(again.sent.method, original.sent.method);
                assert_eq!(
                    again.sent.body, original.sent.body,
                    "{}: {code}",
                    language.0
                );
                assert_eq!(again.status, original.status);
            }
        }
        // Another status is a failure, and not all is well whatever comes.
        for language in LANGUAGES {
            let code = copied(browser, 2, language).await;
            let status = asked.status.to_string();
            let secrets = [("TOKEN".to_owned(), token.as_str())];
            let wrong = run(
                folder.path(),
                language.0,
                &code.replace(&status, "418"),
                &secrets,
            );
            assert!(!wrong.status.success(), "{wrong:?}: {code}");
        }
    });
}
