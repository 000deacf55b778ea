//! Throughput, start-up time and memory of the release binary, beside the targets.
//!
//! `cargo bench -p flexiti-mock --bench throughput`
//!
//! The yardstick for requests per second is a bare hyper server that reads the body and gives a
//! constant answer: the ratio of the two says what the mock costs, on a fast machine as on a
//! slow one. Journal and log are on, as they are for a user.

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
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
    let mock = Server::mock(folder.path(), pinned)?;
    let bare = Server::bare(pinned)?;
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
        let server = Server::mock(folder, false)?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        drop(server);
    }
    Ok(median(times))
}

/// Puts this process on core 1, if that is possible and core 0 is left for the servers.
fn pin() -> bool {
    let taskset = |args: &[&str]| {
        let mut command = Command::new("taskset");
        command.args(args).stdout(Stdio::null());
        command.stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    taskset(&["-c", "0", "true"]) && taskset(&["-c", "-p", "1", &std::process::id().to_string()])
}

/// A server in a process of its own. It ends with the value.
struct Server {
    child: Child,
    /// `127.0.0.1:4359`
    address: String,
}

impl Server {
    /// The mock; it is ready once this returns.
    fn mock(folder: &Path, pinned: bool) -> anyhow::Result<Self> {
        let ready = folder.join("ready.json");
        // A server that was killed leaves it behind.
        let _ = std::fs::remove_file(&ready);
        let child = command(env!("CARGO_BIN_EXE_flexiti-mock"), pinned)
            .args(["--listen", "127.0.0.1:0", "--ready-file"])
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self {
            child,
            address: String::new(),
        };
        while !ready.exists() {
            let ended = server.child.try_wait()?;
            ensure!(ended.is_none(), "the mock does not start");
            std::thread::sleep(Duration::from_micros(500));
        }
        let content: Value = serde_json::from_slice(&std::fs::read(&ready)?)?;
        let url = content["base_url"].as_str().unwrap_or_default();
        let address = url.split('/').nth(2);
        server.address = address.context("no base_url in the ready file")?.into();
        Ok(server)
    }

    /// The bare server; it says on its standard output where it listens.
    fn bare(pinned: bool) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let program = program.to_str().context("a path that is no text")?;
        let mut child = command(program, pinned)
            .arg(BARE)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        let stdout = child.stdout.take().context("no standard output")?;
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Self {
            child,
            address: address.trim().to_owned(),
        })
    }

    fn resident_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("no VmRSS")?.parse::<f64>()? / 1024.0)
    }

    /// Processor time used so far.
    fn used_seconds(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(") ").context("no name")?;
        let mut fields = fields.split(' ').skip(11).map(str::parse::<f64>);
        let mut ticks = || fields.next().context("no time")?.context("no number");
        // A tick is 10 ms.
        Ok((ticks()? + ticks()?) / 1e2)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(program: &str, pinned: bool) -> Command {
    if pinned {
        let mut command = Command::new("taskset");
        command.args(["-c", "0", program]);
        command
    } else {
        Command::new(program)
    }
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

/// A keep-alive connection that spends as little as it can on each exchange.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = vec![0; 4096];
        Ok(Self { stream, buffer })
    }

    /// Sends a request, and gives the status and the body of the answer.
    async fn send(&mut self, request: &[u8]) -> anyhow::Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            ensure!(read > 0, "the connection ended within an answer");
            filled += read;
            let answer = &self.buffer[..filled];
            let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&answer[..end])?;
            let status = head.get(9..12).context("no status")?.parse()?;
            let (_, rest) = head.split_once("content-length: ").context("no length")?;
            let length: usize = rest.lines().next().unwrap_or_default().parse()?;
            if filled >= end + 4 + length {
                return Ok((status, &self.buffer[end + 4..filled]));
            }
        }
    }
}

fn request(path: &str, headers: &str, body: &str) -> Bytes {
    let length = body.len();
    format!(
        "POST /flexiti/online-api{path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\
         user-agent: throughput/1.0\r\naccept: application/json\r\n\
         content-type: application/x-www-form-urlencoded\r\n\
         x-reference-id: 0f8fad5b-d9cb-469f-a165-70867728950e\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    )
    .into()
}

/// An access token of the demo merchant.
async fn token(address: &str) -> anyhow::Result<String> {
    let keys = "client_id=flexitidemo&client_secret=flexitidemo-secret";
    let mut client = Client::connect(address).await?;
    let (status, body) = client.send(&request("/oauth/token", "", keys)).await?;
    let answer: Value = serde_json::from_slice(body)?;
    match answer["access_token"].as_str() {
        Some(token) if status == 200 => Ok(token.to_owned()),
        _ => bail!("no token: {status} {answer}"),
    }
}

/// Init with 27 fields, as a shop's checkout sends it.
fn init_request(token: &str) -> Bytes {
    let customer = "merchant_orderid=CART-10045&lang=en-CA&flow=apply%2Fbuy&\
        amount_requested=1249.99&email=marie.tremblay%40example.com&\
        phone_number=%2B1+514+555-0142&fname=Marie&lname=Tremblay&dob=1988-07-24&\
        address_1=1200+rue+Saint-Denis&city=Montr%C3%A9al&province=QC&postal_code=H2Y1C6";
    let address = "&*%5Bfirst_name%5D=Marie&*%5Blast_name%5D=Tremblay&\
        *%5Baddress_1%5D=1200+rue+Saint-Denis&*%5Baddress_2%5D=Suite+100&\
        *%5Bcity%5D=Montr%C3%A9al&*%5Bprovince%5D=QC&*%5Bpostal_code%5D=H2Y1C6";
    let billing = address.replace('*', "billing_information");
    let shipping = address.replace('*', "shipping_information");
    let body = [customer, &billing, &shipping].concat();
    let authorization = format!("authorization: Bearer {token}\r\n");
    let path = "/online/v2/client-id/flexitidemo/systems/init";
    request(path, &authorization, &body)
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

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(work)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
