//! Which requests a planned fault is for.

use crate::faults::{consumed, plan, token_request};
use crate::orders_desk::{ask, open_with};
use crate::shop::{
    self, APPLY, CLIENT, INIT, INIT_V2, admin, init_call, server, start, token, token_call,
};
use crate::wire::Call;
use flexiti_mock::Settings;
use serde_json::json;

#[test]
fn a_match_chooses_by_endpoint_parameters_and_number() {
    let mock = server("documented");
    plan(
        &mock,
        &json!([
            {"match": {"endpoint": "init", "params": {"lang": "fr"}, "nth": 2},
             "action": {"type": "status", "status": 500}},
            {"match": {"endpoint": "init_v2"}, "action": {"type": "status", "status": 502}},
        ]),
    );
    let token = token(&mock);
    let init = |path: &str, lang: &str| {
        let pairs = [("lang", lang), APPLY[1], APPLY[2]];
        let call = init_call(path, &token).form(&pairs);
        call.send(mock.address()).status
    };
    let came = [
        init(INIT, "fr"),
        init(INIT, "en"),
        init(INIT, "fr"),
        init(INIT, "fr"),
        init(INIT_V2, "fr"),
        init(INIT_V2, "fr"),
    ];
    assert_eq!(came, [200, 200, 500, 200, 502, 200]);
    // Parameters of nested JSON are matched by their dotted names.
    plan(
        &mock,
        &json!([{"match": {"params": {"billing_information.city": "Laval"}}, "action": {"type": "status", "status": 500}}]),
    );
    let nested = json!({"lang": "fr", "flow": "apply", "amount_requested": 5, "billing_information": {"city": "Laval"}});
    let call = init_call(INIT, &token).json(&nested);
    assert_eq!(call.send(mock.address()).status, 500);
}

#[test]
fn a_notification_is_matched_by_the_id_of_its_path() {
    let mock = server("documented");
    let first = open_with(&mock, "apply", &[("merchant_orderid", "a 1")]);
    let second = open_with(&mock, "apply", &[("merchant_orderid", "a2")]);
    let not_yet = json!({"type": "status", "status": 404});
    plan(
        &mock,
        &json!([
            {"match": {"endpoint": "notification", "params": {"orderId": first}}, "action": not_yet},
            {"match": {"params": {"merchantOrderId": "a 1"}}, "action": not_yet},
            {"match": {"endpoint": "notification_merchant_order", "params": {"orderId": second}}, "times": 2, "action": not_yet},
        ]),
    );
    let came = [
        format!("order-id/{second}"),
        format!("order-id/{first}"),
        format!("order-id/{first}"),
        "merchant-order-id/a2".to_owned(),
        "merchant-order-id/a%201".to_owned(),
        "merchant-order-id/a%201".to_owned(),
    ]
    .map(|path| ask(&mock, &path).status);
    assert_eq!(came, [200, 404, 200, 404, 404, 200]);
    assert_eq!(consumed(&mock), [1, 1, 1]);
}

#[test]
fn parameters_are_matched_however_they_are_sent() {
    let mock = server("documented");
    let token = token(&mock);
    let fault = |name: &str, value: &str| {
        let oops = json!({"type": "status", "status": 500});
        plan(
            &mock,
            &json!([{"match": {"params": {name: value}}, "action": oops}]),
        );
    };
    let status = |call: Call| call.send(mock.address()).status;
    let init = || init_call(INIT, &token);
    fault("amount_requested", "5");
    let number = json!({"lang": "fr", "flow": "apply", "amount_requested": 5});
    assert_eq!(status(init().json(&number)), 500);
    fault("billing_information.city", "Laval");
    let brackets = [&APPLY[..], &[("billing_information[city]", "Laval")]].concat();
    assert_eq!(status(init().form(&brackets)), 500);
    fault("merchant_order_id", "m1");
    let alias = [&APPLY[..], &[("merchant_order_id", "m1")]].concat();
    assert_eq!(status(init().form(&alias)), 500);
    fault("x-reference-id", shop::REFERENCE);
    assert_eq!(status(init().form(&APPLY)), 500);
    // What it takes is nowhere written: it takes anything.
    let any = json!({"endpoint": "availability", "params": {"colour": "blue"}});
    plan(
        &mock,
        &json!([{"match": any, "action": {"type": "status", "status": 500}}]),
    );
    let path =
        format!("/flexiti/online-api/online/client-id/{CLIENT}/merchants/payment-availability");
    assert_eq!(
        status(init_call(&path, &token).form(&[("colour", "blue")])),
        500
    );
}

#[test]
fn no_fault_of_tokens_is_spent_on_a_request_that_brings_none() {
    let mock = server("documented");
    plan(&mock, &json!([{"action": {"type": "expire_token"}}]));
    let token = token(&mock);
    assert_eq!(consumed(&mock), [0]);
    assert_eq!(shop::opens(&mock, &token).status, 401);
    assert_eq!(consumed(&mock), [1]);
}

#[test]
fn chance_follows_the_seed_and_merchants_do_not_disturb_each_other() {
    let run = |noise: bool| -> Vec<u16> {
        let mock = start(&Settings {
            seed: Some(7),
            merchants: vec![
                flexiti_mock::MerchantConfig::demo(),
                shop::merchant("other"),
            ],
            ..Settings::default()
        });
        let half = json!([{"match": {"probability": 0.5}, "times": 0, "action": {"type": "status", "status": 500}}]);
        plan(&mock, &half);
        if noise {
            let put = admin(
                &mock,
                "PUT",
                "/merchants/other/faults",
                &json!({"faults": half}),
            );
            assert_eq!(put.status, 200);
        }
        (0..40)
            .map(|_| {
                if noise {
                    token_call("other", "other-secret", &[]).send(mock.address());
                }
                token_request().send(mock.address()).status
            })
            .collect()
    };
    let quiet = run(false);
    assert!(quiet.contains(&200) && quiet.contains(&500), "{quiet:?}");
    assert_eq!(quiet, run(false));
    assert_eq!(quiet, run(true));
}
