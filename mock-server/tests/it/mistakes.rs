//! Mistakes at the start: one line says what is wrong, and nothing else is harmed.

use crate::process::{Running, run, stderr, stdout};
use crate::shop::demo_token_call;

#[test]
fn a_server_that_cannot_start_leaves_the_ready_file_of_the_one_that_runs() {
    let mut running = Running::start(&[]);
    let file = running.ready_file();
    let before = std::fs::read_to_string(&file).unwrap();
    let address = running.address().to_string();
    let second = [
        "--listen",
        &address,
        "--ready-file",
        file.to_str().expect("a path in UTF-8"),
    ];
    let output = run(&second);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let message = stderr(&output);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains(&address), "{message}");
    assert_eq!(stdout(&output), "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    assert_eq!(demo_token_call(&[]).send(running.address()).status, 200);
    // The first one still takes its file with it.
    running.signal("TERM");
    assert!(running.ended().success());
    assert!(!file.exists());
}

#[test]
fn a_mistake_beside_a_secret_is_one_line_without_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("merchants.toml");
    let file = path.to_str().expect("a path in UTF-8");
    for (content, line, key) in [
        // The key is misspelt, and its value is the secret.
        (
            "[[merchants]]\nclient_id = \"shop\"\nclient_secrets = \"s3cret-value\"\n",
            "line 3",
            "client_secrets",
        ),
        // Another key of the same line is wrong.
        (
            "merchants = [\n  {client_id = \"shop\", client_secret = \"s3cret-value\", colour = 1},\n]\n",
            "line 2",
            "colour",
        ),
        // A key is missing beside the secret.
        (
            "[[merchants]]\nclient_secret = \"s3cret-value\"\n",
            "line 1",
            "client_id",
        ),
        (
            "merchants = [{client_secret = \"s3cret-value\"}]\n",
            "line 1",
            "client_id",
        ),
        // No TOML at all.
        (
            "[[merchants]]\nclient_secret = \"s3cret-value\n",
            "line 2",
            "client_secret",
        ),
    ] {
        std::fs::write(&path, content).unwrap();
        let output = run(&["--listen", "127.0.0.1:0", "--config", file]);
        assert_eq!(output.status.code(), Some(2), "{content}");
        let message = stderr(&output);
        assert_eq!(message.lines().count(), 1, "{message}");
        for name in [file, line, key] {
            assert!(message.contains(name), "{name}: {message}");
        }
        assert!(!message.contains("s3cret-value"), "{message}");
        assert_eq!(stdout(&output), "");
    }
}
