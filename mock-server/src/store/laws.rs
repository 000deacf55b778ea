//! Property tests: whatever happens to a server's memory, the incremental writes add up to a full
//! write, memory restored from them is the same, and so is the memory of a server that takes the
//! changes over.

use crate::clock::Clock;
use crate::dialects::{Dialects, compile};
use crate::fault::{FaultPlan, Faults};
use crate::http::forwarded::Forwarded;
use crate::http::request::{Body, Request};
use crate::journal::{Entry, Journal, Limits, Note};
use crate::model::account::MerchantConfig;
use crate::model::customer::{Customer, CustomerStatus, shipped};
use crate::model::lifecycle::{Event, Life};
use crate::model::order::{Order, Settles};
use crate::model::token::{Access, Refresh, Scope};
use crate::random::Random;
use crate::state::{Merchant, State};
use crate::store::record::{Key, Table, Write, journal_writes, writes};
use crate::store::restore::{Restored, restore};
use crate::store::{Rows, apply};
use flexiti_contract::{Contract, Endpoint, Flow, Given, Lang, Parameters, StoredParameters};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const LIMITS: Limits = Limits {
    count: 3,
    bytes: 1 << 20,
};

static DIALECTS: LazyLock<Dialects> =
    LazyLock::new(|| Dialects::new(compile(Contract::shipped(), "documented").unwrap()));

/// An operation; the numbers select a merchant, an order or a token.
#[derive(Debug, Clone)]
enum Step {
    Merchant(u8),
    Gone(u8),
    Reset(u8),
    Account(u8),
    Clock(u8),
    Dialect(u8, bool),
    Order(u8, bool),
    Advance(u8),
    Tokens(u8),
    Used(u8),
    Plan(u8, u8),
    Strike(u8),
    FaultGone(u8),
    Approved(u8),
    Spent(u8),
    Exchange(Option<u8>),
    Forgotten(u8),
    /// Writes the changes so far.
    Written,
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..3_u8;
    prop_oneof![
        2 => who().prop_map(Step::Merchant),
        1 => who().prop_map(Step::Gone),
        1 => who().prop_map(Step::Reset),
        1 => who().prop_map(Step::Account),
        1 => who().prop_map(Step::Clock),
        1 => (who(), any::<bool>()).prop_map(|(who, it)| Step::Dialect(who, it)),
        3 => (who(), any::<bool>()).prop_map(|(who, it)| Step::Order(who, it)),
        2 => any::<u8>().prop_map(Step::Advance),
        2 => who().prop_map(Step::Tokens),
        1 => any::<u8>().prop_map(Step::Used),
        1 => (who(), 0..4_u8).prop_map(|(who, count)| Step::Plan(who, count)),
        2 => who().prop_map(Step::Strike),
        1 => who().prop_map(Step::FaultGone),
        2 => who().prop_map(Step::Approved),
        1 => who().prop_map(Step::Spent),
        3 => proptest::option::of(who()).prop_map(Step::Exchange),
        1 => who().prop_map(Step::Forgotten),
        3 => Just(Step::Written),
    ]
}

struct Memory {
    state: State,
    journal: Journal,
}

impl Memory {
    fn new() -> Self {
        Self {
            state: State::new(Random::new(Some(1)), Arc::default()),
            journal: Journal::new(LIMITS),
        }
    }

    fn begun() -> Self {
        let mut memory = Self::new();
        memory.track(true);
        memory
    }

    fn track(&mut self, is_new: bool) {
        self.state.track(is_new);
        self.journal.track(is_new);
    }

    fn take(&mut self) -> Vec<Write> {
        let mut out = Vec::new();
        let changes = self.state.take_changes();
        for change in changes {
            writes(change, &mut out);
        }
        journal_writes(self.journal.take_changes(), &mut out);
        out
    }

    /// All rows, as if nothing had been written before.
    fn all(&mut self) -> InMemory {
        self.track(true);
        let mut kept = InMemory::default();
        kept.write(&self.take());
        kept
    }

    fn target(&mut self) -> Restored<'_> {
        Restored {
            state: &mut self.state,
            journal: &mut self.journal,
            dialects: &DIALECTS,
        }
    }

    fn merchant(&mut self, who: u8) -> Option<&mut Merchant> {
        self.state.merchants.get_mut(&name(who))
    }

    fn order(&self, which: u8) -> Option<u64> {
        let ids: Vec<u64> = self.state.orders.iter().map(|order| order.id).collect();
        ids.get(usize::from(which) % ids.len().max(1)).copied()
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Merchant(who) => {
                if !self.state.merchants.contains_key(&name(who)) {
                    self.state.add(merchant(who));
                }
            }
            Step::Gone(who) => {
                drop(self.state.remove(&name(who)));
                drop(self.journal.forget(&name(who)));
            }
            Step::Reset(who) => {
                if let Some(found) = self.merchant(who) {
                    let new = merchant(who);
                    found.clock = Clock::default();
                    found.faults = new.faults;
                    found.customers = new.customers;
                }
                drop(self.state.forget(&name(who)));
            }
            Step::Account(who) => {
                let account = MerchantConfig {
                    client_secret: "another-secret".to_owned(),
                    ..merchant(who).account
                };
                self.state.change_account(&account);
            }
            Step::Clock(who) => {
                if let Some(merchant) = self.merchant(who) {
                    merchant.clock.advance(Duration::from_secs(7));
                }
            }
            Step::Dialect(who, given) => {
                if let Some(merchant) = self.merchant(who) {
                    merchant.rulebook = if given {
                        DIALECTS.get("lenient").unwrap()
                    } else {
                        Arc::clone(&merchant.own_rulebook)
                    };
                }
            }
            Step::Order(who, v2) => self.open(who, v2),
            Step::Advance(which) => {
                if let Some(order) = self
                    .order(which)
                    .and_then(|id| self.state.orders.get_mut(id))
                {
                    let _ = order.advance(Event::Open, 5);
                    order.settles = Some(Settles::Polls(which.into()));
                    order
                        .visit()
                        .typed
                        .insert("fname".to_owned(), "É".to_owned());
                }
            }
            Step::Tokens(who) => self.issue(who),
            Step::Used(which) => {
                let mut tokens: Vec<Arc<str>> = self.state.refresh.keys().cloned().collect();
                tokens.sort();
                let token = tokens.get(usize::from(which) % tokens.len().max(1));
                if let Some(refresh) = token.and_then(|token| self.state.refresh.get_mut(&**token))
                {
                    refresh.used = true;
                }
            }
            Step::Exchange(who) => self.record(who),
            Step::Forgotten(who) => drop(self.journal.forget(&name(who))),
            Step::Written => {}
            _ => self.faults_and_customers(step),
        }
    }

    fn faults_and_customers(&mut self, step: &Step) {
        match *step {
            Step::Plan(who, count) => {
                if let Some(merchant) = self.merchant(who) {
                    let fault = json!({"times": 0, "action": {"type": "delay", "ms": 1}});
                    let faults = vec![fault; 1.min(count).into()];
                    let plan = FaultPlan::read(json!({"faults": faults})).unwrap();
                    let rulebook = Arc::clone(&merchant.rulebook);
                    merchant.faults =
                        Faults::new(plan, Random::new(Some(2)), &rulebook, 0).unwrap();
                }
            }
            Step::Strike(who) => {
                let ids = self.journal.next_id();
                if let Some(merchant) = self.merchant(who) {
                    let kind = crate::call_kind::CallKind::Api(Endpoint::Token);
                    let input = crate::fault::MatchInput::new(kind, 0, &serde_json::Map::new);
                    if let Some(strike) = merchant.faults.strike(&input) {
                        merchant.faults.settle(&strike.ticket, ids);
                    }
                }
            }
            Step::FaultGone(who) => {
                if let Some(merchant) = self.merchant(who) {
                    let rulebook = Arc::clone(&merchant.rulebook);
                    let change = crate::fault::FaultPlanChange::Remove(0);
                    let _ = merchant.faults.change(change, &rulebook, 0);
                }
            }
            Step::Approved(who) => {
                let number = self.state.next_customer;
                self.state.next_customer += 1;
                if let Some(merchant) = self.merchant(who) {
                    merchant.customers.push(customer(number));
                }
            }
            Step::Spent(who) => {
                if let Some(merchant) = self.merchant(who)
                    && let Some(last) = merchant.customers.iter().last().cloned()
                    && let Some(found) = merchant.customers.find_mut(Some(&last.customer_id), None)
                {
                    found.available_credit -= Decimal::ONE;
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, who: u8, v2: bool) {
        let Some(merchant) = self.state.merchants.get(&name(who)) else {
            return;
        };
        let client_id = Arc::clone(&merchant.client_id);
        let endpoint = if v2 {
            Endpoint::InitV2
        } else {
            Endpoint::InitPlain
        };
        let contract = Contract::shipped();
        let mut parameters = Parameters::with_capacity(2);
        for (name, value) in [
            ("lang", Given::Text("fr".into())),
            ("vcc", Given::Json(json!(7))),
        ] {
            parameters.insert(contract.param(endpoint, name).unwrap(), value);
        }
        let order = Order {
            id: self.state.next_order_id(if v2 { 1 } else { 131_210 }),
            session: self.state.random.hex::<20>().into(),
            client_id,
            opened: 3,
            flow: Flow::ApplyBuy,
            life: Life::new(Flow::ApplyBuy),
            v2,
            token: "token".into(),
            merchant_order_id: v2.then(|| "Ü-1".into()),
            ended: None,
            settles: None,
            customer_id: None,
            visit: None,
            lang: Lang::Fr,
            parameters: StoredParameters::new(contract.params(endpoint), &parameters),
        };
        self.state.orders.insert(order);
    }

    fn issue(&mut self, who: u8) {
        let Some(merchant) = self.state.merchants.get(&name(who)) else {
            return;
        };
        let client_id = Arc::clone(&merchant.client_id);
        let token = || Arc::<str>::from(Random::new(None).hex::<20>());
        let (access_token, refresh_token) = (token(), token());
        let access = Access {
            client_id: Arc::clone(&client_id),
            scope: Scope::Merchant,
            expires: 1,
            revoked: false,
            refresh_token: Arc::clone(&refresh_token),
        };
        let refresh = Refresh {
            client_id: Arc::clone(&client_id),
            scope: Scope::Customer,
            access_token: Arc::clone(&access_token),
            access_expires: 1,
            expires: 2,
            used: false,
        };
        self.state.access.insert(&client_id, access_token, access);
        self.state
            .refresh
            .insert(&client_id, refresh_token, refresh);
    }

    fn record(&mut self, who: Option<u8>) {
        let request = Request {
            method: hyper::Method::POST,
            path: "/p".to_owned(),
            query: who.map(|_| "q=1".to_owned()),
            headers: hyper::HeaderMap::new(),
            body: Body::Read(vec![b'a', 0xff].into()),
            forwarded: Forwarded::default(),
        };
        let note = Note {
            client_id: who.map(|who| name(who).into()),
            ..Note::default()
        };
        let entry = Entry::new(4, &request, note, None, Duration::from_micros(9));
        self.journal.record(entry);
    }
}

fn name(who: u8) -> String {
    format!("m{who}")
}

fn merchant(who: u8) -> Merchant {
    let account = MerchantConfig {
        client_id: name(who),
        ..MerchantConfig::demo()
    };
    Merchant::new(account, DIALECTS.own(), shipped(), Random::new(Some(2)))
}

fn customer(number: u64) -> Customer {
    Customer {
        customer_id: number.to_string(),
        vcc: format!("1070{number:012}"),
        first_name: "Ann".to_owned(),
        last_name: "Lee".to_owned(),
        available_credit: Decimal::ONE_HUNDRED,
        status: CustomerStatus::Active,
    }
}

/// A store in a map.
#[derive(Debug, Default, PartialEq)]
struct InMemory(BTreeMap<(Table, Key), String>);

impl InMemory {
    fn write(&mut self, writes: &[Write]) {
        for write in writes {
            match write.clone() {
                Write::Put(table, key, value) => {
                    self.0
                        .insert((table, key), String::from_utf8(value).unwrap());
                }
                Write::Remove(table, key) => drop(self.0.remove(&(table, key))),
                Write::RemoveAllOf(table, of) => {
                    self.0.retain(|(t, key), _| *t != table || key.0 != of);
                }
                Write::Clear(table) => self.0.retain(|(t, _), _| *t != table),
            }
        }
    }
}

impl Rows for InMemory {
    fn each(
        &self,
        table: Table,
        see: &mut dyn FnMut(Key, &[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut own = self.0.iter().filter(|((of, _), _)| *of == table);
        own.try_for_each(|((_, key), value)| see(key.clone(), value.as_bytes()))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_written_for_changes_is_all_there_is(steps in prop::collection::vec(step(), 1..60)) {
        let mut memory = Memory::begun();
        let mut kept = InMemory::default();
        let mut other = Memory::begun();
        drop(other.take());
        let random = |_: &str| Random::new(Some(2));
        for step in steps.iter().chain([&Step::Written]) {
            memory.step(step);
            if matches!(step, Step::Written) {
                let written = memory.take();
                kept.write(&written);
                apply(written, &mut other.target(), &random).unwrap();
                drop(other.take());
            }
        }
        let mut restored = Memory::new();
        restore(&kept, &mut restored.target(), &|account| account, &random).unwrap();
        restored.track(false);
        prop_assert_eq!(restored.take(), Vec::<Write>::new());
        let all = memory.all();
        prop_assert_eq!(&kept, &all, "what was written");
        prop_assert_eq!(&restored.all(), &all, "what was restored");
        prop_assert_eq!(&other.all(), &all, "what was taken over");
    }
}
