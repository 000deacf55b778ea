//! Steps out of order, too late, or for somebody else.

use super::{APPLICATION, STEPS, look, open, page, path, places, send, take, turn};
use crate::browser::walk;
use crate::shop::{CLIENT, advance, server, start};
use crate::wire::Call;
use flexiti_mock::Settings;
use serde_json::json;

#[test]
fn a_session_that_was_guessed_or_tampered_with_is_nobodys() {
    let mock = server("documented");
    let order = open(&mock, "apply", false);
    let session = page(&order).replace("/checkout/", "");
    let before = walk::order(&mock, order.id);
    let changed = if session.starts_with('a') { "b" } else { "a" };
    for guess in [
        format!("{changed}{}", &session[1..]),
        session[..session.len() - 1].to_owned(),
        format!("{session}0"),
        session.to_uppercase() + "X",
        order.id.to_string(),
        format!("{session}%00"),
        format!("{session}%2Fcancel"),
        String::new(),
    ] {
        for (call, step) in [("GET", ""), ("GET", "/return"), ("POST", "/cancel")] {
            let answer = Call::new(call, &format!("/checkout/{guess}{step}"))
                .form(&[("order", order.id.to_string()), ("turn", "0".to_owned())])
                .send(mock.address());
            assert_eq!(answer.status, 404, "{call} {guess}{step}");
        }
    }
    assert_eq!(walk::order(&mock, order.id), before);
}

#[test]
fn a_page_that_was_open_too_long_is_gone_and_sends_back_to_the_shop() {
    let mock = server("documented");
    let order = open(&mock, "apply/buy", true);
    take(&mock, &order, "begin", &[("way", "apply")]);
    let turn = turn(&mock, &order).unwrap();
    advance(&mock, CLIENT, 1_799_000);
    assert_eq!(look(&mock, &order).status, 200);
    advance(&mock, CLIENT, 1_000);
    let id = order.id.to_string();
    let late = [("order", id.as_str()), ("turn", turn.as_str())];
    let answer = Call::post(&path(&order, "application"))
        .form(&[&late[..], &APPLICATION[..]].concat())
        .send(mock.address());
    assert!(matches!(answer.status, 303 | 409), "{}", answer.status);
    let answer = look(&mock, &order);
    assert_eq!(answer.status, 410);
    assert!(answer.text().contains("/return\""), "{}", answer.text());
    assert!(!answer.text().contains("<form"), "{}", answer.text());
    let told = walk::notification(&mock, order.id);
    assert_eq!(told["apply"]["apply_status"], "EXPIRED", "{told}");
    let back = Call::get(&path(&order, "return")).send(mock.address());
    assert_eq!(back.status, 303);
    let to = back.header("location");
    assert_eq!(to, Some("http://127.0.0.1:9000/flexiti/cancel"));
}

#[test]
fn a_form_of_another_order_is_refused() {
    let mock = server("documented");
    let (one, other) = (open(&mock, "apply", false), open(&mock, "apply", false));
    look(&mock, &one);
    let turn = turn(&mock, &other).unwrap();
    let before = walk::order(&mock, other.id);
    for step in STEPS {
        for id in [one.id.to_string(), String::new(), format!("0{}", other.id)] {
            let typed = [("order", id.as_str()), ("turn", turn.as_str())];
            let answer = Call::post(&path(&other, step))
                .form(&typed)
                .send(mock.address());
            assert_eq!(answer.status, 409, "{step} {id}");
        }
    }
    assert_eq!(walk::order(&mock, other.id), before);
}

#[test]
fn a_step_that_is_not_due_or_is_from_before_changes_nothing() {
    let mock = server("documented");
    let due = |place: &str, step: &str| match step {
        "begin" => matches!(place, "choice" | "approved" | "retry"),
        "application" => place == "form",
        "fill" => matches!(place, "form" | "card"),
        "pin" => place == "code",
        "identify" => place == "card",
        "change" => place == "confirm",
        // What ends an order may always do so; the rest asks for what is not sent here.
        "cancel" => true,
        _ => place == step,
    };
    for (place, order) in places(&mock) {
        let before = walk::order(&mock, order.id);
        let id = order.id.to_string();
        for step in STEPS {
            if !due(place, step) {
                let answer = send(&mock, &order, step, &[("way", "buy"), ("agree", "yes")]);
                assert_eq!(answer.status, 409, "{step} at {place}");
            }
            // Without the page's number, or with another.
            for turn in ["", "77", "-1", "0x1"] {
                let typed = [("order", id.as_str()), ("turn", turn)];
                let answer = Call::post(&path(&order, step))
                    .form(&typed)
                    .send(mock.address());
                assert_eq!(answer.status, 303, "{step} at {place}, turn {turn}");
            }
            let typed = [("order", id.as_str())];
            let answer = Call::post(&path(&order, step))
                .form(&typed)
                .send(mock.address());
            assert_eq!(answer.status, 303, "{step} at {place} without a turn");
        }
        assert_eq!(walk::order(&mock, order.id), before, "{place}");
    }
}

#[test]
fn three_wrong_codes_end_it_as_the_dialect_says() {
    let file = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    let dialect = json!({
        "name": "mine", "description": "Gives up.", "extends": "documented",
        "answers": {"after_wrong_pins": "cancelled"},
    });
    std::fs::write(file.path(), dialect.to_string()).unwrap();
    for (dialect, flow, outcome) in [
        ("documented", "apply", "declined"),
        ("documented", "buy", "refused"),
        (file.path().to_str().unwrap(), "apply", "cancelled"),
        (file.path().to_str().unwrap(), "buy", "cancelled"),
    ] {
        let mock = server(dialect);
        let order = open(&mock, flow, false);
        look(&mock, &order);
        if flow == "apply" {
            take(&mock, &order, "application", &APPLICATION);
        }
        for left in ["Tries left: 2", "Tries left: 1"] {
            // Who only clicks on has tried nothing.
            let answer = send(&mock, &order, "pin", &[("pin", " ")]);
            assert_eq!(answer.status, 422);
            assert!(
                answer.text().contains("Fill in this field"),
                "{}",
                answer.text()
            );
            let answer = send(&mock, &order, "pin", &[("pin", "1")]);
            assert_eq!(answer.status, 422);
            assert!(answer.text().contains(left), "{}", answer.text());
        }
        take(&mock, &order, "pin", &[("pin", "1")]);
        let shown = walk::order(&mock, order.id);
        assert_eq!(shown["outcome"], outcome, "{flow}: {shown}");
        assert_eq!(shown["refused"], "tries_exceed", "{flow}: {shown}");
        assert!(look(&mock, &order).text().contains("too many times"));
    }
}

#[test]
fn nobody_goes_back_before_the_end_or_to_another_place() {
    let mock = server("documented");
    for (place, order) in places(&mock) {
        let asked = path(
            &order,
            "return?url=//evil.example&success_url=http://evil.example",
        );
        let answer = Call::get(&asked)
            .header("referer", "http://evil.example/")
            .header("x-forwarded-host", "evil.example")
            .send(mock.address());
        let shop = "http://127.0.0.1:9000/flexiti/";
        if let Some(to) = answer.header("location") {
            assert!(to.starts_with(shop), "{place}: {to}");
            continue;
        }
        assert_eq!(answer.status, 409, "{place}");
        let open = [
            "choice", "form", "code", "approved", "plan", "confirm", "card",
        ];
        assert!(open.contains(&place) || place == "abandoned", "{place}");
    }
}

#[test]
fn without_the_sandbox_bar_there_is_nothing_to_force() {
    let mock = start(&Settings {
        sandbox_bar: false,
        ..Settings::default()
    });
    let order = open(&mock, "buy", false);
    let page = look(&mock, &order).text();
    let before = walk::order(&mock, order.id);
    let pin = before["pin"].as_str().unwrap();
    assert!(!page.contains(pin) && !page.contains("sandbox"), "{page}");
    let answer = send(&mock, &order, "force", &[("outcome", "purchased")]);
    assert_eq!(answer.status, 404);
    let answer = Call::get(&path(&order, "force")).send(mock.address());
    assert_eq!(answer.status, 404);
    assert_eq!(walk::order(&mock, order.id), before);
}
