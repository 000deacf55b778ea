//! Certifying shops: correct ones of four kinds, what happens to certificates, and shops that
//! cannot be certified.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_flexiti-conformance");

pub fn run(args: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(args).env_remove("FLEXITI_BASE_URL");
    command.output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn merchants() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/merchants")
}

/// The driver file of the demo shop, which `cargo test --workspace` has built.
pub fn demo(folder: &TempDir) -> String {
    let built = Path::new(PROGRAM).parent().unwrap();
    let shop = built.join("examples/shop");
    assert!(
        shop.exists(),
        "build it: cargo build -p flexiti-mock --example shop"
    );
    let example = include_str!("../../src/merchant/example.toml");
    let command = format!("command = [\"{}\"]", shop.display());
    let text = example.replace("command = [\"python3\", \"shop.py\"]", &command);
    write(folder, "demo.toml", &text)
}

pub fn write(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn the_demo_shop_is_exemplary_and_its_certificate_holds_until_something_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (key, certificate) = (path("key.json"), path("certificate.json"));
    let made = run(&["merchant", "keygen", &key]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let public = stdout(&made);
    let public = public.trim_end().rsplit(' ').next().unwrap();
    let driver = demo(&folder);
    let output = run(&[
        "merchant",
        "--driver",
        &driver,
        "--dialect",
        "all",
        "--seed",
        "1",
        "--key",
        &key,
        "--certificate",
        &certificate,
    ]);
    let text = stdout(&output);
    assert!(
        text.contains("level: exemplary"),
        "{text}{}",
        stderr(&output)
    );
    assert_eq!(output.status.code(), Some(0), "{text}");

    let verify = |path: &str, more: &[&str]| run(&[&["verify", path], more].concat());
    let holds = verify(&certificate, &["--signer", public]);
    assert_eq!(holds.status.code(), Some(0), "{}", stdout(&holds));
    assert!(stdout(&holds).contains("exemplary"), "{}", stdout(&holds));

    let text = std::fs::read_to_string(&certificate).unwrap();
    for secret in ["shop-secret", "Bearer 0"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let hex = |run: &str| run.len() >= 40 && run.bytes().all(|b| b.is_ascii_hexdigit());
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let long: Vec<&str> = words.filter(|word| hex(word)).collect();
    // The contract's digest is the only one: no token, no session.
    assert_eq!(long.len(), 1, "{long:?}");

    let refused = |name: &str, text: &str, why: &str| {
        let output = verify(&write(&folder, name, text), &[]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        let said = stdout(&output);
        assert!(
            said.contains("REFUSED") && said.contains(why),
            "{name}: {said}"
        );
    };
    refused(
        "space.json",
        &text.replacen(": ", ":  ", 1),
        "as it was written",
    );
    refused(
        "level.json",
        &text.replace("\"exemplary\"", "\"robust\""),
        "signature",
    );
    let stranger = path("stranger.json");
    run(&["merchant", "keygen", &stranger]);
    let stranger = flexiti_conformance::merchant::key::read(Path::new(&stranger)).unwrap();
    // Whoever has a key may sign anything; the trace still says what happened.
    let forged = |change: &dyn Fn(&mut Value)| {
        let mut file: Value = serde_json::from_str(&text).unwrap();
        file.as_object_mut().unwrap().shift_remove("signature");
        change(&mut file);
        let signed =
            flexiti_conformance::merchant::key::sign(&stranger, file.to_string().as_bytes());
        file["signature"] = serde_json::to_value(signed).unwrap();
        format!("{file:#}\n")
    };
    let untouched = write(&folder, "signer.json", &forged(&|_| {}));
    let other = verify(&untouched, &["--signer", public]);
    assert_eq!(other.status.code(), Some(1));
    assert!(stdout(&other).contains("signed by"), "{}", stdout(&other));
    assert_eq!(verify(&untouched, &[]).status.code(), Some(0));
    refused(
        "verdict.json",
        &forged(&|file| file["results"][0]["scenarios"][0]["verdict"] = "failed".into()),
        "trace comes to",
    );
    refused(
        "dropped.json",
        &forged(&|file| {
            let calls = file["acts"][0]["played"][3]["exchanges"].as_array_mut();
            calls.unwrap().remove(1);
        }),
        "is missing",
    );
    refused(
        "belief.json",
        &forged(&|file| {
            let happened = file["acts"][0]["played"][0]["happened"]
                .as_array_mut()
                .unwrap();
            let believed = happened.last_mut().unwrap();
            believed["believed"]["belief"] = "failed".into();
        }),
        "trace comes to",
    );
}

#[test]
fn correct_shops_of_other_makes_are_exemplary() {
    let runs = [
        "python/merchant.toml",
        "python/queue.toml",
        "node/merchant.toml",
    ];
    let runs = runs.map(|driver| (merchants().join(driver).display().to_string(), "2", "all"));
    for (driver, text) in certified_at_once(&runs) {
        assert!(text.contains("level: exemplary"), "{driver}: {text}");
    }
}

/// Each of the shops has been certified in all dialects under another seed, too.
#[test]
fn no_correct_shop_is_accused_under_any_of_five_seeds() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| merchants().join(name).display().to_string();
    let drivers = [
        demo(&folder),
        path("python/merchant.toml"),
        path("python/queue.toml"),
        path("node/merchant.toml"),
    ];
    for seeds in [
        [("3", "documented"), ("4", "lenient")],
        [("5", "strict"), ("6", "hyperswitch")],
    ] {
        let runs = drivers
            .iter()
            .flat_map(|driver| seeds.map(|(seed, dialect)| (driver.clone(), seed, dialect)));
        let runs: Vec<_> = runs.collect();
        for (driver, text) in certified_at_once(&runs) {
            // One dialect is not enough for more than robust.
            assert!(text.contains("level: robust"), "{driver}: {text}");
            assert!(
                text.contains(" 0 failed, 0 inconclusive, 0 not testable"),
                "{driver}: {text}"
            );
        }
    }
}

/// Certifies shops, each under a seed and in a dialect, all at once: they mostly wait. Gives their
/// driver files with what was said.
fn certified_at_once(runs: &[(String, &str, &str)]) -> Vec<(String, String)> {
    let certify = |driver: &str, seed: &str, dialect: &str| {
        let output = run(&[
            "merchant",
            "--driver",
            driver,
            "--seed",
            seed,
            "--dialect",
            dialect,
        ]);
        format!("seed {seed}\n{}{}", stdout(&output), stderr(&output))
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = runs
            .iter()
            .map(|(driver, seed, dialect)| (driver, scope.spawn(|| certify(driver, seed, dialect))))
            .collect();
        let ended = running.into_iter();
        ended
            .map(|(driver, running)| (driver.clone(), running.join().unwrap()))
            .collect()
    })
}

#[test]
fn a_dialect_of_ones_own_is_one_of_the_matrix() {
    let folder = tempfile::tempdir().unwrap();
    let own = write(
        &folder,
        "own.json",
        r#"{"name": "ours", "description": "What we saw.", "extends": "documented",
            "answers": {"response_member_order": "reversed", "ids_as": "string"}}"#,
    );
    let driver = merchants()
        .join("python/merchant.toml")
        .display()
        .to_string();
    let output = Command::new(PROGRAM)
        .args(["merchant", "--driver", &driver, "--seed", "1"])
        .args([
            "--dialect",
            &format!("documented,{own}"),
            "--only",
            "outcome.purchased",
        ])
        .env("SHOP_FAULT", "reads_with_a_pattern")
        .output()
        .unwrap();
    let text = stdout(&output);
    for line in [
        "dialect `documented`: 4 of 4 scenarios passed",
        "dialect `ours`: 0 of 4 scenarios passed",
        "depends on an undocumented choice:",
        "documented: passed, ours: FAILED",
    ] {
        assert!(text.contains(line), "{line}: {text}{}", stderr(&output));
    }
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_shop_that_cannot_be_certified_is_named_and_the_run_ends() {
    let folder = tempfile::tempdir().unwrap();
    let example = include_str!("../../src/merchant/example.toml");
    let shop = |name: &str, program: &str| {
        let command = format!("command = [\"sh\", \"-c\", '''{program}''']");
        let text = example.replace("command = [\"python3\", \"shop.py\"]", &command);
        let driver = write(&folder, name, &text);
        run(&[
            "merchant",
            "--driver",
            &driver,
            "--seed",
            "1",
            "--only",
            "outcome.approved",
        ])
    };
    for (name, program, words) in [
        (
            "none.toml",
            "exec nothing-of-this-name",
            vec!["ended", "before it was ready", "not found"],
        ),
        (
            "early.toml",
            "echo no database >&2; exit 7",
            vec!["ended", "exit status: 7", "no database"],
        ),
    ] {
        let output = shop(name, program);
        assert_eq!(output.status.code(), Some(3), "{name}: {}", stderr(&output));
        for word in words {
            assert!(
                stderr(&output).contains(word),
                "{name}: {}",
                stderr(&output)
            );
        }
    }
    // It answers, but not as a shop does.
    let python = |body: &str| {
        format!(
            "exec python3 -c \"
import http.server, os
class H(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self): self.answer()
    def do_POST(self): self.answer()
    def answer(self):
        if self.path == chr(47): self.send_response(200); self.end_headers(); return
{body}
host, port = os.environ['SHOP_LISTEN'].split(':')
http.server.ThreadingHTTPServer((host, int(port)), H).serve_forever()
\""
        )
    };
    for (name, body, words) in [
        (
            "loop.toml",
            "        self.send_response(302); self.send_header('location', self.path); self.end_headers()",
            vec!["start", "10 redirections"],
        ),
        (
            "garbage.toml",
            "        self.wfile.write(b'garbage' * 9); self.close_connection = True",
            vec!["start", "FAILED"],
        ),
    ] {
        let output = shop(name, &python(body));
        let text = stdout(&output);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{name}: {text}{}",
            stderr(&output)
        );
        for word in words {
            assert!(text.contains(word), "{name}: {text}");
        }
        assert!(text.contains("level: none"), "{name}: {text}");
    }
}

#[test]
fn what_is_wrong_with_a_driver_file_is_said_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let example = include_str!("../../src/merchant/example.toml");
    let wrong = write(
        &folder,
        "wrong.toml",
        &example.replace("{mname}", "{middle}"),
    );
    for (args, words) in [
        (
            vec!["merchant", "--driver", "nowhere.toml"],
            vec!["nowhere.toml"],
        ),
        (
            vec!["merchant", "--driver", &wrong],
            vec!["wrong.toml", "checkout.form.mname", "{mname}"],
        ),
        (vec!["merchant"], vec!["--driver", "--exec"]),
        (
            vec!["merchant", "--driver", &wrong, "--certificate", "x"],
            vec!["--key"],
        ),
        (
            vec!["merchant", "--driver", &wrong, "--dialect", "english"],
            vec!["english", "lenient"],
        ),
        (
            vec!["merchant", "--driver", &wrong, "--key", "nowhere.json"],
            vec!["nowhere.json"],
        ),
    ] {
        let output = run(&args);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{args:?}: {}",
            stderr(&output)
        );
        for word in words {
            assert!(
                stderr(&output).contains(word),
                "{args:?}: {}",
                stderr(&output)
            );
        }
    }
    // What is there is left alone.
    let output = run(&["merchant", "init", &wrong]);
    assert_eq!(output.status.code(), Some(2));
    let key = folder.path().join("key.json").display().to_string();
    assert_eq!(run(&["merchant", "keygen", &key]).status.code(), Some(0));
    assert_eq!(run(&["merchant", "keygen", &key]).status.code(), Some(2));
    let fresh = folder.path().join("fresh.toml").display().to_string();
    assert_eq!(run(&["merchant", "init", &fresh]).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&fresh).unwrap(), example);
}

#[test]
fn the_merchants_own_tests_are_judged_by_what_they_sent() {
    let keys = "client_id=$FLEXITI_CLIENT_ID -d client_secret=$FLEXITI_CLIENT_SECRET";
    let good = format!(
        "curl -s -H 'x-reference-id: 0123456789abcdef0123456789abcdef' -d grant_type=client_credentials -d {keys} $FLEXITI_BASE_URL/oauth/token"
    );
    let bad =
        format!("curl -s -d grant_type=client_credentials -d {keys} $FLEXITI_BASE_URL/oauth/token");
    for (command, code, words) in [
        (good.as_str(), 0, vec!["1 calls", "0 broken"]),
        (bad.as_str(), 1, vec!["FAILED reference_id_missing"]),
        ("true", 3, vec!["sent nothing"]),
        (&format!("{good}; exit 5"), 3, vec!["exit status: 5"]),
    ] {
        let output = run(&["merchant", "--exec", command]);
        let text = stdout(&output);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{command}: {text}{}",
            stderr(&output)
        );
        for word in words {
            assert!(text.contains(word), "{command}: {text}");
        }
    }
}
