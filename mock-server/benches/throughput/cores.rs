//! Two cores compared with one. On a machine with only two, the load competes with the server: it
//! sends requests in batches to use little CPU time, and the rates are corrected for what it used.

use crate::load::{Server, init_request, median, token, used_seconds};
use crate::shot::{CONNECTIONS, Kind, batches};
use crate::table::{Goal, Table};
use std::path::Path;
use std::time::{Duration, Instant};

const SHOT: Duration = Duration::from_secs(1);
const ROUNDS: usize = 5;
const TOGETHER: usize = 16;
const RATIO: f64 = 1.7;

/// Measurements of one server, corrected for the CPU time of the load.
struct Did {
    /// Requests per second, for each round.
    rates: Vec<f64>,
    /// CPU time for each request, in microseconds.
    costs: Vec<f64>,
}

fn init(token: &str) -> [Kind; 1] {
    [Kind {
        request: init_request(token),
        status: 200,
    }]
}

/// Adds the speed-up of a server with two threads over one with one, measured alternately under the
/// same load. With one thread, the load has a core to itself.
pub async fn measure(folder: &Path, table: &mut Table) -> anyhow::Result<()> {
    let mut servers = Vec::new();
    for threads in [1_u8, 2] {
        let server = Server::mock(folder, false, &["--threads", &threads.to_string()])?;
        let kinds = init(&token(&server.address).await?);
        batches(&server, &kinds, TOGETHER, SHOT).await?;
        let did = Did {
            rates: Vec::new(),
            costs: Vec::new(),
        };
        servers.push((threads, server, kinds, did));
    }
    for _ in 0..ROUNDS {
        for (threads, server, kinds, did) in &mut servers {
            let (own, started) = (used_seconds(std::process::id())?, Instant::now());
            let shot = batches(server, kinds.as_slice(), TOGETHER, SHOT).await?;
            let load = used_seconds(std::process::id())? - own;
            let load = load / started.elapsed().as_secs_f64();
            let left = match threads {
                1 => 1.0,
                _ => (2.0 - load) / 2.0,
            };
            did.rates.push(shot.rate / left);
            did.costs.push(shot.cost());
        }
    }
    println!("\naccepted init in batches of {TOGETHER}, {CONNECTIONS} connections");
    let mut rates = Vec::new();
    for (threads, _, _, did) in servers {
        let (rate, cost) = (median(did.rates), median(did.costs));
        println!("threads {threads} {rate:>7.0}/s, {cost:.2} µs of the processor each");
        rates.push(rate);
    }
    table.add(
        "two cores ÷ one core",
        rates[1] / rates[0],
        "",
        Goal::AtLeast(RATIO),
    );
    Ok(())
}
