//! Forged certificates: a forger edits what Flexiti did in the trace, adapts what is easily adapted,
//! and signs it. The mock that plays the record again gives other answers.

use crate::merchant::{demo, run, stderr, stdout};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::Path;

/// A certificate of the demo shop, and a forger's key.
struct Forger {
    text: String,
    key: flexiti_conformance::key::SigningKey,
}

/// How many shops of the first dialect ran at once.
fn lanes(file: &Value) -> usize {
    let acts = file["acts"].as_array().unwrap();
    let same = acts
        .iter()
        .take_while(|act| act["dialect"]["name"] == acts[0]["dialect"]["name"]);
    same.count()
}

impl Forger {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (key, certificate) = (path("key.json"), path("certificate.json"));
        assert!(run(&["merchant", "keygen", &key]).status.success());
        let driver = demo(&folder);
        let output = run(&[
            "merchant",
            "--driver",
            &driver,
            "--dialect",
            "documented,strict",
            "--seed",
            "1",
            "--only",
            "callback.forged*",
            "--fuzz",
            "3",
            "--key",
            &key,
            "--certificate",
            &certificate,
        ]);
        let text = std::fs::read_to_string(&certificate);
        Self {
            text: text.unwrap_or_else(|_| panic!("{}{}", stdout(&output), stderr(&output))),
            key: flexiti_conformance::key::read(Path::new(&key)).unwrap(),
        }
    }

    fn file(&self) -> Value {
        let mut file: Value = serde_json::from_str(&self.text).unwrap();
        file.as_object_mut().unwrap().shift_remove("signature");
        file
    }

    /// What is said of a certificate that was changed; the forger seals the scenarios anew, which
    /// takes no mock.
    fn verified(&self, mut file: Value) -> Result<(), String> {
        for act in file["acts"].as_array_mut().unwrap() {
            let events = act["record"]["events"].as_array().unwrap();
            let last = events.last().unwrap()["seal"].as_str().unwrap().to_owned();
            let played = act["played"].as_array().unwrap().iter().enumerate();
            let seals: Vec<Value> = played
                .map(|(at, play)| seal(&last, at, play).into())
                .collect();
            let old = act["record"]["seals"].as_array_mut().unwrap();
            let rest = old.pop().unwrap();
            *old = seals;
            old.push(rest);
        }
        let signed = flexiti_conformance::key::sign(&self.key, file.to_string().as_bytes());
        file["signature"] = serde_json::to_value(signed).unwrap();
        let verified = flexiti_conformance::replayed(&format!("{file:#}\n"));
        verified.map_err(|error| format!("{error:#}"))
    }
}

/// As `merchant::record::seal` has it.
fn seal(last: &str, at: usize, play: &Value) -> String {
    let mut hash = Sha256::new();
    for part in [
        last.as_bytes(),
        &(at as u64).to_le_bytes(),
        play.to_string().as_bytes(),
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut hexadecimal = String::new();
    for byte in &hash.finalize()[..8] {
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    hexadecimal
}

/// The first call of the trace that this is true of.
fn call(file: &mut Value, wanted: impl Fn(&Value) -> bool) -> &mut Value {
    let acts = file["acts"].as_array_mut().unwrap().iter_mut();
    let played = acts.flat_map(|act| act["played"].as_array_mut().unwrap());
    let mut calls = played.flat_map(|played| played["exchanges"].as_array_mut().unwrap());
    calls.find(|call| wanted(call)).unwrap()
}

/// The first event of this kind.
fn event<'f>(file: &'f mut Value, kind: &str) -> &'f mut Value {
    let acts = file["acts"].as_array_mut().unwrap().iter_mut();
    let mut events = acts.flat_map(|act| act["record"]["events"].as_array_mut().unwrap());
    events
        .find(|event| event["what"] == kind || !event["what"][kind].is_null())
        .unwrap()
}

/// The first scenario that this is true of.
fn play(file: &mut Value, wanted: impl Fn(&Value) -> bool) -> &mut Value {
    let acts = file["acts"].as_array_mut().unwrap().iter_mut();
    let mut played = acts.flat_map(|act| act["played"].as_array_mut().unwrap());
    played.find(|played| wanted(played)).unwrap()
}

fn is_answered(status: u64) -> impl Fn(&Value) -> bool {
    move |call| call["status"] == status
}

/// Takes the events of a call out of its record, and renumbers those after it.
fn without_a_call(file: &mut Value) {
    let act = &mut file["acts"][0];
    let events = act["record"]["events"].as_array_mut().unwrap();
    let at = events
        .iter()
        .rposition(|event| !event["what"]["call"].is_null())
        .unwrap();
    events.remove(at);
    let last = act["played"].as_array_mut().unwrap().last_mut().unwrap();
    last["exchanges"].as_array_mut().unwrap().pop();
    let next = last["next_id"].as_u64().unwrap() - 1;
    last["next_id"] = next.into();
    let events = act["record"]["events"].as_array_mut().unwrap();
    let over = events
        .iter_mut()
        .rev()
        .find(|event| !event["what"]["over"].is_null())
        .unwrap();
    over["what"]["over"]["next"] = next.into();
}

/// Adds a call at the end of a record, a copy of the last one.
fn with_a_call(file: &mut Value) {
    let act = &mut file["acts"][0];
    let last = act["played"].as_array_mut().unwrap().last_mut().unwrap();
    let calls = last["exchanges"].as_array_mut().unwrap();
    let mut call = calls.last().unwrap().clone();
    let id = call["id"].as_u64().unwrap() + 1;
    call["id"] = id.into();
    calls.push(call);
    last["next_id"] = (id + 1).into();
    let events = act["record"]["events"].as_array_mut().unwrap();
    let at = events
        .iter()
        .rposition(|event| !event["what"]["call"].is_null())
        .unwrap();
    events.insert(at + 1, events[at].clone());
    let over = events
        .iter_mut()
        .rev()
        .find(|event| !event["what"]["over"].is_null())
        .unwrap();
    over["what"]["over"]["next"] = (id + 1).into();
}

/// Moves the first call of the trace by a second, in the record; gives its new time.
fn timed(file: &mut Value) -> String {
    let act = &mut file["acts"][0];
    let id = act["played"][0]["exchanges"][0]["id"].as_u64().unwrap();
    let events = act["record"]["events"].as_array_mut().unwrap().iter_mut();
    let mut calls = events.filter(|event| !event["what"]["call"].is_null());
    let event = calls.nth(usize::try_from(id).unwrap() - 1).unwrap();
    let at = event["at"].as_i64().unwrap() - 1_000;
    event["at"] = at.into();
    jiff::Timestamp::from_millisecond(at).unwrap().to_string()
}

type Forgery = (&'static str, fn(&mut Value), &'static str);

const FORGERIES: &[Forgery] = &[
    (
        "an answer's status",
        |file| call(file, is_answered(200))["status"] = 201.into(),
        "status: the trace says 201, a mock answers 200",
    ),
    (
        "an answer's body",
        |file| {
            let call = call(file, |call| {
                call["response_body"].to_string().contains("purchase")
            });
            let body = call["response_body"].as_str().unwrap().to_owned();
            call["response_body"] = body.replace("purchase", "Purchase").into();
        },
        "response_body: the trace says",
    ),
    (
        "a refused call that is accepted",
        |file| {
            let call = call(file, is_answered(404));
            call["status"] = 200.into();
            call["violations"] = json!([]);
        },
        "status: the trace says 200, a mock answers 404",
    ),
    (
        "a call that is left out",
        without_a_call,
        "were changed after recording",
    ),
    ("a call more", with_a_call, "call "),
    (
        "an order's outcome",
        |file| {
            let play = play(file, |play| play["opened"][0]["outcome"] == "purchased");
            play["opened"][0]["outcome"] = "declined".into();
        },
        "the trace says declined",
    ),
    (
        "what a customer did",
        |file| {
            let event = event(file, "complete");
            event["what"]["complete"]["outcome"] = "expired".into();
        },
        "",
    ),
    (
        "the time of a call",
        |file| drop(timed(file)),
        "at: the trace says",
    ),
    (
        "the time of a call, told so in the trace",
        |file| {
            let at = timed(file);
            let call = &mut file["acts"][0]["played"][0]["exchanges"][0];
            call["at"] = at.clone().into();
            call["clock"] = at.into();
        },
        "or its time were changed after recording",
    ),
    (
        "the time of an outcome",
        |file| {
            let event = event(file, "complete");
            event["at"] = (event["at"].as_i64().unwrap() - 1).into();
        },
        "were changed after recording",
    ),
    ("another seed", |file| file["seed"] = 2.into(), "the seed 2"),
    (
        "another dialect",
        |file| {
            let lanes = lanes(file);
            let (one, other) = file["acts"].as_array_mut().unwrap().split_at_mut(lanes);
            for act in one {
                act["dialect"]["answers"] = other[0]["dialect"]["answers"].clone();
            }
        },
        "call 1 ",
    ),
    (
        "another name of the dialect",
        |file| {
            let lanes = lanes(file);
            for act in &mut file["acts"].as_array_mut().unwrap()[..lanes] {
                act["dialect"]["description"] = "Another.".into();
            }
        },
        "were changed after recording",
    ),
    (
        "a fault that is not in the plan",
        |file| {
            let play = play(file, |play| play["faults"] != json!([]));
            play["faults"][0]["consumed_by"]
                .as_array_mut()
                .unwrap()
                .pop();
        },
        "faults[0]: the trace says that it struck",
    ),
    (
        "no fault planned",
        |file| {
            let acts = file["acts"].as_array_mut().unwrap().iter_mut();
            for act in acts {
                let events = act["record"]["events"].as_array_mut().unwrap();
                events.retain(|event| event["what"]["plan"].is_null());
            }
        },
        "",
    ),
    (
        "lanes that changed places",
        |file| file["acts"].as_array_mut().unwrap().swap(0, 1),
        "record 0: it was record 1 of the run",
    ),
    (
        "lanes that changed places and numbers",
        |file| {
            let acts = file["acts"].as_array_mut().unwrap();
            acts.swap(0, 1);
            for (at, act) in acts.iter_mut().enumerate() {
                act["record"]["lane"] = at.into();
            }
        },
        "were changed after recording",
    ),
    (
        "scenarios that changed places",
        |file| {
            let acts = file["acts"].as_array_mut().unwrap();
            let (one, other) = acts.split_at_mut(4);
            let one = &mut one[0]["played"];
            std::mem::swap(one, &mut other[0]["played"]);
        },
        "",
    ),
    (
        "a call of somebody else's",
        |file| {
            let play = play(file, |play| play["exchanges"].as_array().unwrap().len() > 2);
            let call = play["exchanges"].as_array_mut().unwrap().remove(2);
            play["left_out"] = json!([call["id"]]);
        },
        "the trace and the record disagree whether it belongs to the scenario",
    ),
    (
        "a record that is not there",
        |file| file["acts"][2]["record"] = Value::Null,
        "",
    ),
    (
        "fewer plans of the fuzzer",
        |file| file["fuzz"] = 2.into(),
        "it is not the plan that the seed 1 leads to",
    ),
    (
        "more plans of the fuzzer",
        |file| file["fuzz"] = 4.into(),
        "fuzz: the certificate says 4 plans, the trace has 3",
    ),
    (
        "an easier plan",
        |file| {
            let play = play(file, |play| !play["plan"].is_null());
            play["plan"]["faults"] = json!([]);
            play["plan"]["answers"] = json!({});
            play["plan"]["orders"] = 9.into();
        },
        "it is not the plan that the seed 1 leads to",
    ),
    (
        "an address",
        |file| file["acts"][0]["record"]["address"] = "127.0.0.1:1".into(),
        "a mock answers",
    ),
    (
        "a header",
        |file| {
            let headers = &mut event(file, "call")["what"]["call"]["headers"];
            headers.as_array_mut().unwrap().push(json!(["x-more", "1"]));
        },
        "call 1 ",
    ),
];

#[test]
fn what_flexiti_did_cannot_be_changed() {
    let forger = Forger::new();
    assert_eq!(forger.verified(forger.file()), Ok(()));
    let mut wrong = Vec::new();
    for (name, forge, why) in FORGERIES {
        let mut file = forger.file();
        forge(&mut file);
        if *name == "a record that is not there" {
            // There is nothing to seal.
            file["acts"][2]["record"] = json!({"events": [{"seal": ""}], "seals": [""]});
        }
        let said = forger.verified(file).expect_err(name);
        println!("{name}: {said}");
        // Not only the verdicts are wrong.
        if !said.contains(why) || said.contains("trace comes to") {
            wrong.push(format!("{name}: {said}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
    anything_else(&forger);
}

/// A place in a value, chosen by chance, as a JSON pointer; none if it is not the mock's to say.
fn leaf(value: &Value, path: &[usize]) -> Option<String> {
    let mut at = value;
    let mut pointer = String::new();
    for step in path {
        let key = match at {
            Value::Object(members) if !members.is_empty() => {
                members.keys().nth(step % members.len())?.clone()
            }
            Value::Array(items) if !items.is_empty() => (step % items.len()).to_string(),
            _ => break,
        };
        if key == "duration_us" {
            return None;
        }
        pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        at = value.pointer(&pointer)?;
    }
    Some(pointer)
}

fn other(value: &Value) -> Value {
    match value {
        Value::Null => json!("x"),
        Value::Bool(is) => json!(!is),
        Value::Number(number) => json!(number.as_u64().unwrap_or(0) + 1),
        Value::String(text) => json!(format!("{text}x")),
        Value::Array(_) => json!(["x"]),
        Value::Object(_) => Value::Object(Map::from_iter([("x".to_owned(), json!(1))])),
    }
}

/// Whatever is changed of a call, of an event, or of what became of faults and orders.
fn anything_else(forger: &Forger) {
    let config = ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let chosen = (
        0_usize..4,
        any::<[usize; 3]>(),
        prop::collection::vec(0_usize..1_000, 12),
    );
    let outcome = runner.run(&chosen, |(kind, [act, play, item], path)| {
        let mut file = forger.file();
        let acts = file["acts"].as_array_mut().unwrap();
        let count = acts.len();
        let act = &mut acts[act % count];
        let place = if kind == 0 {
            &mut act["record"]["events"]
        } else {
            let played = act["played"].as_array_mut().unwrap();
            let count = played.len();
            let key = ["exchanges", "faults", "opened"][kind - 1];
            &mut played[play % count][key]
        };
        let items = place.as_array_mut().unwrap();
        prop_assume!(!items.is_empty());
        let count = items.len();
        let item = &mut items[item % count];
        let Some(pointer) = leaf(item, &path) else {
            return Err(TestCaseError::reject("not the mock's to say"));
        };
        let leaf = item.pointer_mut(&pointer).unwrap();
        *leaf = other(leaf);
        let changed = format!("{kind} {pointer}: {leaf}");
        let verified = forger.verified(file);
        prop_assert!(verified.is_err(), "{}", changed);
        Ok(())
    });
    outcome.unwrap();
}
