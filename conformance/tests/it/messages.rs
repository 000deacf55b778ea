//! What is said of a mistake: what is wrong, and what to do.

use std::process::{Command, Output, Stdio};

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"));
    command.args(args);
    for name in [
        "FLEXITI_BASE_URL",
        "FLEXITI_CLIENT_ID",
        "FLEXITI_CLIENT_SECRET",
        "FLEXITI_OTHER_CLIENT_ID",
        "FLEXITI_OTHER_CLIENT_SECRET",
    ] {
        command.env_remove(name);
    }
    command
}

fn told(output: &Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&all).into_owned()
}

#[test]
fn a_mistake_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let object = file("object.json", "{}");
    let driver = file("driver.toml", "[shop]\ncommand = \"python3 shop.py\"\n");
    let placeholder = "[callbacks]\nsuccess = \"http://127.0.0.1:{port}/\"\nerror = \"http://127.0.0.1:{port}/\"\n\
                       [checkout]\nurl = \"http://127.0.0.1:{port}/\"\n[pages]\nscan = [\"http://127.0.0.1:{port}/{flow}\"]\n";
    let placeholder = file("placeholder.toml", placeholder);
    let missing = folder.path().join("none.toml").display().to_string();
    let same = [
        "server",
        "--base-url",
        "http://127.0.0.1:1/flexiti/online-api",
    ];
    let same = [
        &same[..],
        &[
            "--other-client-id",
            "flexitidemo",
            "--other-client-secret",
            "x",
        ],
    ];
    for (args, words) in [
        (vec!["verify", &object], "not a certificate"),
        (
            vec!["merchant", "init", &object],
            "already exists and is not overwritten",
        ),
        (vec!["merchant", "check", &missing], "merchant init"),
        (
            vec!["merchant", "check", &driver],
            "command = [\"python3\", \"shop.py\"]",
        ),
        (
            vec!["merchant", "check", &placeholder],
            "only {port} and {lang} can stand here",
        ),
        (
            vec!["server", "--baseline", &object],
            "a JSON report of `server`",
        ),
        (
            same.concat(),
            "--other-client-id: is the account of --client-id",
        ),
        (
            vec!["server", "--other-client-id", "other"],
            "--other-client-secret",
        ),
    ] {
        let output = program(&args).output().unwrap();
        let told = told(&output);
        assert!(told.contains(words), "{args:?}: {told}");
        assert!(!output.status.success(), "{args:?}: {told}");
    }
    let baseline = program(&["server", "--baseline", &object])
        .output()
        .unwrap();
    assert!(!told(&baseline).contains("merchant fuzz"));
}

#[test]
fn a_secret_is_not_hidden_in_the_programs_own_words() {
    let url = "http://127.0.0.1:1/flexiti/online-api";
    let args = [
        "server",
        "--base-url",
        url,
        "--client-id",
        "b",
        "--client-secret",
        "b",
    ];
    let output = program(&args).output().unwrap();
    let told = told(&output);
    assert!(
        told.contains("unreachable") && told.contains("--base-url"),
        "{told}"
    );
    assert!(!told.contains("$FLEXITI"), "{told}");
}

#[test]
fn a_reader_who_has_gone_is_no_error() {
    for args in [
        &["merchant", "schema"][..],
        &["list"],
        &["explain", "init.lang.required"],
        &["server", "--cases", "0", "--only", "token.response.*"],
    ] {
        let mut child = program(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let told = told(&output);
        assert!(!told.contains("panicked"), "{args:?}: {told}");
        assert_eq!(output.status.code(), Some(0), "{args:?}: {told}");
    }
}
