//! Two cores beside one. Where there are only two, the load takes its part of them: requests are
//! sent in batches, so that it takes little, and what it took is given to the server.

use crate::load::{Server, init_request, median, token, used_seconds};
use crate::shot::{CONNECTIONS, Kind, batches};
use crate::table::{Goal, Table};
use std::path::Path;
use std::time::{Duration, Instant};

const SHOT: Duration = Duration::from_secs(1);
const ROUNDS: usize = 5;
const TOGETHER: usize = 16;
const RATIO: f64 = 1.7;

/// What a server on two cores did.
pub struct Two {
    /// Requests a second, the load's part given to the server.
    rate: f64,
    /// Processor time for each request, in microseconds.
    cost: f64,
    /// The cores that the load took.
    load: f64,
    raw: f64,
}

fn init(token: &str) -> [Kind; 1] {
    [Kind {
        request: init_request(token),
        status: 200,
    }]
}

/// Two threads on both cores, beside the load.
pub async fn two(folder: &Path) -> anyhow::Result<Two> {
    let server = Server::mock(folder, false, &["--threads", "2"])?;
    let kinds = init(&token(&server.address).await?);
    batches(&server, &kinds, TOGETHER, SHOT).await?;
    let mut shots = Vec::new();
    for _ in 0..ROUNDS {
        let (own, started) = (used_seconds(std::process::id())?, Instant::now());
        let shot = batches(&server, &kinds, TOGETHER, SHOT).await?;
        let load = used_seconds(std::process::id())? - own;
        let load = load / started.elapsed().as_secs_f64();
        shots.push((shot, load));
    }
    let of =
        |figure: fn(&(crate::shot::Shot, f64)) -> f64| median(shots.iter().map(figure).collect());
    Ok(Two {
        rate: of(|(shot, load)| shot.rate * 2.0 / (2.0 - load)),
        cost: of(|(shot, _)| shot.cost()),
        load: of(|(_, load)| *load),
        raw: of(|(shot, _)| shot.rate),
    })
}

impl Two {
    /// Adds how much more that is than what a server with one thread does on one core.
    pub async fn beside_one(&self, one: &Server, table: &mut Table) -> anyhow::Result<()> {
        let kinds = init(&token(&one.address).await?);
        let mut shots = Vec::new();
        for _ in 0..ROUNDS {
            shots.push(batches(one, &kinds, TOGETHER, SHOT).await?);
        }
        let rate = median(shots.iter().map(|shot| shot.rate / shot.busy).collect());
        let cost = median(shots.iter().map(crate::shot::Shot::cost).collect());
        let ratio = self.rate / rate;
        println!(
            "\naccepted init in batches of {TOGETHER}, {CONNECTIONS} connections\n\
             one core   {rate:>7.0}/s, {cost:.2} µs of the processor each\n\
             two cores  {:>7.0}/s beside a load that takes {:.2} of them, {:.0}/s without; {:.2} µs each",
            self.raw, self.load, self.rate, self.cost
        );
        table.add("two cores ÷ one core", ratio, "", Goal::AtLeast(RATIO));
        Ok(())
    }
}
