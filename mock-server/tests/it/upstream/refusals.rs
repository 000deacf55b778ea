//! What is refused at the start: the flag is named, and nothing is called or written.

use crate::process::{run, stderr};
use std::path::Path;

const URL: &str = "http://127.0.0.1:9/flexiti/online-api";

fn configuration(folder: &Path, upstream: bool) -> String {
    let file = folder.join(format!("{upstream}.toml"));
    let text = format!(
        "[[merchants]]\nclient_id = \"shop\"\nclient_secret = \"shop-secret\"\nupstream = {upstream}\n"
    );
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_mistake_is_one_line_with_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let named = configuration(folder, true);
    let unnamed = configuration(folder, false);
    let foreign = folder.join("foreign.ndjson").display().to_string();
    std::fs::write(&foreign, "{\"format\":\"other\"}\n").unwrap();
    let newer = folder.join("newer.ndjson").display().to_string();
    let text = "{\"format\":\"flexiti-mock transcript\",\"version\":2,\"program\":\"9\"}\n";
    std::fs::write(&newer, text).unwrap();
    let broken = folder.join("broken.ndjson").display().to_string();
    let text = text.replace(":2,", ":1,") + "{}\n";
    std::fs::write(&broken, text).unwrap();
    let archive = folder.join("other.har").display().to_string();
    let text = "{\"log\":{\"version\":\"1.2\",\"entries\":[]}}";
    std::fs::write(&archive, text).unwrap();
    let place = folder.join("no/where.ndjson").display().to_string();
    let pem = folder.join("not.pem").display().to_string();
    std::fs::write(&pem, "nothing").unwrap();
    let live = "https://onlineapi.flexiti.fi/flexiti/online-api";
    for (arguments, says) in [
        (
            &["--upstream", "ftp://h/flexiti/online-api"][..],
            "--upstream: `ftp://h/flexiti/online-api`: must begin with http",
        ),
        (
            &["--upstream", "http://127.0.0.1:9/"],
            "must end with /flexiti/online-api",
        ),
        (
            &[
                "--upstream",
                "http://u:hunter2@127.0.0.1:9/flexiti/online-api",
            ],
            "--upstream: expected an address without user name",
        ),
        (
            &["--upstream", "http://sandbox.example/flexiti/online-api"],
            "nothing is sent to it without --allow-host sandbox.example",
        ),
        (
            &["--upstream", live],
            "without --allow-host onlineapi.flexiti.fi and --allow-production",
        ),
        (
            &["--upstream", live, "--allow-host", "onlineapi.flexiti.fi"],
            "without --allow-production",
        ),
        (
            &["--upstream", URL, "--allow-host", "http://x/"],
            "--allow-host",
        ),
        (
            &["--upstream", URL, "--config", &unnamed],
            "upstream = true",
        ),
        (
            &[
                "--upstream",
                URL,
                "--upstream-mode",
                "answer",
                "--transcript",
                &foreign,
            ],
            "leave --upstream out",
        ),
        (&["--upstream-mode", "answer"], "needs --transcript"),
        (
            &["--upstream-mode", "answer", "--transcript", &foreign],
            "is not a transcript",
        ),
        (&["--upstream-mode", "compare"], "needs --upstream URL"),
        (
            &["--transcript", &foreign],
            "--transcript: needs --upstream",
        ),
        (
            &["--upstream", URL, "--transcript", &foreign],
            "is not a transcript",
        ),
        (
            &["--upstream", URL, "--transcript", &newer],
            "is a transcript of version 2; this program reads version 1",
        ),
        (
            &["--upstream", URL, "--transcript", &broken],
            "line 2: missing field",
        ),
        (
            &["--upstream", URL, "--transcript", &archive],
            "not an HTTP archive that this program wrote",
        ),
        (
            &["--upstream", URL, "--transcript", &place],
            "there is no folder",
        ),
        (
            &["--upstream", URL, "--transcript", "/dev/null"],
            "is not a plain file",
        ),
        (
            &[
                "--upstream",
                "https://localhost:9/flexiti/online-api",
                "--upstream-ca",
                &pem,
            ],
            "no certificate in PEM format",
        ),
        (
            &[
                "--upstream",
                "http://h.example/flexiti/online-api",
                "--allow-host",
                "h.example",
                "--upstream-proxy",
                "socks5://u:hunter2@h:1",
            ],
            "--upstream-proxy: expected http://HOST:PORT",
        ),
    ] {
        let mut all = vec!["--listen", "127.0.0.1:0"];
        if !arguments.contains(&"--config") {
            all.extend(["--config", &named]);
        }
        all.extend(arguments);
        let output = run(&all);
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    // None of them was touched.
    assert_eq!(
        std::fs::read_to_string(&foreign).unwrap(),
        "{\"format\":\"other\"}\n"
    );
    assert!(std::fs::read_to_string(&archive).unwrap().ends_with("[]}}"));
    assert!(!Path::new(&place).exists());
}
