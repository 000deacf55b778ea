//! Throughput, start-up time and memory of the release binary, beside the targets.
//!
//! `cargo bench -p flexiti-mock --bench throughput`
//!
//! The yardstick for requests per second is a bare hyper server that reads the body and gives a
//! constant answer: the ratio of the two says what the mock costs, on a fast machine as on a
//! slow one. Journal and log are on, as they are for a user.

mod load;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use load::{Client, Server, block_on, init_request, median, pin, token};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 5;
const SHOT: Duration = Duration::from_secs(2);
const WARM_UP: Duration = Duration::from_secs(1);
const STARTS: usize = 20;

const RATIO: f64 = 0.35;
const START_MS: f64 = 50.0;
const IDLE_MIB: f64 = 12.0;

/// Makes this program the bare server.
const BARE: &str = "--bare";
/// As long as an answer of the mock.
const BARE_ANSWER: &str = r#"{"online_order_id":131210,"redirection_url":"http://127.0.0.1:45678/checkout/0123456789abcdef0123456789abcdef?lang=en"}"#;

fn main() -> anyhow::Result<ExitCode> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some(BARE) => block_on(bare()).map(|()| ExitCode::SUCCESS),
        Some("--bench") => measure(),
        _ => {
            println!("cargo bench -p flexiti-mock --bench throughput");
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn measure() -> anyhow::Result<ExitCode> {
    // Before this process is pinned, as the servers would inherit that.
    let folder = tempfile::tempdir()?;
    let start = start_up(folder.path())?;
    let pinned = pin();
    if pinned {
        println!("servers on core 0, load on core 1, {CONNECTIONS} connections");
    } else {
        println!("NOT pinned (needs taskset and two cores): the figures are rough");
    }
    let mock = Server::mock(folder.path(), pinned, &[])?;
    let bare = bare_server(pinned)?;
    std::thread::sleep(Duration::from_millis(200));
    let idle = mock.resident_mib()?;
    let (rounds, others) = block_on(rounds(&mock, &bare, pinned))?;
    let loaded = mock.resident_mib()?;

    for (at, [mock, bare]) in (1..).zip(&rounds) {
        let ratio = mock.rate / bare.rate;
        println!("round {at}: mock {mock}, bare {bare}, ratio {ratio:.3}");
    }
    let of = |figure: fn(&[Shot; 2]) -> f64| median(rounds.iter().map(figure).collect());
    println!("mock        {:>9.0} requests/s", of(|[mock, _]| mock.rate));
    println!("bare hyper  {:>9.0} requests/s", of(|[_, bare]| bare.rate));
    let ratio = of(|[mock, bare]| mock.rate / bare.rate);
    let by_time = of(|[mock, bare]| (mock.rate / mock.busy) / (bare.rate / bare.busy));
    let met = |met: bool| if met { "met" } else { "MISSED" };
    let kept = met(ratio >= RATIO);
    println!("ratio       {ratio:>9.3}             target ≥ {RATIO}: {kept}");
    let kept = met(start <= START_MS);
    println!("start       {start:>9.1} ms          target ≤ {START_MS} ms: {kept}");
    let kept = met(idle <= IDLE_MIB);
    println!("idle        {idle:>9.1} MiB         target ≤ {IDLE_MIB} MiB: {kept}");
    println!("after load  {loaded:>9.1} MiB");
    // The same on a machine that has other things to do as well.
    println!("ratio of requests per second of processor time: {by_time:.3}");
    println!("answers other than 200: {others}");
    Ok(ExitCode::from(u8::from(others > 0)))
}

/// The median time in milliseconds from spawn to the ready file.
fn start_up(folder: &Path) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let server = Server::mock(folder, false, &[])?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        drop(server);
    }
    Ok(median(times))
}

/// The bare server: this program in another process.
fn bare_server(pinned: bool) -> anyhow::Result<Server> {
    let program = std::env::current_exe()?;
    let program = program.to_str().context("a path that is no text")?;
    Server::other(program, BARE, pinned)
}

/// What one server did for the time of a shot.
struct Shot {
    /// Requests a second.
    rate: f64,
    /// Answers other than 200.
    others: u64,
    /// The share of its core that the server used. Well below 1, the load generator is too slow.
    busy: f64,
}

impl std::fmt::Display for Shot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0}/s (core {:.0} % busy)", self.rate, self.busy * 1e2)
    }
}

/// Shots at the two servers in turn, and how many answers were not 200.
async fn rounds(
    mock: &Server,
    bare: &Server,
    pinned: bool,
) -> anyhow::Result<(Vec<[Shot; 2]>, u64)> {
    if pinned {
        // Never asleep, as waking it would cost the servers time, and the slower one more of it.
        tokio::spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
    }
    let request = init_request(&token(&mock.address).await?);
    let mut others = 0;
    for server in [mock, bare] {
        others += shot(server, &request, WARM_UP).await?.others;
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let round = [
            shot(mock, &request, SHOT).await?,
            shot(bare, &request, SHOT).await?,
        ];
        others += round.iter().map(|shot| shot.others).sum::<u64>();
        rounds.push(round);
    }
    Ok((rounds, others))
}

async fn shot(server: &Server, request: &Bytes, time: Duration) -> anyhow::Result<Shot> {
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(&server.address).await?);
    }
    let used = server.used_seconds()?;
    let started = Instant::now();
    let mut running = JoinSet::new();
    for mut client in clients {
        let request = request.clone();
        running.spawn(async move {
            let (mut all, mut others) = (0_u32, 0_u64);
            while started.elapsed() < time {
                let (status, _) = client.send(&request).await?;
                all += 1;
                others += u64::from(status != 200);
            }
            anyhow::Ok((all, others))
        });
    }
    let (mut all, mut others) = (0, 0);
    for done in running.join_all().await {
        let done = done?;
        all += done.0;
        others += done.1;
    }
    let took = started.elapsed().as_secs_f64();
    Ok(Shot {
        rate: f64::from(all) / took,
        others,
        busy: (server.used_seconds()? - used) / took,
    })
}

/// The yardstick: hyper as the mock sets it up, the whole body read, a constant answer.
async fn bare() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(30))
            .serve_connection(TokioIo::new(stream), service_fn(constant));
        tokio::spawn(connection);
    }
}

async fn constant(
    request: hyper::Request<Incoming>,
) -> hyper::Result<hyper::Response<Full<Bytes>>> {
    request.into_body().collect().await?.to_bytes();
    let mut response = hyper::Response::new(Full::from(BARE_ANSWER));
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}
