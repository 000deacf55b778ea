//! Costs of the admin API, compared with their targets: verify, lint and reset on a full journal,
//! and the memory of a server whose journal has been full for a long time.
//!
//! `cargo bench -p flexiti-mock --bench steering`

mod load;

use anyhow::{Context as _, ensure};
use criterion::{BatchSize, Criterion};
use flexiti_mock::embed::admin::{Expected, Match, Named, Times};
use flexiti_mock::embed::internals;
use flexiti_mock::{Mock, Settings};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use load::{Client, Server, block_on, init_request, pin, token};
use serde_json::Value;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

/// The capacity of the journal, in exchanges.
const FULL: usize = 10_000;
const REQUESTS: u64 = 1_000_000;
const EVERY: u64 = 100_000;
const CONNECTIONS: u64 = 16;

const VERIFY_MS: f64 = 10.0;
const RESET_MS: f64 = 5.0;
/// How much the server may grow after the first size printed, in percent: by then the journal is
/// full.
const GROWTH: f64 = 5.0;

fn main() -> anyhow::Result<()> {
    if !std::env::args().any(|arg| arg == "--bench") {
        println!("cargo bench -p flexiti-mock --bench steering");
        return Ok(());
    }
    // A fresh folder, so that no estimate of an earlier run can be read from it.
    let measured = tempfile::tempdir()?;
    let mut criterion = Criterion::default()
        .output_directory(measured.path())
        .without_plots()
        .sample_size(20)
        .measurement_time(Duration::from_secs(3));
    let mock = full()?;
    let admin = mock.admin();
    ensure!(
        admin
            .requests("")
            .is_ok_and(|list| list.requests.len() == FULL + 1)
    );
    let holds = expected("fr", FULL / 2)?;
    let fails = expected("de", 1)?;
    ensure!(admin.verify(&holds)?.is_ok() && admin.verify(&fails)?.is_err());
    criterion.bench_function("verify", |bencher| {
        bencher.iter(|| black_box(admin.verify(black_box(&holds))));
    });
    criterion.bench_function("verify_fails", |bencher| {
        bencher.iter(|| black_box(admin.verify(black_box(&fails))));
    });
    ensure!(admin.lint("flexitidemo").is_ok());
    criterion.bench_function("lint", |bencher| {
        bencher.iter(|| black_box(admin.lint(black_box("flexitidemo"))));
    });
    criterion.bench_function("reset", |bencher| {
        let reset = |mock: &mut anyhow::Result<Mock>| {
            mock.as_ref().is_ok_and(|mock| mock.admin().reset().is_ok())
        };
        bencher.iter_batched_ref(full, reset, BatchSize::PerIteration);
    });
    criterion.bench_function("reset_merchant", |bencher| {
        let reset = |mock: &mut anyhow::Result<Mock>| {
            let mock = mock.as_ref();
            mock.is_ok_and(|mock| mock.admin().reset_merchant("flexitidemo").is_ok())
        };
        bencher.iter_batched_ref(full, reset, BatchSize::PerIteration);
    });
    let sizes = memory(measured.path())?;
    let met = |met: bool| if met { "met" } else { "MISSED" };
    println!();
    for (name, target) in [
        ("verify", VERIFY_MS),
        ("verify_fails", VERIFY_MS),
        ("reset", RESET_MS),
        ("reset_merchant", RESET_MS),
    ] {
        let median = median_of(measured.path(), name)?;
        let kept = met(median <= target);
        println!("{name:<16} {median:>7.3} ms   target ≤ {target} ms: {kept}");
    }
    let lint = median_of(measured.path(), "lint")?;
    println!("{:<16} {lint:>7.3} ms", "lint");
    let (first, last) = (sizes[0], sizes[sizes.len() - 1]);
    let growth = (last / first - 1.0) * 1e2;
    let kept = met(growth <= GROWTH);
    println!("memory grew by   {growth:>7.1} %    target ≤ {GROWTH} %: {kept}");
    Ok(())
}

/// A server whose journal is full of inits, each of which opened an order; every other one in
/// French.
fn full() -> anyhow::Result<Mock> {
    let settings = Settings {
        // Room for the token request as well: verify fails once exchanges have been dropped.
        journal_limit: FULL + 1,
        journal_bytes: 1 << 30,
        ..Settings::default()
    };
    let mock = Mock::start(&settings)?;
    let keys = "client_id=flexitidemo&client_secret=flexitidemo-secret";
    let path = "/flexiti/online-api/oauth/token";
    let (_, answer) = internals::post(&mock, path, headers("")?, keys);
    let answer: Value = serde_json::from_slice(&answer)?;
    let token = answer["access_token"].as_str().context("no token")?;
    let path = "/flexiti/online-api/online/client-id/flexitidemo/systems/init";
    for at in 0..FULL {
        let lang = if at % 2 == 0 { "fr" } else { "en" };
        let body = format!(
            "lang={lang}&flow=apply&amount_requested=1249.99&merchant_orderid=CART-{at}&\
             fname=Marie&lname=Tremblay&email=marie%40example.com&city=Montr%C3%A9al&province=QC"
        );
        let bearer = headers(&format!("Bearer {token}"))?;
        let (status, _) = internals::post(&mock, path, bearer, &body);
        ensure!(status == 200, "init: {status}");
    }
    Ok(mock)
}

fn headers(authorization: &str) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    let form = "application/x-www-form-urlencoded";
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(form));
    headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization)?);
    let reference = HeaderValue::from_static("0f8fad5b-d9cb-469f-a165-70867728950e");
    headers.insert("x-reference-id", reference);
    Ok(headers)
}

fn expected(lang: &str, times: usize) -> anyhow::Result<Expected> {
    let endpoint = Named::new("init").map_err(anyhow::Error::msg)?;
    let params = [("lang", lang), ("amount_requested", "1249.99")];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), Value::from(value));
    let reference = "0f8fad5b-d9cb-469f-a165-70867728950e".to_owned();
    Ok(Expected {
        client_id: Some("flexitidemo".to_owned()),
        matching: Some(Match {
            endpoint: Some(endpoint),
            status: Some(200),
            params: params.into_iter().map(owned).collect(),
            headers: [("x-reference-id".to_owned(), reference)].into(),
            ..Match::default()
        }),
        times: Some(Times::exactly(times)),
        ..Expected::default()
    })
}

/// The resident size of the release binary after every 100,000 requests, in MiB.
fn memory(folder: &Path) -> anyhow::Result<Vec<f64>> {
    let pinned = pin();
    let server = Server::mock(folder, pinned, &[])?;
    println!("\nresident size of a server with a full journal, {CONNECTIONS} connections");
    block_on(async {
        let request = init_request(&token(&server.address).await?);
        let mut sizes = Vec::new();
        for sent in (EVERY..=REQUESTS).step_by(usize::try_from(EVERY)?) {
            let mut running = tokio::task::JoinSet::new();
            for _ in 0..CONNECTIONS {
                let mut client = Client::connect(&server.address).await?;
                let request = request.clone();
                running.spawn(async move {
                    for _ in 0..EVERY / CONNECTIONS {
                        let (status, _) = client.send(&request).await?;
                        ensure!(status == 200, "init: {status}");
                    }
                    anyhow::Ok(())
                });
            }
            for done in running.join_all().await {
                done?;
            }
            let size = server.resident_mib()?;
            println!("{sent:>9} requests  {size:>6.1} MiB");
            sizes.push(size);
        }
        Ok(sizes)
    })
}

/// The median that criterion saved, in milliseconds.
fn median_of(folder: &Path, name: &str) -> anyhow::Result<f64> {
    let file = folder.join(name).join("new/estimates.json");
    let estimates = std::fs::read(&file).with_context(|| file.display().to_string())?;
    let estimates: Value = serde_json::from_slice(&estimates)?;
    let nanoseconds = estimates.pointer("/median/point_estimate");
    let nanoseconds = nanoseconds.and_then(Value::as_f64).context("no median")?;
    Ok(nanoseconds / 1e6)
}
