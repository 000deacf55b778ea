//! What the pages show, and what they say once.

use super::{APPLICATION, look, open, send, take};
use crate::browser::walk;
use crate::shop::{admin, start};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use serde_json::json;

fn named() -> Mock {
    start(&Settings {
        merchants: vec![MerchantConfig {
            name: Some("The Corner Shop".to_owned()),
            name_fr: Some("La boutique du coin".to_owned()),
            ..MerchantConfig::demo()
        }],
        ..Settings::default()
    })
}

#[test]
fn a_shop_has_a_name_in_each_language() {
    let mock = named();
    let page = |mock: &Mock, lang: &str| {
        let order = walk::init(mock, true, &walk::parameters("apply/buy", lang, &[]));
        look(mock, &order).text()
    };
    assert!(page(&mock, "en").contains("<dd>The Corner Shop</dd>"));
    assert!(page(&mock, "fr").contains("<dd>La boutique du coin</dd>"));
    assert!(page(&start(&Settings::default()), "fr").contains("<dd>127.0.0.1:9000</dd>"));
    let wrong = admin(&mock, "POST", "/merchants", &json!({"name": " "}));
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    let made = admin(
        &mock,
        "POST",
        "/merchants",
        &json!({"name": "A", "name_fr": "B"}),
    );
    assert_eq!(made.json()["name_fr"], "B");
}

#[test]
fn test_data_fills_what_is_empty() {
    let mock = start(&Settings::default());
    let sent = [("mname", "P-CREDIT"), ("fname", "Zoe")];
    let order = walk::init(&mock, true, &walk::parameters("apply/buy", "fr", &sent));
    look(&mock, &order);
    take(&mock, &order, "begin", &[("way", "apply")]);
    take(&mock, &order, "fill", &[]);
    let page = look(&mock, &order).text();
    for value in ["Zoe", "P-CREDIT", "Tremblay", "H2Y 1C6", "Montréal"] {
        assert!(
            page.contains(&format!("value=\"{value}\"")),
            "{value}: {page}"
        );
    }
    assert!(page.contains("<option value=\"QC\" selected>"));
    // Nobody agrees for the customer.
    assert!(!page.contains(" checked"));
    // What was typed and not sent yet stays, and so does what was agreed to.
    let typed = [
        ("city", "Gatineau"),
        ("lname", ""),
        ("consent", "yes"),
        ("order_total", "1"),
    ];
    take(&mock, &order, "fill", &typed);
    let page = look(&mock, &order).text();
    assert!(
        page.contains("value=\"Gatineau\"") && page.contains("value=\"Tremblay\""),
        "{page}"
    );
    assert_eq!(page.matches(" checked").count(), 1, "{page}");
    let card = open(&mock, "apply/buy", true);
    take(&mock, &card, "begin", &[("way", "buy")]);
    take(&mock, &card, "fill", &[]);
    let page = look(&mock, &card).text();
    let number = page.split("name=\"card\"").nth(1).unwrap();
    let number = number
        .split("value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    take(&mock, &card, "identify", &[("card", number)]);
    // Without the bar, it is nobody's.
    let hidden = start(&Settings {
        sandbox_bar: false,
        ..Settings::default()
    });
    let order = open(&hidden, "apply/buy", true);
    look(&hidden, &order);
    take(&hidden, &order, "begin", &[("way", "apply")]);
    assert_eq!(send(&hidden, &order, "fill", &[]).status, 404);
    assert!(!look(&hidden, &order).text().contains("/fill\""));
}

#[test]
fn a_field_says_its_label_once() {
    let mock = start(&Settings::default());
    let order = open(&mock, "apply/buy", true);
    look(&mock, &order);
    take(&mock, &order, "begin", &[("way", "apply")]);
    let mut typed = APPLICATION;
    typed[0].1 = "";
    let page = send(&mock, &order, "application", &typed).text();
    // In the list of mistakes, and at the field.
    assert!(
        page.contains("<a href=\"#fname\">First name: fill in this field</a>"),
        "{page}"
    );
    assert!(
        page.contains("id=\"fname-error\">Fill in this field</p>"),
        "{page}"
    );
    assert_eq!(page.matches("First name").count(), 2, "{page}");
}

/// An order whose customer chooses a plan.
fn at_plan(plans: &str) -> (Mock, walk::Opened) {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), plans).unwrap();
    let mock = start(&Settings::read(file.path()).unwrap());
    let order = walk::init(
        &mock,
        true,
        &walk::parameters("apply/buy", "en", &[("amount_requested", "100.00")]),
    );
    look(&mock, &order);
    take(&mock, &order, "begin", &[("way", "apply")]);
    take(&mock, &order, "application", &APPLICATION);
    take(&mock, &order, "pin", &[("pin", "2222")]);
    take(&mock, &order, "begin", &[("way", "buy")]);
    (mock, order)
}

#[test]
fn one_plan_is_a_statement_and_several_are_a_choice() {
    let (mock, order) = at_plan("[[plans]]\nmonths = 3\n");
    let page = look(&mock, &order).text();
    assert!(page.contains("<h1>Your payment plan</h1>"), "{page}");
    assert!(!page.contains("type=\"radio\""), "{page}");
    // Three times 33.33 is a cent too little.
    assert!(
        page.contains("3 monthly payments of $33.33, the last one of $33.34"),
        "{page}"
    );
    // Who has just applied has not signed in.
    assert!(
        !page.contains("Sign in") && page.contains("Payment plan</li>"),
        "{page}"
    );
    take(&mock, &order, "plan", &[("plan", "0")]);
    let page = look(&mock, &order).text();
    assert!(
        !page.contains("/change\""),
        "there is nothing to change to: {page}"
    );
    let (mock, order) = at_plan("[[plans]]\nmonths = 2\n[[plans]]\nmonths = 4\n");
    let page = look(&mock, &order).text();
    assert_eq!(page.matches("type=\"radio\"").count(), 2, "{page}");
    assert!(
        page.contains("2 monthly payments of $50.00</strong>"),
        "{page}"
    );
    take(&mock, &order, "plan", &[("plan", "1")]);
    assert!(look(&mock, &order).text().contains("/change\""));
}

#[test]
fn a_step_that_did_not_happen_is_not_ticked() {
    let mock = start(&Settings::default());
    let order = open(&mock, "apply/buy", true);
    let path = format!("/orders/{}/complete", order.id);
    assert_eq!(
        admin(&mock, "POST", &path, &json!({"outcome": "approved"})).status,
        200
    );
    let page = look(&mock, &order).text();
    assert!(page.contains("<h1>You are approved</h1>"), "{page}");
    assert!(!page.contains("class=\"done\""), "{page}");
    let order = open(&mock, "apply/buy", true);
    look(&mock, &order);
    take(&mock, &order, "begin", &[("way", "apply")]);
    take(&mock, &order, "application", &APPLICATION);
    let page = look(&mock, &order).text();
    assert_eq!(page.matches("class=\"done\"").count(), 1, "{page}");
}

#[test]
fn who_is_approved_reads_it_once_and_sees_a_card_that_can_be_typed() {
    let mock = start(&Settings::default());
    let order = open(&mock, "apply", true);
    take(&mock, &order, "force", &[("outcome", "approved")]);
    let page = look(&mock, &order).text();
    assert_eq!(
        page.matches("approved").count(),
        page.matches("You are approved").count()
    );
    let shown = walk::order(&mock, order.id);
    let number: u64 = shown["customer_id"].as_str().unwrap().parse().unwrap();
    let vcc = format!("1070{number:012}");
    let groups: Vec<&str> = [0, 4, 8, 12].iter().map(|at| &vcc[*at..at + 4]).collect();
    assert!(page.contains(&groups.join(" ")), "{page}");
}

#[test]
fn the_title_of_one_choice_names_it() {
    let mock = start(&Settings::default());
    for (flow, title) in [
        ("buy", "Sign in and buy"),
        ("apply/buy", "How would you like to pay?"),
    ] {
        let order = open(&mock, flow, true);
        let page = look(&mock, &order).text();
        assert!(
            page.contains(&format!("<h1>{title}</h1>")),
            "{flow}: {page}"
        );
    }
}
