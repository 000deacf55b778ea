//! What the benchmarks share: servers as child processes, and a load generator that needs little
//! CPU time.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each benchmark uses a part of it"
)]

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A server in its own process, which is killed on drop.
pub struct Server {
    child: Child,
    /// `127.0.0.1:4359`
    pub address: String,
}

impl Server {
    /// Starts the mock and waits until it is ready.
    pub fn mock(folder: &Path, pinned: bool, arguments: &[&str]) -> anyhow::Result<Self> {
        let ready = folder.join("ready.json");
        // A killed server leaves its ready file behind.
        let _ = std::fs::remove_file(&ready);
        let child = command(env!("CARGO_BIN_EXE_flexiti-mock"), pinned)
            .args(["--listen", "127.0.0.1:0", "--ready-file"])
            .arg(&ready)
            .args(arguments)
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

    /// Starts `program`, which prints the address that it listens on to standard output.
    pub fn other(program: &str, argument: &str, pinned: bool) -> anyhow::Result<Self> {
        let mut child = command(program, pinned)
            .arg(argument)
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

    /// Resident size in MiB.
    pub fn resident_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("no VmRSS")?.parse::<f64>()? / 1024.0)
    }

    /// CPU time used so far, in seconds.
    pub fn used_seconds(&self) -> anyhow::Result<f64> {
        used_seconds(self.child.id())
    }
}

/// CPU time that a process has used so far, in seconds.
pub fn used_seconds(process: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").context("no name")?;
    let mut fields = fields.split(' ').skip(11).map(str::parse::<f64>);
    let mut ticks = || fields.next().context("no time")?.context("no number");
    // A tick is 10 ms.
    Ok((ticks()? + ticks()?) / 1e2)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn command(program: &str, pinned: bool) -> Command {
    if pinned {
        let mut command = Command::new("taskset");
        command.args(["-c", "0", program]);
        command
    } else {
        Command::new(program)
    }
}

/// A keep-alive connection that spends as little CPU time as possible on each exchange.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn connect(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = vec![0; 4096];
        Ok(Self { stream, buffer })
    }

    /// Sends a request and returns the status and body of the answer.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            filled += self.more(filled).await?;
            if let Some(Answered { status, body, end }) = answered(&self.buffer[..filled])? {
                return Ok((status, &self.buffer[body..end]));
            }
        }
    }

    /// Sends `count` requests in one write; returns how many answers had a status other than
    /// `status`.
    pub async fn send_batch(
        &mut self,
        batch: &[u8],
        count: usize,
        status: u16,
    ) -> anyhow::Result<u64> {
        self.stream.write_all(batch).await?;
        let (mut filled, mut others) = (0, 0);
        for _ in 0..count {
            let answer = loop {
                if let Some(answer) = answered(&self.buffer[..filled])? {
                    break answer;
                }
                filled += self.more(filled).await?;
            };
            others += u64::from(answer.status != status);
            self.buffer.copy_within(answer.end..filled, 0);
            filled -= answer.end;
        }
        Ok(others)
    }

    async fn more(&mut self, filled: usize) -> anyhow::Result<usize> {
        if filled == self.buffer.len() {
            self.buffer.resize(filled * 2, 0);
        }
        let read = self.stream.read(&mut self.buffer[filled..]).await?;
        ensure!(read > 0, "the connection ended within an answer");
        Ok(read)
    }
}

/// Where the body of the first answer in the buffer begins and ends.
struct Answered {
    status: u16,
    body: usize,
    end: usize,
}

fn answered(read: &[u8]) -> anyhow::Result<Option<Answered>> {
    let Some(end) = memchr::memmem::find(read, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&read[..end])?;
    let status = head.get(9..12).context("no status")?.parse()?;
    let (_, rest) = head.split_once("content-length: ").context("no length")?;
    let length: usize = rest.lines().next().unwrap_or_default().parse()?;
    let body = end + 4;
    let is_whole = read.len() >= body + length;
    Ok(is_whole.then_some(Answered {
        status,
        body,
        end: body + length,
    }))
}

pub fn request(path: &str, headers: &str, body: &str) -> Bytes {
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

/// A request without a body.
pub fn get(path: &str, token: &str) -> Bytes {
    format!(
        "GET /flexiti/online-api{path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\
         user-agent: throughput/1.0\r\naccept: application/json\r\n\
         x-reference-id: 0f8fad5b-d9cb-469f-a165-70867728950e\r\n\
         authorization: Bearer {token}\r\n\r\n"
    )
    .into()
}

/// A request to the admin API.
pub fn put_json(path: &str, body: &Value) -> Bytes {
    let body = body.to_string();
    let length = body.len();
    format!(
        "PUT {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into()
}

/// The demo merchant's token request.
pub fn token_request() -> Bytes {
    let keys = "client_id=flexitidemo&client_secret=flexitidemo-secret";
    request("/oauth/token", "", keys)
}

/// An access token of the demo merchant.
pub async fn token(address: &str) -> anyhow::Result<String> {
    let mut client = Client::connect(address).await?;
    token_by(&mut client, &token_request()).await
}

/// The access token in the answer to `request`.
pub async fn token_by(client: &mut Client, request: &[u8]) -> anyhow::Result<String> {
    let (status, body) = client.send(request).await?;
    let answer: Value = serde_json::from_slice(body)?;
    match answer["access_token"].as_str() {
        Some(token) if status == 200 => Ok(token.to_owned()),
        _ => bail!("no token: {status} {answer}"),
    }
}

/// Init with 27 fields, as a shop's checkout sends it.
pub fn init_request(token: &str) -> Bytes {
    init_of("flexitidemo", token, "1988-07-24")
}

/// The same for any merchant, with a date of birth that may be invalid.
pub fn init_of(client_id: &str, token: &str, born: &str) -> Bytes {
    let customer = "merchant_orderid=CART-10045&lang=en-CA&flow=apply%2Fbuy&\
        amount_requested=1249.99&email=marie.tremblay%40example.com&\
        phone_number=%2B1+514+555-0142&fname=Marie&lname=Tremblay&dob=*&\
        address_1=1200+rue+Saint-Denis&city=Montr%C3%A9al&province=QC&postal_code=H2Y1C6";
    let address = "&*%5Bfirst_name%5D=Marie&*%5Blast_name%5D=Tremblay&\
        *%5Baddress_1%5D=1200+rue+Saint-Denis&*%5Baddress_2%5D=Suite+100&\
        *%5Bcity%5D=Montr%C3%A9al&*%5Bprovince%5D=QC&*%5Bpostal_code%5D=H2Y1C6";
    let billing = address.replace('*', "billing_information");
    let shipping = address.replace('*', "shipping_information");
    let customer = customer.replace('*', born);
    let body = [customer, billing, shipping].concat();
    let authorization = format!("authorization: Bearer {token}\r\n");
    let path = format!("/online/v2/client-id/{client_id}/systems/init");
    request(&path, &authorization, &body)
}

/// Pins this process to core 1 and leaves core 0 to the servers; returns whether that worked.
pub fn pin() -> bool {
    let taskset = |args: &[&str]| {
        let mut command = Command::new("taskset");
        command.args(args).stdout(Stdio::null());
        command.stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    taskset(&["-c", "0", "true"]) && taskset(&["-c", "-p", "1", &std::process::id().to_string()])
}

pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(work)
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
