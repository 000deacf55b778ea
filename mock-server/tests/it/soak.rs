//! A mix of everything for a while: nothing is lost, nothing is refused that should not be, and what
//! the server holds stays bounded. `SOAK=120` makes it two minutes.

use crate::process::Running;
use crate::shop::{APPLY, CLIENT, GRANT, INIT, demo_token_call, init_call, path_of, text};
use crate::wire::Call;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How many exchanges of a merchant the journal holds.
const JOURNAL: u64 = 500;
const CLIENTS: u64 = 4;

fn seconds() -> u64 {
    let seconds = std::env::var("SOAK").ok();
    seconds.and_then(|it| it.parse().ok()).unwrap_or(4)
}

fn see(address: SocketAddr, path: &str) -> Value {
    Call::get(&format!("/__admin{path}")).send(address).json()
}

/// The figure of a metric that has no labels, or these.
fn figure(address: SocketAddr, name: &str) -> u64 {
    let metrics = Call::get("/__admin/metrics").send(address).text();
    let start = format!("flexiti_mock_{name} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("{name}")).parse().unwrap()
}

/// What one shop does; gives how many requests that were.
fn shop(address: SocketAddr, turn: u64) -> u64 {
    let expect = |call: &Call, status: u16| {
        let answer = call.send(address);
        assert_eq!(answer.status, status, "{}", answer.text());
        answer
    };
    let token = text(
        &expect(&demo_token_call(&[GRANT]), 200).json(),
        "access_token",
    );
    let order = expect(&init_call(INIT, &token).form(&APPLY), 200).json();
    let page = path_of(&text(&order, "redirection_url"));
    expect(&Call::get(&page), 200);
    // Refused for its language, for its token, and for its path.
    let wrong = [&APPLY[..], &[("lang", "xx")]].concat();
    assert!(init_call(INIT, &token).form(&wrong).send(address).status >= 400);
    expect(&init_call(INIT, "nobody's").form(&APPLY), 401);
    expect(&Call::get("/nothing"), 404);
    if turn.is_multiple_of(16) {
        see(address, &format!("/requests?client_id={CLIENT}"));
        let done = json!({"outcome": "approved"});
        let id = &order["online_order_id"];
        let path = format!("/__admin/orders/{id}/complete");
        Call::post(&path).json(&done).send(address);
    }
    6
}

#[test]
fn a_mix_of_everything_loses_nothing_and_stays_bounded() {
    let limit = JOURNAL.to_string();
    let running = Running::start(&["--journal-limit", &limit]);
    let address = running.address();
    let (is_over, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut sizes = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut turn = 0;
                while !is_over.load(Ordering::Relaxed) {
                    sent.fetch_add(shop(address, turn), Ordering::Relaxed);
                    turn += 1;
                }
            });
        }
        for _ in 0..2 {
            std::thread::sleep(Duration::from_secs(seconds()) / 2);
            sizes.push(figure(address, "held{what=\"journal_bytes\"}"));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let held = figure(address, "held{what=\"exchanges\"}");
    let dropped = figure(address, "journal_dropped");
    assert_eq!(held + dropped, sent.into_inner());
    // Those of the merchant, and those of nobody.
    assert!(held <= 2 * JOURNAL, "{held}");
    // The journal is full of the same mix at both times.
    let is_full = dropped > 2 * JOURNAL;
    assert!(!is_full || sizes[1] < sizes[0] * 2, "{sizes:?}");
    assert_eq!(figure(address, "log_lines_dropped"), 0);
    assert_eq!(see(address, "/health")["status"], "ok");
}
