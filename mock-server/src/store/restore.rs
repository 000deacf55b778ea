//! Restores a server's memory from a store.

use crate::dialects::Dialects;
use crate::fault::{Faults, KeptFault};
use crate::journal::{Drops, ExchangeRow, Journal, Limits};
use crate::model::account::MerchantConfig;
use crate::model::customer::Customer;
use crate::model::order::Order;
use crate::model::token::{Access, Refresh};
use crate::random::Random;
use crate::state::{Counters, Customers, Merchant, State};
use crate::store::record::{
    COUNTERS, CountersRow, Key, MerchantRow, Numbered, OrderRow, Table, Writer, init,
};
use crate::store::rows::Rows;
use anyhow::{Context as _, anyhow};
use flexiti_contract::{Contract, Rulebook};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The empty memory to restore into.
#[derive(Debug)]
pub struct Restored<'a> {
    /// The state.
    pub state: &'a mut State,
    /// The journal.
    pub journal: &'a mut Journal,
    /// The rulebooks of merchants.
    pub dialects: &'a Dialects,
}

/// Restores everything from a store. `account` maps a stored account to the current one, and
/// `random` gives each merchant's random source. An error names the unreadable row.
pub fn restore(
    rows: &dyn Rows,
    into: &mut Restored<'_>,
    account: &dyn Fn(MerchantConfig) -> MerchantConfig,
    random: &dyn Fn(&str) -> Random,
) -> anyhow::Result<()> {
    let contract = into.dialects.contract();
    let mut faults = all_of::<KeptFault>(rows, Table::Faults)?;
    let mut customers = all_of::<Customer>(rows, Table::Customers)?;
    rows.each(Table::Merchants, &mut |Key(id, _), value| {
        let row: MerchantRow = read(value)?;
        let account = account(row.account);
        let own = match &account.dialect {
            None => into.dialects.own(),
            Some(name) => into.dialects.get(name)?,
        };
        let faults = faults.remove(&id).unwrap_or_default();
        let customers = customers.remove(&id).unwrap_or_default();
        let mut merchant = Merchant::new(account, Arc::clone(&own), Vec::new(), random(&id));
        merchant.faults = Faults::restored(faults, random(&id));
        merchant.customers = Customers::restored(customers, row.known_customers);
        merchant.clock = row.clock;
        if let Some(dialect) = row.dialect {
            merchant.rulebook = rulebook(into.dialects, dialect)?;
        }
        into.state.add(merchant);
        Ok(())
    })?;
    rows.each(Table::Server, &mut |Key(name, _), value| {
        if name == COUNTERS {
            into.state.restore_counters(counters(value)?);
        }
        Ok(())
    })?;
    let mut orders = Vec::new();
    rows.each(Table::Orders, &mut |Key(_, id), value| {
        let Numbered { number, value } = read(value)?;
        orders.push((number, order(id, value, contract)?));
        Ok(())
    })?;
    orders.sort_by_key(|(number, _)| *number);
    for (number, order) in orders {
        into.state.orders.restore(number, order);
    }
    for (number, token, value) in tokens::<Access>(rows, Table::AccessTokens)? {
        let owner = Arc::clone(&value.client_id);
        into.state.access.restore(&owner, token, (number, value));
    }
    for (number, token, value) in tokens::<Refresh>(rows, Table::RefreshTokens)? {
        let owner = Arc::clone(&value.client_id);
        into.state.refresh.restore(&owner, token, (number, value));
    }
    restore_journal(rows, into.journal, contract)
}

/// A summary of a store's contents.
#[derive(Debug, PartialEq)]
pub struct Contents {
    /// What wrote it.
    pub writer: Writer,
    /// The number of merchants.
    pub merchants: usize,
    /// The number of orders.
    pub orders: usize,
    /// The number of access and refresh tokens.
    pub tokens: usize,
    /// The number of exchanges.
    pub exchanges: usize,
}

/// Checks that a server can start with a store, and summarizes it; `None` if it is empty.
pub fn examine(rows: &dyn Rows, dialects: &Dialects) -> anyhow::Result<Option<Contents>> {
    let Some(writer) = rows.writer()? else {
        return Ok(None);
    };
    let mut state = State::new(Random::new(None), Arc::default());
    let mut journal = Journal::new(Limits {
        count: usize::MAX,
        bytes: usize::MAX,
    });
    let mut into = Restored {
        state: &mut state,
        journal: &mut journal,
        dialects,
    };
    restore(rows, &mut into, &|account| account, &|_| Random::new(None))?;
    Ok(Some(Contents {
        writer,
        merchants: state.merchants.len(),
        orders: state.orders.len(),
        tokens: state.access.len() + state.refresh.len(),
        exchanges: journal.size().0,
    }))
}

fn restore_journal(
    rows: &dyn Rows,
    journal: &mut Journal,
    contract: &'static Contract,
) -> anyhow::Result<()> {
    let mut drops = Vec::new();
    rows.each(Table::Dropped, &mut |Key(id, _), value| {
        let row: Drops = read(value)?;
        let owner = Some(id).filter(|id| !id.is_empty()).map(Arc::from);
        drops.push((owner, row));
        Ok(())
    })?;
    // Before the exchanges: those dropped now, because of lower limits, are added to the count.
    journal.restore_drops(drops);
    let mut next = 1;
    rows.each(Table::Exchanges, &mut |Key(_, id), value| {
        let row: ExchangeRow<'_> = read(value)?;
        let entry = row.read(id, contract).map_err(|what| anyhow!(what))?;
        next = id + 1;
        journal.restore(entry);
        Ok(())
    })?;
    journal.restore_next(next);
    Ok(())
}

pub(super) fn counters(value: &[u8]) -> anyhow::Result<Counters> {
    let row: CountersRow = read(value)?;
    Ok(Counters {
        customer: row.next_customer,
        orders: row.next_orders,
    })
}

pub(super) fn read<T: DeserializeOwned>(value: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(value).context("cannot be read")
}

/// The rows of each merchant, with their numbers.
fn all_of<T: DeserializeOwned>(
    rows: &dyn Rows,
    table: Table,
) -> anyhow::Result<BTreeMap<String, Vec<(u64, T)>>> {
    let mut found: BTreeMap<String, Vec<(u64, T)>> = BTreeMap::new();
    rows.each(table, &mut |Key(id, number), value| {
        found.entry(id).or_default().push((number, read(value)?));
        Ok(())
    })?;
    Ok(found)
}

/// Tokens, in the order in which they were issued.
fn tokens<T: DeserializeOwned>(
    rows: &dyn Rows,
    table: Table,
) -> anyhow::Result<Vec<(u64, Arc<str>, T)>> {
    let mut found = Vec::new();
    rows.each(table, &mut |Key(token, _), value| {
        let Numbered { number, value } = read(value)?;
        found.push((number, token.into(), value));
        Ok(())
    })?;
    found.sort_by_key(|(number, ..)| *number);
    Ok(found)
}

pub(super) fn rulebook(dialects: &Dialects, dialect: Value) -> anyhow::Result<Arc<Rulebook>> {
    let contract = dialects.contract();
    if let Some(name) = dialect["name"].as_str().filter(|name| dialects.has(name)) {
        return dialects.get(name);
    }
    let dialect = contract.dialect_from_json(dialect)?;
    Ok(Arc::new(Rulebook::compile(contract, dialect)?))
}

pub(super) fn order(id: u64, row: OrderRow, contract: &'static Contract) -> anyhow::Result<Order> {
    let params = contract.params(init(row.v2));
    let parameters = row.parameters.stored(params);
    let parameters = parameters.map_err(|what| anyhow!(what))?;
    Ok(Order {
        id,
        client_id: row.client_id,
        session: row.session,
        opened: row.opened,
        flow: row.flow,
        lang: row.lang,
        v2: row.v2,
        token: row.token,
        merchant_order_id: row.merchant_order_id,
        parameters,
        life: row.life,
        ended: row.ended,
        settles: row.settles,
        customer_id: row.customer_id,
        visit: row.visit,
    })
}
