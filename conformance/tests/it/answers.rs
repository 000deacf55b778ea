//! Answers that no shipped dialect gives: nothing is found on a server that keeps them, and the
//! sabotages that depend on them are named as well.

use crate::support::demo;
use flexiti_conformance::run::{self, Options, Reading, Waivers};
use flexiti_conformance::selftest::{self, Readings, Sabotage};
use flexiti_conformance::{Status, Target};
use flexiti_contract::{Contract, Dialect, Rulebook};
use flexiti_mock::{Mock, Settings};
use serde_json::{Value, json};
use std::sync::Arc;

fn answering(answers: &[(&str, Value)]) -> Dialect {
    let contract = Contract::shipped();
    let documented = contract.dialect("documented").unwrap();
    answers.iter().fold(documented, |dialect, (knob, answer)| {
        let sources = contract.sources();
        dialect.with_answer(knob, answer.clone(), sources).unwrap()
    })
}

#[test]
fn nothing_is_found() {
    for answers in [
        vec![("merchant_order_id_shared", json!("refuse"))],
        vec![
            ("merchant_order_id_shared", json!("oldest")),
            ("notification_unfinished", json!("not_found")),
        ],
        vec![
            ("notification_unfinished", json!("status_word")),
            ("purchase_block_name", json!("buy")),
        ],
        vec![
            ("notification_unknown", json!("empty")),
            ("notification_callback_url", json!("visited")),
        ],
        vec![
            ("callback_params", json!("order_id")),
            ("callback_lang", json!(true)),
        ],
        vec![
            ("calculator_auth", json!("none")),
            ("learn_more", json!("served")),
            ("high_risk_decision", json!("approved")),
        ],
        vec![
            ("response_keys", json!(false)),
            ("checkout_ttl", json!(60)),
            ("availability_body", json!({"enabled": false})),
        ],
        vec![("ids_as", json!("string")), ("init_paths", json!("v2"))],
        vec![
            ("response_members", json!("more")),
            ("response_member_order", json!("reversed")),
            ("first_order_id", json!(4_294_967_311_u64)),
        ],
    ] {
        let rulebook = Rulebook::compile(Contract::shipped(), answering(&answers)).unwrap();
        let rulebook = Arc::new(rulebook);
        let mock = Mock::with_rulebook(&Settings::default(), Arc::clone(&rulebook)).unwrap();
        let target = Target::connect(&mock.base_url(), demo(), None).unwrap();
        let options = Options {
            seed: 1,
            cases: 200,
            ..Options::default()
        };
        let report = run::server(
            &target,
            &Reading::by(&rulebook),
            &options,
            &Waivers::default(),
            &mut [],
        )
        .unwrap();
        let cases = report.clauses.iter().flat_map(|clause| &clause.cases);
        let odd: Vec<_> = cases.filter(|case| case.outcome != "kept").collect();
        assert!(odd.is_empty(), "{answers:?}: {odd:?}");
        assert_eq!(report.with_status(Status::Failed), [""; 0], "{answers:?}");
        let unseen = report.with_status(Status::NotVerified);
        assert_eq!(unseen, [""; 0], "{answers:?}");
        assert_eq!(report.exit_code(), 0, "{answers:?}");
    }
}

#[test]
fn what_depends_on_them_is_named() {
    for (clause, knob, answer) in [
        (
            "notification.unfinished",
            "notification_unfinished",
            json!("status_word"),
        ),
        (
            "notification.unfinished",
            "notification_unfinished",
            json!("not_found"),
        ),
        ("notification.owner", "notification_unknown", json!("empty")),
        (
            "notification.owner",
            "notification_unfinished",
            json!("not_found"),
        ),
        (
            "notification.shared",
            "merchant_order_id_shared",
            json!("oldest"),
        ),
        (
            "notification.order.accepted",
            "notification_unfinished",
            json!("not_found"),
        ),
        (
            "notification.purchase.missing",
            "purchase_block_without_purchase",
            json!("refused"),
        ),
        ("callback.parameters", "callback_params", json!("order_id")),
        (
            "callback.parameters",
            "callback_params",
            json!("order_id_and_auth_token"),
        ),
        (
            "callback.no_credentials",
            "callback_params",
            json!("order_id"),
        ),
        ("callback.declined", "declined_goes_to", json!("success")),
        ("callback.pending", "pending_goes_to", json!("success")),
        (
            "checkout.response_keys.high_risk",
            "high_risk_decision",
            json!("approved"),
        ),
        ("checkout.time_out", "checkout_ttl", json!(60)),
    ] {
        let dialect = answering(&[(knob, answer.clone())]);
        let named =
            selftest::run(&Sabotage { clause, dialect }, &Readings::default(), 1, 60).unwrap();
        assert_eq!(named, [clause], "{knob}: {answer}");
    }
}
