//! What a merchant's shop does: it gets tokens and opens orders. And what its tests do: they
//! start servers and steer them.

use crate::wire::{Answer, Call};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use serde_json::{Value, json};

pub const BASE: &str = "/flexiti/online-api";
pub const TOKEN: &str = "/flexiti/online-api/oauth/token";
pub const INIT: &str = "/flexiti/online-api/online/client-id/flexitidemo/systems/init";
pub const INIT_V2: &str = "/flexiti/online-api/online/v2/client-id/flexitidemo/systems/init";

pub const CLIENT: &str = "flexitidemo";
pub const SECRET: &str = "flexitidemo-secret";
pub const PASSWORD: &str = "flexitidemo-password";
pub const REFERENCE: &str = "0123456789abcdef0123456789abcdef";
/// The demo merchant's keys for the Basic scheme.
pub const BASIC: &str = "Basic ZmxleGl0aWRlbW86ZmxleGl0aWRlbW8tc2VjcmV0";

/// The demo merchant's keys as a form.
pub const KEYS: &str = "client_id=flexitidemo&client_secret=flexitidemo-secret";

/// What every dialect wants to be told for a token.
pub const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// How long an access token lives, in milliseconds (R-cur).
pub const LIFE: u64 = 1_200_000;

/// Parameters that are enough for Apply.
pub const APPLY: [(&str, &str); 3] = [
    ("lang", "en"),
    ("flow", "apply"),
    ("amount_requested", "499.99"),
];

/// A server with the demo merchant.
pub fn server(dialect: &str) -> Mock {
    start(&Settings {
        dialect: dialect.to_owned(),
        ..Settings::default()
    })
}

/// A server with the demo merchant and the merchant `other`, both as documented.
pub fn two_merchants() -> Mock {
    let settings = Settings {
        merchants: vec![MerchantConfig::demo(), merchant("other")],
        ..Settings::default()
    };
    start(&settings)
}

/// A merchant with the secret `{client_id}-secret`.
pub fn merchant(client_id: &str) -> MerchantConfig {
    MerchantConfig {
        client_id: client_id.to_owned(),
        client_secret: format!("{client_id}-secret"),
        username: None,
        password: None,
        ..MerchantConfig::demo()
    }
}

pub fn start(settings: &Settings) -> Mock {
    Mock::start(settings).expect("the server starts")
}

/// A token request as the reference documents it; `extra` pairs follow the keys.
pub fn token_call(client_id: &str, secret: &str, extra: &[(&str, &str)]) -> Call {
    let keys = [("client_id", client_id), ("client_secret", secret)];
    Call::post(TOKEN)
        .header("x-reference-id", REFERENCE)
        .form(&[&keys, extra].concat())
}

/// The demo merchant's token request.
pub fn demo_token_call(extra: &[(&str, &str)]) -> Call {
    token_call(CLIENT, SECRET, extra)
}

/// Sends a token request that must succeed; the whole answer.
pub fn tokens_of(mock: &Mock, call: &Call) -> Value {
    let answer = call.send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// A fresh pair of tokens of the demo merchant.
pub fn tokens(mock: &Mock) -> Value {
    tokens_of(mock, &demo_token_call(&[GRANT]))
}

/// A fresh access token of the demo merchant.
pub fn token(mock: &Mock) -> String {
    text(&tokens(mock), "access_token")
}

/// A refresh request of the demo merchant.
pub fn refresh(mock: &Mock, refresh_token: &str) -> Answer {
    let grant = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ];
    demo_token_call(&grant).send(mock.address())
}

/// An init request as the reference documents it, without a body.
pub fn init_call(path: &str, token: &str) -> Call {
    Call::post(path)
        .header("x-reference-id", REFERENCE)
        .header("authorization", &format!("Bearer {token}"))
}

/// Opens an order of the demo merchant and gives the whole answer.
pub fn order(mock: &Mock, pairs: &[(&str, &str)]) -> Value {
    let answer = init_call(INIT, &token(mock))
        .form(pairs)
        .send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Whether an access token opens init for the demo merchant.
pub fn opens(mock: &Mock, token: &str) -> Answer {
    init_call(INIT, token).form(&APPLY).send(mock.address())
}

/// A call of the admin API; `null` sends no body.
pub fn admin(mock: &Mock, method: &str, path: &str, body: &Value) -> Answer {
    let call = Call::new(method, &format!("/__admin{path}"));
    let call = if body.is_null() {
        call
    } else {
        call.json(body)
    };
    call.send(mock.address())
}

/// Whether the server still does what it is for.
pub fn assert_well(mock: &Mock) {
    let answer = Call::get("/__admin/health").send(mock.address());
    assert_eq!(answer.status, 200);
    tokens(mock);
}

/// Moves a merchant's clock on.
pub fn advance(mock: &Mock, client_id: &str, ms: u64) {
    let path = format!("/merchants/{client_id}/clock");
    let answer = admin(mock, "PUT", &path, &json!({"advance_ms": ms}));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// A text member of a JSON object.
pub fn text(value: &Value, key: &str) -> String {
    let text = value[key].as_str();
    text.unwrap_or_else(|| panic!("no text `{key}` in {value}"))
        .to_owned()
}

/// The path and query of an absolute URL.
pub fn path_of(url: &str) -> String {
    let rest = url.split_once("://").expect("an absolute URL").1;
    format!("/{}", rest.split_once('/').expect("a path").1)
}
