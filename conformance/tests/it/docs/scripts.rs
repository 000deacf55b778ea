//! The examples in programming languages: Python examples are run, and Rust examples are those of
//! `rust_example.rs`, which is compiled and run with the tests.

use super::markdown::parse;
use super::programs::{Server, path, workshop};
use super::{pages_that_run, read};
use std::process::Command;

#[test]
fn python_examples_pass() {
    for page in pages_that_run() {
        for fence in parse(&read(&page)).fences {
            if fence.language != "python" {
                continue;
            }
            let server = Server::start();
            let script = fence.text.replace(":4359", &format!(":{}", server.port));
            let folder = workshop();
            std::fs::write(folder.path().join("example.py"), script).unwrap();
            let output = Command::new("python3")
                .arg("example.py")
                .current_dir(folder.path())
                .env("PATH", path())
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{page}:{}: {}{}",
                fence.line,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

#[test]
fn rust_examples_are_those_that_are_compiled_here() {
    let bare = |text: &str| {
        let lines = text.lines().map(str::trim);
        let code = lines.filter(|line| !line.is_empty() && !line.starts_with("#["));
        code.collect::<Vec<_>>().join("\n")
    };
    let compiled = bare(include_str!("rust_example.rs"));
    for page in pages_that_run() {
        for fence in parse(&read(&page)).fences {
            if fence.language == "rust" {
                assert!(
                    compiled.contains(&bare(&fence.text)),
                    "{page}:{}: not the example of rust_example.rs",
                    fence.line
                );
            }
        }
    }
}
