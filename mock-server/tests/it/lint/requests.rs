//! Requests: where they come from, what stands in them, and how it is spelled.

use super::{Case, check, clean, finds};
use crate::lint::desk::Desk;
use crate::shop::{BASE, BASIC, CLIENT, INIT, INIT_V2, SECRET, TOKEN, text};
use crate::wire::Call;
use flexiti_contract::LintRule::{
    BrowserCredentials, ParameterUnknown, ReferenceIdConstant, ReferenceIdMissing,
    ReferenceIdReused, TextNotAscii, UrlCredentials, V2ApplyOnly, VariantSpelling,
};
use serde_json::json;

const ORIGIN: (&str, &str) = ("origin", "https://shop.example");

/// The same call under this reference id.
fn under(call: Call, reference: &str) -> Call {
    call.without("x-reference-id")
        .header("x-reference-id", reference)
}

fn calculator(desk: &Desk<'_>, token: &str, extra: &str) -> Call {
    let path = format!(
        "{BASE}/online/v2/client-id/{CLIENT}/systems/payment-calculator?clientId={CLIENT}&price=499{extra}"
    );
    desk.call("GET", &path, token)
}

pub const CASES: &[Case] = &[
    finds(BrowserCredentials, "client secret", "documented", |desk| {
        desk.sends(&desk.token_call(&[]).header(ORIGIN.0, ORIGIN.1));
    }),
    finds(BrowserCredentials, "has the token", "documented", |desk| {
        let call = desk.init_call(&desk.token(), &[]);
        desk.sends(&call.header("sec-fetch-site", "cross-site"));
    }),
    // What a page announces, it has, even if the browser goes no further.
    finds(BrowserCredentials, "has the token", "strict", |desk| {
        let call = Call::new("OPTIONS", INIT)
            .header(ORIGIN.0, ORIGIN.1)
            .header("access-control-request-headers", "Authorization");
        assert_eq!(desk.send(&call).status, 405);
    }),
    // Node's fetch says something of the kind, and is no browser.
    clean("documented", |desk| {
        desk.sends(&desk.token_call(&[]).header("sec-fetch-mode", "cors"));
        let call = calculator(desk, "", "").without("authorization");
        assert_eq!(desk.send(&call.header(ORIGIN.0, ORIGIN.1)).status, 401);
    }),
    finds(ReferenceIdMissing, "token requests", "lenient", |desk| {
        desk.sends(&desk.token_call(&[]).without("x-reference-id"));
    }),
    finds(ReferenceIdMissing, "init requests", "documented", |desk| {
        let call = desk.init_call(&desk.token(), &[]);
        assert_eq!(desk.send(&under(call, "")).status, 409);
    }),
    // Of notifications nothing says that they need one.
    clean("documented", |desk| {
        let token = desk.token();
        let order = desk.order(&token, &[]);
        desk.sends(
            &desk
                .notification_call(&token, order)
                .without("x-reference-id"),
        );
    }),
    finds(ReferenceIdReused, "opened 2 orders", "documented", |desk| {
        let reference = desk.reference();
        for _ in 0..2 {
            desk.sends(&under(desk.init_call(&desk.token(), &[]), &reference));
        }
    }),
    finds(ReferenceIdReused, "token requests", "documented", |desk| {
        let reference = desk.reference();
        for _ in 0..2 {
            let tokens = desk.sends(&under(desk.token_call(&[]), &reference)).json();
            desk.order(&text(&tokens, "access_token"), &[]);
        }
    }),
    finds(ReferenceIdConstant, "`A-", "documented", |desk| {
        let reference = desk.reference();
        for _ in 0..2 {
            let tokens = desk.sends(&under(desk.token_call(&[]), &reference)).json();
            let token = text(&tokens, "access_token");
            let call = under(desk.init_call(&token, &[]), &reference);
            let order = desk.sends(&call).json()["online_order_id"]
                .as_u64()
                .unwrap();
            desk.sends(&under(desk.notification_call(&token, order), &reference));
        }
    }),
    // One checkout is one operation, and so is trying again.
    clean("documented", |desk| {
        let reference = desk.reference();
        let lose = json!([{"action": {"type": "lost_response"}}]);
        desk.faults(&lose);
        desk.loses(&under(desk.token_call(&[]), &reference));
        let tokens = desk.sends(&under(desk.token_call(&[]), &reference)).json();
        let token = text(&tokens, "access_token");
        desk.faults(&lose);
        desk.loses(&under(desk.init_call(&token, &[]), &reference));
        let call = under(
            desk.init_call(&token, &[("merchant_orderid", "A-0")]),
            &reference,
        );
        let order = desk.sends(&call).json()["online_order_id"]
            .as_u64()
            .unwrap();
        // Without a fault as well: it is the same order of the shop's.
        desk.sends(&call);
        desk.sends(&under(desk.notification_call(&token, order), &reference));
    }),
    finds(V2ApplyOnly, "only to apply: 1", "documented", |desk| {
        let form = [("lang", "en"), ("flow", "Apply"), ("amount_requested", "1")];
        desk.sends(&desk.call("POST", INIT_V2, &desk.token()).form(&form));
    }),
    clean("documented", |desk| {
        desk.sends(&desk.purchase(&desk.token(), |_| ()));
    }),
    finds(VariantSpelling, "`strict`", "documented", |desk| {
        desk.order(&desk.token(), &[("lang", "fr-CA")]);
    }),
    finds(
        VariantSpelling,
        "`grant_type` being absent",
        "documented",
        |desk| {
            desk.sends(&desk.token_call(&[("scope", "merchant")]));
        },
    ),
    finds(
        VariantSpelling,
        "dialect `documented`, `hyperswitch`, `strict`: `billing_information.address_2` being \
         absent",
        "lenient",
        |desk| {
            desk.sends(&desk.purchase(&desk.token(), |body| {
                let billing = body["billing_information"].as_object_mut().unwrap();
                billing.remove("address_2");
            }));
        },
    ),
    finds(VariantSpelling, "not spelled `Bearer`", "lenient", |desk| {
        let token = desk.token();
        let call = desk.init_call(&token, &[]).without("authorization");
        desk.sends(&call.header("authorization", &format!("bearer {token}")));
    }),
    finds(VariantSpelling, "double quotes", "lenient", |desk| {
        let path = INIT.replace(CLIENT, &format!("%22{CLIENT}%22"));
        let form = [("lang", "en"), ("flow", "apply"), ("amount_requested", "1")];
        desk.sends(&desk.call("POST", &path, &desk.token()).form(&form));
    }),
    finds(
        VariantSpelling,
        "declared as a form",
        "hyperswitch",
        |desk| {
            let call = desk.purchase(&desk.token(), |_| ()).without("content-type");
            desk.sends(&call.header("content-type", "application/x-www-form-urlencoded"));
        },
    ),
    finds(VariantSpelling, "Basic scheme", "documented", |desk| {
        let call = Call::post(TOKEN).form(&[("grant_type", "client_credentials")]);
        desk.sends(&under(call, &desk.reference()).header("authorization", BASIC));
    }),
    finds(VariantSpelling, "no form", "lenient", |desk| {
        let keys = json!({
            "client_id": CLIENT, "client_secret": SECRET, "grant_type": "client_credentials",
        });
        desk.sends(&under(Call::post(TOKEN).json(&keys), &desk.reference()));
    }),
    finds(VariantSpelling, "JSON null", "documented", |desk| {
        desk.sends(&desk.purchase(&desk.token(), |body| body["vcc"] = json!(null)));
    }),
    finds(VariantSpelling, "more than once", "lenient", |desk| {
        let body = "lang=en&lang=en&flow=apply&amount_requested=1";
        let call = desk.call("POST", INIT, &desk.token()).body(body);
        desk.sends(&call.header("content-type", "application/x-www-form-urlencoded"));
    }),
    finds(VariantSpelling, "percent sign", "lenient", |desk| {
        let body = "lang=en&flow=apply&amount_requested=1&lname=100%";
        let call = desk.call("POST", INIT, &desk.token()).body(body);
        desk.sends(&call.header("content-type", "application/x-www-form-urlencoded"));
    }),
    finds(VariantSpelling, "this path", "lenient", |desk| {
        let token = desk.token();
        let order = desk.order(&token, &[]);
        let path = format!("{BASE}/online/client-id/{CLIENT}/notifications/{order}");
        desk.sends(&desk.call("GET", &path, &token));
    }),
    finds(
        VariantSpelling,
        "`merchant_orderid`",
        "documented",
        |desk| {
            desk.order(&desk.token(), &[("merchant_order_id", "B-1")]);
        },
    ),
    // What is refused here is said at once, and needs no reviewer.
    clean("documented", |desk| {
        let call = desk.init_call(&desk.token(), &[("lang", "de")]);
        assert_eq!(desk.send(&call).status, 409);
    }),
    finds(
        ParameterUnknown,
        "init has no parameter `made_up`",
        "documented",
        |desk| {
            desk.order(&desk.token(), &[("made_up", "1")]);
        },
    ),
    finds(
        ParameterUnknown,
        "`billing_information.town`",
        "documented",
        |desk| {
            desk.sends(&desk.purchase(&desk.token(), |body| {
                body["billing_information"]["town"] = "Montreal".into();
            }));
        },
    ),
    finds(
        ParameterUnknown,
        "calculator has no parameter `tax`",
        "documented",
        |desk| {
            desk.sends(&calculator(desk, &desk.token(), "&tax=1"));
        },
    ),
    finds(
        ParameterUnknown,
        "token has no parameter `user`",
        "documented",
        |desk| {
            desk.sends(&desk.token_call(&[("grant_type", "client_credentials"), ("user", "1")]));
        },
    ),
    finds(ParameterUnknown, "`merchant_order_id`", "strict", |desk| {
        desk.order(&desk.token(), &[("merchant_order_id", "B-1")]);
    }),
    clean("documented", |desk| {
        let token = desk.token();
        desk.sends(&calculator(desk, &token, "&lang=en"));
        let address = [
            ("first_name", "Marie"),
            ("last_name", "Tremblay"),
            ("address_1", "1 rue Principale"),
            ("address_2", ""),
            ("city", "Montreal"),
            ("province", "QC"),
            ("postal_code", "H2X1Y4"),
        ];
        let mut form = vec![
            ("lang".to_owned(), "en"),
            ("flow".to_owned(), "apply/buy"),
            ("amount_requested".to_owned(), "1"),
        ];
        form.extend(address.map(|(name, value)| (format!("billing_information[{name}]"), value)));
        form.extend(address.map(|(name, value)| (format!("shipping_information.{name}"), value)));
        desk.sends(&desk.call("POST", INIT_V2, &token).form(&form));
        // What nobody could read has no names.
        let broken = desk.call("POST", INIT, &token).body("{\"lang\": ");
        let broken = broken.header("content-type", "application/json");
        assert_eq!(desk.send(&broken).status, 400);
    }),
    finds(UrlCredentials, "client_secret", "documented", |desk| {
        let path = format!("{TOKEN}?client_secret={SECRET}&client_id={CLIENT}");
        let call = Call::post(&path).form(&[("grant_type", "client_credentials")]);
        assert_eq!(desk.send(&under(call, &desk.reference())).status, 400);
    }),
    finds(UrlCredentials, "a token", "documented", |desk| {
        let token = desk.token();
        desk.sends(&calculator(desk, &token, &format!("&t={token}")));
    }),
    finds(UrlCredentials, "a token", "documented", |desk| {
        let token = desk.token();
        let path = format!("{BASE}/online/client-id/{CLIENT}/notifications/order-id/{token}");
        assert_eq!(desk.send(&desk.call("GET", &path, &token)).status, 404);
    }),
    // What merely looks like a token is none.
    clean("documented", |desk| {
        let number = "0123456789abcdef0123456789abcdef01234567";
        let token = desk.token();
        desk.order(&token, &[("merchant_orderid", number)]);
        let path =
            format!("{BASE}/online/client-id/{CLIENT}/notifications/merchant-order-id/{number}");
        desk.sends(&desk.call("GET", &path, &token));
    }),
    finds(TextNotAscii, "`fname`", "documented", |desk| {
        desk.order(&desk.token(), &[("fname", "Zoé")]);
    }),
    finds(TextNotAscii, "`mname`", "strict", |desk| {
        let call = desk.init_call(&desk.token(), &[("mname", "Agnès")]);
        assert_eq!(desk.send(&call).status, 409);
    }),
    clean("documented", |desk| {
        desk.order(
            &desk.token(),
            &[("fname", "Zoe"), ("address_1", "1, rue de l'Eglise")],
        );
    }),
];

#[test]
fn requests() {
    check(CASES);
}

#[test]
fn a_known_secret_in_a_path_is_seen_whatever_it_is_called() {
    let mock = crate::shop::server("documented");
    let desk = Desk::new(&mock);
    let token = desk.token();
    let path = format!("{BASE}/online/client-id/{CLIENT}/notifications/merchant-order-id/{SECRET}");
    assert_eq!(desk.send(&desk.call("GET", &path, &token)).status, 404);
    let findings = super::lint(&mock);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].message, "credentials in the URL: a secret");
    assert_eq!(findings[0].requests, [2]);
}
