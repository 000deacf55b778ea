//! Performs a scenario on the stage, and records the trace to be judged.

use super::{NOISY, Stage};
use crate::merchant::judge::{self, Judgement, Verdict};
use crate::merchant::record::What;
use crate::merchant::scenarios;
use crate::merchant::stage::customer::Customer;
use crate::merchant::trace::{ExchangeView, Happened, Opened, Played};
use flexiti_contract::Endpoint;
use flexiti_contract::scenario::Scenario;
use flexiti_mock::embed::admin::CallKind;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::PoisonError;
use std::time::Duration;

/// Maximum number of attempts until a scenario's faults strike its own calls.
const ATTEMPTS: usize = 3;
const TOKEN: Option<CallKind> = Some(CallKind::Api(Endpoint::Token));
/// How soon a token is expected to be used after it is granted.
const TOKEN_USE: Duration = Duration::from_millis(150);

impl Stage<'_> {
    /// Plays a scenario in one flow and language; repeats it if the result may be about an earlier
    /// order.
    pub fn play(&mut self, scenario: &Scenario, flow: &str, lang: &str) -> anyhow::Result<Played> {
        let first_id = self.next_id;
        let mut void = Vec::new();
        let mut played = self.attempt(scenario, flow, lang)?;
        for attempt in 1..=ATTEMPTS {
            let is_noise =
                self.is_busy && self.noisy < NOISY && are_tokens_alone(scenario, &played);
            if !struck_others(&played) && !is_noise {
                break;
            }
            if attempt == ATTEMPTS {
                self.noisy += u32::from(is_noise);
                break;
            }
            void.append(&mut played.left_out);
            void.extend(played.exchanges.iter().map(|call| call.row.id));
            played = self.attempt(scenario, flow, lang)?;
        }
        played.first_id = first_id;
        played.left_out.append(&mut void);
        played.left_out.sort_unstable();
        self.plays_kept += 1;
        Ok(played)
    }

    fn attempt(&mut self, scenario: &Scenario, flow: &str, lang: &str) -> anyhow::Result<Played> {
        // If the shop exited after the last scenario was recorded, restart it here.
        self.revive()?;
        self.reset()?;
        self.plays += 1;
        let number = self.plays_kept;
        self.steer(scenario, What::Scene(number))?;
        let first_id = self.next_id;
        let mut customer = Customer::new(self, flow, lang, scenario)?;
        let happened: Vec<Happened> = scenario
            .steps
            .iter()
            .map(|step| customer.take(step))
            .collect();
        let customer_id = customer.told_id();
        let mut played = Played {
            scenario: scenario.id.clone(),
            flow: flow.to_owned(),
            lang: lang.to_owned(),
            dialect: self.dialect.name.clone(),
            amount: customer.amount,
            merchant_orderid: customer.merchant_orderid,
            customer_id,
            cart: self.driver.cart.parameters(lang),
            happened,
            exchanges: Vec::new(),
            first_id,
            next_id: first_id,
            left_out: Vec::new(),
            faults: self.in_turn(What::Looked, |admin, _| {
                Ok(admin.faults(&self.client_id)?.faults)
            })?,
            opened: Vec::new(),
            looked: Vec::new(),
            plan: scenarios::named(&scenario.id)
                .is_none()
                .then(|| Box::new(scenario.clone())),
            ended: None,
        };
        let left_out = self.collect(&mut played)?;
        let looked = self
            .looked
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        played.looked = std::mem::take(looked);
        played.ended = self.ended_with();
        let opened: BTreeSet<u64> = played.orders().collect();
        let over = What::Over {
            next: played.next_id,
            number: played.merchant_orderid.clone(),
        };
        played.opened = self
            .in_turn(over, |admin, _| {
                admin.clear_faults(&self.client_id)?;
                let orders = opened.iter().map(|id| admin.order(*id));
                Ok(orders.collect::<Result<Vec<_>, _>>()?)
            })?
            .iter()
            .map(Opened::of)
            .collect();
        let mut bought = played.opened.iter();
        if let Some(bought) =
            bought.find(|order| matches!(order.outcome.as_deref(), Some("purchased" | "approved")))
        {
            self.paid = Some(bought.id);
        }
        self.past.remember(&played, &left_out);
        Ok(played)
    }

    /// Collects the shop's calls since the last scenario, and returns those that belong to earlier
    /// ones.
    fn collect(&mut self, played: &mut Played) -> anyhow::Result<Vec<ExchangeView>> {
        let admin = self.mock.admin();
        let window = self.window();
        let mut rows = admin.requests(&window)?.requests;
        if rows.last().is_some_and(|row| row.endpoint == TOKEN) {
            // The call that the token is for follows at once.
            std::thread::sleep(TOKEN_USE);
            rows = admin.requests(&window)?.requests;
        }
        let calls = rows.iter().map(|row| admin.request(row.id));
        let calls: Vec<ExchangeView> = calls.collect::<Result<_, _>>()?;
        let theirs = self.past.theirs(&calls);
        let (left_out, own): (Vec<_>, Vec<_>) = calls
            .into_iter()
            .partition(|call| theirs.contains(&call.row.id));
        played.exchanges = own;
        played.left_out = left_out.iter().map(|call| call.row.id).collect();
        played.next_id = rows.last().map_or(played.first_id, |row| row.id + 1);
        self.is_busy |= !left_out.is_empty();
        self.notice_pauses(&left_out);
        self.next_id = played.next_id;
        Ok(left_out)
    }

    /// Records the pauses between the shop's unprompted questions about an order.
    fn notice_pauses(&mut self, left_out: &[ExchangeView]) {
        let looked = self
            .looked
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let pace = self.pace.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut latest: HashMap<u64, i64> = HashMap::new();
        for call in left_out
            .iter()
            .filter(|call| !looked.contains(&call.row.id))
        {
            let Some(order) = call.row.order_id else {
                continue;
            };
            let at = call.row.at.as_millisecond();
            if let Some(before) = latest.insert(order, at)
                && let Ok(pause) = u64::try_from(at - before)
            {
                pace.pause = pace.pause.max(Duration::from_millis(pause));
            }
        }
    }
}

/// Whether only token calls failed a check: it is unknown which order they belong to.
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

/// Whether a planned fault was consumed only by calls about earlier orders.
fn struck_others(played: &Played) -> bool {
    let calls = played.exchanges.iter().map(|call| call.row.id);
    let own: HashSet<u64> = calls.collect();
    let mut faults = played.faults.iter();
    faults.any(|fault| {
        // A lasting fault strikes every call.
        fault.fault.times() != 0
            && !fault.consumed_by.is_empty()
            && !fault.consumed_by.iter().any(|id| own.contains(id))
    })
}
