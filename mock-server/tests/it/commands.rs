//! The sub-commands that do not serve.

use crate::process::{Running, program, run, stderr, stdout};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::Stdio;

const DIALECTS: [&str; 4] = ["documented", "lenient", "strict", "hyperswitch"];

#[test]
fn healthcheck_tells_a_server_that_is_well_from_none() {
    let running = Running::start(&["--admin-token", "admin-token"]);
    let address = running.address().to_string();
    let output = run(&["healthcheck", &address]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    let output = program()
        .env("FLEXITI_MOCK_LISTEN", &address)
        .arg("healthcheck")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    // The same port on another loopback address, where nobody listens.
    let nobody = address.replace("127.0.0.1", "127.0.0.77");
    let output = run(&["healthcheck", &nobody]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    assert!(stderr(&output).contains(&nobody));
    assert_eq!(run(&["healthcheck", "nowhere"]).status.code(), Some(2));
}

#[test]
fn healthcheck_says_what_to_change() {
    let running = Running::start(&[]);
    let address = running.address().to_string();
    let output = run(&["healthcheck", "--tls", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("the server does not use TLS; leave --tls out"),
        "{}",
        stderr(&output)
    );
    let output = run(&["healthcheck", &format!("http://{address}")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains(&format!("not a URL: {address}")),
        "{}",
        stderr(&output)
    );
    let output = run(&["--listen", &address]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("port 0 for a free one"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_configuration_that_is_not_toml_is_called_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shops.toml");
    for (text, said) in [
        (r#"{"merchants": []}"#, "not TOML: line 1"),
        ("merchants = 3", "line 1, merchants: expected a list"),
    ] {
        std::fs::write(&path, text).unwrap();
        let output = run(&["--config", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
        assert!(!stderr(&output).contains("wrong"), "{}", stderr(&output));
    }
}

#[test]
fn healthcheck_is_not_content_with_any_server() {
    use std::io::{Read as _, Write as _};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let other = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = String::new();
        let mut byte = [0];
        while !request.ends_with("\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            request.push(char::from(byte[0]));
        }
        let answer = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).unwrap();
        request
    });
    let output = run(&["healthcheck", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("503"), "{}", stderr(&output));
    let request = other.join().unwrap();
    assert!(request.starts_with("GET /__admin/health "), "{request}");
}

#[test]
fn openapi_prints_the_contract_of_a_dialect() {
    for dialect in DIALECTS {
        let output = run(&["openapi", "--dialect", dialect]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
        for path in [
            "/oauth/token",
            "/online/v2/client-id/{clientId}/systems/init",
            "/online/client-id/{clientId}/systems/init",
        ] {
            assert!(paths.iter().any(|p| *p == path), "{path}: {paths:?}");
        }
    }
    let default = stdout(&run(&["openapi"]));
    assert_eq!(
        default,
        stdout(&run(&["openapi", "--dialect", "documented"]))
    );
    assert_ne!(default, stdout(&run(&["openapi", "--dialect", "strict"])));
    let output = run(&["openapi", "--dialect", "nonsense"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nonsense"));
}

#[test]
fn a_dialect_that_is_shown_can_be_used_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for dialect in DIALECTS {
        let output = run(&["dialect", "show", dialect]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(shown["name"], dialect);
        let path = folder.path().join(format!("{dialect}.json"));
        std::fs::write(&path, &output.stdout).unwrap();
        let path = path.to_str().unwrap();
        let output = run(&["dialect", "check", path]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).contains(dialect), "{}", stdout(&output));
        // Every answer is spelled out: the file says the same as the name.
        let output = run(&["dialect", "diff", path, dialect]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn a_dialect_file_with_a_mistake_is_refused_with_file_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ours.json");
    let file = path.to_str().unwrap();
    let ours = |answers: Value| json!({"name": "ours", "description": "x", "extends": "documented", "answers": answers});
    for (content, names) in [
        (ours(json!({"colour": "blue"})), vec!["colour"]),
        (ours(json!({"token_ttl": "long"})), vec!["token_ttl"]),
        (ours(json!({"error_shape": "xml"})), vec!["error_shape"]),
        (ours(json!({"lang_values": "("})), vec!["lang_values"]),
        (
            json!({"name": "ours", "description": "x", "answers": {}}),
            vec!["token_ttl"],
        ),
        (
            json!({"name": "ours", "description": "x", "extends": "nonsense", "answers": {}}),
            vec!["nonsense", "documented"],
        ),
        (json!({"name": "ours", "answers": {}}), vec!["description"]),
        (json!([]), vec![]),
    ] {
        std::fs::write(&path, content.to_string()).unwrap();
        for arguments in [
            vec!["dialect", "check", file],
            vec!["--listen", "127.0.0.1:0", "--dialect", file],
        ] {
            let output = run(&arguments);
            assert_eq!(output.status.code(), Some(2), "{content}");
            let message = stderr(&output);
            for name in [&[file], names.as_slice()].concat() {
                assert!(message.contains(name), "{name}: {message}");
            }
        }
    }
    for absent in ["nonsense", "/nowhere/ours.json"] {
        let output = run(&["dialect", "check", absent]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(absent), "{}", stderr(&output));
    }
}

#[test]
fn diff_prints_each_knob_with_both_answers_and_the_evidence() {
    let output = run(&["dialect", "diff", "documented", "strict"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let printed = stdout(&output);
    let entries: Vec<&str> = printed
        .split("\n\n")
        .filter(|e| !e.trim().is_empty())
        .collect();
    let entry = entries
        .iter()
        .find(|entry| entry.starts_with("reference_id_pattern:"))
        .unwrap_or_else(|| panic!("{printed}"));
    for part in ["documented", "strict", "{32}", "evidence", "R-cur", "HS-rs"] {
        assert!(entry.contains(part), "{part}: {entry}");
    }
    for knob in ["cors:", "flow_paths:", "max_lengths:"] {
        assert!(
            entries.iter().any(|entry| entry.starts_with(knob)),
            "{knob}"
        );
    }
    assert!(!printed.contains("token_ttl"), "answered alike: {printed}");
    assert_eq!(stdout(&run(&["dialect", "diff", "strict", "strict"])), "");
    assert_eq!(
        run(&["dialect", "diff", "strict", "nonsense"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn help_and_version_are_printed() {
    let output = run(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains(env!("CARGO_PKG_VERSION")));
    let help = stdout(&run(&["--help"]));
    for flag in [
        "--listen",
        "--config",
        "--dialect",
        "--public-base-url",
        "--ready-file",
        "--seed",
        "--journal-limit",
        "--admin-token",
        "--log-level",
        "--log-format",
        "healthcheck",
        "openapi",
        "FLEXITI_MOCK_LISTEN",
    ] {
        assert!(help.contains(flag), "{flag}: {help}");
    }
    // The token itself is not shown to whoever asks for help.
    let output = program()
        .env("FLEXITI_MOCK_ADMIN_TOKEN", "admin-token-value")
        .arg("--help")
        .output()
        .unwrap();
    assert!(!stdout(&output).contains("admin-token-value"));
}

#[test]
fn a_reader_that_is_gone_is_no_mistake() {
    for arguments in [
        vec!["openapi"],
        vec!["openapi", "--dialect", "strict"],
        vec!["dialect", "show", "documented"],
    ] {
        // Closed before the program begins, so that its first write already fails.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = program()
            .args(&arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(stderr(&output), "", "{arguments:?}");
    }
}
