//! Answers from a transcript, without any network.

use super::{in_front_of, init, init_answer, journal, notification, token};
use crate::shop::{self, APPLY, admin};
use flexiti_mock::{Mock, Settings, UpstreamMode};
use serde_json::json;
use std::path::Path;

/// A mock that answers from this file.
fn answering(path: &Path) -> Mock {
    let mut settings = in_front_of("", UpstreamMode::Answer, Some(path));
    settings.upstream.as_mut().unwrap().url = None;
    shop::start(&settings)
}

/// Records what a customer's order looks like before and after.
fn record(path: &Path) {
    let real = shop::start(&Settings::default());
    let front = shop::start(&in_front_of(
        &real.base_url(),
        UpstreamMode::Proxy,
        Some(path),
    ));
    let token = token(&front);
    let order = init(&front, &token);
    let id = &order["online_order_id"];
    notification(&front, &token, id);
    let path = format!("/orders/{id}/complete");
    admin(&real, "POST", &path, &json!({"outcome": "approved"}));
    notification(&front, &token, id);
    init_answer(&front, &token, &APPLY[1..]);
}

#[test]
fn a_transcript_answers_as_the_upstream_did() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["t.ndjson", "t.har"] {
        let path = folder.path().join(name);
        record(&path);
        let mock = answering(&path);
        // A token of its own, as Flexiti's look.
        let token = token(&mock);
        assert!(
            token.len() == 40 && token.bytes().all(|it| it.is_ascii_hexdigit()),
            "{token}"
        );
        let order = init(&mock, &token);
        let id = &order["online_order_id"];
        assert!(
            order["redirection_url"]
                .as_str()
                .unwrap()
                .contains("/checkout/")
        );
        let before = notification(&mock, &token, id);
        let after = notification(&mock, &token, id);
        assert_ne!(before.text(), after.text());
        assert_eq!(after.json()["apply"]["apply_status"], "SUCCESS");
        // The last one stays.
        assert_eq!(notification(&mock, &token, id).text(), after.text());
        // The same parameters in another order are the same request.
        let mut turned = APPLY;
        turned.reverse();
        assert_eq!(init_answer(&mock, &token, &turned).status, 200);
        assert_eq!(init_answer(&mock, &token, &APPLY[1..]).status, 409);
        let other = init_answer(&mock, &token, &[("lang", "fr"), APPLY[1], APPLY[2]]);
        assert_eq!(other.status, 501, "{}", other.text());
        assert_eq!(
            other.header("x-flexiti-mock-upstream"),
            Some("not_recorded")
        );
        let why = other.json()["error_description"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(why.contains("the nearest request differs in lang"), "{why}");
        let none = notification(&mock, &token, &json!(7));
        assert_eq!(none.status, 501);
        let rows = journal(&mock, "flexitidemo");
        assert_eq!(rows[0]["upstream"]["mode"], "answer");
        assert!(
            rows.last().unwrap()["error"]
                .as_str()
                .unwrap()
                .contains("no answer to GET")
        );
    }
}
