//! `GET …/systems/payment-calculator`: what a price comes to each month.

use crate::knobs;
use crate::shop::{self, CLIENT, merchant, server, start, text, token};
use crate::wire::{Answer, Call};
use flexiti_mock::{MerchantConfig, Mock, PaymentPlan, Settings};
use serde_json::{Value, json};

pub const CALCULATOR: &str =
    "/flexiti/online-api/online/v2/client-id/flexitidemo/systems/payment-calculator";

/// A call with the query as it is.
pub fn ask(mock: &Mock, query: &str) -> Answer {
    Call::get(&format!("{CALCULATOR}?{query}"))
        .header("authorization", &format!("Bearer {}", token(mock)))
        .send(mock.address())
}

pub fn answer(mock: &Mock, query: &str) -> Value {
    let answer = ask(mock, query);
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

fn html(mock: &Mock, query: &str) -> String {
    text(&answer(mock, query), "htmlRender")
}

pub fn monthly(mock: &Mock, query: &str) -> String {
    text(&answer(mock, query)["paymentPlan"], "monthlyPayment")
}

fn dec<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn with_plans(plans: Vec<PaymentPlan>) -> Settings {
    Settings {
        plans,
        ..Settings::default()
    }
}

/// A plan with everything that can be said about one.
fn dear() -> PaymentPlan {
    PaymentPlan {
        months: 24,
        annual_rate: dec("12.99"),
        fee: dec("49.99"),
        ..PaymentPlan::default()
    }
}

#[test]
fn the_references_example_is_answered_with_its_two_texts() {
    for dialect in ["documented", "lenient", "strict", "hyperswitch"] {
        let mock = server(dialect);
        let body = answer(&mock, "clientId=flexitidemo&price=499&lang=fr");
        assert_eq!(
            body["paymentPlan"],
            json!({"monthlyPayment": "166.33", "months": "3"}),
            "{dialect}"
        );
        let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["htmlRender", "paymentPlan"], "{dialect}");
    }
}

#[test]
fn the_fragment_says_the_payments_in_the_language_asked_for() {
    let mock = server("documented");
    assert_eq!(
        html(&mock, "price=499&lang=en"),
        "<span lang=\"en\">3 monthly payments of $166.33<br>Last payment: $166.34</span>"
    );
    assert_eq!(
        html(&mock, "price=4500&lang=fr-CA"),
        "<span lang=\"fr\">3 versements mensuels de 1\u{a0}500,00\u{a0}$</span>"
    );
    // The oldest reference spells French so.
    assert!(html(&mock, "price=3&lang=en-FR").contains("versements"));
}

#[test]
fn fee_rate_and_total_are_shown_where_there_are_any() {
    let mock = start(&with_plans(vec![dear()]));
    assert_eq!(
        html(&mock, "price=1200&lang=en"),
        "<span lang=\"en\">24 monthly payments of $59.42<br>Last payment: $59.44\
         <br>Fee included: $49.99<br>Annual interest rate: 12.99%<br>Total: $1,426.10</span>"
    );
    assert_eq!(
        html(&mock, "price=1200&lang=fr"),
        "<span lang=\"fr\">24 versements mensuels de 59,42\u{a0}$\
         <br>Dernier versement\u{a0}: 59,44\u{a0}$<br>Frais inclus\u{a0}: 49,99\u{a0}$\
         <br>Taux d’intérêt annuel\u{a0}: 12,99\u{a0}%<br>Total\u{a0}: 1\u{a0}426,10\u{a0}$</span>"
    );
    let once = PaymentPlan {
        months: 1,
        ..PaymentPlan::default()
    };
    let mock = start(&with_plans(vec![once]));
    let english = html(&mock, "price=5&lang=en");
    assert!(
        english.contains(">1 monthly payment of $5.00<"),
        "{english}"
    );
    let french = html(&mock, "price=5&lang=fr");
    assert!(
        french.contains(">1 versement mensuel de 5,00\u{a0}$<"),
        "{french}"
    );
}

#[test]
fn the_merchants_language_counts_where_none_is_asked_for() {
    let french = MerchantConfig {
        lang: Some("fr".into()),
        ..merchant("shop")
    };
    let settings = Settings {
        merchants: vec![MerchantConfig::demo(), french],
        ..Settings::default()
    };
    let mock = knobs::with(
        &settings,
        "documented",
        &[("calculator_auth", json!("none"))],
    );
    for (client, lang) in [(CLIENT, "en"), ("shop", "fr"), ("nobody", "en")] {
        for query in ["price=499", "price=499&lang="] {
            let path = CALCULATOR.replace(CLIENT, client);
            let answer = Call::get(&format!("{path}?{query}")).send(mock.address());
            assert_eq!(answer.status, 200, "{client}: {}", answer.text());
            let html = text(&answer.json(), "htmlRender");
            assert!(
                html.contains(&format!("lang=\"{lang}\"")),
                "{client}: {html}"
            );
        }
    }
}

#[test]
fn a_token_is_asked_for_unless_the_dialect_does_without() {
    let mock = server("documented");
    let call = Call::get(&format!("{CALCULATOR}?price=499"));
    assert_eq!(
        call.send(mock.address()).refusal(),
        (401, "invalid_token".into())
    );
    // The endpoint is made for a shop's pages: a customer's token opens it.
    let customer = [shop::GRANT, ("scope", "customer")];
    let customer = shop::tokens_of(&mock, &shop::demo_token_call(&customer));
    let bearer = format!("Bearer {}", text(&customer, "access_token"));
    let answer = call.header("authorization", &bearer).send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn the_first_plan_that_is_for_the_price_is_taken() {
    let plan = |months, minimum: &str, provinces: &[&str]| PaymentPlan {
        months,
        minimum: Some(dec(minimum)),
        provinces: provinces.iter().map(ToString::to_string).collect(),
        ..PaymentPlan::default()
    };
    let mock = start(&with_plans(vec![
        // For some provinces only, and nobody says where the customer lives.
        plan(36, "0", &["ON", "QC"]),
        plan(12, "1000", &[]),
        plan(6, "500", &[]),
        plan(2, "100", &[]),
    ]));
    for (price, months) in [
        ("100", "2"),
        ("499.99", "2"),
        ("500", "6"),
        ("999.99", "6"),
        ("1000.00", "12"),
        ("9999999999999999.99", "12"),
    ] {
        let body = answer(&mock, &format!("price={price}"));
        assert_eq!(body["paymentPlan"]["months"], months, "{price}");
    }
}

#[test]
fn without_a_plan_the_dialect_says_what_is_answered() {
    let only_dear = PaymentPlan {
        minimum: Some(dec("1000")),
        maximum: Some(dec("2000")),
        ..PaymentPlan::default()
    };
    for plans in [vec![only_dear], Vec::new()] {
        let settings = with_plans(plans);
        for price in ["999.99", "2000.01"] {
            let query = format!("price={price}");
            let empty = knobs::with(&settings, "documented", &[]);
            assert_eq!(
                answer(&empty, &query),
                json!({"htmlRender": "", "paymentPlan": null})
            );
            let answers = [("calculator_no_plan", json!("not_found"))];
            let refuses = knobs::with(&settings, "documented", &answers);
            assert_eq!(ask(&refuses, &query).refusal(), (404, "not_found".into()));
        }
    }
}

#[test]
fn payments_are_rounded_as_the_dialect_says() {
    for (rounding, expected) in [("half_up", "166.67"), ("down", "166.66")] {
        let mock = knobs::documented(&[("calculator_rounding", json!(rounding))]);
        assert_eq!(monthly(&mock, "price=500"), expected, "{rounding}");
    }
}

#[test]
fn the_fragment_holds_no_script_style_or_address_and_nothing_that_was_sent() {
    let mock = start(&with_plans(vec![dear()]));
    for query in [
        "price=499&lang=en",
        "price=499&lang=fr",
        "price=499&clientId=%3Cscript%3E&html=%3Cb%3E",
    ] {
        let html = html(&mock, query);
        let inner = html
            .strip_prefix("<span lang=\"en\">")
            .or_else(|| html.strip_prefix("<span lang=\"fr\">"))
            .and_then(|rest| rest.strip_suffix("</span>"))
            .unwrap_or_else(|| panic!("{query}: {html}"));
        let inner = inner.replace("<br>", "");
        assert!(!inner.contains(['<', '>', '&', '"', '{']), "{html}");
        assert!(!html.contains("//") && !html.contains("script"), "{html}");
    }
    // Spellings of languages that the lenient dialect lets through stay out as well.
    let lenient = server("lenient");
    assert!(html_of_lang(&lenient, "zh-Hans-CN").contains("lang=\"en\""));
}

fn html_of_lang(mock: &Mock, lang: &str) -> String {
    html(mock, &format!("price=499&lang={lang}"))
}

#[test]
fn the_journal_holds_what_was_asked_and_why_it_was_refused() {
    let mock = server("documented");
    ask(&mock, "price=-1&lang=fr");
    ask(&mock, "price=1&price=2");
    let path = "/requests?endpoint=calculator";
    let rows = shop::admin(&mock, "GET", path, &Value::Null).json();
    let rows = rows["requests"].as_array().unwrap().clone();
    assert_eq!(rows[0]["params"], json!({"price": "-1", "lang": "fr"}));
    assert_eq!(
        rows[0]["violations"],
        json!([{
            "clause": "calculator.price.positive", "param": "price", "msg": "invalid",
            "remedy": "Send more than zero, for example `499`.",
        }])
    );
    assert_eq!(
        (&rows[1]["status"], &rows[1]["client_id"]),
        (&json!(400), &json!(CLIENT))
    );
}

#[test]
fn other_methods_are_refused() {
    let mock = server("documented");
    for method in ["POST", "PUT", "DELETE"] {
        let answer = Call::new(method, CALCULATOR).send(mock.address());
        assert_eq!(answer.refusal(), (405, "method_not_allowed".into()));
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
}

/// A server that breaks one clause breaks it, and nothing else of the answer.
#[test]
fn each_clause_can_be_broken_alone() {
    let whole = answer(&server("documented"), "price=499&lang=en");
    let broken = |clause| answer(&knobs::without(clause), "price=499&lang=en");
    let mut expected = whole.clone();
    expected.as_object_mut().unwrap().shift_remove("htmlRender");
    assert_eq!(broken("calculator.response.html_render"), expected);
    for (clause, key) in [
        ("calculator.response.monthly_payment", "monthlyPayment"),
        ("calculator.response.months", "months"),
    ] {
        let mut expected = whole.clone();
        let plan = expected["paymentPlan"].as_object_mut().unwrap();
        plan.shift_remove(key);
        assert_eq!(broken(clause), expected, "{clause}");
    }
    let other = broken("calculator.monthly_payment.amount");
    assert_eq!(other["paymentPlan"]["monthlyPayment"], "499.00");
    assert_eq!(other["htmlRender"], whole["htmlRender"]);
    let french = broken("calculator.html.language");
    assert!(
        text(&french, "htmlRender").contains("versements"),
        "{french}"
    );
    assert_eq!(french["paymentPlan"], whole["paymentPlan"]);
    let gone = ask(&knobs::without("calculator.accepted"), "price=499");
    assert_eq!(gone.status, 404);
}
