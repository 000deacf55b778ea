//! The mock compared with bare hyper, on one core.

use crate::load::{Server, init_of, init_request, median, token, token_request};
use crate::shot::{CONNECTIONS, Kind, Shot, shot};
use crate::table::{Goal, Table};
use std::time::Duration;

const ROUNDS: usize = 5;
const SHOT: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_millis(500);
const TOKEN: f64 = 0.8;
const ACCEPTED: f64 = 0.55;
const REFUSED: f64 = 0.45;

/// Adds the ratios; returns how many answers had an unexpected status.
pub async fn measure(mock: &Server, bare: &Server, table: &mut Table) -> anyhow::Result<u64> {
    println!("mock beside bare hyper, {CONNECTIONS} connections");
    let mut all_others = 0;
    for (name, goal) in [
        ("token", TOKEN),
        ("accepted init", ACCEPTED),
        ("refused init", REFUSED),
    ] {
        let kind = |request, status| Kind { request, status };
        let (own, yardstick) = match name {
            "token" => (kind(token_request(), 200), kind(token_request(), 200)),
            "accepted init" => {
                let request = init_request(&token(&mock.address).await?);
                (kind(request.clone(), 200), kind(request, 200))
            }
            _ => {
                let token = token(&mock.address).await?;
                let request = init_of("flexitidemo", &token, "24.07.1988");
                (kind(request.clone(), 409), kind(request, 200))
            }
        };
        let (rounds, others) = rounds(mock, own, bare, yardstick).await?;
        all_others += others;
        let of = |figure: fn(&[Shot; 2]) -> f64| median(rounds.iter().map(figure).collect());
        let ratio = of(|[mock, bare]| mock.rate / bare.rate);
        println!(
            "{name:<14} mock {:>6.0}/s, bare {:>6.0}/s, ratio {ratio:.3}; of processor time {:.3}; \
             rounds {}",
            of(|[mock, _]| mock.rate),
            of(|[_, bare]| bare.rate),
            // The ratio by CPU time, which holds on a busy machine as well.
            of(|[mock, bare]| bare.cost() / mock.cost()),
            rounds
                .iter()
                .map(|[mock, bare]| format!("{:.3}", mock.rate / bare.rate))
                .collect::<Vec<_>>()
                .join(" ")
        );
        let name = format!("{name} ÷ bare hyper, one core");
        table.add(name, ratio, "", Goal::AtLeast(goal));
    }
    Ok(all_others)
}

/// Shots at the two servers in turn, and how many answers had an unexpected status.
async fn rounds(
    mock: &Server,
    own: Kind,
    bare: &Server,
    yardstick: Kind,
) -> anyhow::Result<(Vec<[Shot; 2]>, u64)> {
    let (own, yardstick) = ([own], [yardstick]);
    let mut others = shot(mock, &own, WARM_UP).await?.others;
    others += shot(bare, &yardstick, WARM_UP).await?.others;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let round = [
            shot(mock, &own, SHOT).await?,
            shot(bare, &yardstick, SHOT).await?,
        ];
        others += round.iter().map(|shot| shot.others).sum::<u64>();
        rounds.push(round);
    }
    Ok((rounds, others))
}
