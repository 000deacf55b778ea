//! How long well-behaved requests wait beside slow or numerous clients, and beside calls to the
//! admin API on a full journal. The server and the load share all cores.

use crate::load::{Client, Server, init_request, token};
use crate::table::{Goal, Table};
use anyhow::ensure;
use bytes::Bytes;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// More than the journal holds.
const FULL: usize = 12_000;
const HOSTILE: usize = 1_000;
const CLIENTS: usize = 4;
const TIME: Duration = Duration::from_secs(2);
/// A client's pause between two requests.
const PAUSE: Duration = Duration::from_millis(1);
const TIMES_QUIET: f64 = 2.0;
const LEAST_MS: f64 = 1.0;

const BASE: &str = "/flexiti/online-api";

/// Adds the latencies.
pub async fn measure(folder: &Path, table: &mut Table) -> anyhow::Result<()> {
    let server = Server::mock(folder, false, &["--max-watchers", "1000"])?;
    let init = init_request(&token(&server.address).await?);
    let mut client = Client::connect(&server.address).await?;
    for _ in 0..FULL {
        let (status, _) = client.send(&init).await?;
        ensure!(status == 200, "init: {status}");
    }
    println!("\n{CLIENTS} honest clients, a request each every millisecond, journal full");
    let quiet = honest(&server, &init, "nothing else").await?;
    table.add("p99 of honest requests, quiet", quiet, "ms", Goal::None);
    let mut beside = |name: &str, figure: f64| {
        let goal = Goal::AtMostOr(TIMES_QUIET * quiet, LEAST_MS);
        table.add(format!("p99 beside {name}"), figure, "ms", goal);
    };
    let head = format!("POST {BASE}/oauth/token HTTP/1.1\r\nhost: a\r\nx-a: ");
    let body = format!(
        "POST {BASE}/oauth/token HTTP/1.1\r\nhost: a\r\ncontent-length: 60000\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\na="
    );
    let long = "GET /__admin/requests HTTP/1.1\r\nhost: a\r\n\r\n";
    let events = "GET /__admin/events HTTP/1.1\r\nhost: a\r\n\r\n";
    for (name, first, then) in [
        ("1,000 slow heads", &*head, Then::Trickle),
        ("1,000 slow bodies", &*body, Then::Trickle),
        ("1,000 who do not read", long, Then::Nothing),
        ("1,000 watchers", events, Then::Read),
    ] {
        let crowd = Crowd::new(&server, first, then)?;
        // Wait until the initial burst is over.
        tokio::time::sleep(Duration::from_secs(if then == Then::Nothing {
            8
        } else {
            1
        }))
        .await;
        beside(name, honest(&server, &init, name).await?);
        crowd.end();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let verify = r#"{"match":{"endpoint":"init","params":{"fname":"Nobody"}},"times":1}"#;
    for (name, call) in [
        ("GET requests", admin("GET", "requests", "", "")),
        (
            "HAR",
            admin("GET", "requests", "accept: application/har+json\r\n", ""),
        ),
        (
            "verify",
            admin(
                "POST",
                "requests/verify",
                "content-type: application/json\r\n",
                verify,
            ),
        ),
        ("lint", admin("GET", "merchants/flexitidemo/lint", "", "")),
    ] {
        let asking = Asking::new(&server, call);
        let figure = honest(&server, &init, name).await?;
        let calls = asking.end()?;
        ensure!(calls > 0, "{name}: no call was answered");
        beside(&format!("calls of {name}"), figure);
        println!("{:<26}{calls} calls", "");
    }
    Ok(())
}

/// The 99th percentile of the latency of well-behaved requests, in milliseconds.
async fn honest(server: &Server, init: &Bytes, beside: &str) -> anyhow::Result<f64> {
    let mut running = JoinSet::new();
    let started = Instant::now();
    for _ in 0..CLIENTS {
        let mut client = Client::connect(&server.address).await?;
        let init = init.clone();
        running.spawn(async move {
            let mut times = Vec::new();
            while started.elapsed() < TIME {
                tokio::time::sleep(PAUSE).await;
                let sent = Instant::now();
                let (status, _) = client.send(&init).await?;
                ensure!(status == 200, "init: {status}");
                times.push(sent.elapsed().as_secs_f64() * 1e3);
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    for done in running.join_all().await {
        times.extend(done?);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[times.len() * share / 100];
    let (half, most) = (at(50), at(99));
    println!(
        "{beside:<26}{} requests, p50 {half:.3} ms, p99 {most:.3} ms, longest {:.1} ms",
        times.len(),
        times[times.len() - 1]
    );
    Ok(most)
}

fn admin(method: &str, path: &str, headers: &str, body: &str) -> String {
    format!(
        "{method} /__admin/{path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// What each connection of a crowd does after sending its first bytes.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Nothing,
    /// Sends one more byte now and then.
    Trickle,
    /// Reads whatever arrives.
    Read,
}

/// Many connections, on one thread of their own.
struct Crowd {
    over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Crowd {
    fn new(server: &Server, first: &str, then: Then) -> anyhow::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let mut all = Vec::new();
        for _ in 0..HOSTILE {
            let mut stream = TcpStream::connect(&server.address)?;
            stream.write_all(first.as_bytes())?;
            stream.set_nonblocking(true)?;
            all.push(stream);
        }
        let ended = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while !ended.load(Ordering::Relaxed) {
                // Each connection has its turn ten times a second. The turns are spread out, as
                // with independent clients: all at once would be a burst.
                for some in all.chunks_mut(HOSTILE / 100) {
                    for stream in some {
                        // Errors do not matter here.
                        match then {
                            Then::Nothing => {}
                            Then::Trickle => drop(stream.write(b"a")),
                            Then::Read => drop(stream.read(&mut buffer)),
                        }
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        Ok(Self { over, thread })
    }

    fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

/// One admin call after another, each read to its end, on a thread of its own.
struct Asking {
    over: Arc<AtomicBool>,
    calls: Arc<AtomicU32>,
    thread: std::thread::JoinHandle<anyhow::Result<()>>,
}

impl Asking {
    fn new(server: &Server, call: String) -> Self {
        let (over, calls) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU32::new(0)),
        );
        let address = server.address.clone();
        let (ended, count) = (Arc::clone(&over), Arc::clone(&calls));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let mut stream = TcpStream::connect(&address)?;
                stream.write_all(call.as_bytes())?;
                std::io::copy(&mut stream, &mut std::io::sink())?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        Self {
            over,
            calls,
            thread,
        }
    }

    fn end(self) -> anyhow::Result<u32> {
        self.over.store(true, Ordering::Relaxed);
        let done = self.thread.join();
        done.map_err(|_| anyhow::anyhow!("the calls panicked"))??;
        Ok(self.calls.load(Ordering::Relaxed))
    }
}
