//! Fuzzing shops: correct ones are not accused, and what breaks a broken one is made small.

use crate::merchant::{correct_shops, merchants, run, stderr, stdout, write};
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::sync::Mutex;

/// Fuzzes a shop that has this fault.
fn fuzz(program: &str, fault: &str, save: &str) -> Output {
    let driver = merchants().join(program).join("merchant.toml");
    Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"))
        .args(["merchant", "fuzz"])
        .arg(driver)
        .args(["--seed", "1", "--cases", "60", "--save", save])
        .env("SHOP_FAULT", fault)
        .output()
        .unwrap()
}

/// Plays a plan again before a shop that has this fault, or none.
fn replay(plan: &str, program: &str, fault: Option<&str>) -> Output {
    let driver = merchants().join(program).join("merchant.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"));
    command.args(["replay", plan, "--driver"]).arg(driver);
    match fault {
        Some(fault) => command.env("SHOP_FAULT", fault),
        None => command.env_remove("SHOP_FAULT"),
    };
    command.output().unwrap()
}

#[test]
fn what_breaks_a_shop_is_made_small_and_breaks_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let words = |fault: &Value| {
        let word = |pointer| {
            fault
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        [word("/match/endpoint"), word("/action/type")]
    };
    for (program, fault, check, answers, struck) in [
        (
            "python",
            "unknown_field_is_fatal",
            "start",
            json!({"response_members": "more"}),
            None,
        ),
        (
            "node",
            "dies_of_bad_json",
            "belief",
            json!({}),
            Some("notification"),
        ),
        ("node", "trusts_callback", "belief", json!({}), None),
    ] {
        let save = folder.path().join(format!("{fault}.json"));
        let save = save.display().to_string();
        let output = fuzz(program, fault, &save);
        let text = stdout(&output);
        let context = format!("{program} {fault}: {text}{}", stderr(&output));
        assert_eq!(output.status.code(), Some(1), "{context}");
        assert!(text.contains(&format!("FAILED {check}: ")), "{context}");
        let plan: Value = serde_json::from_slice(&std::fs::read(&save).unwrap()).unwrap();
        let broke = plan["broke"].as_array().unwrap();
        assert!(broke.contains(&check.into()), "{context}");
        // Nothing is in it that does not break the shop.
        let scenario = &plan["scenario"];
        assert_eq!(scenario["answers"], answers, "{context}");
        let faults: Vec<_> = scenario["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(words)
            .collect();
        let endpoints: Vec<_> = faults.iter().filter_map(|[to, _]| to.as_deref()).collect();
        assert_eq!(endpoints, Vec::from_iter(struck), "{context}");
        assert_eq!(scenario["steps"].as_array().unwrap().len(), 4, "{context}");
        assert_eq!(plan["flow"], "apply/buy", "{context}");

        let again = replay(&save, program, Some(fault));
        assert_eq!(again.status.code(), Some(1), "{}", stdout(&again));
        assert!(stdout(&again).contains(&format!("FAILED {check}: ")));
        let mended = replay(&save, program, None);
        assert_eq!(mended.status.code(), Some(0), "{}", stdout(&mended));
        assert!(stdout(&mended).contains("nothing breaks"));
    }
}

#[test]
fn a_shop_that_fails_anyway_or_says_nothing_is_not_fuzzed() {
    let folder = tempfile::tempdir().unwrap();
    let save = folder.path().join("plan.json").display().to_string();
    let output = fuzz("node", "amount_in_cents", &save);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}{}", stderr(&output));
    for word in ["the baseline purchase fails", "FAILED amount_differs: "] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let driver = std::fs::read_to_string(merchants().join("node/merchant.toml")).unwrap();
    let (before, after) = driver.split_once("[order]").unwrap();
    let (_, after) = after.split_once("[pages]").unwrap();
    let mute = write(&folder, "mute.toml", &format!("{before}[pages]{after}"));
    let output = run(&["merchant", "fuzz", &mute, "--save", &save]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("[order]"), "{}", stderr(&output));
    assert!(!folder.path().join("plan.json").exists());
}

#[test]
fn correct_shops_are_not_accused_under_any_of_five_seeds() {
    let folder = tempfile::tempdir().unwrap();
    let drivers = correct_shops(&folder);
    let accused = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (at, driver) in drivers.iter().enumerate() {
            let (folder, accused) = (&folder, &accused);
            scope.spawn(move || {
                for seed in 11..16 {
                    let save = folder.path().join(format!("{at}-{seed}.json"));
                    let (save, seed) = (save.display().to_string(), seed.to_string());
                    let output = run(&[
                        "merchant", "fuzz", driver, "--seed", &seed, "--cases", "15", "--save",
                        &save,
                    ]);
                    let text = stdout(&output);
                    if output.status.code() != Some(0)
                        || !text.contains("15 plans, none of which breaks")
                    {
                        let line = format!("{driver} --seed {seed}: {text}{}", stderr(&output));
                        accused.lock().unwrap().push(line);
                    }
                }
            });
        }
    });
    let accused = accused.into_inner().unwrap();
    assert!(accused.is_empty(), "{}", accused.join("\n"));
}

#[test]
fn what_is_wrong_with_a_plan_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let driver = merchants()
        .join("python/merchant.toml")
        .display()
        .to_string();
    let plan = |change: &dyn Fn(&mut Value)| {
        let mut plan = json!({
            "format": "flexiti-merchant-plan/1",
            "dialect": "documented",
            "seed": 1,
            "flow": "buy",
            "lang": "en",
            "scenario": {
                "id": "fuzz.case",
                "requirement": "Whatever Flexiti may answer, the shop does right.",
                "source": ["own"],
                "test_case": null,
                "level": "robust",
                "flows": ["buy"],
                "langs": ["en"],
                "steps": [{"do": "checkout", "expect": "opens"}],
                "control": null
            },
            "broke": []
        });
        change(&mut plan);
        write(&folder, "plan.json", &plan.to_string())
    };
    let whole = plan(&|_| {});
    let output = run(&["replay", &whole]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--driver"), "{}", stderr(&output));
    for (change, words) in [
        (
            &(|plan: &mut Value| plan["scenario"]["stepz"] = json!([])) as &dyn Fn(&mut Value),
            vec!["plan.json", "stepz", "steps"],
        ),
        (
            &|plan| plan["scenario"]["steps"][0]["do"] = "jump".into(),
            vec!["plan.json", "jump", "checkout"],
        ),
        (
            &|plan| plan["scenario"]["answers"] = json!({"token_type": "mac"}),
            vec!["token_type", "mac"],
        ),
        (
            &|plan| plan["scenario"]["faults"] = json!([{"action": {"type": "explode"}}]),
            vec!["explode", "delay"],
        ),
        (
            &|plan| plan["dialect"] = "english".into(),
            vec!["english", "lenient"],
        ),
    ] {
        let file = plan(change);
        let output = run(&["replay", &file, "--driver", &driver]);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{words:?}: {}",
            stderr(&output)
        );
        for word in words {
            assert!(
                stderr(&output).contains(word),
                "{word}: {}",
                stderr(&output)
            );
        }
    }
    let other = write(&folder, "other.json", "{\"format\": 3}");
    let output = run(&["replay", &other, "--driver", &driver]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("merchant fuzz"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn flexiti_is_silent_for_longer_than_a_shop_waits_that_says_how_long_that_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::read_to_string(merchants().join("node/merchant.toml")).unwrap();
    let shop = merchants().join("node/shop.mjs");
    let file = file.replace("\"shop.mjs\"", &format!("\"{}\"", shop.display()));
    // As node/flexiti.mjs has it.
    let told = file.replace("[checkout]\n", "[checkout]\ntimeout_s = 5\n");
    assert_ne!(told, file);
    let certify = |name: &str, text: &str| {
        let driver = write(&folder, name, text);
        let args = [
            "merchant", "--seed", "1", "--only", "silence", "--driver", &driver,
        ];
        let output = run(&args);
        let said = format!("{}{}", stdout(&output), stderr(&output));
        (output.status.code(), said)
    };
    let (code, said) = certify("told.toml", &told);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("4 of 4 scenarios passed"), "{said}");
    let (code, said) = certify("untold.toml", &file);
    assert_eq!(code, Some(2), "{said}");
    let long = file.replace("[checkout]\n", "[checkout]\ntimeout_s = 90\n");
    let (code, said) = certify("long.toml", &long);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("checkout.timeout_s: 90 is not allowed"),
        "{said}"
    );
}
