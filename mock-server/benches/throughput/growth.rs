//! How the CPU time for each request grows with what the server remembers.

use crate::load::{Client, Server, get, init_of, median, put_json, request, token_by};
use crate::shot::{Kind, shot};
use crate::table::{Goal, Table};
use anyhow::ensure;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

const MERCHANTS: usize = 60_000;
const FEW_ORDERS: usize = 100;
/// The maximum number of orders of a merchant.
const ORDERS_EACH: usize = 20_000;
const FAULTS: usize = 1_000;
const SHOT: Duration = Duration::from_millis(400);
const ROUNDS: usize = 5;
/// How much more a request may cost, in percent.
const MORE: f64 = 20.0;

/// A merchant's shop.
struct Shop {
    client_id: String,
    token: String,
    init: Kind,
}

/// Adds how much merchants, orders and faults increase the cost of a request.
pub async fn measure(
    folder: &Path,
    pinned: bool,
    orders: usize,
    table: &mut Table,
) -> anyhow::Result<()> {
    println!("\nprocessor time of the server for each request");
    let one = start(folder, pinned, 1)?;
    let shop = shops(&one, 1).await?;
    let young = notifications(&shop, &open(&one, &shop, FEW_ORDERS).await?);
    let [at_first] = in_turn([(&one, &young)]).await?;
    faults(&one, &shop[0], table).await?;
    open(&one, &shop, ORDERS_EACH + 1).await?;
    self::orders(folder, pinned, orders, (&one, &shop, at_first), table).await?;

    let many = start(folder, pinned, MERCHANTS)?;
    let all = shops(&many, MERCHANTS).await?;
    open(&many, &all, MERCHANTS).await?;
    let sides = [
        (&one, inits(&shop)),
        (&many, inits(&all[..1])),
        (&many, inits(&all)),
    ];
    let [alone, beside, spread] = in_turn(sides.each_ref().map(|(s, kinds)| (*s, kinds))).await?;
    println!(
        "init of the only merchant {alone:.2} µs, of one of {MERCHANTS} {beside:.2} µs, \
         of all of them in turn {spread:.2} µs"
    );
    add(table, "init of one of 60,000 merchants", alone, beside);
    add(table, "init of 60,000 merchants in turn", alone, spread);
    Ok(())
}

/// The cost with many orders, compared with a server that has as many as one merchant can have.
async fn orders(
    folder: &Path,
    pinned: bool,
    orders: usize,
    (one, shop, at_first): (&Server, &[Shop], f64),
    table: &mut Table,
) -> anyhow::Result<()> {
    let owners = orders.div_ceil(ORDERS_EACH);
    let many = start(folder, pinned, owners)?;
    let owners = shops(&many, owners).await?;
    let last = notifications(&owners, &open(&many, &owners, orders).await?);
    let [polls] = in_turn([(&many, &last)]).await?;
    println!("notification at {FEW_ORDERS} orders {at_first:.2} µs, at {orders} {polls:.2} µs");
    add(
        table,
        format!("notification at {orders} orders"),
        at_first,
        polls,
    );
    let [few, full] = in_turn([(one, &inits(shop)), (&many, &inits(&owners))]).await?;
    println!("init at {ORDERS_EACH} orders {few:.2} µs, at {orders} {full:.2} µs");
    add(table, format!("init at {orders} orders"), few, full);
    Ok(())
}

/// What a fault matches, by its index in the plan.
type Matches = fn(usize) -> Value;

/// What a plan of many faults costs requests that match none of them.
async fn faults(server: &Server, shop: &Shop, table: &mut Table) -> anyhow::Result<()> {
    let matches: [(&str, Matches); 3] = [
        ("of other endpoints", |_| json!({"endpoint": "token"})),
        (
            "of other orders",
            |at| json!({"endpoint": "init", "params": {"merchant_orderid": format!("ORDER-{at}")}}),
        ),
        (
            "of later requests",
            |at| json!({"endpoint": "init", "nth": 1_000_000_000 + at}),
        ),
    ];
    for (name, matching) in matches {
        let mut costs = [Vec::new(), Vec::new()];
        for round in 0..2 * ROUNDS {
            let count = if round % 2 == 0 { 0 } else { FAULTS };
            let fault = |at| json!({"match": matching(at), "action": {"type": "empty"}});
            let plan = json!({"faults": (0..count).map(fault).collect::<Vec<_>>()});
            let path = format!("/__admin/merchants/{}/faults", shop.client_id);
            let mut client = Client::connect(&server.address).await?;
            let (status, _) = client.send(&put_json(&path, &plan)).await?;
            ensure!(status == 200, "plan: {status}");
            let seen = shot(server, std::slice::from_ref(&shop.init), SHOT).await?;
            ensure!(seen.others == 0, "a fault struck");
            costs[round % 2].push(seen.cost());
        }
        let [none, all] = costs.map(median);
        println!("init without faults {none:.2} µs, with {FAULTS} {name} {all:.2} µs");
        add(
            table,
            format!("init with {FAULTS} faults {name}"),
            none,
            all,
        );
    }
    Ok(())
}

fn add(table: &mut Table, name: impl Into<String>, before: f64, after: f64) {
    let name = format!("{}: cost", name.into());
    table.add(
        name,
        (after / before - 1.0) * 1e2,
        "% more",
        Goal::AtMost(MORE),
    );
}

/// The median costs of the requests, measured in turn.
async fn in_turn<const N: usize>(sides: [(&Server, &Vec<Kind>); N]) -> anyhow::Result<[f64; N]> {
    let mut costs = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for ((server, kinds), costs) in sides.iter().zip(&mut costs) {
            let shot = shot(server, kinds, SHOT).await?;
            ensure!(shot.others == 0, "answers with another status");
            costs.push(shot.cost());
        }
    }
    Ok(costs.map(median))
}

fn inits(shops: &[Shop]) -> Vec<Kind> {
    shops.iter().map(|shop| shop.init.clone()).collect()
}

/// Starts a server with this many merchants.
fn start(folder: &Path, pinned: bool, merchants: usize) -> anyhow::Result<Server> {
    let file = folder.join("merchants.toml");
    let mut text = String::new();
    for at in 0..merchants {
        let account = format!("client_id = \"m{at}\"\nclient_secret = \"secret-of-{at}\"");
        writeln!(text, "[[merchants]]\n{account}")?;
    }
    std::fs::write(&file, text)?;
    let file = file.display().to_string();
    Server::mock(folder, pinned, &["--threads", "1", "--config", &file])
}

/// The shops of a server's merchants, each with a token.
async fn shops(server: &Server, merchants: usize) -> anyhow::Result<Vec<Shop>> {
    let mut client = Client::connect(&server.address).await?;
    let mut shops = Vec::new();
    for at in 0..merchants {
        let keys = format!("client_id=m{at}&client_secret=secret-of-{at}");
        let token = token_by(&mut client, &request("/oauth/token", "", &keys)).await?;
        let client_id = format!("m{at}");
        let init = Kind {
            request: init_of(&client_id, &token, "1988-07-24"),
            status: 200,
        };
        shops.push(Shop {
            client_id,
            token,
            init,
        });
    }
    Ok(shops)
}

/// Opens this many orders, one shop after another; returns the id of each shop's last order.
async fn open(server: &Server, shops: &[Shop], orders: usize) -> anyhow::Result<Vec<u64>> {
    let mut client = Client::connect(&server.address).await?;
    let mut last = vec![0; shops.len()];
    for at in 0..orders {
        let at = at % shops.len();
        let (status, body) = client.send(&shops[at].init.request).await?;
        ensure!(status == 200, "init: {status}");
        let answer: Value = serde_json::from_slice(body)?;
        last[at] = answer["online_order_id"].as_u64().unwrap_or_default();
    }
    Ok(last)
}

/// The notification requests for these orders.
fn notifications(shops: &[Shop], orders: &[u64]) -> Vec<Kind> {
    let kind = |(shop, order): (&Shop, &u64)| {
        let id = &shop.client_id;
        let path = format!("/online/client-id/{id}/notifications/order-id/{order}");
        Kind {
            request: get(&path, &shop.token),
            status: 200,
        }
    };
    shops.iter().zip(orders).map(kind).collect()
}
