//! The stage on which scenarios are played: the shop, and a mock in Flexiti's place.

mod browser;
mod credentials;
mod customer;
mod performance;
mod recorder;
mod request;
mod scan;
pub(super) mod shop;

pub use crate::merchant::stage::shop::{LOST, Trouble};

use crate::merchant::driver::{Account, Driver};
use crate::merchant::earlier_orders::EarlierOrders;
use crate::merchant::record;
use crate::merchant::stage::browser::{Browser, PageLoad};
use crate::merchant::stage::recorder::steered::Steered;
use crate::merchant::stage::shop::Shop;
use crate::merchant::stage::shop::pace::Pace;
use crate::merchant::trace::AskedAgain;
use base64::Engine as _;
use credentials::Credentials;
use flexiti_mock::embed::admin::{Admin, DialectView};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use reqwest::Url;
use serde_json::Value;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The client id of a shop that the runner starts.
const CLIENT_ID: &str = "shop-under-test";
/// How long a shop may take to learn the outcome of an order.
pub const PATIENCE: Duration = Duration::from_secs(8);
/// Timeout of a command that reports an order's status.
const COMMAND: Duration = Duration::from_secs(10);
/// How many times a shop that exits by itself is restarted.
const DEATHS: u32 = 5;
/// How much of a shop's last output is reported.
const SAID: usize = 600;
/// After this many scenarios in which token calls failed on every attempt, scenarios are no longer
/// repeated for that reason.
const NOISY: u32 = 2;

/// A shop, and the mock that it takes for Flexiti.
pub struct Stage<'d> {
    pub(super) driver: &'d Driver,
    pub(super) mock: Mock,
    /// The browser of the shop's owner, who looks at orders.
    pub(super) owner: Browser,
    /// How many scenarios have been played.
    pub(super) plays: u32,
    /// How many scenarios are over; repetitions count once.
    plays_kept: usize,
    /// Makes order numbers unique to this stage, even if the shop remembers those of others.
    pub(super) run: String,
    /// An order that was paid, for forged callbacks.
    pub(super) paid: Option<u64>,
    /// How long the shop may take to learn the outcome of an order.
    pub(super) patience: Duration,
    /// The shop's account at the mock.
    pub(super) client_id: String,
    client_secret: String,
    seed: u64,
    /// What was done to the mock.
    steered: Mutex<Vec<Steered>>,
    /// Environment variables that tell the shop and its commands where Flexiti is.
    environment: Vec<(String, String)>,
    shop: Shop,
    /// How many times the shop has exited by itself.
    deaths: u32,
    dialect: DialectView,
    credentials: Credentials,
    /// The journal id of the next call.
    next_id: u64,
    /// The calls of this scenario whose time the runner chose, by polling something.
    looked: Mutex<Vec<u64>>,
    /// The observed pace of the shop.
    pace: Mutex<Pace>,
    /// Orders and tokens of earlier scenarios.
    past: EarlierOrders,
    /// Whether the shop still asks about those in the background.
    is_busy: bool,
    /// How many scenarios failed because of token calls on every attempt.
    noisy: u32,
}

impl<'d> Stage<'d> {
    /// Starts a mock and the shop.
    pub fn new(driver: &'d Driver, seed: u64, dialect: &str) -> anyhow::Result<Self> {
        let account = account(driver, seed);
        let account = record::Account {
            client_id: account.client_id,
            client_secret: account.client_secret,
            success_url: Some(driver.callbacks.success.clone()),
            error_url: Some(driver.callbacks.error.clone()),
        };
        let account = account.config();
        let mut credentials = Credentials::default();
        credentials.add("client_id", &account.client_id);
        credentials.add("client_secret", &account.client_secret);
        let pair = format!("{}:{}", account.client_id, account.client_secret);
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        credentials.add("client_id and client_secret in base64", &pair);
        let free = Settings::default().listen;
        let listen = driver.mock.listen.unwrap_or(free);
        let mock = Mock::start(&Settings {
            listen,
            public_base_url: driver.mock.public_base_url.clone(),
            merchants: vec![account.clone()],
            dialect: dialect.to_owned(),
            seed: Some(seed),
            journal_bytes: 256 * 1024 * 1024,
            journal_limit: 1_000_000,
            in_turn: true,
            ..Settings::default()
        });
        let mock = mock.map_err(|error| match driver.mock.listen {
            Some(address) => Trouble::NotListening {
                address,
                error: format!("{error:#}"),
            }
            .into(),
            None => error,
        })?;
        let names = &driver.shop.names;
        let environment = vec![
            (names.base_url.clone(), mock.base_url()),
            (names.client_id.clone(), account.client_id.clone()),
            (names.client_secret.clone(), account.client_secret.clone()),
        ];
        let shop = Shop::start(driver, &pairs(&environment))?;
        let client_id = account.client_id;
        let dialect = mock.admin().dialect(&client_id)?;
        let patience = Duration::from_secs(driver.checkout.patience_s.into());
        let flexiti = Url::parse(&mock.public_base_url())?;
        let owner = Browser::new(&flexiti, patience, &driver.mock.authorities)?;
        // Calls before the first customer are not part of a checkout.
        let next_id = last_id(mock.admin())? + 1;
        Ok(Self {
            driver,
            client_id,
            client_secret: account.client_secret,
            seed,
            steered: Mutex::default(),
            environment,
            deaths: 0,
            mock,
            owner,
            plays: 0,
            plays_kept: 0,
            run: run_number(),
            paid: None,
            patience: PATIENCE,
            shop,
            dialect,
            credentials,
            next_id,
            looked: Mutex::default(),
            pace: Mutex::default(),
            past: EarlierOrders::default(),
            is_busy: false,
            noisy: 0,
        })
    }

    /// Checks that the shop is still running.
    pub fn check(&mut self) -> Result<(), Trouble> {
        self.shop.check("in a scenario")
    }

    /// If the shop exited: how, and its last output.
    fn ended_with(&mut self) -> Option<String> {
        let ended = self.shop.check("in a scenario").err()?;
        let ended = ended.to_string();
        Some(self.told(ended).chars().take(SAID).collect())
    }

    /// Restarts a shop that exited, up to a limit.
    fn revive(&mut self) -> Result<(), Trouble> {
        let Err(ended) = self.shop.check("again and again") else {
            return Ok(());
        };
        self.deaths += 1;
        if self.deaths > DEATHS {
            return Err(ended);
        }
        self.shop = Shop::start(self.driver, &pairs(&self.environment))?;
        Ok(())
    }

    /// The dialect of the mock, with every answer spelled out.
    pub fn dialect(&self) -> Value {
        serde_json::to_value(&self.dialect).unwrap_or_default()
    }

    /// The paid orders that the shop kept asking about unprompted.
    pub fn asked_again(&self) -> Vec<AskedAgain> {
        self.past.asked_again()
    }

    /// Searches a page load for all credentials known so far.
    pub(super) fn searched(&self, mut seen: PageLoad) -> PageLoad {
        seen.page.leaks = self.leaks(&seen.all);
        seen
    }

    /// A text, redacted as a whole if it contains a secret.
    pub(super) fn told(&self, said: String) -> String {
        let secrets = self.leaks(&said);
        if secrets.is_empty() {
            return said;
        }
        format!("something with {} in it", secrets.join(", "))
    }

    /// The names of the credentials in a text.
    pub(super) fn leaks(&self, text: &str) -> Vec<String> {
        let mut credentials = self.credentials.clone();
        for (name, token) in self.mock.admin().tokens() {
            credentials.add(name, &token);
        }
        credentials.found_in(text)
    }

    /// Observes the shop, and records the calls that this caused. The second value says whether
    /// there were any.
    pub(super) fn looking<T>(&self, look: impl FnOnce() -> T) -> anyhow::Result<(T, bool)> {
        let before = last_id(self.mock.admin())?;
        let seen = look();
        let after = last_id(self.mock.admin())?;
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.extend(before + 1..=after);
        Ok((seen, after > before))
    }

    /// Lets a customer act in this many windows, and records the calls that this caused, as the
    /// customer chose their time. A shop that makes many calls per window chose to do so itself.
    pub(super) fn acting<T>(&self, windows: usize, act: impl FnOnce() -> T) -> anyhow::Result<T> {
        const FOR_A_WINDOW: usize = 2;
        let before = last_id(self.mock.admin())?;
        let seen = act();
        let after = last_id(self.mock.admin())?;
        if usize::try_from(after - before)? <= windows * FOR_A_WINDOW {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            looked.extend(before + 1..=after);
        }
        Ok(seen)
    }

    /// The journal query for the calls of the current scenario.
    pub(super) fn window(&self) -> String {
        format!("after={}", self.next_id - 1)
    }

    /// The observed pace of the shop.
    pub(super) fn pace(&self) -> Pace {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records whether the shop learned an outcome in time.
    pub(super) fn has_learned(&self, in_time: bool) {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        if in_time {
            pace.learned += 1;
        } else {
            pace.unlearned += 1;
        }
    }

    /// Resets the shop, if the driver file says how.
    fn reset(&self) -> Result<(), Trouble> {
        crate::merchant::stage::shop::reset(self.driver, &pairs(&self.environment))
    }

    /// Runs a command of the driver file, and returns its output.
    pub(super) fn command(&self, line: &[String]) -> Result<String, String> {
        let command =
            crate::merchant::stage::shop::command(self.driver, line, &pairs(&self.environment));
        let mut command = command.map_err(|error| error.to_string())?;
        crate::merchant::stage::shop::process::output(&mut command, COMMAND)
    }

    /// Where the shop should call Flexiti, and with which client id.
    pub fn called_at(&self) -> String {
        let names = &self.driver.shop.names;
        let told = if self.driver.shop.is_started_here() {
            format!(" (its environment has it in {})", names.base_url)
        } else {
            String::new()
        };
        format!(
            "{}{told}, with client id `{}`",
            self.mock.base_url(),
            self.client_id
        )
    }

    /// The browser of a new customer.
    pub(super) fn browser(&self) -> anyhow::Result<Browser> {
        let flexiti = Url::parse(&self.mock.public_base_url())?;
        Browser::new(
            &flexiti,
            self.page_patience(),
            &self.driver.mock.authorities,
        )
    }

    /// Timeout for a page of the shop.
    pub(super) fn page_patience(&self) -> Duration {
        let patience = Duration::from_secs(self.driver.checkout.patience_s.into());
        self.pace().page(patience)
    }

    /// Whether the shop fails every time it is observed.
    pub fn is_hopeless(&self) -> bool {
        self.pace().is_hopeless()
    }

    /// Records that a page timed out.
    pub(super) fn has_hung(&self) {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.hung += 1;
    }
}

/// The shop's account: its own if it is already running, otherwise a unique one.
fn account(driver: &Driver, seed: u64) -> Account {
    if let Some(account) = &driver.shop.account {
        return account.clone();
    }
    if driver.shop.is_started_here() {
        return Account {
            client_id: CLIENT_ID.to_owned(),
            client_secret: format!("{seed:016x}-shop-secret"),
        };
    }
    let demo = MerchantConfig::demo();
    Account {
        client_id: demo.client_id,
        client_secret: demo.client_secret,
    }
}

fn pairs(environment: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = environment.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// A unique number: the time, and a counter within this process.
fn run_number() -> String {
    static STAGES: AtomicU32 = AtomicU32::new(0);
    let stage = STAGES.fetch_add(1, Ordering::Relaxed);
    let seconds = jiff::Timestamp::now().as_second();
    format!("{seconds:x}{stage:x}")
}

/// The journal id of the latest call.
fn last_id(admin: Admin<'_>) -> anyhow::Result<u64> {
    let latest = admin.requests("limit=1")?.requests;
    Ok(latest.last().map_or(0, |row| row.id))
}
