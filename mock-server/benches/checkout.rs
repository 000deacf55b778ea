//! Costs of the hosted checkout, compared with their targets.
//!
//! `cargo bench -p flexiti-mock --bench checkout`

use anyhow::{Context as _, ensure};
use criterion::Criterion;
use flexiti_mock::embed::internals;
use flexiti_mock::{Mock, Settings};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const OPEN_ORDERS: usize = 10_000;

const PAGE_KIB: f64 = 15.0;
const RENDER_MS: f64 = 1.0;
const PURCHASE_MS: f64 = 20.0;
const OPEN_MIB: f64 = 60.0;

const KEYS: &str = "client_id=flexitidemo&client_secret=flexitidemo-secret";
const APPLICATION: &str = "fname=Marie&mname=A-RR_L&lname=Tremblay&dob=1988-07-24&\
    email=marie%40example.com&phone_number=5145550142&address_1=1200+rue+Saint-Denis&\
    city=Montr%C3%A9al&province=QC&postal_code=H2Y1C6";

fn main() -> anyhow::Result<()> {
    if !std::env::args().any(|arg| arg == "--bench") {
        println!("cargo bench -p flexiti-mock --bench checkout");
        return Ok(());
    }
    let mock = Mock::start(&Settings::default())?;
    let mut client = Client::connect(&mock.address().to_string())?;
    let token = client.token()?;
    let wire = page_sizes(&mut client, &token)?;
    // A fresh folder, so that no estimate of an earlier run can be read from it.
    let measured = tempfile::tempdir()?;
    let mut criterion = Criterion::default()
        .output_directory(measured.path())
        .without_plots()
        .measurement_time(Duration::from_secs(3));
    render(&mut criterion, &mock, &mut client, &token)?;
    let mut failed = None;
    criterion.bench_function("purchase", |bencher| {
        bencher.iter(|| failed = purchase(&mut client).err().or(failed.take()));
    });
    // Report a failure instead of a misleadingly fast result.
    failed.map_or(Ok(()), Err)?;
    let resident = open_orders()?;

    let met = |met: bool| if met { "met" } else { "MISSED" };
    let median = |name| median(measured.path(), name);
    let (render, purchase) = (median("render")?, median("purchase")?);
    println!();
    let kept = met(wire <= PAGE_KIB);
    println!("largest page and its style  {wire:>7.1} KiB  target ≤ {PAGE_KIB} KiB: {kept}");
    let kept = met(render <= RENDER_MS);
    println!("rendering that page         {render:>7.4} ms   target ≤ {RENDER_MS} ms: {kept}");
    let kept = met(purchase <= PURCHASE_MS);
    println!("token to notification       {purchase:>7.3} ms   target ≤ {PURCHASE_MS} ms: {kept}");
    let kept = met(resident <= OPEN_MIB);
    println!(
        "{OPEN_ORDERS} open orders         {resident:>7.1} MiB  target ≤ {OPEN_MIB} MiB: {kept}"
    );
    Ok(())
}

/// The median that criterion saved, in milliseconds.
fn median(folder: &Path, name: &str) -> anyhow::Result<f64> {
    let file = folder.join(name).join("new/estimates.json");
    let estimates = std::fs::read(&file).with_context(|| file.display().to_string())?;
    let estimates: Value = serde_json::from_slice(&estimates)?;
    let nanoseconds = estimates.pointer("/median/point_estimate");
    let nanoseconds = nanoseconds.and_then(Value::as_f64).context("no median")?;
    Ok(nanoseconds / 1e6)
}

/// Size on the wire, in KiB, of the largest page (the application with every field invalid) and its
/// style sheet.
fn page_sizes(client: &mut Client, token: &str) -> anyhow::Result<f64> {
    let order = client.init(token, "apply%2Fbuy", "fr", "")?;
    let page = client.get(&order.path)?;
    let wrong = client.post(&order, &page, "application", "fname=&consent=")?;
    ensure!(wrong.status == 422, "the form took what is wrong");
    let style = client.get("/checkout/checkout.css")?;
    let bytes = u32::try_from(wrong.length + style.length)?;
    Ok(f64::from(bytes) / 1024.0)
}

fn render(
    criterion: &mut Criterion,
    mock: &Mock,
    client: &mut Client,
    token: &str,
) -> anyhow::Result<()> {
    let order = client.init(token, "apply%2Fbuy", "fr", "")?;
    client.get(&order.path)?;
    let every = ["fname", "lname", "dob", "email", "city", "postal_code"];
    let page = internals::page(mock, order.id, &every)?;
    criterion.bench_function("render", |bencher| bencher.iter(&page));
    Ok(())
}

/// A complete apply/buy purchase that loads every page, from the token to the notification.
fn purchase(client: &mut Client) -> anyhow::Result<()> {
    let token = client.token()?;
    let order = client.init(&token, "apply%2Fbuy", "en", "v2/")?;
    let application = format!("{APPLICATION}&consent=yes");
    let mut page = client.get(&order.path)?;
    for (step, form) in [
        ("begin", "way=apply"),
        ("application", &application),
        ("pin", "pin=2222"),
        ("begin", "way=buy"),
        ("plan", "plan=0"),
        ("confirm", "agree=yes"),
    ] {
        let moved = client.post(&order, &page, step, form)?;
        ensure!(moved.status == 303, "{step}: {}", moved.status);
        page = client.get(&order.path)?;
    }
    let back = client.get(&format!("{}/return", order.path))?;
    ensure!(back.status == 303, "return: {}", back.status);
    let path = format!(
        "/flexiti/online-api/online/client-id/flexitidemo/notifications/order-id/{}",
        order.id
    );
    let told = client.send("GET", &path, &bearer(&token), "")?;
    ensure!(told.text.contains("Success"), "{}", told.text);
    Ok(())
}

/// Resident size, in MiB, of a separate server with many customers on the application form.
fn open_orders() -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let ready = folder.path().join("ready.json");
    let server = Server(
        Command::new(env!("CARGO_BIN_EXE_flexiti-mock"))
            .args(["--listen", "127.0.0.1:0", "--ready-file"])
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    );
    while !ready.exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let content: Value = serde_json::from_slice(&std::fs::read(&ready)?)?;
    let url = content["base_url"].as_str().context("no base_url")?;
    let mut client = Client::connect(url.split('/').nth(2).context("no address")?)?;
    let token = client.token()?;
    for _ in 0..OPEN_ORDERS {
        let order = client.init(&token, "apply%2Fbuy", "fr", "")?;
        let page = client.get(&order.path)?;
        // Submit part of the form, so that the server has to store it.
        client.post(&order, &page, "application", APPLICATION)?;
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.0.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.context("no VmRSS")?.parse::<f64>()? / 1024.0)
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

struct Answer {
    status: u16,
    text: String,
    /// Including the head.
    length: usize,
}

struct Order {
    id: u64,
    path: String,
}

/// A keep-alive connection.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    fn connect(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let buffer = vec![0; 64 * 1024];
        Ok(Self { stream, buffer })
    }

    fn token(&mut self) -> anyhow::Result<String> {
        let answer = self.send("POST", "/flexiti/online-api/oauth/token", "", KEYS)?;
        let answer: Value = serde_json::from_str(&answer.text)?;
        Ok(answer["access_token"]
            .as_str()
            .context("no token")?
            .to_owned())
    }

    fn init(&mut self, token: &str, flow: &str, lang: &str, v2: &str) -> anyhow::Result<Order> {
        let address = "&*.first_name=Marie&*.last_name=Tremblay&*.address_1=1200+rue&\
            *.address_2=&*.city=Montr%C3%A9al&*.province=QC&*.postal_code=H2Y1C6";
        let body = format!(
            "lang={lang}&flow={flow}&amount_requested=1249.99&{APPLICATION}{}{}",
            address.replace('*', "billing_information"),
            address.replace('*', "shipping_information"),
        );
        let path = format!("/flexiti/online-api/online/{v2}client-id/flexitidemo/systems/init");
        let answer = self.send("POST", &path, &bearer(token), &body)?;
        let answer: Value = serde_json::from_str(&answer.text)?;
        let url = answer["redirection_url"].as_str().context("no URL")?;
        let session = url
            .split('/')
            .nth(4)
            .and_then(|rest| rest.split('?').next());
        Ok(Order {
            id: answer["online_order_id"].as_u64().context("no id")?,
            path: format!("/checkout/{}", session.context("no session")?),
        })
    }

    fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.send("GET", path, "", "")
    }

    /// Submits a form of `page`, including the page's hidden fields.
    fn post(
        &mut self,
        order: &Order,
        page: &Answer,
        step: &str,
        form: &str,
    ) -> anyhow::Result<Answer> {
        let (_, turn) = page
            .text
            .split_once("name=\"turn\" value=\"")
            .context("no form")?;
        let turn = turn.split('"').next().context("no turn")?;
        let path = format!("{}/{step}", order.path);
        self.send(
            "POST",
            &path,
            "",
            &format!("order={}&turn={turn}&{form}", order.id),
        )
    }

    fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> anyhow::Result<Answer> {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\
             content-type: application/x-www-form-urlencoded\r\n\
             x-reference-id: 0f8fad5b-d9cb-469f-a165-70867728950e\r\n{headers}\
             content-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes())?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..])?;
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
                let text = String::from_utf8(answer[end + 4..].to_vec())?;
                let length = filled;
                return Ok(Answer {
                    status,
                    text,
                    length,
                });
            }
        }
    }
}
