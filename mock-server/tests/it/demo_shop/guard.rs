//! What the demo shop keeps to itself, and how it goes on after a mishap.

use super::*;

#[test]
fn a_session_is_used_by_its_own_forms_only() {
    let shop = Shop::open("documented");
    let (cookie, form_token, number) = shop.cart();
    let post = |fields: &[(&str, &str)]| Call::post("/checkout").form(fields);
    let order = ("order", number.as_str());
    let own = ("form_token", form_token.as_str());
    for call in [
        post(&[order]).header("cookie", &cookie),
        post(&[order, ("form_token", "0123")]).header("cookie", &cookie),
        post(&[order, own])
            .header("cookie", &cookie)
            .header("origin", "https://example.com"),
        post(&[order]).header("origin", "null"),
        Call::post("/checkout").body("order=x"),
    ] {
        let answer = call.send(shop.address);
        assert_eq!(answer.status, 403, "{call:?}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    assert_eq!(shop.journal("init_plain"), Vec::<Value>::new());
    let origin = format!("http://{}", shop.address);
    let good = post(&[order, own])
        .header("cookie", &cookie)
        .header("origin", &origin);
    let first = good.send(shop.address);
    assert_eq!(first.status, 303);
    // A second click is the same checkout.
    assert_eq!(
        good.send(shop.address).header("location"),
        first.header("location")
    );
    assert_eq!(shop.journal("init_plain").len(), 1);
    // The number belongs to that session now.
    assert_eq!(shop.post(&[order]).status, 409);
}

#[test]
fn mistakes_in_the_form_are_said_and_nothing_is_started() {
    let shop = Shop::open("documented");
    for mistake in [
        ("flow", "steal"),
        ("lang", "de"),
        ("amount", "10,50"),
        ("amount", "0.00"),
        ("amount", "-1"),
        ("amount", "1e3"),
        ("order", "<script>"),
        ("order", "a/b"),
        ("mname", "a name that is much too long to be one"),
    ] {
        let answer = shop.post(&[mistake]);
        assert_eq!(answer.status, 422, "{mistake:?}");
        assert!(!answer.text().contains("<script>"), "{}", answer.text());
    }
    for card in ["12", "2374 9800 1286 511x"] {
        assert_eq!(shop.post(&[("flow", "buy"), ("vcc", card)]).status, 422);
    }
    let broken = Call::post("/checkout")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("order=".to_owned() + &"x".repeat(100_000));
    assert_eq!(broken.send(shop.address).status, 403);
    assert_eq!(
        Call::new("DELETE", "/checkout").send(shop.address).status,
        405
    );
    assert_eq!(Call::get("/nothing").send(shop.address).status, 404);
    assert_eq!(shop.journal("token"), Vec::<Value>::new());
}

#[test]
fn neither_secret_nor_token_leaves_the_server() {
    let shop = Shop::open("documented");
    let mut seen = String::new();
    let mut see = |answer: &Answer| {
        for (name, value) in &answer.headers {
            seen.extend([name, ": ", value, "\n"]);
        }
        seen += &answer.text();
    };
    see(&Call::get("/").send(shop.address));
    see(&shop.post(&[("order", "a"), ("flow", "apply/buy"), ("modal", "1")]));
    see(&shop.post(&[("order", "b"), ("flow", "buy"), ("vcc", "2374980012865116")]));
    let customer = shop.checkout("c", &[("mname", "Sesame")]);
    let url = shop.complete("c", &json!({"outcome": "approved"}));
    see(&shop.come_back(&customer, &url));
    see(&Call::get("/orders/c").send(shop.address));
    for secret in ["flexitidemo", "2374980012865116", "Sesame", "Bearer"] {
        assert!(!seen.contains(secret), "{secret}: {seen}");
        assert!(!shop.log().contains(secret), "{secret}: {}", shop.log());
    }
    // What looks like a token is the session of a hosted page.
    let sessions = ["a", "b"].map(|number| text(&shop.order(number), "redirection_url"));
    for hex in long_hex(&seen) {
        assert!(sessions.iter().any(|url| url.contains(hex)), "{hex}");
    }
    assert_eq!(long_hex(&shop.log()), Vec::<&str>::new());
    assert!(
        !shop
            .log()
            .contains(&customer.cookie["shop_session=".len()..])
    );
}

#[test]
fn each_checkout_has_one_token_of_its_own_and_each_operation_a_reference() {
    let shop = Shop::open("documented");
    for number in ["one", "two"] {
        let customer = shop.checkout(number, &[]);
        shop.status(number);
        let url = shop.complete(number, &json!({"outcome": "approved"}));
        std::thread::sleep(NEXT_ASK);
        shop.come_back(&customer, &url);
    }
    let tokens = shop.journal("token");
    assert_eq!(tokens.len(), 2);
    for token in &tokens {
        assert_eq!(token["params"]["scope"], "merchant");
    }
    let mut references: Vec<String> = ["token", "init_plain", "notification_order"]
        .iter()
        .flat_map(|endpoint| shop.journal(endpoint))
        .map(|entry| text(&entry["headers"], "x-reference-id"))
        .collect();
    assert_eq!(references.len(), 8, "{references:?}");
    assert!(references.iter().all(|reference| reference.len() == 32));
    references.sort();
    references.dedup();
    assert_eq!(references.len(), 8, "{references:?}");
}

#[test]
fn a_token_in_its_last_minute_is_refreshed() {
    let folder = tempfile::tempdir().unwrap();
    let dialect = folder.path().join("short.json");
    let short = json!({
        "name": "short", "description": "Tokens of 61 seconds.",
        "extends": "documented", "answers": {"token_ttl": 61},
    });
    std::fs::write(&dialect, short.to_string()).unwrap();
    let shop = Shop::open(dialect.to_str().unwrap());
    shop.checkout("short", &[]);
    std::thread::sleep(NEXT_ASK);
    assert_eq!(shop.status("short"), "pending");
    let grants: Vec<Value> = shop
        .journal("token")
        .iter()
        .map(|t| t["params"]["grant_type"].clone())
        .collect();
    assert_eq!(grants, ["client_credentials", "refresh_token"]);
}

#[test]
fn a_token_that_is_no_longer_taken_is_replaced_once() {
    let shop = Shop::open("documented");
    let customer = shop.checkout("late", &[]);
    let url = shop.complete("late", &json!({"outcome": "approved"}));
    // Twenty minutes and more, which the shop's own clock does not see.
    advance(&shop.mock, "flexitidemo", 1_300_000);
    shop.come_back(&customer, &url);
    assert_eq!(shop.status("late"), "approved");
    let asked = shop.journal("notification_order");
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(
        (&asked[0]["status"], &asked[1]["status"]),
        (&json!(401), &json!(200))
    );
    // It is the same operation.
    let reference = |entry: &Value| text(&entry["headers"], "x-reference-id");
    assert_eq!(reference(&asked[0]), reference(&asked[1]));
}

#[test]
fn a_refusal_is_shown_as_one_and_logged_without_values() {
    let mut shop = Shop::open("strict");
    shop.objections = &[LintRule::TextNotAscii];
    let answer = shop.post(&[("order", "r"), ("lang", "fr"), ("mname", "Agnès")]);
    assert_eq!(answer.status, 409);
    assert!(
        answer.text().contains("Le paiement ne peut pas commencer"),
        "{}",
        answer.text()
    );
    assert_eq!(shop.status("r"), "failed");
    assert_eq!(shop.journal("init_plain").len(), 1);
    let log = shop.log();
    assert!(log.contains("error=\"wrong_inputs\""), "{log}");
    assert!(!log.contains("Agn"), "{log}");
}

#[test]
fn after_a_lost_answer_the_customer_may_try_again_under_another_id() {
    let mut shop = Shop::open("documented");
    let (cookie, form_token, number) = shop.cart();
    let post = Call::post("/checkout")
        .header("cookie", &cookie)
        .form(&[("form_token", &form_token), ("order", &number)]);
    let mock = settings("documented", shop.address);
    let listen = shop.mock.address();
    // Another server takes the place of the mock, and cannot listen while that one does.
    shop.mock = start(&mock);
    let answer = post.send(shop.address);
    assert_eq!(answer.status, 503);
    assert!(
        answer.text().contains("Please try again"),
        "{}",
        answer.text()
    );
    shop.mock = start(&Settings { listen, ..mock });
    assert_eq!(post.send(shop.address).status, 303);
    shop.complete(&format!("{number}-2"), &json!({"outcome": "approved"}));
    assert_eq!(shop.status(&number), "approved");
}
