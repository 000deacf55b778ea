//! Plays scenarios: a customer's browser before the shop, a mock behind it.

use super::browser::{Browser, Credentials, Page, Seen};
use super::driver::{Driver, Order, filled};
use super::shop::{Shop, Trouble};
use super::trace::{Happened, Opened, Played, endpoint};
use anyhow::{Context as _, anyhow};
use flexiti_contract::scenario::{Belief, By, Scenario, Start, Step, To};
use flexiti_mock::steer::{
    Admin, ClockChange, Complete, DialectChange, DialectView, OrderView, Plan, SettleAfter, Wanted,
};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use reqwest::blocking::Client;
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The account of the shop under test.
const CLIENT_ID: &str = "shop-under-test";
/// A customer whom the mock knows, with credit (fixtures/customers.toml).
const CUSTOMER: &str = "1293836";
/// What the dialect of a scenario is called.
const SCENE: &str = "scene";
/// How long a shop may take until it believes what it should.
const BELIEF: Duration = Duration::from_secs(8);
/// How long a shop gets to fall for a trick.
const DOUBT: Duration = Duration::from_millis(300);
/// How much of what the shop says is kept.
const SAID: usize = 200;
/// Between two looks at a shop that finds out by itself.
const LOOK: Duration = Duration::from_millis(40);
/// Between two looks at a shop that asks Flexiti whenever it is looked at: more often would make
/// it poll faster than once a second.
const PATIENT_LOOK: Duration = Duration::from_millis(1_050);

/// A shop, and the Flexiti that it believes in.
pub struct Stage<'d> {
    driver: &'d Driver,
    mock: Mock,
    shop: Shop,
    dialect: DialectView,
    credentials: Credentials,
    client: Client,
    plays: u32,
    /// What makes order numbers of this run its own.
    run: String,
    /// The number of the next call.
    next_id: u64,
    /// Orders of plays that are over.
    past: BTreeSet<u64>,
    /// Somebody's order that was bought.
    paid: Option<u64>,
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
        let client = Client::builder().timeout(Duration::from_secs(30)).build()?;
        // What the shop asked before its first customer came is no part of a checkout.
        let next_id = last_id(mock.admin())? + 1;
        Ok(Self {
            driver,
            mock,
            shop,
            dialect,
            credentials,
            client,
            plays: 0,
            run: format!("{:05x}", seed & 0xf_ffff),
            next_id,
            past: BTreeSet::new(),
            paid: None,
        })
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
            seen.map_or_else(|_| unreachable_page(url), |seen| self.searched(seen).page)
        });
        Ok(pages.collect())
    }

    /// What was seen, searched for the credentials that there are by now.
    fn searched(&self, mut seen: Seen) -> Seen {
        seen.page.leaks = self.leaks(&seen.all);
        seen
    }

    /// Which credentials stand in a text.
    fn leaks(&self, text: &str) -> Vec<String> {
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

    /// Plays a scenario in one flow and one language.
    pub fn play(&mut self, scenario: &Scenario, flow: &str, lang: &str) -> anyhow::Result<Played> {
        self.shop.check("between two scenarios")?;
        self.plays += 1;
        self.set_scene(scenario)?;
        let admin = self.mock.admin();
        let first_id = self.next_id;
        // An amount that no other play has, to be recognised.
        let cents = self.plays % 89 + 10;
        let mut play = Play {
            stage: self,
            flow,
            lang,
            amount: format!("{}.{cents}", 120 + self.plays),
            merchant_orderid: format!("C{}-{}", self.run, self.plays),
            browser: self.browser()?,
            order: None,
            callback: None,
        };
        let happened: Vec<Happened> = scenario.steps.iter().map(|step| play.take(step)).collect();
        let (amount, merchant_orderid) = (play.amount.clone(), play.merchant_orderid.clone());
        let mut played = Played {
            scenario: scenario.id.clone(),
            flow: flow.to_owned(),
            lang: lang.to_owned(),
            dialect: self.dialect.name.clone(),
            amount,
            merchant_orderid,
            happened,
            exchanges: Vec::new(),
            first_id,
            next_id: first_id,
            left_out: Vec::new(),
            faults: admin.faults(CLIENT_ID)?.faults,
            opened: Vec::new(),
        };
        self.record(&mut played)?;
        let admin = self.mock.admin();
        let opened: BTreeSet<u64> = played
            .exchanges
            .iter()
            .filter(|exchange| endpoint(exchange).is_some_and(is_init))
            .filter_map(|exchange| exchange.row.order_id)
            .collect();
        for id in &opened {
            played.opened.push(opened_order(&admin.order(*id)?));
        }
        if played
            .opened
            .iter()
            .any(|order| order.outcome.as_deref() == Some("purchased"))
        {
            self.paid = opened.first().copied();
        }
        self.past.extend(opened);
        admin.clear_faults(CLIENT_ID)?;
        Ok(played)
    }

    fn browser(&self) -> anyhow::Result<Browser> {
        Browser::new(&Url::parse(&self.mock.base_url())?)
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
        let plan = Plan::read(json!({"faults": scenario.faults})).map_err(|what| anyhow!(what))?;
        let planned = admin.plan_faults(CLIENT_ID, plan);
        planned.with_context(|| format!("the faults of scenario {}", scenario.id))?;
        Ok(())
    }

    /// What the shop has sent since the last scenario, but for what it still had to ask about
    /// earlier orders.
    fn record(&mut self, played: &mut Played) -> anyhow::Result<()> {
        let admin = self.mock.admin();
        let after = played.first_id - 1;
        for row in admin.requests(&format!("after={after}"))?.requests {
            if row.order_id.is_some_and(|id| self.past.contains(&id)) {
                played.left_out.push(row.id);
            } else {
                played.exchanges.push(admin.request(row.id)?);
            }
            played.next_id = row.id + 1;
        }
        self.next_id = played.next_id;
        Ok(())
    }
}

fn unreachable_page(url: &str) -> Page {
    Page {
        url: url.to_owned(),
        status: 0,
        lang: None,
        leaks: Vec::new(),
    }
}

fn is_init(endpoint: flexiti_contract::Endpoint) -> bool {
    use flexiti_contract::Endpoint::{InitPlain, InitV2};
    matches!(endpoint, InitV2 | InitPlain)
}

fn last_id(admin: Admin<'_>) -> anyhow::Result<u64> {
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

/// One scenario while it is played.
struct Play<'s, 'd> {
    stage: &'s Stage<'d>,
    flow: &'s str,
    lang: &'s str,
    amount: String,
    merchant_orderid: String,
    browser: Browser,
    /// The order whose pages are open.
    order: Option<u64>,
    /// Where Flexiti sends its customer.
    callback: Option<String>,
}

impl Play<'_, '_> {
    fn take(&mut self, step: &Step) -> Happened {
        match step {
            Step::Checkout { expect } => {
                let first = self.start(1);
                let turned_away = matches!(
                    &first,
                    Happened::Started { order: None, page: Some(page), .. } if page.status == 503
                );
                // A customer who is told to come again later does so, once.
                if turned_away && *expect == Start::Either {
                    return self.start(2);
                }
                first
            }
            Step::Complete {
                outcome,
                settle_after,
            } => self.complete(outcome, settle_after.as_ref()),
            Step::Return { to, by } => self.come_back(*to, *by),
            Step::Believe { one_of } => self.believe(one_of),
            Step::Doubt { none_of } => self.doubt(none_of),
            Step::Advance { ms } => {
                let change = ClockChange {
                    advance_ms: Some(*ms),
                    ..ClockChange::default()
                };
                match self.stage.mock.admin().set_clock(CLIENT_ID, &change) {
                    Ok(_) => Happened::Advanced(*ms),
                    Err(_) => Happened::Skipped,
                }
            }
        }
    }

    fn values(&self) -> [(&str, &str); 6] {
        let customer = if self.flow == "buy" { CUSTOMER } else { "" };
        [
            ("flow", self.flow),
            ("lang", self.lang),
            ("amount", &self.amount),
            ("merchant_orderid", &self.merchant_orderid),
            ("mname", "A-RR_L"),
            ("customer_id", customer),
        ]
    }

    fn start(&mut self, times: usize) -> Happened {
        let checkout = &self.stage.driver.checkout;
        let values = self.values();
        let url = filled(&checkout.url, &values);
        let field = |(name, value): (&String, &String)| (name.clone(), filled(value, &values));
        let form: Vec<(String, String)> = checkout.form.iter().map(field).collect();
        let method = if checkout.method == "GET" {
            Method::GET
        } else {
            Method::POST
        };
        match self.open(&method, &url, &form) {
            Ok(seen) => {
                self.order = seen.leads_to.as_ref().and_then(|url| self.order_at(url));
                Happened::Started {
                    times,
                    order: self.order,
                    page: Some(seen.page),
                    trouble: None,
                }
            }
            Err(trouble) => Happened::Started {
                times,
                order: None,
                page: None,
                trouble: Some(trouble),
            },
        }
    }

    fn open(&self, method: &Method, url: &str, form: &[(String, String)]) -> Result<Seen, String> {
        let seen = self.browser.open(method, url, form)?;
        Ok(self.stage.searched(seen))
    }

    /// The order whose pages are at `url`.
    fn order_at(&self, url: &Url) -> Option<u64> {
        let orders = self.stage.mock.admin().orders(Some(CLIENT_ID)).orders;
        let here = |order: &&OrderView| order.redirection_url.ends_with(url.path());
        orders.iter().find(here).map(|order| order.id)
    }

    fn complete(&mut self, outcome: &str, settle_after: Option<&Value>) -> Happened {
        let wanted = serde_json::from_value::<Wanted>(outcome.into());
        let settle =
            settle_after.and_then(|s| serde_json::from_value::<SettleAfter>(s.clone()).ok());
        let (Some(order), Ok(outcome)) = (self.order, wanted) else {
            return Happened::Skipped;
        };
        let wish = Complete {
            outcome,
            follow: false,
            settle_after: settle,
        };
        match self.stage.mock.admin().complete(order, &wish) {
            Ok(completed) => {
                self.callback = completed.callback_url;
                let word = serde_json::to_value(outcome).unwrap_or_default();
                Happened::Completed(word.as_str().unwrap_or_default().to_owned())
            }
            Err(_) => Happened::Skipped,
        }
    }

    fn come_back(&self, to: To, by: By) -> Happened {
        let success = self
            .stage
            .driver
            .callbacks
            .success
            .replace("{lang}", self.lang);
        let url = match to {
            To::Own => self.callback.clone(),
            To::Success => Some(success),
            To::Told => {
                let own = self.order.unwrap_or_default();
                let sign = if success.contains('?') { '&' } else { '?' };
                Some(format!("{success}{sign}orderId={own}&status=SUCCESS"))
            }
            To::Foreign => {
                let paid = self.stage.paid.unwrap_or(131_222);
                let sign = if success.contains('?') { '&' } else { '?' };
                Some(format!("{success}{sign}orderId={paid}"))
            }
        };
        let (Some(url), Some(_)) = (url, self.order) else {
            return Happened::Skipped;
        };
        let seen = match by {
            By::Customer => self.open(&Method::GET, &url, &[]),
            By::Stranger => match self.stage.browser() {
                Ok(browser) => browser.open(&Method::GET, &url, &[]),
                Err(error) => Err(error.to_string()),
            },
        };
        let (page, trouble) = match seen.map(|seen| self.stage.searched(seen)) {
            Ok(seen) => (Some(seen.page), None),
            Err(trouble) => (None, Some(trouble)),
        };
        Happened::Returned {
            to,
            by,
            page,
            trouble,
        }
    }

    fn believe(&self, one_of: &[Belief]) -> Happened {
        let Some(order) = &self.stage.driver.order else {
            return Happened::NotAsked;
        };
        let deadline = Instant::now() + BELIEF;
        loop {
            let admin = self.stage.mock.admin();
            let before = last_id(admin).unwrap_or_default();
            let (belief, said) = self.ask(order);
            let is_so = belief.is_some_and(|belief| one_of.contains(&belief));
            // Of an order that was never opened nothing more will be heard.
            if is_so || self.order.is_none() || Instant::now() > deadline {
                return Happened::Believed { belief, said };
            }
            let asked = last_id(admin).unwrap_or_default() > before;
            std::thread::sleep(if asked { PATIENT_LOOK } else { LOOK });
        }
    }

    fn doubt(&self, none_of: &[Belief]) -> Happened {
        let Some(order) = &self.stage.driver.order else {
            return Happened::NotAsked;
        };
        let (belief, said) = self.ask(order);
        if belief.is_some_and(|belief| none_of.contains(&belief)) {
            return Happened::Believed { belief, said };
        }
        std::thread::sleep(DOUBT);
        let (belief, said) = self.ask(order);
        Happened::Believed { belief, said }
    }

    /// What the shop says of the order; should it be a secret, it is not repeated.
    fn ask(&self, order: &Order) -> (Option<Belief>, String) {
        let (belief, said) = self.asked(order);
        let said: String = said.chars().take(SAID).collect();
        if self.stage.leaks(&said).is_empty() {
            (belief, said)
        } else {
            (belief, "a secret".to_owned())
        }
    }

    fn asked(&self, order: &Order) -> (Option<Belief>, String) {
        let url = filled(&order.url, &self.values());
        let answer = self.stage.client.get(&url).send();
        let text = answer.and_then(reqwest::blocking::Response::text);
        let text = match text {
            Ok(text) => text,
            Err(error) => return (None, error.to_string()),
        };
        let Ok(json) = serde_json::from_str::<Value>(&text) else {
            return (None, "an answer that is no JSON".to_owned());
        };
        let word = match json.pointer(&order.pointer) {
            Some(Value::String(word)) => word.clone(),
            Some(other) => other.to_string(),
            None => return (None, format!("nothing at `{}`", order.pointer)),
        };
        let belief = [
            (&order.paid, Belief::Paid),
            (&order.pending, Belief::Pending),
            (&order.failed, Belief::Failed),
        ];
        let belief = belief.iter().find(|(words, _)| words.contains(&word));
        (belief.map(|(_, belief)| *belief), word)
    }
}

/// Why nothing can be said of a shop, if that is why.
pub fn trouble(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Trouble>().is_some()
}
