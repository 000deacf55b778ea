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

mod dialog;
mod guard;
mod wire;

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
    assert_eq!(Some(url), shop.order("dialog")["redirection_url"].as_str());
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
