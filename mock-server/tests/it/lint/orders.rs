//! Orders: whether the shop asks what became of them, and how often.

use super::{Case, check, clean, finds, lint};
use crate::lint::desk::Desk;
use crate::shop::{CLIENT, server, start};
use flexiti_contract::LintRule::{OutcomeUnread, PollingFast};
use flexiti_mock::Settings;
use serde_json::json;

pub const CASES: &[Case] = &[
    finds(OutcomeUnread, "(approved)", "documented", |desk| {
        let token = desk.token();
        let order = desk.order(&token, &[]);
        // What was asked before says nothing about what came after.
        desk.reads(&token, order);
        desk.advance(5_000);
        desk.complete(order, &json!({"outcome": "approved"}));
    }),
    clean("documented", |desk| {
        let token = desk.token();
        for outcome in ["approved", "declined", "cancelled", "retry"] {
            let order = desk.order(&token, &[("email", "a@example.com")]);
            desk.complete(order, &json!({"outcome": outcome}));
            assert_eq!(desk.reads(&token, order).status, 200);
        }
    }),
    // Nobody came back.
    clean("documented", |desk| {
        let order = desk.order(&desk.token(), &[]);
        desk.complete(order, &json!({"outcome": "abandoned"}));
    }),
    // Nobody could have been told yet.
    clean("documented", |desk| {
        let order = desk.order(&desk.token(), &[]);
        let wish = json!({"outcome": "approved", "settle_after": {"polls": 1}});
        desk.complete(order, &wish);
    }),
    // The shop has just asked, and will ask again.
    clean("documented", |desk| {
        let token = desk.token();
        let order = desk.order(&token, &[]);
        let wish = json!({"outcome": "approved", "settle_after": {"polls": 1}});
        desk.complete(order, &wish);
        desk.reads(&token, order);
    }),
    finds(PollingFast, "order 1312", "documented", |desk| {
        let token = desk.token();
        let order = desk.order(&token, &[]);
        for _ in 0..20 {
            desk.reads(&token, order);
        }
    }),
    // By the merchant's clock there are seconds between them.
    clean("documented", |desk| {
        let token = desk.token();
        let order = desk.order(&token, &[]);
        for _ in 0..6 {
            desk.reads(&token, order);
            desk.advance(1_000);
        }
    }),
    // What is known may be looked at again.
    clean("documented", |desk| {
        let token = desk.token();
        let order = desk.order(&token, &[]);
        desk.complete(order, &json!({"outcome": "approved"}));
        for _ in 0..6 {
            desk.reads(&token, order);
        }
    }),
    // What got no answer may be asked again.
    clean("documented", |desk| {
        let token = desk.token();
        let order = desk.order(&token, &[]);
        let fault = json!([{"times": 6, "action": {"type": "status", "status": 503}}]);
        desk.faults(&fault);
        for _ in 0..7 {
            desk.reads(&token, order);
        }
    }),
];

#[test]
fn orders() {
    check(CASES);
}

#[test]
fn a_clock_that_was_set_back_accuses_nobody() {
    let mock = server("documented");
    let desk = Desk::new(&mock);
    let token = desk.token();
    let order = desk.order(&token, &[]);
    desk.complete(order, &json!({"outcome": "approved"}));
    let set = json!({"set": "2020-01-01T00:00:00Z", "frozen": true});
    crate::shop::admin(&mock, "PUT", &format!("/merchants/{CLIENT}/clock"), &set);
    assert_eq!(desk.reads(&token, order).status, 200);
    assert_eq!(lint(&mock), []);
}

#[test]
fn what_the_journal_has_dropped_is_not_held_against_the_shop() {
    let mock = start(&Settings {
        journal_limit: 2,
        ..Settings::default()
    });
    let desk = Desk::new(&mock);
    let token = desk.token();
    let order = desk.order(&token, &[]);
    desk.complete(order, &json!({"outcome": "approved"}));
    desk.reads(&token, order);
    desk.advance(1_000);
    // Two others push out that the shop asked.
    for _ in 0..2 {
        desk.order(&desk.token(), &[]);
    }
    assert_eq!(lint(&mock), []);
}
