//! Applies another server's changes to this server's memory.

use crate::fault::KeptFault;
use crate::journal::{Drops, ExchangeRow};
use crate::model::token::{Access, Refresh};
use crate::random::Random;
use crate::state::{Customers, Merchant};
use crate::store::record::{COUNTERS, Key, MerchantRow, Numbered, Table, Write};
use crate::store::restore::{Restored, counters, order, read, rulebook};
use crate::store::rows::place;
use anyhow::{Context as _, anyhow};
use std::sync::Arc;

/// Applies changes in order. `random` gives each merchant's random source.
pub fn apply(
    writes: Vec<Write>,
    into: &mut Restored<'_>,
    random: &dyn Fn(&str) -> Random,
) -> anyhow::Result<()> {
    for write in writes {
        match write {
            Write::Put(table, key, value) => {
                let at = key.clone();
                put(into, table, key, &value, random).with_context(|| place(table, &at))?;
            }
            Write::Remove(table, key) => remove(into, table, &key),
            Write::RemoveAllOf(table, id) => remove_all_of(into, table, &id, random),
            Write::Clear(table) => clear(into, table),
        }
    }
    Ok(())
}

fn put(
    into: &mut Restored<'_>,
    table: Table,
    key: Key,
    value: &[u8],
    random: &dyn Fn(&str) -> Random,
) -> anyhow::Result<()> {
    let contract = into.dialects.contract();
    let Key(id, number) = key;
    match table {
        Table::Server => {
            if id == COUNTERS {
                into.state.restore_counters(counters(value)?);
            }
        }
        Table::Merchants => merchant(into, &id, read(value)?, random)?,
        Table::Faults => {
            let kept: KeptFault = read(value)?;
            if let Some(merchant) = into.state.merchants.get_mut(&id) {
                merchant.faults.take_over(number, Some(kept));
            }
        }
        Table::Customers => {
            let customer = read(value)?;
            if let Some(merchant) = into.state.merchants.get_mut(&id) {
                merchant.customers.take_over(number, Some(customer));
            }
        }
        Table::Orders => {
            let Numbered { number: at, value } = read(value)?;
            let now = order(number, value, contract)?;
            into.state.orders.take_over(number, Some((at, now)));
        }
        Table::AccessTokens => {
            let Numbered { number, value } = read::<Numbered<Access>>(value)?;
            let owner = Arc::clone(&value.client_id);
            into.state
                .access
                .take_over(&owner, id.into(), (number, value));
        }
        Table::RefreshTokens => {
            let Numbered { number, value } = read::<Numbered<Refresh>>(value)?;
            let owner = Arc::clone(&value.client_id);
            into.state
                .refresh
                .take_over(&owner, id.into(), (number, value));
        }
        Table::Exchanges => {
            let row: ExchangeRow<'_> = read(value)?;
            let entry = row.read(number, contract).map_err(|what| anyhow!(what))?;
            into.journal.restore(entry);
        }
        Table::Dropped => {
            let drops: Drops = read(value)?;
            into.journal.take_over_drops(&owner(&id), Some(drops));
        }
    }
    Ok(())
}

fn owner(id: &str) -> Option<Arc<str>> {
    Some(id).filter(|id| !id.is_empty()).map(Arc::from)
}

fn merchant(
    into: &mut Restored<'_>,
    id: &str,
    row: MerchantRow,
    random: &dyn Fn(&str) -> Random,
) -> anyhow::Result<()> {
    let own = match &row.account.dialect {
        None => into.dialects.own(),
        Some(name) => into.dialects.get(name)?,
    };
    let given = match row.dialect {
        Some(dialect) => rulebook(into.dialects, dialect)?,
        None => Arc::clone(&own),
    };
    if !into.state.change_account(&row.account) {
        let mut merchant = Merchant::new(row.account, Arc::clone(&own), Vec::new(), random(id));
        merchant.customers = Customers::restored([], row.known_customers);
        into.state.add(merchant);
    }
    if let Some(merchant) = into.state.merchants.get_mut(id) {
        merchant.clock = row.clock;
        merchant.rulebook = given;
        merchant.own_rulebook = own;
    }
    Ok(())
}

fn remove(into: &mut Restored<'_>, table: Table, key: &Key) {
    let Key(id, number) = key;
    match table {
        Table::Server => {}
        Table::Merchants => drop(into.state.remove(id)),
        Table::Faults => {
            if let Some(merchant) = into.state.merchants.get_mut(id) {
                merchant.faults.take_over(*number, None);
            }
        }
        Table::Customers => {
            if let Some(merchant) = into.state.merchants.get_mut(id) {
                merchant.customers.take_over(*number, None);
            }
        }
        Table::Orders => into.state.orders.take_over(*number, None),
        Table::AccessTokens => {
            let of = |access: &Access| Arc::clone(&access.client_id);
            into.state.access.take_away(id.as_str(), of);
        }
        Table::RefreshTokens => {
            let of = |refresh: &Refresh| Arc::clone(&refresh.client_id);
            into.state.refresh.take_away(id.as_str(), of);
        }
        Table::Exchanges => into.journal.take_away(*number),
        Table::Dropped => into.journal.take_over_drops(&owner(id), None),
    }
}

fn remove_all_of(into: &mut Restored<'_>, table: Table, id: &str, random: &dyn Fn(&str) -> Random) {
    let Some(merchant) = into.state.merchants.get_mut(id) else {
        return;
    };
    match table {
        Table::Faults => merchant.faults = crate::fault::Faults::restored([], random(id)),
        Table::Customers => {
            merchant.customers = Customers::restored([], merchant.customers.known());
        }
        // Other tables are not keyed by merchant.
        _ => {}
    }
}

fn clear(into: &mut Restored<'_>, table: Table) {
    let ids = || {
        let merchants = into.state.merchants.keys();
        merchants.cloned().collect::<Vec<String>>()
    };
    match table {
        Table::Merchants => {
            for id in ids() {
                drop(into.state.remove(&id));
            }
        }
        // A merchant's tokens, orders, faults and customers go with it.
        Table::Orders | Table::AccessTokens | Table::RefreshTokens => {
            for id in ids() {
                drop(into.state.forget(&id));
            }
        }
        Table::Exchanges => into.journal.clear(),
        Table::Server | Table::Faults | Table::Customers | Table::Dropped => {}
    }
}
