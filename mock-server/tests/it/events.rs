//! The stream of events: what happens is told as it happens, and nothing is missed.

use crate::shop::{
    APPLY, CLIENT, SECRET, admin, advance, order, server, start, token, two_merchants,
};
use crate::wire::{Call, connect};
use flexiti_mock::{Mock, Settings};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::TcpStream;

/// A watcher; what it reads are the lines of the stream.
struct Watcher(Lines<BufReader<TcpStream>>);

/// An event: its id, name and data.
type Told = (Option<u64>, String, Value);

impl Watcher {
    /// One that is known to the server: whatever happens from now on, it is told.
    fn new(mock: &Mock, query: &str, headers: &[(&str, &str)]) -> Self {
        let mut call = Call::get(&format!("/__admin/events{query}"));
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let mut stream = connect(mock.address());
        stream.write_all(&call.bytes(mock.address())).unwrap();
        let mut lines = BufReader::new(stream).lines();
        let status = lines.next().unwrap().unwrap();
        assert!(status.ends_with(" 200 OK"), "{status}");
        let head: Vec<String> = lines
            .by_ref()
            .map(Result::unwrap)
            .take_while(|line| !line.is_empty())
            .collect();
        let has = |header: &str| head.iter().any(|line| line.eq_ignore_ascii_case(header));
        assert!(has("content-type: text/event-stream"), "{head:?}");
        assert!(has("cache-control: no-store"), "{head:?}");
        Self(lines)
    }

    fn next(&mut self) -> Told {
        let (mut id, mut name) = (None, String::new());
        loop {
            // The chunks' sizes stand on lines of their own.
            let line = self.0.next().expect("the stream goes on").unwrap();
            if let Some(number) = line.strip_prefix("id: ") {
                id = number.parse().ok();
            } else if let Some(event) = line.strip_prefix("event: ") {
                event.clone_into(&mut name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (id, name, serde_json::from_str(data).unwrap());
            }
        }
    }

    fn take(&mut self, count: usize) -> Vec<Told> {
        (0..count).map(|_| self.next()).collect()
    }
}

#[test]
fn an_exchange_is_told_with_its_row_and_a_change_with_what_it_was() {
    let mock = server("documented");
    let mut watcher = Watcher::new(&mock, "", &[]);
    let order = order(&mock, &APPLY)["online_order_id"].clone();
    advance(&mock, CLIENT, 1_000);
    let outcome = json!({"outcome": "approved"});
    admin(
        &mock,
        "POST",
        &format!("/orders/{order}/complete"),
        &outcome,
    );
    let plan = json!({"faults": [{"action": {"type": "empty"}}]});
    admin(&mock, "PUT", "/merchants/flexitidemo/faults", &plan);
    let strict = json!({"name": "strict"});
    admin(&mock, "PUT", "/merchants/flexitidemo/dialect", &strict);
    admin(&mock, "POST", "/merchants", &json!({"client_id": "new"}));
    admin(&mock, "POST", "/merchants/new/reset", &Value::Null);
    let rows = admin(&mock, "GET", "/requests", &Value::Null).json();
    let told = watcher.take(8);
    for (at, (id, name, data)) in told.iter().take(2).enumerate() {
        assert_eq!((name.as_str(), data), ("request", &rows["requests"][at]));
        assert_eq!(json!(id), data["id"]);
    }
    let changes: Vec<String> = told[2..]
        .iter()
        .map(|(id, name, data)| {
            assert_eq!((*id, name.as_str()), (None, "change"));
            format!("{} {}", data["what"], data["client_id"]).replace('"', "")
        })
        .collect();
    assert_eq!(
        changes,
        [
            "clock flexitidemo",
            "orders flexitidemo",
            "faults flexitidemo",
            "dialect flexitidemo",
            "merchants new",
            "reset new"
        ]
    );
    assert!(!told.iter().any(|told| told.2.to_string().contains(SECRET)));
}

#[test]
fn a_watcher_goes_on_where_it_was_cut_off_and_sees_one_merchant_if_it_asks_for_one() {
    let mock = two_merchants();
    for _ in 0..3 {
        token(&mock);
        let call = crate::shop::token_call("other", "other-secret", &[]);
        call.send(mock.address());
    }
    let ids = |mut watcher: Watcher, count| -> Vec<Option<u64>> {
        watcher.take(count).iter().map(|told| told.0).collect()
    };
    let all = Watcher::new(&mock, "?after=0", &[]);
    assert_eq!(ids(all, 6), [1, 2, 3, 4, 5, 6].map(Some));
    let rest = Watcher::new(&mock, "", &[("last-event-id", "4")]);
    assert_eq!(ids(rest, 2), [5, 6].map(Some));
    let other = Watcher::new(&mock, "?client_id=other&after=0", &[]);
    assert_eq!(ids(other, 3), [2, 4, 6].map(Some));
    // Changes of others are not for it either.
    let mut other = Watcher::new(&mock, "?client_id=other", &[]);
    advance(&mock, CLIENT, 1);
    token(&mock);
    advance(&mock, "other", 1);
    assert_eq!(other.next().2["client_id"], "other");
}

#[test]
fn after_a_reset_the_exchanges_are_told_from_the_first() {
    let mock = server("documented");
    token(&mock);
    let mut watcher = Watcher::new(&mock, "?after=0", &[]);
    assert_eq!(watcher.next().0, Some(1));
    admin(&mock, "POST", "/reset", &Value::Null);
    assert_eq!(
        watcher.next().2,
        json!({"what": "reset", "client_id": null})
    );
    token(&mock);
    assert_eq!(watcher.next().0, Some(1));
}

#[test]
fn a_watcher_is_told_that_the_journal_has_dropped_what_it_asks_for() {
    let mock = start(&Settings {
        journal_limit: 2,
        ..Settings::default()
    });
    for _ in 0..5 {
        token(&mock);
    }
    let mut watcher = Watcher::new(&mock, "?after=1", &[]);
    let told: Vec<(Option<u64>, String)> = watcher
        .take(3)
        .into_iter()
        .map(|(id, name, _)| (id, name))
        .collect();
    let request = |id| (Some(id), "request".to_owned());
    assert_eq!(told, [(None, "missed".into()), request(4), request(5)]);
}

#[test]
fn what_a_watcher_may_not_ask_is_named() {
    let mock = server("documented");
    for (query, name) in [("?colour=1", "colour"), ("?after=x", "after")] {
        let answer = admin(&mock, "GET", &format!("/events{query}"), &Value::Null);
        assert_eq!(answer.status, 422, "{query}");
        assert!(answer.text().contains(name), "{query}");
    }
    let call = Call::get("/__admin/events").header("origin", "https://attacker.example");
    assert_eq!(call.send(mock.address()).status, 403);
}

#[test]
fn a_server_that_stops_ends_the_stream() {
    let mock = server("documented");
    let mut watcher = Watcher::new(&mock, "", &[]);
    drop(mock);
    // The last chunk, whole: nothing was cut off.
    let rest: Vec<String> = watcher.0.by_ref().map(Result::unwrap).collect();
    assert_eq!(rest, ["0", ""]);
}
