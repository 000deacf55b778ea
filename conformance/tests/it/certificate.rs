//! What happens to a certificate: it holds until something is changed.

use crate::merchant::{demo, run, stderr, stdout, write};
use serde_json::Value;
use std::path::Path;

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
    // Digests of the contract and of the driver file, and nothing else: no token, no session.
    assert_eq!(long.len(), 2, "{long:?}");

    let refused = |name: &str, text: &str, why: &str| {
        let output = verify(&write(&folder, name, text), &[]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        let said = stdout(&output);
        assert!(
            said.contains("REFUSED") && said.contains(why),
            "{name}: {said}"
        );
    };
    // White space between tokens says nothing, as after a checkout with CRLF.
    for (name, text) in [
        ("space.json", text.replacen(": ", ":  ", 1)),
        ("crlf.json", text.replace('\n', "\r\n")),
        ("line.json", format!("{text}\n")),
    ] {
        let output = verify(&write(&folder, name, &text), &["--signer", public]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stdout(&output));
    }
    let twice = text.replacen("\"seed\": 1", "\"seed\": 2,\n  \"seed\": 1", 1);
    refused("twice.json", &twice, "as it was written");
    let unknown = stdout(&verify(&certificate, &[]));
    assert!(
        unknown.contains("unknown key: anyone can generate one"),
        "{unknown}"
    );
    assert!(unknown.contains("shop       not named"), "{unknown}");
    refused(
        "level.json",
        &text.replace("\"exemplary\"", "\"robust\""),
        "signature",
    );
    let stranger = path("stranger.json");
    run(&["merchant", "keygen", &stranger]);
    let stranger = flexiti_conformance::key::read(Path::new(&stranger)).unwrap();
    // Whoever has a key may sign anything; the trace still says what happened.
    let forged = |change: &dyn Fn(&mut Value)| {
        let mut file: Value = serde_json::from_str(&text).unwrap();
        file.as_object_mut().unwrap().shift_remove("signature");
        change(&mut file);
        let signed = flexiti_conformance::key::sign(&stranger, file.to_string().as_bytes());
        file["signature"] = serde_json::to_value(signed).unwrap();
        format!("{file:#}\n")
    };
    let untouched = write(&folder, "signer.json", &forged(&|_| {}));
    let other = verify(&untouched, &["--signer", public]);
    assert_eq!(other.status.code(), Some(1));
    assert!(stdout(&other).contains("signed by"), "{}", stdout(&other));
    assert_eq!(verify(&untouched, &[]).status.code(), Some(0));
    for (name, forge, why) in FORGERIES {
        refused(name, &forged(forge), why);
    }
}

/// A play of a purchase; which lane has played what depends on the machine.
fn bought(file: &mut Value) -> &mut Value {
    let acts = file["acts"].as_array_mut().unwrap().iter_mut();
    let mut played = acts.flat_map(|act| act["played"].as_array_mut().unwrap());
    let is_purchase = |played: &&mut Value| played["scenario"] == "outcome.purchased";
    played.find(is_purchase).unwrap()
}

/// Something that is changed in a certificate before it is signed again, and what is said of it.
type Forgery = (&'static str, fn(&mut Value), &'static str);

const FORGERIES: &[Forgery] = &[
    (
        "future.json",
        |file| file["issued"] = "2099-01-01T00:00:00Z".into(),
        "is in the future",
    ),
    (
        "old.json",
        |file| file["expires"] = "2020-01-01T00:00:00Z".into(),
        "has passed",
    ),
    (
        "for_ever.json",
        |file| file["expires"] = "2999-01-01T00:00:00Z".into(),
        "more than a year",
    ),
    (
        "verdict.json",
        |file| file["results"][0]["scenarios"][0]["verdict"] = "failed".into(),
        "trace comes to",
    ),
    (
        "dropped.json",
        |file| {
            let calls = file["acts"][0]["played"][3]["exchanges"].as_array_mut();
            calls.unwrap().remove(1);
        },
        "is missing",
    ),
    (
        // What failed is left out, and nobody speaks of it.
        "shortened.json",
        |file| {
            file["acts"][0]["played"].as_array_mut().unwrap().pop();
        },
        "trace comes to",
    ),
    (
        // It is spoken of, in the summary too, but not in the level.
        "skipped.json",
        |file| {
            let played = file["acts"][0]["played"].as_array_mut().unwrap();
            let last = played.pop().unwrap();
            let word = |key: &str| last[key].as_str().unwrap().to_owned();
            let name = format!("{}/{}/{}", word("scenario"), word("flow"), word("lang"));
            let results = &mut file["results"][0];
            let scenarios = results["scenarios"].as_array_mut().unwrap();
            let at = scenarios.iter().position(|result| result["name"] == name);
            let left_out = scenarios.remove(at.unwrap());
            results["skipped"] = [left_out["name"].clone()].into();
            let fewer = left_out["checks"].as_array().unwrap().len();
            let passed = file["summary"]["passed"].as_u64().unwrap();
            file["summary"]["passed"] = (passed - fewer as u64).into();
        },
        "level: the certificate says",
    ),
    (
        "unbelieved.json",
        |file| {
            bought(file)["happened"].as_array_mut().unwrap().pop();
        },
        "what happened is not what the scenario's steps are",
    ),
    (
        "faultless.json",
        |file| {
            let played = file["acts"][0]["played"].as_array_mut().unwrap();
            let faulty = |played: &&mut Value| played["faults"].as_array().unwrap().len() == 1;
            played.iter_mut().find(faulty).unwrap()["faults"] = Value::Array(Vec::new());
        },
        "plans 1 faults, the trace has 0",
    ),
    (
        "unopened.json",
        |file| bought(file)["opened"] = Value::Array(Vec::new()),
        "was opened, and is not among those that were",
    ),
    (
        "belief.json",
        |file| {
            let happened = bought(file)["happened"].as_array_mut();
            let believed = happened.unwrap().last_mut().unwrap();
            believed["believed"]["belief"] = "failed".into();
        },
        "trace comes to",
    ),
];
