//! A shop's server that does as it should, unless it is told otherwise.

use crate::shop::{self, CLIENT, INIT, INIT_V2, SECRET, TOKEN, text};
use crate::wire::{Answer, Call, exchange};
use flexiti_mock::Mock;
use serde_json::{Value, json};
use std::cell::Cell;

/// Parameters of an application; those with the same name take their place.
const APPLY: [(&str, &str); 3] = [
    ("lang", "en"),
    ("flow", "apply"),
    ("amount_requested", "499.99"),
];

pub struct Desk<'m> {
    pub mock: &'m Mock,
    count: Cell<u64>,
}

impl<'m> Desk<'m> {
    pub fn new(mock: &'m Mock) -> Self {
        let count = Cell::new(0);
        Self { mock, count }
    }

    fn next(&self) -> u64 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// A reference id that nothing else has.
    pub fn reference(&self) -> String {
        format!("{:032x}", self.next())
    }

    pub fn send(&self, call: &Call) -> Answer {
        call.send(self.mock.address())
    }

    /// Sends what must be accepted.
    pub fn sends(&self, call: &Call) -> Answer {
        let answer = self.send(call);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }

    /// Sends what gets no answer.
    pub fn loses(&self, call: &Call) {
        let address = self.mock.address();
        assert_eq!(exchange(address, &call.bytes(address)), b"");
    }

    pub fn token_call(&self, extra: &[(&str, &str)]) -> Call {
        let grant = [("grant_type", "client_credentials")];
        let keys = [("client_id", CLIENT), ("client_secret", SECRET)];
        let extra = if extra.is_empty() { &grant[..] } else { extra };
        Call::post(TOKEN)
            .header("x-reference-id", &self.reference())
            .form(&[&keys, extra].concat())
    }

    pub fn tokens(&self) -> Value {
        self.sends(&self.token_call(&[])).json()
    }

    pub fn token(&self) -> String {
        text(&self.tokens(), "access_token")
    }

    pub fn refresh_call(&self, tokens: &Value) -> Call {
        let refresh_token = text(tokens, "refresh_token");
        self.token_call(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &refresh_token),
        ])
    }

    /// A call of a path with a token.
    pub fn call(&self, method: &str, path: &str, token: &str) -> Call {
        Call::new(method, path)
            .header("x-reference-id", &self.reference())
            .header("authorization", &format!("Bearer {token}"))
    }

    /// An init of an application with a number of its own.
    pub fn init_call(&self, token: &str, extra: &[(&str, &str)]) -> Call {
        let number = format!("A-{}", self.next());
        let own = [("merchant_orderid", number.as_str())];
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for (name, value) in APPLY.iter().chain(&own).chain(extra) {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
        self.call("POST", INIT, token).form(&pairs)
    }

    pub fn order(&self, token: &str, extra: &[(&str, &str)]) -> u64 {
        let answer = self.sends(&self.init_call(token, extra));
        answer.json()["online_order_id"].as_u64().unwrap()
    }

    /// An init of a purchase as JSON.
    pub fn purchase(&self, token: &str, change: impl FnOnce(&mut Value)) -> Call {
        let address = json!({
            "first_name": "Marie", "last_name": "Tremblay", "address_1": "1 rue Principale",
            "address_2": "Suite 100", "city": "Montreal", "province": "QC", "postal_code": "H2X1Y4",
        });
        let mut body = json!({
            "lang": "en", "flow": "apply/buy", "amount_requested": 499.99,
            "billing_information": address, "shipping_information": address,
        });
        change(&mut body);
        self.call("POST", INIT_V2, token).json(&body)
    }

    pub fn notification_call(&self, token: &str, order: u64) -> Call {
        let path = format!(
            "{}/online/client-id/{CLIENT}/notifications/order-id/{order}",
            shop::BASE
        );
        self.call("GET", &path, token)
    }

    pub fn reads(&self, token: &str, order: u64) -> Answer {
        self.send(&self.notification_call(token, order))
    }

    /// The customer comes to an end, and back to the shop.
    pub fn complete(&self, order: u64, wish: &Value) {
        let path = format!("/orders/{order}/complete");
        let answer = shop::admin(self.mock, "POST", &path, wish);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    pub fn advance(&self, ms: u64) {
        shop::advance(self.mock, CLIENT, ms);
    }

    pub fn faults(&self, plan: &Value) {
        let path = format!("/merchants/{CLIENT}/faults");
        let answer = shop::admin(self.mock, "PUT", &path, &json!({"faults": plan}));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}
