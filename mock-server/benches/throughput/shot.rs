//! A shot: as many requests as a server answers in a given time.

use crate::load::{Client, Server};
use bytes::Bytes;
use std::fmt;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

pub const CONNECTIONS: usize = 16;

/// A request, and the expected status of its answer.
#[derive(Clone)]
pub struct Kind {
    pub request: Bytes,
    pub status: u16,
}

/// What one server did during a shot.
pub struct Shot {
    /// Requests per second.
    pub rate: f64,
    /// Answers with an unexpected status.
    pub others: u64,
    /// The share of a core that the server used. If it is well below 1, the load generator is too
    /// slow.
    pub busy: f64,
}

impl Shot {
    /// CPU time of the server for each request, in microseconds.
    pub fn cost(&self) -> f64 {
        self.busy / self.rate * 1e6
    }
}

impl fmt::Display for Shot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}/s (core {:.0} % busy)", self.rate, self.busy * 1e2)
    }
}

/// Keeps this process from sleeping: waking it would cost the servers time, and the slower one
/// more.
pub fn keep_awake() {
    tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
}

/// Fires a shot: each connection sends one request after another.
pub async fn shot(server: &Server, kinds: &[Kind], time: Duration) -> anyhow::Result<Shot> {
    batches(server, kinds, 1, time).await
}

/// Like [`shot`], but sends each request `together` times in one write, which costs the load less.
pub async fn batches(
    server: &Server,
    kinds: &[Kind],
    together: usize,
    time: Duration,
) -> anyhow::Result<Shot> {
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(&server.address).await?);
    }
    let used = server.used_seconds()?;
    let started = Instant::now();
    let mut running = JoinSet::new();
    for (at, mut client) in clients.into_iter().enumerate() {
        let batch = |kind: &Kind| (kind.request.repeat(together), kind.status);
        // Each connection sends its share of the requests, or all of them if there are few.
        let step = kinds.len() / CONNECTIONS;
        let own = match step {
            0 => kinds,
            step => &kinds[at * step..(at + 1) * step],
        };
        let own: Vec<_> = own.iter().map(batch).collect();
        running.spawn(async move {
            let (mut all, mut others) = (0_usize, 0_u64);
            for (batch, status) in own.iter().cycle() {
                if started.elapsed() >= time {
                    break;
                }
                others += client.send_batch(batch, together, *status).await?;
                all += together;
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
        rate: f64::from(u32::try_from(all)?) / took,
        others,
        busy: (server.used_seconds()? - used) / took,
    })
}
