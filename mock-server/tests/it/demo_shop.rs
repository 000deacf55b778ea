//! The demo shop (`examples/shop`) against the mock: every way a checkout can end, and what
//! must not change the shop's mind.

use crate::process::wait_for;
use crate::shop::{admin, advance, path_of, start, text};
use crate::wire::{Answer, Call};
use flexiti_contract::LintRule;
use flexiti_mock::{MerchantConfig, Mock, Settings};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use tempfile::TempDir;

// The unit tests of the example: cargo runs those of an example, or builds its program, not both.
#[path = "../../examples/shop/belief.rs"]
#[allow(dead_code, reason = "the example uses it all")]
mod belief;
#[path = "../../examples/shop/token.rs"]
#[allow(dead_code, reason = "the example uses it all")]
mod token;

const START: Duration = Duration::from_secs(20);
/// Longer than the shop waits before it asks about an order again.
const NEXT_ASK: Duration = Duration::from_millis(1_100);

/// The shop as a process, and the mock that it talks to.
struct Shop {
    mock: Mock,
    child: Child,
    folder: TempDir,
    address: SocketAddr,
    /// What a reviewer will say of it.
    objections: &'static [LintRule],
}

impl Drop for Shop {
    /// Whatever a test made the shop do, a reviewer has nothing to say, unless the test said so.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            let findings = self.mock.admin().lint("flexitidemo").unwrap().findings;
            let rules: Vec<LintRule> = findings.iter().map(|finding| finding.rule).collect();
            assert_eq!(rules, self.objections, "{findings:#?}");
        }
    }
}

/// A browser, or a program in its place: a shop's cookie.
struct Customer {
    cookie: String,
}

/// The shop's program. Cargo builds examples before tests, but not if it is told which tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let program = folder.join("examples/shop");
    let time = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let sources = std::fs::read_dir(sources).unwrap();
    let newest = sources.map(|file| time(&file.unwrap().path())).max();
    assert!(
        time(&program) >= newest.flatten(),
        "missing or old: cargo build -p flexiti-mock --example shop"
    );
    program
}

/// A port that nobody had a moment ago.
fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Settings of a mock whose demo merchant is the shop at `address`.
fn settings(dialect: &str, address: SocketAddr) -> Settings {
    let url = |path: &str| Some(format!("http://{address}{path}"));
    Settings {
        dialect: dialect.to_owned(),
        merchants: vec![MerchantConfig {
            trust_url: url(""),
            success_url: url("/flexiti/return"),
            error_url: url("/flexiti/cancel"),
            ..MerchantConfig::demo()
        }],
        ..Settings::default()
    }
}

impl Shop {
    fn open(dialect: &str) -> Self {
        Self::open_with(dialect, None)
    }

    /// A shop that talks to another server than the mock, which stands by.
    fn open_for(base_url: &str) -> Self {
        Self::open_with("documented", Some(base_url))
    }

    fn open_with(dialect: &str, base_url: Option<&str>) -> Self {
        // The mock must know the shop's port first, and somebody else may take it meanwhile.
        for _ in 0..5 {
            let address = free_port();
            let mock = start(&settings(dialect, address));
            let base_url = base_url.map_or_else(|| mock.base_url(), str::to_owned);
            if let Some(shop) = Self::try_open(mock, &base_url, address) {
                return shop;
            }
        }
        panic!("no port for the shop");
    }

    fn try_open(mock: Mock, base_url: &str, address: SocketAddr) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let ready = folder.path().join("ready.json");
        let log = File::create(folder.path().join("log")).unwrap();
        let mut child = Command::new(program())
            .env_clear()
            .env("FLEXITI_BASE_URL", base_url)
            .env("SHOP_LISTEN", address.to_string())
            .env("SHOP_READY_FILE", &ready)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let is_ready = wait_for("the shop", START, || {
            // Whoever sees the file must see all of it.
            let ready = std::fs::read_to_string(&ready).ok();
            let ready = ready.map(|text| serde_json::from_str::<Value>(&text).unwrap());
            let url = format!("http://{address}");
            match ready {
                Some(ready) => Some(ready["url"] == url),
                None => child.try_wait().unwrap().map(|_| false),
            }
        });
        is_ready.then_some(Self {
            mock,
            child,
            folder,
            address,
            objections: &[],
        })
    }

    fn get(&self, path: &str, cookie: &str) -> Answer {
        Call::get(path).header("cookie", cookie).send(self.address)
    }

    /// Posts the checkout form as a program does that has seen no page.
    fn post(&self, fields: &[(&str, &str)]) -> Answer {
        Call::post("/checkout").form(fields).send(self.address)
    }

    /// Starts the checkout of an order, which must succeed.
    fn checkout(&self, number: &str, fields: &[(&str, &str)]) -> Customer {
        let answer = self.post(&[&[("order", number)], fields].concat());
        assert_eq!(answer.status, 303, "{}", answer.text());
        Customer {
            cookie: cookie(&answer),
        }
    }

    /// Moves the order on Flexiti's pages; the URL that they send the browser back to.
    fn complete(&self, number: &str, wish: &Value) -> String {
        let id = self.order(number)["id"].as_u64().unwrap();
        let answer = admin(&self.mock, "POST", &format!("/orders/{id}/complete"), wish);
        assert_eq!(answer.status, 200, "{}", answer.text());
        text(&answer.json(), "callback_url")
    }

    /// What the mock knows of the order.
    fn order(&self, number: &str) -> Value {
        let list = admin(&self.mock, "GET", "/orders", &Value::Null).json();
        let orders = list["orders"].as_array().unwrap();
        let found = orders.iter().find(|o| o["merchant_order_id"] == number);
        found
            .cloned()
            .unwrap_or_else(|| panic!("no {number}: {list}"))
    }

    /// The customer comes back from Flexiti's pages.
    fn come_back(&self, customer: &Customer, callback_url: &str) -> Answer {
        self.get(&path_of(callback_url), &customer.cookie)
    }

    fn status(&self, number: &str) -> String {
        let answer = Call::get(&format!("/orders/{number}")).send(self.address);
        text(&answer.json(), "status")
    }

    /// Waits for what the shop will believe.
    fn comes_to(&self, number: &str, status: &str) {
        wait_for(status, Duration::from_secs(10), || {
            (self.status(number) == status).then_some(())
        });
    }

    /// The journal's entries of one endpoint.
    fn journal(&self, endpoint: &str) -> Vec<Value> {
        let path = format!("/requests?endpoint={endpoint}");
        let list = admin(&self.mock, "GET", &path, &Value::Null).json();
        list["requests"].as_array().unwrap().clone()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The cart page with its session: cookie, token, order number.
    fn cart(&self) -> (String, String, String) {
        let page = Call::get("/").send(self.address);
        let html = page.text();
        (
            cookie(&page),
            hidden(&html, "form_token"),
            hidden(&html, "order"),
        )
    }
}

/// The cookie that an answer sets, as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie");
    let (cookie, attributes) = set.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
    cookie.to_owned()
}

/// The value of a hidden field.
fn hidden(html: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = html.split_once(&start).expect("the field").1;
    rest.split('"').next().unwrap().to_owned()
}

/// The runs of 40 hexadecimal digits in a text: tokens, and the sessions of hosted pages.
fn long_hex(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_hexdigit())
        .filter(|run| run.len() == 40)
        .collect()
}

#[test]
fn the_cart_speaks_the_customers_language_and_remembers_it() {
    let shop = Shop::open("documented");
    for (query, lang, heading, total) in [
        ("", "en", "Your cart", "$499.99"),
        ("?lang=en", "en", "Your cart", "$499.99"),
        ("?lang=fr", "fr", "Votre panier", "499,99\u{a0}$"),
        ("?lang=xx", "en", "Your cart", "$499.99"),
    ] {
        let answer = Call::get(&format!("/{query}")).send(shop.address);
        assert_eq!(answer.status, 200);
        let html = answer.text();
        for part in [&format!("<html lang=\"{lang}\">"), heading, total] {
            assert!(html.contains(part), "{query}: {html}");
        }
        let later = shop.get("/", &cookie(&answer)).text();
        assert!(later.contains(heading), "{query}: {later}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[test]
fn every_outcome_comes_to_what_the_notification_says() {
    let shop = Shop::open("documented");
    let card = ("vcc", "2374980012865116");
    for (number, flow, outcome, status, english) in [
        (
            "apply-1",
            "apply",
            "approved",
            "approved",
            "Your credit is approved",
        ),
        ("apply-2", "apply", "declined", "failed", "Not approved"),
        ("apply-3", "apply", "pending", "pending", "Not decided yet"),
        ("apply-4", "apply", "cancelled", "cancelled", "Cancelled"),
        ("apply-5", "apply", "retry", "failed", "Not approved"),
        ("buy-1", "buy", "purchased", "paid", "Paid. Thank you!"),
        ("buy-2", "buy", "refused", "failed", "Not paid"),
        ("buy-3", "buy", "cancelled", "cancelled", "Cancelled"),
        (
            "both-1",
            "apply/buy",
            "purchased",
            "paid",
            "Paid. Thank you!",
        ),
        ("both-2", "apply/buy", "declined", "failed", "Not paid"),
        ("both-3", "apply/buy", "refused", "failed", "Not paid"),
        (
            "both-4",
            "apply/buy",
            "pending",
            "pending",
            "Not decided yet",
        ),
    ] {
        let customer = shop.checkout(number, &[("flow", flow), ("lang", "en"), card]);
        let url = shop.complete(number, &json!({"outcome": outcome}));
        let page = shop.come_back(&customer, &url);
        assert_eq!(page.status, 200, "{number}");
        assert!(
            page.text().contains(&format!("<h1>{english}</h1>")),
            "{number}: {}",
            page.text()
        );
        let refreshes = page.text().contains("http-equiv=\"refresh\"");
        assert_eq!(refreshes, status == "pending", "{number}");
        assert_eq!(shop.status(number), status, "{number}");
    }
}

#[test]
fn the_pages_after_the_checkout_speak_the_orders_language() {
    let shop = Shop::open("documented");
    for (number, flow, outcome, french) in [
        ("fr-1", "apply", "approved", "Votre crédit est approuvé"),
        ("fr-2", "apply", "declined", "Non approuvé"),
        ("fr-3", "apply/buy", "cancelled", "Annulé"),
    ] {
        let customer = shop.checkout(number, &[("flow", flow), ("lang", "fr")]);
        assert_eq!(shop.order(number)["lang"], "fr");
        let url = shop.complete(number, &json!({"outcome": outcome}));
        // The customer looked at something in English meanwhile.
        shop.get("/?lang=en", &customer.cookie);
        let page = shop.come_back(&customer, &url).text();
        assert!(page.contains("<html lang=\"fr\">"), "{page}");
        assert!(page.contains(french), "{page}");
    }
}

#[test]
fn the_hosted_pages_are_reached_with_and_without_a_dialog() {
    let shop = Shop::open("documented");
    let answer = shop.post(&[("order", "plain"), ("lang", "fr")]);
    let hosted = Call::get(&path_of(answer.header("location").unwrap())).send(shop.mock.address());
    assert_eq!(hosted.status, 200);
    assert!(hosted.text().contains("<html lang=\"fr\">"));

    let page = shop.post(&[("order", "dialog"), ("modal", "1")]);
    assert_eq!(page.status, 200);
    let html = page.text();
    let url = html
        .split_once("<iframe title=\"Flexiti\" src=\"")
        .unwrap()
        .1;
    let url = url.split('"').next().unwrap();
    assert_eq!(
        url.split('?').next(),
        shop.order("dialog")["redirection_url"].as_str()
    );
    let policy = page.header("content-security-policy").unwrap();
    let origin = format!("http://{}", shop.mock.address());
    assert!(
        policy.contains(&format!("frame-src 'self' {origin}")),
        "{policy}"
    );
    let flags = "sandbox=\"allow-forms allow-pointer-lock allow-popups allow-same-origin allow-scripts allow-top-navigation\"";
    assert!(html.contains(flags), "{html}");
    assert!(
        html.contains(&format!("<a class=\"button\" href=\"{url}\">")),
        "{html}"
    );
}

#[test]
fn a_success_url_that_comes_before_the_outcome_proves_nothing() {
    let shop = Shop::open("documented");
    let customer = shop.checkout("slow", &[("flow", "apply/buy")]);
    let wish = json!({"outcome": "purchased", "settle_after": {"polls": 2}});
    let url = shop.complete("slow", &wish);
    assert!(url.ends_with("/flexiti/return"), "{url}");
    let page = shop.come_back(&customer, &url).text();
    assert!(page.contains("Not decided yet"), "{page}");
    assert!(
        page.contains("content=\"3; url=/my/orders/slow\""),
        "{page}"
    );
    // At most one question a second, however often the shop is asked.
    let begun = Instant::now();
    for _ in 0..10 {
        shop.status("slow");
    }
    let asked = u64::try_from(shop.journal("notification_order").len()).unwrap();
    assert!(asked <= 2 + begun.elapsed().as_secs(), "{asked}");
    shop.comes_to("slow", "paid");
    let page = shop.get("/my/orders/slow", &customer.cookie).text();
    assert!(page.contains("Paid. Thank you!"), "{page}");
}

#[test]
fn a_forged_callback_changes_nothing() {
    let shop = Shop::open("documented");
    let victim = shop.checkout("victim", &[("flow", "apply/buy")]);
    let forger = shop.checkout("forger", &[("flow", "apply/buy")]);
    let id = shop.order("victim")["id"].as_u64().unwrap();

    // The forger's own order is not done.
    let page = shop.get("/flexiti/return", &forger.cookie).text();
    assert!(page.contains("Not decided yet"), "{page}");
    // Somebody else's is not the forger's business, done or not.
    let url = format!("/flexiti/return?orderId={id}");
    for cookie in [forger.cookie.as_str(), "shop_session=0123", "other=1", ""] {
        let answer = shop.get(&url, cookie);
        assert_eq!(answer.status, 404, "{cookie}");
        assert_eq!(answer.header("set-cookie"), None);
        assert_eq!(shop.get("/my/orders/victim", cookie).status, 404);
    }
    assert_eq!(shop.status("victim"), "pending");
    shop.complete("victim", &json!({"outcome": "purchased"}));
    assert_eq!(shop.get(&url, &forger.cookie).status, 404);
    assert_eq!(shop.status("forger"), "pending");
    let page = shop.get(&url, &victim.cookie).text();
    std::thread::sleep(NEXT_ASK);
    assert_eq!(shop.status("victim"), "paid", "{page}");
}

#[test]
fn a_callback_twice_is_harmless() {
    let shop = Shop::open("documented");
    let customer = shop.checkout("twice", &[("flow", "apply/buy")]);
    let url = shop.complete("twice", &json!({"outcome": "purchased"}));
    let once = shop.come_back(&customer, &url).text();
    let asked = shop.journal("notification_order").len();
    assert_eq!(once, shop.come_back(&customer, &url).text());
    // Nor does the error URL take anything back.
    assert_eq!(once, shop.get("/flexiti/cancel", &customer.cookie).text());
    assert_eq!(shop.status("twice"), "paid");
    assert_eq!(shop.journal("notification_order").len(), asked);
}

#[test]
fn whoever_was_approved_buys_without_a_card() {
    let shop = Shop::open("documented");
    let (cookie, form_token, number) = shop.cart();
    let fields = |flow, number: &str| {
        Call::post("/checkout").header("cookie", &cookie).form(&[
            ("form_token", form_token.as_str()),
            ("order", number),
            ("flow", flow),
        ])
    };
    // Nobody has been approved yet, and there is no card.
    assert_eq!(fields("buy", &number).send(shop.address).status, 422);
    assert_eq!(fields("apply", &number).send(shop.address).status, 303);
    let url = shop.complete(&number, &json!({"outcome": "approved"}));
    shop.get(&path_of(&url), &cookie);
    assert!(
        shop.get("/", &cookie)
            .text()
            .contains("credit that you were given here")
    );
    assert_eq!(fields("buy", "later").send(shop.address).status, 303);
    let customer = &shop.order(&number)["customer_id"];
    let sent = shop.journal("init_v2");
    assert_eq!(&sent[0]["params"]["customer_id"], customer, "{sent:?}");
    shop.complete("later", &json!({"outcome": "purchased"}));
    assert_eq!(shop.status("later"), "paid");
}

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

/// A server that answers each connection's request with what `answer` makes of its first line
/// and its body; an empty answer breaks the connection off.
fn flexiti(answer: impl Fn(&str, &str) -> String + Send + 'static) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/api", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let reply = answer(&first, &String::from_utf8(body).unwrap());
            reader.get_mut().write_all(reply.as_bytes()).unwrap();
            // The test may be over.
            let _ = tell.send(first);
        }
    });
    (base_url, told)
}

fn ok(body: &Value) -> String {
    http("200 OK", "", &body.to_string())
}

fn http(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\n{header}content-length: {length}\r\n\r\n{body}"
    )
}

/// A token answer in the oldest spelling, with a member that nobody knows.
fn token_answer() -> String {
    ok(&json!({
        "scope": "merchant", "access_token": "a", "refresh_token": "r", "expires_in": 1199,
        "token_type": "Bearer", "unknown": [{}],
    }))
}

#[test]
fn ids_may_be_texts_and_answers_may_hold_more() {
    let (base_url, _) = flexiti(|first, _| match first {
        first if first.contains("/oauth/token") => token_answer(),
        first if first.contains("payment-calculator") => ok(&json!({
            "htmlRender": "<script>", "paymentPlan": {"months": "3", "monthlyPayment": "166.67"},
        })),
        first if first.contains("/init") => ok(&json!({
            "redirection_url": "https://pages.example/x?a=1&b=%22", "online_order_id": "A/7",
        })),
        first if first.contains("/order-id/A%2F7 ") => ok(&json!({
            "date": null, "purchase": {"status": "Success", "more": 1}, "transaction_id": "A/7",
        })),
        _ => http("404 Not Found", "", ""),
    });
    let shop = Shop::open_for(&base_url);
    let cart = Call::get("/?lang=fr").send(shop.address).text();
    assert!(cart.contains("<strong>166,67\u{a0}$</strong>"), "{cart}");
    assert!(!cart.contains("<script>"), "{cart}");
    let answer = shop.post(&[("order", "ids"), ("flow", "apply/buy")]);
    let location = answer.header("location");
    assert_eq!(location, Some("https://pages.example/x?a=1&b=%22"));
    let page = shop.get("/flexiti/return?orderId=A%2F7", &cookie(&answer));
    assert_eq!(page.status, 200);
    assert_eq!(shop.status("ids"), "paid");
    let page = shop.post(&[("modal", "1"), ("flow", "apply/buy")]);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("https://pages.example"), "{policy}");
    assert!(page.text().contains("a=1&#38;b=%22\""), "{}", page.text());
}

#[test]
fn what_may_have_arrived_is_not_sent_again_unless_it_is_safe() {
    let tokens = AtomicUsize::new(0);
    let (base_url, told) = flexiti(move |first, _| {
        if !first.contains("/oauth/token") {
            return String::new();
        }
        match tokens.fetch_add(1, Ordering::SeqCst) {
            0 => http("503 Service Unavailable", "retry-after: 2\r\n", ""),
            _ => token_answer(),
        }
    });
    let shop = Shop::open_for(&base_url);
    let begun = Instant::now();
    let answer = shop.post(&[("order", "lost")]);
    assert_eq!(answer.status, 503);
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    let sent: Vec<String> = told.try_iter().collect();
    let inits = sent.iter().filter(|first| first.contains("/init")).count();
    assert_eq!((sent.len(), inits), (3, 1), "{sent:?}");
    assert_eq!(shop.status("lost"), "failed");
}

#[test]
fn a_redirection_url_that_is_none_leads_nobody_anywhere() {
    let (base_url, _) = flexiti(|first, _| match first {
        first if first.contains("/oauth/token") => token_answer(),
        _ => ok(&json!({"redirection_url": "javascript:alert(1)", "online_order_id": 7})),
    });
    let shop = Shop::open_for(&base_url);
    let answer = shop.post(&[("modal", "1")]);
    assert_eq!(answer.status, 503);
    assert!(!answer.text().contains("alert"), "{}", answer.text());
}
