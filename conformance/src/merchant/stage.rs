//! What scenarios are played on: the shop, and a mock in Flexiti's place.

use super::browser::{Browser, Credentials, Page, Seen};
use super::driver::Driver;
use super::judge::{self, Judgement, Verdict};
use super::play::Play;
use super::shop::{Shop, Trouble};
use super::trace::{Exchange, Happened, Opened, Played};
use anyhow::{Context as _, anyhow};
use flexiti_contract::Endpoint;
use flexiti_contract::scenario::Scenario;
use flexiti_mock::steer::{Admin, DialectChange, DialectView, OrderView, Place, Plan, Row};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use reqwest::blocking::Client;
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The account of the shop under test.
pub const CLIENT_ID: &str = "shop-under-test";
/// How long a shop may take until it believes what it should.
pub const PATIENCE: Duration = Duration::from_secs(8);
/// How often a scenario is played until its faults strike the calls that they are for.
const ATTEMPTS: usize = 3;
/// What the dialect of a scenario is called.
const SCENE: &str = "scene";

/// A shop, and the Flexiti that it believes in.
pub struct Stage<'d> {
    pub(super) driver: &'d Driver,
    pub(super) mock: Mock,
    pub(super) client: Client,
    /// How many scenarios have been played.
    pub(super) plays: u32,
    /// What makes order numbers of this stage its own, also where the shop keeps those of others.
    pub(super) run: String,
    /// Somebody's order that was bought.
    pub(super) paid: Option<u64>,
    /// How long the shop may take until it believes what it should.
    pub(super) patience: Duration,
    shop: Shop,
    dialect: DialectView,
    credentials: Credentials,
    /// The number of the next call.
    next_id: u64,
    /// Orders of plays that are over.
    past: BTreeSet<u64>,
    /// The shop asks about those by itself, in the background.
    is_busy: bool,
}

impl<'d> Stage<'d> {
    /// Starts a mock and the shop.
    pub fn new(driver: &'d Driver, seed: u64, dialect: &str) -> anyhow::Result<Self> {
        let account = MerchantConfig {
            client_id: CLIENT_ID.to_owned(),
            client_secret: format!("{seed:016x}-shop-secret"),
            username: None,
            password: None,
            trust_url: None,
            success_url: Some(driver.callbacks.success.clone()),
            error_url: Some(driver.callbacks.error.clone()),
            ..MerchantConfig::demo()
        };
        let mut credentials = Credentials::default();
        credentials.add("client_id", &account.client_id);
        credentials.add("client_secret", &account.client_secret);
        let mock = Mock::start(&Settings {
            merchants: vec![account.clone()],
            dialect: dialect.to_owned(),
            seed: Some(seed),
            journal_bytes: 256 * 1024 * 1024,
            journal_limit: 1_000_000,
            ..Settings::default()
        })?;
        let environment = [
            ("FLEXITI_BASE_URL", mock.base_url()),
            ("FLEXITI_CLIENT_ID", account.client_id),
            ("FLEXITI_CLIENT_SECRET", account.client_secret),
        ];
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let shop = Shop::start(driver, &environment)?;
        let dialect = mock.admin().dialect(CLIENT_ID)?;
        let patience = Duration::from_secs(driver.checkout.patience_s.into());
        let client = Client::builder().timeout(patience).build()?;
        // What the shop asked before its first customer came is no part of a checkout.
        let next_id = last_id(mock.admin())? + 1;
        Ok(Self {
            driver,
            mock,
            client,
            plays: 0,
            run: run_number(),
            paid: None,
            patience: PATIENCE,
            shop,
            dialect,
            credentials,
            next_id,
            past: BTreeSet::new(),
            is_busy: false,
        })
    }

    /// Whether the shop still runs.
    pub fn check(&mut self) -> Result<(), Trouble> {
        self.shop.check("in a scenario")
    }

    /// The dialect that Flexiti speaks, every answer spelled out.
    pub fn dialect(&self) -> Value {
        serde_json::to_value(&self.dialect).unwrap_or_default()
    }

    /// The pages of the driver file, searched for credentials.
    pub fn scan(&self) -> anyhow::Result<Vec<Page>> {
        let browser = self.browser()?;
        let pages = self.driver.pages.scan.iter().map(|url| {
            let seen = browser.open(&Method::GET, url, &[]);
            seen.map_or_else(|_| Page::unreachable(url), |seen| self.searched(seen).page)
        });
        Ok(pages.collect())
    }

    /// What was seen, searched for the credentials that there are by now.
    pub(super) fn searched(&self, mut seen: Seen) -> Seen {
        seen.page.leaks = self.leaks(&seen.all);
        seen
    }

    /// What was said, unless there is a secret in it.
    pub(super) fn told(&self, said: String) -> String {
        let secrets = self.leaks(&said);
        if secrets.is_empty() {
            return said;
        }
        format!("something with {} in it", secrets.join(", "))
    }

    /// Which credentials stand in a text.
    pub(super) fn leaks(&self, text: &str) -> Vec<String> {
        let mut credentials = self.credentials.clone();
        let state = self.mock.app().state();
        for token in state.access.keys() {
            credentials.add("access_token", token);
        }
        for token in state.refresh.keys() {
            credentials.add("refresh_token", token);
        }
        credentials.found_in(text)
    }

    /// A browser of somebody who has not been here before.
    pub(super) fn browser(&self) -> anyhow::Result<Browser> {
        let patience = Duration::from_secs(self.driver.checkout.patience_s.into());
        Browser::new(&Url::parse(&self.mock.base_url())?, patience)
    }

    /// Plays a scenario in one flow and one language; again, where what came of it may be about an
    /// earlier order.
    pub fn play(&mut self, scenario: &Scenario, flow: &str, lang: &str) -> anyhow::Result<Played> {
        let first_id = self.next_id;
        let mut void = Vec::new();
        let mut played = self.attempt(scenario, flow, lang)?;
        for _ in 1..ATTEMPTS {
            let is_noise = self.is_busy && are_tokens_alone(scenario, &played);
            if !struck_others(&played) && !is_noise {
                break;
            }
            void.append(&mut played.left_out);
            void.extend(played.exchanges.iter().map(|call| call.row.id));
            played = self.attempt(scenario, flow, lang)?;
        }
        played.first_id = first_id;
        played.left_out.append(&mut void);
        played.left_out.sort_unstable();
        Ok(played)
    }

    fn attempt(&mut self, scenario: &Scenario, flow: &str, lang: &str) -> anyhow::Result<Played> {
        self.shop.check("between two scenarios")?;
        self.plays += 1;
        self.set_scene(scenario)?;
        let first_id = self.next_id;
        let mut play = Play::new(self, flow, lang, &scenario.faults)?;
        let happened: Vec<Happened> = scenario.steps.iter().map(|step| play.take(step)).collect();
        let mut played = Played {
            scenario: scenario.id.clone(),
            flow: flow.to_owned(),
            lang: lang.to_owned(),
            dialect: self.dialect.name.clone(),
            amount: play.amount,
            merchant_orderid: play.merchant_orderid,
            cart: self.driver.cart.parameters(),
            happened,
            exchanges: Vec::new(),
            first_id,
            next_id: first_id,
            left_out: Vec::new(),
            faults: self.mock.admin().faults(CLIENT_ID)?.faults,
            opened: Vec::new(),
        };
        self.record(&mut played)?;
        let admin = self.mock.admin();
        let opened: BTreeSet<u64> = played.orders().collect();
        for id in &opened {
            played.opened.push(opened_order(&admin.order(*id)?));
        }
        let mut bought = played.opened.iter();
        if let Some(bought) = bought.find(|order| order.outcome.as_deref() == Some("purchased")) {
            self.paid = Some(bought.id);
        }
        self.past.extend(opened);
        admin.clear_faults(CLIENT_ID)?;
        Ok(played)
    }

    /// The dialect with the scenario's answers, and its faults.
    fn set_scene(&self, scenario: &Scenario) -> anyhow::Result<()> {
        let admin = self.mock.admin();
        let mut answers: Map<String, Value> = self.dialect.answers.clone();
        answers.extend(scenario.answers.clone());
        let change = DialectChange {
            name: SCENE.to_owned(),
            description: Some(self.dialect.description.clone()),
            extends: None,
            answers: Some(answers),
        };
        admin.set_dialect(CLIENT_ID, &change)?;
        let (_, before) = scenario
            .faults
            .iter()
            .partition::<Vec<_>, _>(|f| is_of_order(f));
        let plan = Plan::read(json!({"faults": before})).map_err(|what| anyhow!(what))?;
        let planned = admin.plan_faults(CLIENT_ID, plan);
        planned.with_context(|| format!("the faults of scenario {}", scenario.id))?;
        Ok(())
    }

    /// Plans the faults of notifications, for this order if there is one: the shop may still ask
    /// about earlier ones.
    pub(super) fn plan_for(&self, faults: &[Value], order: Option<u64>) -> anyhow::Result<()> {
        for fault in faults.iter().filter(|fault| is_of_order(fault)) {
            let mut fault = fault.clone();
            if let Some(order) = order {
                fault["match"]["params"]["orderId"] = order.to_string().into();
            }
            let change = serde_json::from_value(json!({"add": fault}))?;
            self.mock.admin().change_faults(CLIENT_ID, change)?;
        }
        Ok(())
    }

    /// What the shop has sent since the last scenario, but for what it still had to ask about
    /// earlier orders.
    fn record(&mut self, played: &mut Played) -> anyhow::Result<()> {
        let admin = self.mock.admin();
        let window = format!("after={}", played.first_id - 1);
        let mut rows = admin.requests(&window)?.requests;
        if rows.last().is_some_and(|row| row.endpoint == TOKEN) {
            // What the token is for comes at once.
            std::thread::sleep(TOKEN_USE);
            rows = admin.requests(&window)?.requests;
        }
        let mut theirs = Vec::new();
        for row in rows {
            played.next_id = row.id + 1;
            if row.order_id.is_some_and(|id| self.past.contains(&id)) {
                played.left_out.push(row.id);
                theirs.extend(bearer(&row).map(str::to_owned));
            } else {
                played.exchanges.push(admin.request(row.id)?);
            }
        }
        leave_tokens_out(played, &theirs);
        self.is_busy |= !played.left_out.is_empty();
        self.next_id = played.next_id;
        Ok(())
    }
}

const TOKEN: Option<Place> = Some(Place::Api(Endpoint::Token));
/// How long after a token was given its first use may come.
const TOKEN_USE: Duration = Duration::from_millis(150);

/// Leaves out the tokens that were asked for to ask about earlier orders, and for nothing else.
fn leave_tokens_out(played: &mut Played, theirs: &[String]) {
    let own: HashSet<String> = played
        .exchanges
        .iter()
        .filter_map(|call| bearer(&call.row))
        .map(str::to_owned)
        .collect();
    let is_theirs = |call: &Exchange| {
        let body = call.response_body.as_deref().unwrap_or_default();
        let answer: Value = serde_json::from_str(body).unwrap_or_default();
        let token = answer["access_token"].as_str().unwrap_or_default();
        call.row.endpoint == TOKEN
            && theirs.iter().any(|used| used == token)
            && !own.contains(token)
    };
    let (left_out, kept) = std::mem::take(&mut played.exchanges)
        .into_iter()
        .partition(is_theirs);
    played.exchanges = kept;
    let left_out: Vec<Exchange> = left_out;
    played
        .left_out
        .extend(left_out.iter().map(|call| call.row.id));
    played.left_out.sort_unstable();
}

/// The token that a call was made with: its hash.
fn bearer(row: &Row) -> Option<&str> {
    let header = row.headers.get("authorization")?.as_str()?;
    header.split_whitespace().next_back()
}

/// Whether all that is wrong are calls for tokens: which order those are for nobody can tell.
fn are_tokens_alone(scenario: &Scenario, played: &Played) -> bool {
    let is_token = |id: &u64| {
        let mut calls = played.exchanges.iter();
        calls.any(|call| call.row.id == *id && call.row.endpoint == TOKEN)
    };
    let mut failed = judge::judge(scenario, played);
    failed.retain(|judgement| judgement.verdict == Verdict::Failed);
    let about_tokens = |judgement: &Judgement| {
        !judgement.requests.is_empty() && judgement.requests.iter().all(is_token)
    };
    !failed.is_empty() && failed.iter().all(about_tokens)
}

/// No stage before it has had this one: the time, and how many there were in this process.
fn run_number() -> String {
    static STAGES: AtomicU32 = AtomicU32::new(0);
    let stage = STAGES.fetch_add(1, Ordering::Relaxed);
    let seconds = jiff::Timestamp::now().as_second();
    format!("{seconds:x}{stage:x}")
}

/// Whether a fault strikes calls about one order.
fn is_of_order(fault: &Value) -> bool {
    fault["match"]["endpoint"] == "notification"
}

/// Whether a planned fault was used up by calls about earlier orders alone.
fn struck_others(played: &Played) -> bool {
    let calls = played.exchanges.iter().map(|call| call.row.id);
    let own: HashSet<u64> = calls.collect();
    let mut faults = played.faults.iter();
    faults.any(|fault| {
        !fault.consumed_by.is_empty() && !fault.consumed_by.iter().any(|id| own.contains(id))
    })
}

/// The number of the latest call.
pub(super) fn last_id(admin: Admin<'_>) -> anyhow::Result<u64> {
    let latest = admin.requests("limit=1")?.requests;
    Ok(latest.last().map_or(0, |row| row.id))
}

fn opened_order(order: &OrderView) -> Opened {
    let word = serde_json::to_value(order.outcome).unwrap_or_default();
    Opened {
        id: order.id,
        merchant_orderid: order.merchant_order_id.clone(),
        outcome: word.as_str().map(str::to_owned),
    }
}
