//! The cost of persistence: the same load on a server without a store, one with a file, one with
//! Redis, and two that share a Redis; and how quickly a server restarts.
//!
//! `cargo bench -p flexiti-mock --bench stores`

mod load;

use anyhow::Context as _;
use load::{Client, Server, block_on, init_request, median, token};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const SHOT: Duration = Duration::from_secs(2);
/// The share of the in-memory throughput that a server with a file must reach.
const FILE: f64 = 0.70;
/// Orders in the store at the restart: as many as five merchants can have.
const ORDERS: usize = 100_000;
const RESTART_MS: f64 = 1_000.0;

fn main() -> anyhow::Result<()> {
    if !std::env::args().any(|arg| arg == "--bench") {
        println!("cargo bench -p flexiti-mock --bench stores");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("flexiti.db");
    let file = file.to_str().context("a path that is no text")?;
    let redis = Redis::start(folder.path());
    let start = |arguments: &[&str]| Server::mock(folder.path(), false, arguments);
    let memory = start(&[])?;
    let kept = start(&["--data", file])?;
    let shared = match &redis {
        None => Vec::new(),
        Some(redis) => vec![
            start(&["--store", &redis.url])?,
            start(&["--store", &redis.url])?,
        ],
    };
    println!("{CONNECTIONS} connections, one init each time, server and load on the same cores");
    let mut lines: Vec<(&str, Vec<&Server>)> =
        vec![("memory", vec![&memory]), ("file", vec![&kept])];
    if let [one, two] = &shared[..] {
        lines.push(("Redis, one server", vec![one]));
        lines.push(("Redis, two servers", vec![one, two]));
    } else {
        println!("no redis-server here: not measured with Redis");
    }
    let mut rates = vec![Vec::new(); lines.len()];
    for _ in 0..ROUNDS {
        for (at, (_, servers)) in lines.iter().enumerate() {
            rates[at].push(block_on(shot(servers))?);
        }
    }
    let rates: Vec<f64> = rates.into_iter().map(median).collect();
    for ((name, _), rate) in lines.iter().zip(&rates) {
        println!(
            "{name:<20}{rate:>9.0} requests/s   {:.2} of memory",
            rate / rates[0]
        );
    }
    let met = |met: bool| if met { "met" } else { "MISSED" };
    let ratio = rates[1] / rates[0];
    println!(
        "file ÷ memory {ratio:.2}   target ≥ {FILE}: {}",
        met(ratio >= FILE)
    );
    drop((memory, kept, shared));

    let many = folder.path().join("many.db");
    let many = many.to_str().context("a path that is no text")?;
    let merchants = folder.path().join("merchants.toml");
    let entry = |at: usize| {
        format!("[[merchants]]\nclient_id = \"m{at}\"\nclient_secret = \"secret-{at}\"\n")
    };
    std::fs::write(&merchants, (0..5).map(entry).collect::<String>())?;
    let merchants = merchants.to_str().context("a path that is no text")?;
    let arguments = ["--data", many, "--config", merchants];
    let server = start(&arguments)?;
    block_on(fill(&server))?;
    // Kill the server, rather than stop it cleanly.
    drop(server);
    let begun = Instant::now();
    let server = start(&arguments)?;
    let took = begun.elapsed().as_secs_f64() * 1e3;
    println!(
        "start after kill -9 with {ORDERS} orders {took:.0} ms, {:.0} MiB   target ≤ {RESTART_MS} ms: {}",
        server.resident_mib()?,
        met(took <= RESTART_MS)
    );
    Ok(())
}

/// Orders per second.
async fn shot(servers: &[&Server]) -> anyhow::Result<f64> {
    let request = init_request(&token(&servers[0].address).await?);
    let started = Instant::now();
    let mut running = JoinSet::new();
    for at in 0..CONNECTIONS {
        let mut client = Client::connect(&servers[at % servers.len()].address).await?;
        let request = request.clone();
        running.spawn(async move {
            let mut all = 0_u32;
            while started.elapsed() < SHOT {
                let (status, _) = client.send(&request).await?;
                anyhow::ensure!(status == 200, "{status}");
                all += 1;
            }
            anyhow::Ok(all)
        });
    }
    let mut all = 0;
    for done in running.join_all().await {
        all += done?;
    }
    Ok(f64::from(all) / started.elapsed().as_secs_f64())
}

async fn fill(server: &Server) -> anyhow::Result<()> {
    let mut running = JoinSet::new();
    for at in 0..5 {
        let address = server.address.clone();
        running.spawn(async move {
            let id = format!("m{at}");
            let keys =
                format!("client_id={id}&client_secret=secret-{at}&grant_type=client_credentials");
            let mut client = Client::connect(&address).await?;
            let (_, body) = client
                .send(&load::request("/oauth/token", "", &keys))
                .await?;
            let body: serde_json::Value = serde_json::from_slice(body)?;
            let bearer = body["access_token"].as_str().context("a token")?;
            let headers = format!("authorization: Bearer {bearer}\r\n");
            let path = format!("/online/client-id/{id}/systems/init");
            let body = "lang=en&flow=apply&amount_requested=499.99&fname=Marie&lname=Tremblay";
            let request = load::request(&path, &headers, body);
            let mut sixteen = Vec::new();
            for _ in 0..16 {
                sixteen.push(Client::connect(&address).await?);
            }
            let mut all = JoinSet::new();
            for mut client in sixteen {
                let request = request.clone();
                all.spawn(async move {
                    for _ in 0..ORDERS / 5 / 16 {
                        let (status, _) = client.send(&request).await?;
                        anyhow::ensure!(status == 200, "{status}");
                    }
                    anyhow::Ok(())
                });
            }
            all.join_all()
                .await
                .into_iter()
                .collect::<anyhow::Result<()>>()
        });
    }
    running.join_all().await.into_iter().collect()
}

/// A Redis process that ends with the benchmark.
struct Redis {
    child: Child,
    url: String,
}

impl Redis {
    fn start(folder: &Path) -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?;
        let port = port.local_addr().ok()?.port();
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ]);
        command.arg("--dir").arg(folder).stdout(Stdio::null());
        let redis = Self {
            child: command.spawn().ok()?,
            url: format!("redis://127.0.0.1:{port}/0"),
        };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
