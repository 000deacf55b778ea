//! Behind a proxy: whose word counts on where the server is reached, and by whom.

use crate::process::Running;
use crate::shop::{APPLY, INIT, demo_token_call, init_call, start, text, token};
use crate::wire::Call;
use flexiti_mock::{Mock, Settings};
use serde_json::Value;

/// What a proxy adds that serves `https://shop.example/pay` for a customer elsewhere.
const PROXY: [(&str, &str); 2] = [
    (
        "forwarded",
        "for=\"[2001:db8::7]:4711\";proto=https;host=shop.example",
    ),
    ("x-forwarded-prefix", "/pay"),
];

fn behind(proxy: &str) -> Mock {
    start(&Settings {
        trusted_proxies: vec![proxy.parse().unwrap()],
        admin_token: Some("t0ken".to_owned()),
        ..Settings::default()
    })
}

fn with(call: Call, headers: &[(&str, &str)]) -> Call {
    let add = |call: Call, (name, value): &(&str, &str)| call.header(name, value);
    headers.iter().fold(call, add)
}

fn redirection_url(mock: &Mock, headers: &[(&str, &str)]) -> String {
    let call = with(init_call(INIT, &token(mock)), headers);
    let answer = call.form(&APPLY).send(mock.address()).json();
    text(&answer, "redirection_url")
}

#[test]
fn urls_are_those_of_the_proxy_that_is_trusted() {
    let mock = behind("127.0.0.0/8");
    let admin = |path: &str| {
        let call = with(Call::get(&format!("/__admin{path}")), &PROXY);
        call.header("authorization", "Bearer t0ken")
            .send(mock.address())
    };
    let url = redirection_url(&mock, &PROXY);
    assert!(
        url.starts_with("https://shop.example/pay/checkout/"),
        "{url}"
    );
    let base = "https://shop.example/pay/flexiti/online-api";
    let merchant = admin("/merchants/flexitidemo").json();
    assert_eq!(text(&merchant, "base_url"), base);
    let orders = admin("/orders").json();
    let page_url = text(&orders["orders"][0], "redirection_url");
    assert!(
        page_url.starts_with("https://") && url.starts_with(&page_url),
        "{page_url}"
    );
    let exchange = admin("/requests/1").json();
    assert!(
        text(&exchange, "curl").contains("https://shop.example/pay/flexiti"),
        "{exchange}"
    );
    let document = admin("/openapi.json").json();
    assert_eq!(text(&document["servers"][0], "url"), base);
    assert!(admin("/reference").text().contains(base));
    assert_eq!(admin("").header("location"), Some("/pay/__admin/"));
    let places = with(Call::get("/"), &PROXY).header("accept", "application/json");
    let places = places.send(mock.address()).json();
    assert_eq!(
        text(&places, "dashboard"),
        "https://shop.example/pay/__admin/"
    );
    // The pages lead on below the same path.
    let path = url.strip_prefix("https://shop.example/pay").unwrap();
    let page = with(Call::get(path), &PROXY).send(mock.address()).text();
    assert!(
        page.contains("href=\"/pay/checkout/checkout.css\""),
        "{page}"
    );
    assert!(page.contains("action=\"/pay/checkout/"), "{page}");
    // Another client comes another way.
    let direct = redirection_url(&mock, &[]);
    assert!(
        direct.starts_with(&format!("http://{}/checkout/", mock.address())),
        "{direct}"
    );
    // What was said at the start holds.
    let said = start(&Settings {
        trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
        public_base_url: Some("https://mock.example/m".to_owned()),
        ..Settings::default()
    });
    let url = redirection_url(&said, &PROXY);
    assert!(url.starts_with("https://mock.example/m/checkout/"), "{url}");
    let path = url.split("/m/").nth(1).unwrap();
    let page = Call::get(&format!("/{}", path.replace("?lang=en", ""))).send(said.address());
    assert!(page.text().contains("href=\"/m/checkout/checkout.css\""));
}

#[test]
fn nobody_else_says_where_the_server_is() {
    for mock in [behind("10.0.0.0/8"), start(&Settings::default())] {
        let url = redirection_url(&mock, &PROXY);
        assert!(
            url.starts_with(&format!("http://{}/checkout/", mock.address())),
            "{url}"
        );
    }
    let mock = behind("127.0.0.1/32");
    let broken = [("forwarded", "for=1.2.3.4;host=\"evil.example/\"")];
    let url = redirection_url(&mock, &broken);
    assert!(
        url.starts_with(&format!("http://{}/checkout/", mock.address())),
        "{url}"
    );
    // What the customer sent stands before what the proxy added.
    let hostile = [(
        "forwarded",
        "for=9.9.9.9;host=evil.example, for=1.2.3.4;host=shop.example",
    )];
    let url = redirection_url(&mock, &hostile);
    assert!(url.starts_with("http://shop.example/checkout/"), "{url}");
}

#[test]
fn a_proxy_on_this_machine_opens_the_admin_api_to_nobody_else() {
    let mock = start(&Settings {
        trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
        ..Settings::default()
    });
    let status = |headers: &[(&str, &str)]| {
        with(Call::get("/__admin/requests"), headers)
            .send(mock.address())
            .status
    };
    assert_eq!(status(&[]), 200);
    assert_eq!(
        status(&[("forwarded", "for=127.0.0.1;host=localhost:8080")]),
        200
    );
    let own = ("origin", "http://localhost:8080");
    assert_eq!(
        status(&[("forwarded", "for=127.0.0.1;host=localhost:8080"), own]),
        200
    );
    for headers in [
        &[("forwarded", "for=192.0.2.1")][..],
        &[("forwarded", "for=192.0.2.1;host=localhost")],
        &[("forwarded", "for=unknown;host=localhost")],
        &[("forwarded", "for=127.0.0.1;host=mock.example")],
        &[("forwarded", "host=localhost")],
        &[("forwarded", "for=127.0.0.1;host=\"localhost")],
        &[("x-forwarded-for", "192.0.2.1")],
        &[("x-forwarded-host", "mock.example")],
        &[("x-forwarded-proto", "ftp")],
        &[
            ("forwarded", "for=127.0.0.1;host=localhost:8080"),
            ("origin", "http://localhost"),
        ],
    ] {
        assert_eq!(status(headers), 403, "{headers:?}");
    }
    let health = Call::get("/__admin/health").header("forwarded", "for=192.0.2.1");
    assert_eq!(health.send(mock.address()).status, 200);
}

#[test]
fn the_log_names_the_client_and_what_does_not_count() {
    let running = Running::start(&[
        "--trusted-proxy",
        "127.0.0.1,::1",
        "--log-level",
        "debug",
        "--log-format",
        "json",
    ]);
    let address = running.address();
    let asked = |headers: &[(&str, &str)]| with(demo_token_call(&[]), headers).send(address);
    asked(&[("forwarded", "for=\"[2001:db8::7]:4711\"")]);
    asked(&[("x-forwarded-for", "1.2.3.4, nobody")]);
    let log = running.stopped();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let clients: Vec<&Value> = lines
        .iter()
        .filter(|it| it["method"] == "POST")
        .map(|it| &it["client"])
        .collect();
    assert_eq!(
        clients,
        [&Value::from("2001:db8::7"), &Value::Null],
        "{log}"
    );
    let ignored = lines
        .iter()
        .find(|it| it.to_string().contains("ignored: x-forwarded-for"));
    assert_eq!(
        ignored.map(|it| &it["level"]),
        Some(&Value::from("DEBUG")),
        "{log}"
    );
}
