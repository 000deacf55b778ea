//! Forms and addresses as no browser sends them.

use super::{APPLICATION, STEPS, look, open, page, path, places, send, take, turn};
use crate::browser::walk;
use crate::shop::{assert_well, server};
use crate::wire::Call;
use serde_json::json;

#[test]
fn methods_and_steps_that_do_not_exist_are_refused() {
    let mock = server("documented");
    let order = open(&mock, "apply", false);
    look(&mock, &order);
    let before = walk::order(&mock, order.id);
    for step in ["nothing", "begin/", "a/b", "%62egin", "Begin", "return/x"] {
        assert_eq!(send(&mock, &order, step, &[]).status, 404, "POST {step}");
        let answer = Call::get(&path(&order, step)).send(mock.address());
        assert_eq!(answer.status, 404, "GET {step}");
        assert!(answer.text().contains("<h1>There is no such page"));
    }
    for step in STEPS {
        for method in ["GET", "HEAD"] {
            let answer = Call::new(method, &path(&order, step)).send(mock.address());
            assert_eq!(answer.status, 303, "{method} {step}");
            assert_eq!(answer.header("location"), Some(page(&order).as_str()));
        }
        for method in ["PUT", "DELETE", "PATCH"] {
            let answer = Call::new(method, &path(&order, step)).send(mock.address());
            assert_eq!(answer.status, 405, "{method} {step}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
        }
    }
    assert_eq!(walk::order(&mock, order.id), before);
}

#[test]
fn a_form_that_cannot_be_read_is_refused() {
    let mock = server("documented");
    let order = open(&mock, "apply", false);
    let own = format!("order={}&turn={}&", order.id, turn(&mock, &order).unwrap());
    let before = walk::order(&mock, order.id);
    let form = "application/x-www-form-urlencoded";
    let long = "fname=".to_owned() + &"a".repeat(70_000);
    let huge = "fname=".to_owned() + &"a".repeat(2_000_000);
    for (media, body, status) in [
        (form, b"fname=\xff\xfe".to_vec(), 400),
        (form, b"fname=%FF%FE".to_vec(), 400),
        (form, b"fname=%".to_vec(), 400),
        (form, b"fname=%4".to_vec(), 400),
        (form, b"fname=%zz".to_vec(), 400),
        (form, long.into(), 413),
        (form, huge.into(), 413),
        ("multipart/form-data; boundary=x", b"--x--".to_vec(), 415),
        ("application/json", b"{}".to_vec(), 415),
        ("text/plain", b"fname=x".to_vec(), 415),
        ("", b"fname=x".to_vec(), 415),
    ] {
        let body = [own.as_bytes(), &body].concat();
        let answer = Call::post(&path(&order, "application"))
            .header("content-type", media)
            .body(body)
            .send(mock.address());
        assert_eq!(answer.status, status, "{media}");
        let media = answer.header("content-type").unwrap();
        assert_eq!(media, "text/html; charset=utf-8");
    }
    assert_eq!(walk::order(&mock, order.id), before);
}

#[test]
fn long_fields_are_refused_and_the_rest_is_kept() {
    let mock = server("documented");
    let order = open(&mock, "apply", false);
    let long = "x".repeat(30_000);
    let mut typed = APPLICATION;
    typed[0].1 = &long;
    let answer = send(&mock, &order, "application", &typed);
    assert_eq!(answer.status, 422);
    let page = answer.text();
    assert!(page.contains("First name: too many characters"), "{page}");
    assert!(page.contains("value=\"Montréal\""), "{page}");
    assert!(page.len() < 30 * 1024, "what is too long is not sent back");
    let card = open(&mock, "apply/buy", true);
    take(&mock, &card, "begin", &[("way", "buy")]);
    let answer = send(&mock, &card, "identify", &[("card", &long)]);
    assert_eq!(answer.status, 422);
    assert!(answer.body.len() < 30 * 1024);
}

#[test]
fn only_looking_opens_an_order_and_no_query_changes_it() {
    let mock = server("documented");
    let order = open(&mock, "apply", false);
    let stage = || walk::order(&mock, order.id)["stage"].clone();
    let head = Call::new("HEAD", &page(&order)).send(mock.address());
    assert_eq!((head.status, stage()), (200, json!("created")));
    for lang in ["de", "fr", "", "%3Cscript%3E", "%FF", "en&lang=fr"] {
        let asked = format!("{}?lang={lang}&success_url=http://x.example", page(&order));
        let answer = Call::get(&asked).send(mock.address());
        assert_eq!(answer.status, 200, "{lang}");
        let page = answer.text();
        assert!(page.contains("<html lang=\"en\""), "{lang}: the order's");
        assert!(!page.contains("x.example") && !page.contains("<script"));
    }
    assert_eq!(stage(), "applying");
}

#[test]
fn garbage_never_fails_the_server_nor_moves_an_order() {
    let mock = server("documented");
    let garbage: [&[(&str, &str)]; 9] = [
        &[],
        &[("way", "\u{0}"), ("pin", "\u{0}"), ("card", "\u{0}")],
        &[
            ("pin", "２２２２"),
            ("card", "１０７００１５２１０３６７９８２"),
        ],
        &[("plan", "-1"), ("outcome", "as applied")],
        &[("plan", "99999999999999999999999"), ("outcome", "Approved")],
        &[("plan", "0 "), ("plan", "x"), ("outcome", "{}")],
        &[("card", "0000000000000000"), ("outcome", "null")],
        &[
            ("dob", "0000-00-00"),
            ("dob", "-9999-01-01"),
            ("email", "@"),
        ],
        &[
            ("dob", "9999-12-31T00:00:00Z"),
            ("phone_number", "+++++++++++"),
        ],
    ];
    for (place, order) in places(&mock) {
        let before = walk::order(&mock, order.id);
        for step in STEPS {
            // These do what they say whatever else is in the form; a wrong code is counted.
            if matches!(step, "cancel" | "change") || (place, step) == ("code", "pin") {
                continue;
            }
            for typed in garbage {
                let answer = send(&mock, &order, step, typed);
                assert!(answer.status < 500, "{step} at {place}: {typed:?}");
                assert_ne!(answer.status, 200, "{step} at {place}: {typed:?}");
            }
        }
        assert_eq!(walk::order(&mock, order.id), before, "{place}");
    }
    assert_well(&mock);
}

#[test]
fn every_page_is_small() {
    let mock = server("documented");
    let style = Call::get("/checkout/checkout.css").send(mock.address());
    assert_eq!(style.status, 200);
    let media = style.header("content-type");
    assert_eq!(media, Some("text/css; charset=utf-8"));
    let mut seen: Vec<(String, usize)> = Vec::new();
    for (place, order) in places(&mock) {
        for step in [
            "",
            "application",
            "pin",
            "identify",
            "plan",
            "confirm",
            "nothing",
        ] {
            let answer = match step {
                "" => look(&mock, &order),
                step => send(&mock, &order, step, &[("plan", "x")]),
            };
            let size = answer.body.len() + style.body.len();
            assert!(
                answer.status < 500 && size <= 15 * 1024,
                "{place}/{step}: {size}"
            );
            seen.push((format!("{place}/{step}"), size));
        }
    }
    let largest = seen.iter().max_by_key(|(_, size)| *size).unwrap();
    assert!(
        largest.1 > 8 * 1024,
        "the form with its mistakes: {largest:?}"
    );
}

#[test]
fn the_problems_stand_in_the_order_of_the_page() {
    let mock = server("documented");
    let order = open(&mock, "apply", false);
    let page = send(&mock, &order, "application", &[]).text();
    let links: Vec<&str> = page
        .split("<li><a href=\"#")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let fields = APPLICATION.map(|(name, _)| name);
    assert_eq!(links, fields, "{page}");
}
