//! What the dashboard asks the server for: its own files, dialects, faults, promises of clauses.

use super::WRONG;
use crate::shop::{
    APPLY, CLIENT, GRANT, INIT, admin, demo_token_call, init_call, server, start, token,
};
use crate::wire::{Answer, Call};
use flexiti_contract::{Contract, Flow};
use flexiti_mock::embed::admin::Wanted;
use flexiti_mock::{Mock, Settings};
use serde_json::{Value, json};

fn get(mock: &Mock, path: &str) -> Answer {
    Call::get(&format!("/__admin{path}")).send(mock.address())
}

/// What stands between two texts, everywhere.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Vec<&'t str> {
    let pieces = text.split(before).skip(1);
    pieces
        .filter_map(|piece| piece.split(after).next())
        .collect()
}

#[test]
fn its_files_are_whole_small_and_locked_up() {
    let mock = server("documented");
    let page = get(&mock, "/");
    let mut names = between(&page.text(), "\"dashboard/", "\"")
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    assert_eq!(names.len(), 2, "{names:?}");
    let mut size = page.text().len();
    let mut at = 0;
    let mut answers = vec![page];
    // What is loaded when somebody needs it comes last.
    let mut later: Vec<String> = Vec::new();
    let mut opened = None;
    loop {
        if at == names.len() {
            opened.get_or_insert(size);
            later.sort();
            later.dedup();
            later.retain(|name| !names.contains(name));
            if later.is_empty() {
                break;
            }
            names.append(&mut later);
        }
        let file = get(&mock, &format!("/dashboard/{}", names[at]));
        assert_eq!(file.status, 200, "{}", names[at]);
        let text = file.text();
        for name in between(&text, " from \"./", "\"") {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        let on_demand = between(&text, "import(\"./", "\"");
        later.extend(on_demand.into_iter().map(str::to_owned));
        for forbidden in ["innerHTML", "eval(", "https://", "@import"] {
            assert!(!text.contains(forbidden), "{forbidden} in {}", names[at]);
        }
        size += text.len();
        at += 1;
        answers.push(file);
    }
    let opened = opened.unwrap();
    assert!(opened <= 60 * 1024, "{opened} bytes when it opens");
    assert!(size <= 80 * 1024, "{size} bytes with all that it can load");
    for name in [
        "detail.js",
        "timeline.js",
        "code.js",
        "merchants.js",
        "dialect.js",
    ] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
    for answer in answers {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}");
        }
    }
    assert_eq!(get(&mock, "/dashboard/nothing.js").status, 404);
    assert_eq!(get(&mock, "/dashboard/..%2Findex.html").status, 404);
}

#[test]
fn a_link_leads_to_it_from_anywhere_and_nothing_else_does() {
    let mock = start(&Settings {
        admin_token: Some("admin-token".to_owned()),
        ..Settings::default()
    });
    let linked = |path: &str| {
        Call::get(&format!("/__admin{path}"))
            .header("sec-fetch-site", "cross-site")
            .send(mock.address())
    };
    assert_eq!(linked("/").status, 200);
    assert_eq!(linked("/dashboard/dashboard.js").status, 200);
    let short = linked("");
    assert_eq!(
        (short.status, short.header("location")),
        (303, Some("/__admin/"))
    );
    for path in ["/dialects", "/requests", "/merchants", "/events"] {
        assert_eq!(linked(path).status, 403, "{path}");
        assert_eq!(get(&mock, path).status, 401, "{path}");
    }
    let written = Call::post("/__admin/").send(mock.address());
    assert_eq!(written.status, 401);
    let written = Call::post("/__admin").send(mock.address());
    assert_eq!(written.status, 401);
}

#[test]
fn dialects_are_listed_with_what_they_are_for() {
    let mock = server("strict");
    let listed = get(&mock, "/dialects").json();
    let names: Vec<&str> = listed["dialects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, Contract::shipped().dialect_names());
    for row in &mock.admin().dialects().dialects {
        assert!(!row.description.is_empty(), "{}", row.name);
        let put = admin(
            &mock,
            "PUT",
            &format!("/merchants/{CLIENT}/dialect"),
            &json!({"name": row.name}),
        );
        assert_eq!(put.status, 200, "{}", row.name);
    }
    let whole = json!(mock.admin().dialects());
    assert_eq!(listed, whole);
}

#[test]
fn one_fault_more_or_less_leaves_the_others_accounted_for() {
    let mock = server("documented");
    let path = format!("/merchants/{CLIENT}/faults");
    let changed = |change: &Value| admin(&mock, "PATCH", &path, change);
    let add = |action: &Value| {
        changed(&json!({"add": {"match": {"endpoint": "token"}, "action": action}}))
    };
    assert_eq!(add(&json!({"type": "status", "status": 503})).status, 200);
    assert_eq!(demo_token_call(&[GRANT]).send(mock.address()).status, 503);
    let two = add(&json!({"type": "status", "status": 500}));
    let accounts = |answer: &Answer| -> Vec<Value> {
        let faults = answer.json()["faults"].as_array().unwrap().clone();
        faults
            .iter()
            .map(|fault| fault["consumed_by"].clone())
            .collect()
    };
    assert_eq!(
        accounts(&two),
        [json!([1]), json!([])],
        "the first is not armed again"
    );
    for (wrong, says) in [
        (
            json!({"add": {"action": {"type": "status", "status": 200}}}),
            "add.action.status: must be 400 to 599",
        ),
        (json!({"add": {"action": {"type": "nonsense"}}}), "add"),
        (
            json!({"add": {"match": {"nth": 0}, "action": {"type": "empty"}}}),
            "add.match.nth",
        ),
        (
            json!({"remove": 2}),
            "remove: no fault `2`; the plan has 0 to 1",
        ),
        (json!({"remove": -1}), "remove"),
        (json!({"change": 1}), "change"),
        (
            json!({"remove": 0, "add": {"action": {"type": "empty"}}}),
            "",
        ),
        (json!({}), ""),
    ] {
        let refused = changed(&wrong);
        assert!(
            matches!(refused.status, 400 | 422),
            "{wrong}: {}",
            refused.text()
        );
        let error = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(says), "{wrong}: {error}");
        let plan = admin(&mock, "GET", &path, &Value::Null);
        assert_eq!(accounts(&plan), [json!([1]), json!([])], "{wrong}");
    }
    let one = changed(&json!({"remove": 0}));
    assert_eq!(accounts(&one), [json!([])]);
    assert_eq!(demo_token_call(&[GRANT]).send(mock.address()).status, 500);
    assert_eq!(
        accounts(&changed(&json!({"remove": 0}))),
        Vec::<Value>::new()
    );
    assert!(
        changed(&json!({"remove": 0}))
            .text()
            .contains("the plan is empty")
    );
    let nobody = admin(
        &mock,
        "PATCH",
        "/merchants/nobody/faults",
        &json!({"remove": 0}),
    );
    assert_eq!(nobody.status, 404);
}

#[test]
fn an_exchange_says_what_its_clauses_promise() {
    let mock = server("documented");
    let answer = init_call(INIT, &token(&mock))
        .form(&WRONG)
        .send(mock.address());
    assert_eq!(answer.status, 409);
    let found = mock.admin().request(2).unwrap();
    let broken: Vec<&str> = found
        .row
        .violations
        .iter()
        .map(|broken| broken.clause.as_str())
        .collect();
    let why: Vec<&str> = found.why.iter().map(|why| why.clause.as_str()).collect();
    assert_eq!(why, broken);
    let shown = get(&mock, "/requests/2").json();
    for row in shown["why"].as_array().unwrap() {
        let clause = Contract::shipped()
            .clause(row["clause"].as_str().unwrap())
            .unwrap();
        assert_eq!(row["requirement"], clause.requirement);
        assert_eq!(row["evidence"], clause.evidence.as_str());
        assert_eq!(row["source"], json!(clause.source));
        assert_eq!(row["level"], "must");
    }
    // A clause that is broken several times is there once.
    let answer = init_call(INIT, &token(&mock))
        .form(&[("lang", "en"), ("flow", "buy"), ("amount_requested", "1")])
        .send(mock.address());
    assert_eq!(answer.status, 409);
    let found = mock.admin().request(4).unwrap();
    let mut why: Vec<&str> = found.why.iter().map(|why| why.clause.as_str()).collect();
    let all = why.len();
    why.sort_unstable();
    why.dedup();
    assert_eq!(why.len(), all);
    assert!(all < found.row.violations.len());
    assert!(mock.admin().request(1).unwrap().why.is_empty());
}

#[test]
fn an_order_says_what_it_can_come_to() {
    let mock = server("documented");
    for flow in ["apply", "apply/buy"] {
        for wanted in Wanted::ALL {
            let pairs = crate::browser::walk::parameters(flow, "en", &APPLY[2..]);
            let id = crate::browser::walk::init(&mock, false, &pairs).id;
            let next = mock.admin().order(id).unwrap().next;
            let wish = json!({"outcome": wanted});
            let answer = admin(&mock, "POST", &format!("/orders/{id}/complete"), &wish);
            let expected = if next.contains(&wanted) { 200 } else { 409 };
            assert_eq!(answer.status, expected, "{flow} {wanted:?}: {next:?}");
            let after = answer.json()["order"]["next"].clone();
            if wanted == Wanted::Declined {
                assert_eq!(after, json!([]), "{flow}: it is over");
            }
        }
    }
    let bought = crate::browser::walk::init(
        &mock,
        false,
        &crate::browser::walk::parameters("buy", "en", &[]),
    );
    let order = mock.admin().order(bought.id).unwrap();
    assert_eq!(order.flow, Flow::Buy);
    assert!(!order.next.contains(&Wanted::Approved) && order.next.contains(&Wanted::Purchased));
}
