//! What a request costs, how it affects other requests, and what the server needs, compared with
//! the goals.
//!
//! `cargo bench -p flexiti-mock --bench throughput`; append `-- 1000000` to use that many orders
//! instead of 100,000.
//!
//! The reference for requests per second is a bare hyper server that reads the body and gives a
//! constant answer. The ratio of the two is the cost of the mock, whatever the speed of the
//! machine. Journal and log are on, as they are by default.

mod bare;
mod cores;
mod growth;
mod honest;
#[path = "../load/mod.rs"]
mod load;
mod ratios;
mod shot;
mod table;

use load::{Server, block_on, init_request, median, pin, token};
use shot::Kind;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use table::{Goal, Table};

const STARTS: usize = 20;
const START_MS: f64 = 10.0;
const IDLE_MIB: f64 = 10.0;
/// How much a server may grow once its journal is full, in percent.
const GROWTH: f64 = 5.0;
/// How long to keep sending requests while growth is measured.
const MORE: Duration = Duration::from_secs(5);
/// The default for the final number of orders.
const ORDERS: usize = 100_000;

fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == bare::ARGUMENT) {
        return block_on(bare::serve()).map(|()| ExitCode::SUCCESS);
    }
    if !args.iter().any(|arg| arg == "--bench") {
        println!("cargo bench -p flexiti-mock --bench throughput");
        return Ok(ExitCode::SUCCESS);
    }
    let orders = args.iter().find_map(|arg| arg.parse().ok());
    measure(orders.unwrap_or(ORDERS))
}

fn measure(orders: usize) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let mut table = Table::default();
    let start = start_up(folder.path())?;
    // Before this process is pinned, because child processes inherit the affinity.
    block_on(honest::measure(folder.path(), &mut table))?;
    block_on(cores::measure(folder.path(), &mut table))?;
    let pinned = pin();
    if pinned {
        println!("from here on: servers on core 0, load on core 1");
    } else {
        println!("NOT pinned (needs taskset and two cores): the figures are rough");
    }
    let mock = Server::mock(folder.path(), pinned, &["--threads", "1"])?;
    std::thread::sleep(std::time::Duration::from_millis(200));
    let idle = mock.resident_mib()?;
    let bare = bare::start(pinned)?;
    block_on(async {
        if pinned {
            shot::keep_awake();
        }
        let others = ratios::measure(&mock, &bare, &mut table).await?;
        println!("answers with another status: {others}");
        let full = mock.resident_mib()?;
        let init = init_request(&token(&mock.address).await?);
        let more = [Kind {
            request: init,
            status: 200,
        }];
        shot::shot(&mock, &more, MORE).await?;
        let later = mock.resident_mib()?;
        growth::measure(folder.path(), pinned, orders, &mut table).await?;
        table.add("start", start, "ms", Goal::AtMost(START_MS));
        table.add("idle", idle, "MiB", Goal::AtMost(IDLE_MIB));
        table.add("with a full journal", full, "MiB", Goal::None);
        let grown = (later / full - 1.0) * 1e2;
        table.add("growth after that", grown, "%", Goal::AtMost(GROWTH));
        println!("\n{table}");
        Ok(ExitCode::from(u8::from(others > 0)))
    })
}

/// The median time from spawn to the ready file, in milliseconds.
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
