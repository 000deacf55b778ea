//! Shops as merchants have them: with a login, a cart and numbers of their own, running already, or
//! doing no more than the documentation asks for. None is accused.

use crate::merchant::{merchants, run, stderr, stdout, write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

fn plain(file: &str) -> String {
    merchants().join("plain").join(file).display().to_string()
}

#[test]
fn shops_that_do_what_is_asked_for_and_no_more_are_robust() {
    // Each in its own dialect, all at once: they mostly wait.
    let runs = [
        ("forms.toml", "11", "strict"),
        ("api.toml", "12", "lenient"),
        ("merchant.toml", "13", "documented"),
    ];
    let certify = |file: &str, seed: &str, dialect: &str| {
        let file = plain(file);
        run(&[
            "merchant",
            "--driver",
            &file,
            "--seed",
            seed,
            "--dialect",
            dialect,
        ])
    };
    std::thread::scope(|scope| {
        let running = runs
            .map(|(file, seed, dialect)| (file, scope.spawn(move || certify(file, seed, dialect))));
        for (file, running) in running {
            let output = running.join().unwrap();
            let text = stdout(&output);
            assert!(
                text.contains("level: robust"),
                "{file}: {text}{}",
                stderr(&output)
            );
            assert_eq!(output.status.code(), Some(0), "{file}: {text}");
            // It learns the outcome only if the customer comes back: a matter of good practice.
            let lines = text.lines();
            let accused: Vec<&str> = lines.filter(|line| line.starts_with("FAILED")).collect();
            let allowed = |line: &&&str| line.contains("callback.never") && file == "merchant.toml";
            assert_eq!(
                accused.iter().filter(|line| !allowed(line)).count(),
                0,
                "{file}: {text}"
            );
        }
    });
}

/// A shop that somebody else started.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_shop_that_runs_already_calls_the_address_of_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, mock, other) = (free_port(), free_port(), free_port());
    let child = Command::new("python3")
        .arg("shop.py")
        .current_dir(merchants().join("plain"))
        .env("LISTEN", format!("127.0.0.1:{shop}"))
        .env(
            "FLEXITI_BASE_URL",
            format!("http://127.0.0.1:{mock}/flexiti/online-api"),
        )
        .env("FLEXITI_CLIENT_ID", "flexitidemo")
        .env("FLEXITI_CLIENT_SECRET", "flexitidemo-secret")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _running = Running(child.unwrap());
    let text = std::fs::read_to_string(plain("merchant.toml")).unwrap();
    let text = text
        .replace("command = [\"python3\", \"shop.py\"]\n", "")
        .replace("env = { LISTEN = \"127.0.0.1:{port}\" }\n", "")
        .replace("{port}", &shop.to_string());
    let driver = write(&folder, "running.toml", &text);
    let certify = |listen: Option<u16>| {
        let address = listen.map(|port| format!("127.0.0.1:{port}"));
        let mut args = vec!["merchant", "--driver", &driver, "--seed", "1"];
        args.extend([
            "--only",
            "outcome.purchased",
            "--dialect",
            "documented,lenient",
        ]);
        args.extend(
            address
                .iter()
                .flat_map(|address| ["--listen", address.as_str()]),
        );
        run(&args)
    };
    // Both dialects, one after the other, at one address.
    let output = certify(Some(mock));
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(
        text.contains("dialect `lenient`: 4 of 4 scenarios passed"),
        "{text}"
    );
    // It calls another address: the one that it should call is named.
    let output = certify(Some(other));
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    let address = format!("http://127.0.0.1:{other}/flexiti/online-api");
    assert!(
        said.contains("never called Flexiti") && said.contains(&address),
        "{said}"
    );
    let output = certify(None);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--listen"), "{}", stderr(&output));
}

#[test]
fn a_part_for_one_flow_that_reads_nothing_accuses_no_shop() {
    let folder = tempfile::tempdir().unwrap();
    let program = merchants().join("plain/forms.py");
    let text = std::fs::read_to_string(plain("forms.toml")).unwrap();
    let text = text
        .replace("forms.py", &program.display().to_string())
        .replace("css = \"#credit\"", "css = \"#loan\"");
    let driver = write(&folder, "loan.toml", &text);
    // What is read in the other flow is right, and no reason to blame the shop for this one.
    let output = run(&["merchant", "check", &driver]);
    let said = format!("{}{}", stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(3), "{said}");
    for word in ["order.url", "credit/answer", "`#loan` matches nothing"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("FAILED"), "{said}");
}

#[test]
fn a_step_that_leads_nowhere_is_named_and_so_is_a_mistake_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(plain("forms.toml")).unwrap();
    let program = merchants().join("plain/forms.py");
    let text = text.replace("forms.py", &program.display().to_string());
    for (name, old, new, code, words) in [
        (
            "selector.toml",
            "input[name=authenticity_token]",
            "input[name=csrf]",
            3,
            vec![
                "checkout.steps[1]",
                "extract.login_csrf",
                "`input[name=csrf]` matches nothing",
            ],
        ),
        (
            "login.toml",
            "opensesame",
            "wrong",
            3,
            vec!["checkout.steps[2]", "status 401"],
        ),
        (
            "header.toml",
            "css = \"dd.state\"",
            "css = \"dd.state\"\nheader = \"x\"",
            2,
            vec![
                "order",
                "exactly one of css, pointer, regex, cookie and header",
            ],
        ),
        (
            "regex.toml",
            "value=\"([^\"]+)\"",
            "value=\"([^\"+\"",
            2,
            vec!["checkout.steps[2].extract.csrf.regex"],
        ),
        (
            "placeholder.toml",
            "\"{csrf}\", sku",
            "\"{crsf}\", sku",
            2,
            vec![
                "checkout.steps[3].form.authenticity_token",
                "{crsf}",
                "{csrf}",
            ],
        ),
        (
            "flows.toml",
            "flows = [\"apply\", \"apply/buy\"]",
            "flows = [\"lease\"]",
            2,
            vec!["shop.flows", "lease", "apply/buy"],
        ),
        (
            "reset.toml",
            "start_s = 10",
            "start_s = 10\nreset = [\"false\"]",
            3,
            vec!["shop.reset", "exit status: 1"],
        ),
    ] {
        assert!(text.contains(old), "{name}");
        let driver = write(&folder, name, &text.replace(old, new));
        let output = run(&[
            "merchant",
            "--driver",
            &driver,
            "--only",
            "outcome.purchased",
        ]);
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(code), "{name}: {said}");
        for word in words {
            assert!(said.contains(word), "{name}: {word}: {said}");
        }
    }
}

#[test]
fn a_page_that_is_made_in_the_browser_asks_as_its_script_would() {
    let folder = tempfile::tempdir().unwrap();
    let file = plain("spa.toml");
    let checked = run(&["merchant", "check", &file]);
    let said = format!("{}{}", stdout(&checked), stderr(&checked));
    assert_eq!(checked.status.code(), Some(0), "{said}");
    // Nothing but the script makes this shop ask Flexiti.
    let text = std::fs::read_to_string(&file).unwrap();
    let program = merchants().join("plain/api.py");
    let text = text.replace("api.py", &program.display().to_string());
    let steps = text.lines().find(|line| line.starts_with("steps = [{ url"));
    let steps = steps.unwrap();
    for (name, changed, code, words) in [
        ("mute.toml", "", 1, "FAILED belief: the shop says `pending`"),
        (
            "unknown.toml",
            &*steps.replace("{cart}", "{card}"),
            2,
            "callbacks.steps[1].url: unknown placeholder `{card}`",
        ),
    ] {
        let driver = write(&folder, name, &text.replace(steps, changed));
        let output = run(&["merchant", "check", &driver]);
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(code), "{name}: {said}");
        assert!(said.contains(words), "{name}: {said}");
    }
}

/// A file with one waiver.
fn waiver(folder: &TempDir, name: &str, check: &str, expires: &str) -> String {
    let text = format!(
        "[[waivers]]\ncheck = \"{check}\"\nscenario = \"callback.told\"\nreason = \"mended in 2.1\"\nexpires = \"{expires}\"\n"
    );
    write(folder, name, &text)
}

#[test]
fn a_level_is_required_and_a_failure_is_waived_for_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let driver = merchants()
        .join("python/merchant.toml")
        .display()
        .to_string();
    let good = waiver(&folder, "good.toml", "outcome_from_callback", "2999-12-31");
    let late = waiver(&folder, "late.toml", "outcome_from_callback", "2020-01-31");
    let odd = waiver(&folder, "odd.toml", "outcome", "2999-12-31");
    let certify = |fault: &str, only: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"));
        command
            .args([
                "merchant", "--seed", "1", "--driver", &driver, "--only", only,
            ])
            .args(more);
        if !fault.is_empty() {
            command.env("SHOP_FAULT", fault);
        }
        command.output().unwrap()
    };
    let trusting = "trusts_callback";
    let mild = "ignores_retry_after";
    for (fault, only, more, code, words) in [
        (
            trusting,
            "callback.told",
            vec![],
            1,
            "documented requirement: GS: ",
        ),
        (
            trusting,
            "callback.forged/",
            vec![],
            2,
            "--only: unknown scenario `callback.forged/`",
        ),
        (
            trusting,
            "callback.told",
            vec!["--waivers", &good],
            0,
            "waived in callback.told/buy/en (documented): outcome_from_callback: mended in 2.1 (until 2999-12-31)",
        ),
        (
            trusting,
            "callback.told",
            vec!["--waivers", &late],
            2,
            "expired on 2020-01-31",
        ),
        (
            trusting,
            "callback.told",
            vec!["--waivers", &odd],
            2,
            "odd.toml:2: check: unknown check `outcome`",
        ),
        (
            "",
            "callback.told",
            vec!["--waivers", &good],
            1,
            "waiver not needed: outcome_from_callback, scenario callback.told",
        ),
        // Good practice costs exemplary, and nothing below it.
        (
            mild,
            "token.unavailable",
            vec![],
            0,
            "FAILED retry_after_ignored",
        ),
        (
            mild,
            "token.unavailable",
            vec!["--require", "exemplary"],
            1,
            "good practice; costs exemplary",
        ),
        (
            "",
            "token.unavailable",
            vec!["--require", "basic"],
            3,
            "level: none",
        ),
    ] {
        let output = certify(fault, only, &more);
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert_eq!(
            output.status.code(),
            Some(code),
            "{fault} {only} {more:?}: {said}"
        );
        assert!(said.contains(words), "{words}: {said}");
    }
}
