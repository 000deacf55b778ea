//! Certifying shops: correct ones of different make, driver files, and a merchant's own tests.

use crate::formats::readers;
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
    let example = include_str!("../../src/merchant/driver/example.toml");
    let command = format!("command = [\"{}\"]", shop.display());
    let text = example.replace("command = [\"python3\", \"shop.py\"]", &command);
    write(folder, "demo.toml", &text)
}

pub fn write(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The driver files of the shops that do it right.
pub fn correct_shops(folder: &TempDir) -> [String; 4] {
    let path = |name: &str| merchants().join(name).display().to_string();
    [
        demo(folder),
        path("python/merchant.toml"),
        path("python/queue.toml"),
        path("node/merchant.toml"),
    ]
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
    let drivers = correct_shops(&folder);
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

#[test]
fn what_cannot_be_looked_at_stands_against_the_level() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::read_to_string(merchants().join("node/merchant.toml")).unwrap();
    let shop = merchants().join("node/shop.mjs");
    let file = file.replace("\"shop.mjs\"", &format!("\"{}\"", shop.display()));
    let without = |name: &str, from: &str, to: &str| {
        let (before, rest) = file.split_once(from).unwrap();
        let (_, after) = rest.split_once(to).unwrap();
        write(&folder, name, &format!("{before}{to}{after}"))
    };
    let runs = [
        (
            without("mute.toml", "[order]", "[pages]"),
            "7",
            "documented",
        ),
        (
            without("cart.toml", "[cart.billing]", "[order]"),
            "7",
            "all",
        ),
    ];
    let texts = certified_at_once(&runs);
    for ((_, text), (check, level)) in texts.iter().zip([
        ("not testable belief: ", "level: none"),
        ("not testable address_differs: ", "level: robust"),
    ]) {
        assert!(text.contains(check) && text.contains(level), "{text}");
        assert!(text.contains(" 0 failed, 0 inconclusive, "), "{text}");
    }
}

/// Certifies shops, each under a seed and in a dialect, all at once: they mostly wait. Gives their
/// driver files with what was said.
/// Certifies these shops; each gets a certificate, which the program verifies before it writes it.
fn certified_at_once(runs: &[(String, &str, &str)]) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.json").display().to_string();
    assert!(run(&["merchant", "keygen", &key]).status.success());
    let certify = |at: usize, driver: &str, seed: &str, dialect: &str| {
        let certificate = folder.path().join(format!("{at}.json"));
        let output = run(&[
            "merchant",
            "--driver",
            driver,
            "--seed",
            seed,
            "--dialect",
            dialect,
            "--key",
            &key,
            "--certificate",
            &certificate.display().to_string(),
        ]);
        let said = format!("seed {seed}\n{}{}", stdout(&output), stderr(&output));
        assert!(certificate.exists(), "{driver}: {said}");
        said
    };
    let certify = &certify;
    std::thread::scope(|scope| {
        let running: Vec<_> = runs
            .iter()
            .enumerate()
            .map(|(at, (driver, seed, dialect))| {
                (
                    driver,
                    scope.spawn(move || certify(at, driver, seed, dialect)),
                )
            })
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
    let formats = ["junit", "sarif", "html", "markdown", "github"];
    let place = |format: &str| folder.path().join(format);
    let reports = formats.map(|format| format!("{format}={}", place(format).display()));
    let output = Command::new(PROGRAM)
        .args(["merchant", "--driver", &driver, "--seed", "1"])
        .args(["--report", "text"])
        .args(reports.iter().flat_map(|report| ["--report", report]))
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
        "came out differently by dialect",
        "documented: passed, ours: FAILED",
    ] {
        assert!(text.contains(line), "{line}: {text}{}", stderr(&output));
    }
    assert_eq!(output.status.code(), Some(1));
    // The same, in every format that a server's run has.
    for format in formats {
        let text = std::fs::read_to_string(place(format)).unwrap();
        readers::read(format, &text);
        let failed = text.matches("outcome.purchased/buy/en (ours)").count();
        assert!(failed > 0, "{format}: {text}");
    }
}

#[test]
fn what_is_wrong_with_a_driver_file_is_said_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let example = include_str!("../../src/merchant/driver/example.toml");
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
    // A right one leads through the shop.
    let right = merchants().join("node/merchant.toml").display().to_string();
    let output = run(&["merchant", "check", &right]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("14 checkouts behaved as expected"), "{said}");
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
    let refused = format!(
        "curl -s -H 'x-reference-id: 0123456789abcdef0123456789abcdef' -d grant_type=password2 -d {keys} $FLEXITI_BASE_URL/oauth/token"
    );
    for (command, code, words) in [
        (
            good.as_str(),
            0,
            vec!["1 calls", "0 of them refused", "0 broken"],
        ),
        (bad.as_str(), 1, vec!["FAILED reference_id_missing"]),
        (
            refused.as_str(),
            1,
            vec![
                "FAILED call_refused: ",
                "requirement: ",
                "change: ",
                "curl ",
            ],
        ),
        (
            "curl -s -d client_id=nobody -d client_secret=x $FLEXITI_BASE_URL/oauth/token",
            1,
            vec!["FAILED call_refused: ", "1 of them refused"],
        ),
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
    let slow = run(&["merchant", "--exec", "sleep 5", "--exec-limit", "1"]);
    assert_eq!(slow.status.code(), Some(2), "{}", stderr(&slow));
    assert!(
        stderr(&slow).contains("did not end within 1 seconds"),
        "{}",
        stderr(&slow)
    );
}

#[test]
fn a_step_that_cannot_be_carried_out_says_why_and_the_run_is_inconclusive() {
    // The first of the two plays comes before any order was paid, the second does not.
    let driver = merchants().join("node/merchant.toml").display().to_string();
    let output = run(&[
        "merchant",
        "--driver",
        &driver,
        "--only",
        "callback.foreign",
        "--skip",
        "outcome.purchased",
        "--seed",
        "1",
    ]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(3), "{text}{}", stderr(&output));
    for words in [
        "dialect `documented`: 1 of 2 scenarios passed",
        "inconclusive step_failed: step 2 could not be carried out: no other customer's order",
        " 0 failed, 1 inconclusive, ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// Whether a process runs.
#[cfg(unix)]
fn is_alive(id: &str) -> bool {
    let asked = Command::new("kill").args(["-0", id]).output();
    asked.unwrap().status.success()
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_shop_and_its_children_with_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("child");
    // The shop is never ready: the run waits for it.
    let text = format!(
        "[shop]\nshell = \"sleep 300 & echo $! > {}; wait\"\nready_url = \"http://127.0.0.1:{{port}}/\"\nstart_s = 300\n",
        place.display()
    );
    let example = include_str!("../../src/merchant/driver/example.toml");
    let (_, rest) = example.split_once("[callbacks]").unwrap();
    let driver = write(&folder, "slow.toml", &format!("{text}[callbacks]{rest}"));
    let command = format!("sleep 300 & echo $! > {}; wait", place.display());
    for (args, signal, code) in [
        (vec!["--driver", &driver], "-TERM", 143),
        (vec!["--driver", &driver], "-INT", 130),
        (vec!["--exec", &command], "-TERM", 143),
    ] {
        let _ = std::fs::remove_file(&place);
        let mut running = Command::new(PROGRAM)
            .arg("merchant")
            .args(&args)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let child = loop {
            let said = std::fs::read_to_string(&place).unwrap_or_default();
            if said.ends_with('\n') {
                break said.trim().to_owned();
            }
            assert!(running.try_wait().unwrap().is_none(), "{args:?}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        assert!(is_alive(&child));
        let runner = running.id().to_string();
        let sent = Command::new("kill").args([signal, &runner]).status();
        assert!(sent.unwrap().success());
        assert_eq!(running.wait().unwrap().code(), Some(code), "{args:?}");
        // A process that was killed is gone once somebody has waited for it.
        let mut looks = 0;
        while is_alive(&child) && looks < 1_000 {
            std::thread::sleep(std::time::Duration::from_millis(5));
            looks += 1;
        }
        assert!(looks < 1_000, "{args:?}: process {child} still runs");
    }
}
