//! Replays a record through a mock of its own, and compares the trace with the mock's answers.
//!
//! A mock's answers follow from its seed, its dialect, the requests, their times, and the steering
//! in between, which the scenarios dictate. So nobody can change an answer, leave out a call or add
//! one, or move an order or a fault without the rest contradicting it.

mod compare;
mod script;

use crate::merchant::earlier_orders::EarlierOrders;
use crate::merchant::judge::results::Act;
use crate::merchant::record::{Call, Chain, Event, Record, Setting, Tokens, What, is_of_order};
use crate::merchant::scenarios;
use crate::merchant::trace::{ExchangeView, Opened, Played, endpoint};
use anyhow::{Context as _, anyhow, bail, ensure};
use compare::Pairs;
use flexiti_contract::scenario::Scenario;
use flexiti_contract::{Contract, Endpoint, Rulebook};
use flexiti_mock::embed::admin::{DialectView, FaultView};
use flexiti_mock::embed::offline::Offline;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Maximum number of attempts at a scenario.
const ATTEMPTS: usize = 3;

/// Replays all records in parallel; returns the number of calls.
pub fn check(contract: &'static Contract, seed: u64, acts: &[Act]) -> anyhow::Result<usize> {
    std::thread::scope(|scope| {
        let acts = acts.iter().enumerate();
        let running: Vec<_> = acts
            .map(|(lane, act)| scope.spawn(move || again(contract, seed, lane, act)))
            .collect();
        let mut calls = 0;
        for running in running {
            let played = running.join();
            calls += played.unwrap_or_else(|_| Err(anyhow!("playing it again panicked")))?;
        }
        Ok(calls)
    })
}

fn again(contract: &'static Contract, seed: u64, lane: usize, act: &Act) -> anyhow::Result<usize> {
    let view: DialectView =
        serde_json::from_value(act.dialect.clone()).context("acts: a dialect is malformed")?;
    let place = || format!("dialect `{}`, record {lane}", view.name);
    let record = act
        .record
        .as_ref()
        .with_context(|| format!("{}: there is no record of what reached the mock", place()))?;
    ensure!(
        record.lane == lane,
        "{}: it was record {} of the run",
        place(),
        record.lane
    );
    let rulebook = Rulebook::compile(contract, contract.dialect_from_json(act.dialect.clone())?)?;
    let offline = Offline::new(
        record.account.clone().config(),
        seed,
        record.public_base_url.clone(),
        record.address,
        Arc::new(rulebook),
    )?;
    let replay = Replay::new(seed, act, record, &view, &offline);
    replay.run().with_context(place)
}

/// One attempt at a scenario, from the record.
struct Attempt {
    steered: Vec<What>,
    faults: Vec<FaultView>,
    own: Vec<u64>,
    left_out: Vec<u64>,
    opened: BTreeMap<u64, Opened>,
    next: u64,
    number: String,
}

struct Replay<'r> {
    act: &'r Act,
    record: &'r Record,
    dialect: &'r DialectView,
    offline: &'r Offline,
    tokens: Tokens,
    chain: Chain,
    /// The trace's calls by id, each with the index of its scenario.
    told: HashMap<u64, (usize, &'r ExchangeView)>,
    pairs: Pairs,
    past: EarlierOrders,
    /// The calls since the last scenario.
    window: Vec<ExchangeView>,
    /// The calls of repeated attempts. `is_busy` is set once there was a reason to repeat any.
    void: Vec<u64>,
    is_busy: bool,
    has_void: bool,
    calls: u64,
    scene: Option<usize>,
    attempts: usize,
    steered: Vec<What>,
    faults: Vec<FaultView>,
}

impl<'r> Replay<'r> {
    fn new(
        seed: u64,
        act: &'r Act,
        record: &'r Record,
        dialect: &'r DialectView,
        offline: &'r Offline,
    ) -> Self {
        let played = act.played.iter().enumerate();
        let told = played.flat_map(|(at, played)| {
            played
                .exchanges
                .iter()
                .map(move |call| (call.row.id, (at, call)))
        });
        Self {
            act,
            record,
            dialect,
            offline,
            tokens: Tokens::default(),
            chain: Chain::new(seed, record.lane, &act.dialect, &record.account),
            told: told.collect(),
            pairs: Pairs::default(),
            past: EarlierOrders::default(),
            window: Vec::new(),
            void: Vec::new(),
            is_busy: false,
            has_void: false,
            calls: 0,
            scene: None,
            attempts: 0,
            steered: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn run(mut self) -> anyhow::Result<usize> {
        let scene = |event: &Event| match event.what {
            What::Scene(at) => Some(at),
            _ => None,
        };
        let scenes: Vec<usize> = self.record.events.iter().filter_map(scene).collect();
        let mut begun = 0;
        for event in &self.record.events {
            begun += usize::from(scene(event).is_some());
            // A scenario that begins again later was repeated.
            let is_last = self.scene.is_none_or(|at| scenes.get(begun) != Some(&at));
            self.step(event, is_last).with_context(|| self.place())?;
        }
        let played = self.scene.map_or(0, |at| at + 1);
        ensure!(
            played == self.act.played.len() && self.attempts == 0,
            "{} scenarios are on record, the trace has {}",
            played,
            self.act.played.len()
        );
        ensure!(
            self.window.is_empty(),
            "call {} is on record, and belongs to no scenario",
            self.window[0].row.id
        );
        let asked_again = self.past.asked_again();
        ensure!(
            self.has_void || self.act.asked_again.as_ref() == Some(&asked_again),
            "asked_again: the record leads to different queries about paid orders"
        );
        self.sealed()?;
        Ok(usize::try_from(self.calls).unwrap_or(usize::MAX))
    }

    /// The scenario being played, for error messages.
    fn place(&self) -> String {
        let played = self.scene.and_then(|at| self.act.played.get(at));
        played.map_or_else(|| "before the first scenario".to_owned(), Played::name)
    }

    fn scenario(&self) -> anyhow::Result<(&'r Played, &'r Scenario)> {
        let played = self.scene.and_then(|at| self.act.played.get(at));
        let played = played.context("the record begins with no scenario")?;
        let scenario = scenarios::of(played).context("no such scenario")?;
        Ok((played, scenario))
    }

    fn step(&mut self, event: &Event, is_last: bool) -> anyhow::Result<()> {
        let what = &event.what;
        let mut answer = None;
        match what {
            What::Call(call) => answer = Some(self.call(event.at, call)?),
            What::Scene(at) => {
                let again = self.attempts > 0 && self.scene == Some(*at);
                let is_next = self.attempts == 0 && *at == self.scene.map_or(0, |at| at + 1);
                ensure!(
                    again || is_next,
                    "scenario {at} is on record here, which is out of order"
                );
                self.scene = Some(*at);
                self.attempts += 1;
                ensure!(
                    self.attempts <= ATTEMPTS,
                    "it was played more than {ATTEMPTS} times"
                );
                self.steered.clear();
            }
            What::Looked => {
                let client_id = &self.record.account.client_id;
                self.faults = self.offline.admin(event.at).faults(client_id)?.faults;
            }
            What::Plan { .. } | What::Complete { .. } | What::Advance(_) => {
                self.steered.push(what.clone());
            }
            What::Over { .. } => {}
        }
        if !matches!(what, What::Call(_)) {
            let (_, scenario) = self.scenario()?;
            let setting = Setting {
                client_id: &self.record.account.client_id,
                dialect: self.dialect,
            };
            let done = setting.perform(self.offline.admin(event.at), scenario, what);
            // An order that has ended cannot be given another outcome; the trace says so.
            if !matches!(what, What::Complete { .. }) {
                done?;
            }
        }
        if let What::Over { next, number } = what {
            let attempt = self.over(event.at, *next, number)?;
            self.ended(&attempt, is_last)?;
        }
        let answer = answer
            .as_ref()
            .map(|(status, body)| (*status, body.as_str()));
        let seal = self.chain.next(event.at, what, answer);
        ensure!(
            seal == event.seal,
            "{}: its contents or its time were changed after recording",
            self.named(what)
        );
        Ok(())
    }

    fn named(&self, what: &What) -> String {
        match what {
            What::Call(call) => format!("call {} ({} {})", self.calls, call.method, call.path),
            What::Scene(_) => "the beginning".to_owned(),
            What::Plan { .. } => "the planning of faults".to_owned(),
            What::Complete { order, .. } => format!("what the customer did with order {order}"),
            What::Advance(_) => "the clock change".to_owned(),
            What::Looked => "the fault report".to_owned(),
            What::Over { .. } => "the end".to_owned(),
        }
    }

    /// Answers a call again, compares the answer with the trace, and returns it.
    fn call(&mut self, at: i64, call: &Call) -> anyhow::Result<(u16, String)> {
        self.calls += 1;
        let id = self.calls;
        let place = format!("call {id} ({} {})", call.method, call.path);
        let text = serde_json::to_string(call)?;
        if let Some(token) = self.tokens.unknown(&text) {
            bail!("{place}: it has a token that a mock with this seed has not issued ({token})");
        }
        let sent = call.sent(at, &self.tokens);
        let sent = sent.with_context(|| format!("{place}: malformed base64"))?;
        let told = self.told.get(&id).copied();
        let status = told.map_or(0, |(_, told)| told.row.status);
        let received = self.offline.receive(&sent, status);
        received.with_context(|| place.clone())?;
        let admin = self.offline.admin(at);
        let view = admin.request(id);
        let view = view.with_context(|| format!("{place}: it leaves nothing in a journal"))?;
        if matches!(
            endpoint(&view),
            Some(Endpoint::Token | Endpoint::InitV2 | Endpoint::InitPlain)
        ) {
            self.tokens.add(admin.issued());
        }
        if let Some((_, told)) = told {
            compare::calls(told, &view, &mut self.pairs)
                .map_err(|what| anyhow!("{place}: {what}"))?;
        }
        let recorded = admin.recorded(id).context("the journal is full")?;
        let body = String::from_utf8_lossy(&recorded.answer);
        let answer = (recorded.status, self.tokens.hidden(&body));
        let first = self.act.played.first().map_or(1, |played| played.first_id);
        if id >= first {
            self.window.push(view);
        }
        Ok(answer)
    }

    /// Ends an attempt.
    fn over(&mut self, at: i64, next: u64, number: &str) -> anyhow::Result<Attempt> {
        let later = self.window.partition_point(|call| call.row.id < next);
        let later = self.window.split_off(later);
        let calls = std::mem::replace(&mut self.window, later);
        let theirs = self.past.theirs(&calls);
        let (left_out, own): (Vec<_>, Vec<_>) = calls
            .into_iter()
            .partition(|call| theirs.contains(&call.row.id));
        let ids = |calls: &[ExchangeView]| calls.iter().map(|call| call.row.id).collect::<Vec<_>>();
        let (own_ids, left_out_ids) = (ids(&own), ids(&left_out));
        let (told, _) = self.scenario()?;
        let mut played = Played {
            merchant_orderid: number.to_owned(),
            exchanges: own,
            ..told.without_calls()
        };
        let admin = self.offline.admin(at);
        let orders: BTreeSet<u64> = played.orders().collect();
        let mut opened = BTreeMap::new();
        for id in orders {
            opened.insert(id, Opened::of(&admin.order(id)?));
        }
        played.opened = opened.values().cloned().collect();
        self.past.remember(&played, &left_out);
        self.is_busy |= !left_out.is_empty();
        Ok(Attempt {
            steered: std::mem::take(&mut self.steered),
            faults: std::mem::take(&mut self.faults),
            own: own_ids,
            left_out: left_out_ids,
            opened,
            next,
            number: number.to_owned(),
        })
    }

    /// Checks the trace of a scenario against its last attempt; calls of earlier ones must be left
    /// out.
    fn ended(&mut self, attempt: &Attempt, is_last: bool) -> anyhow::Result<()> {
        let (told, scenario) = self.scenario()?;
        if !is_last {
            ensure!(
                self.is_busy,
                "it was played again, though no call was about an earlier order"
            );
            self.has_void = true;
            self.void
                .extend(attempt.own.iter().chain(&attempt.left_out));
            return Ok(());
        }
        self.attempts = 0;
        let mut left_out = std::mem::take(&mut self.void);
        left_out.extend(&attempt.left_out);
        left_out.sort_unstable();
        ensure!(
            told.merchant_orderid == attempt.number && told.next_id == attempt.next,
            "the trace ends at call {} for `{}`, the record at {} for `{}`",
            told.next_id,
            told.merchant_orderid,
            attempt.next,
            attempt.number
        );
        let own: Vec<u64> = told.exchanges.iter().map(|call| call.row.id).collect();
        if own != attempt.own || told.left_out != left_out {
            let odd = own.iter().find(|id| !attempt.own.contains(id));
            let missing = attempt.own.iter().find(|id| !own.contains(id));
            let odd = odd.or(missing).copied().unwrap_or(attempt.next);
            bail!(
                "call {odd}: the trace and the record disagree whether it belongs to the scenario"
            );
        }
        compare::faults(&told.faults, &attempt.faults).map_err(|what| anyhow!(what))?;
        for order in &told.opened {
            let again = attempt.opened.get(&order.id);
            ensure!(
                again == Some(order),
                "order {}: the trace says {}, a mock comes to {}",
                order.id,
                compare::order(Some(order)),
                compare::order(again)
            );
        }
        ensure!(
            told.opened.len() == attempt.opened.len(),
            "the trace has {} orders, a mock comes to {}",
            told.opened.len(),
            attempt.opened.len()
        );
        let plans = scenario.faults.iter().any(is_of_order);
        script::follows(scenario, told, plans, &attempt.steered)
    }

    /// Checks that the observations outside the mock are unchanged since they were recorded.
    fn sealed(&self) -> anyhow::Result<()> {
        let seals = &self.record.seals;
        ensure!(
            seals.len() == self.act.played.len() + 1,
            "seals: there are {} for {} scenarios",
            seals.len(),
            self.act.played.len()
        );
        for (at, (played, seal)) in self.act.played.iter().zip(seals).enumerate() {
            ensure!(
                self.chain.seal(at, played) == *seal,
                "{}: what was seen was changed after it was recorded",
                played.name()
            );
        }
        ensure!(
            seals.last() == Some(&self.chain.seal(self.act.played.len(), &self.act.rest())),
            "the pages, or what is said of the shop, were changed after they were recorded"
        );
        Ok(())
    }
}
