//! The rows of a store: their tables, keys and JSON.

use crate::clock::{Clock, Millis};
use crate::fault::FaultsChanged;
use crate::journal::JournalChanges;
use crate::model::account::MerchantConfig;
use crate::model::lifecycle::Life;
use crate::model::named_parameters::NamedParameters;
use crate::model::order::{Order, Settles};
use crate::model::token::{Access, Refresh};
use crate::model::visit::Visit;
use crate::state::change::{Change, MerchantNow};
use crate::state::{Counters, CustomersChanged};
use flexiti_contract::{Endpoint, Flow, Lang};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// The store's writer, and the ids to be assigned next.
    Server,
    /// By client id.
    Merchants,
    /// By client id and number; the lowest number is tried first.
    Faults,
    /// By client id and position.
    Customers,
    /// By order id.
    Orders,
    /// By token.
    AccessTokens,
    /// By token.
    RefreshTokens,
    /// The journal, by exchange id.
    Exchanges,
    /// How many exchanges were dropped, by client id; empty for those of no merchant.
    Dropped,
}

impl Table {
    /// All tables, in the order in which they are read.
    pub const ALL: [Self; 9] = [
        Self::Server,
        Self::Merchants,
        Self::Faults,
        Self::Customers,
        Self::Orders,
        Self::AccessTokens,
        Self::RefreshTokens,
        Self::Exchanges,
        Self::Dropped,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Merchants => "merchants",
            Self::Faults => "faults",
            Self::Customers => "customers",
            Self::Orders => "orders",
            Self::AccessTokens => "access_tokens",
            Self::RefreshTokens => "refresh_tokens",
            Self::Exchanges => "exchanges",
            Self::Dropped => "dropped",
        }
    }
}

/// The key of a row: a string, a number, or both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(pub String, pub u64);

impl Key {
    /// A string key.
    pub fn text(text: impl Into<String>) -> Self {
        Self(text.into(), 0)
    }

    /// A numeric key.
    pub fn number(number: u64) -> Self {
        Self(String::new(), number)
    }
}

/// A change of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Sets a row to this JSON.
    Put(Table, Key, Vec<u8>),
    /// Removes a row.
    Remove(Table, Key),
    /// Removes all rows with this string in their key.
    RemoveAllOf(Table, String),
    /// Removes all rows of a table.
    Clear(Table),
}

/// The row of [`Table::Server`] with the key [`WRITER`]: what wrote the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Writer {
    /// [`FORMAT`].
    pub format: u32,
    /// The program's version.
    pub version: String,
    /// The digest of the contract.
    pub contract: String,
    /// How many servers have started with this store before.
    pub generation: u64,
    /// The merchants in the configuration of the latest server.
    pub configured: Vec<MerchantConfig>,
}

/// The key of the row about the store's writer.
pub const WRITER: &str = "writer";
/// The key of the row with the ids to be assigned next.
pub const COUNTERS: &str = "counters";
/// The version of the row format; it changes when older programs could not read the rows.
pub const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountersRow {
    pub next_customer: u64,
    pub next_orders: BTreeMap<u64, u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MerchantRow {
    pub account: MerchantConfig,
    pub clock: Clock,
    /// The complete dialect that the admin API set, whatever its name.
    pub dialect: Option<Value>,
    pub known_customers: u64,
}

/// A row with a number that gives its order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbered<T> {
    pub number: u64,
    pub value: T,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderRow {
    pub client_id: Arc<str>,
    pub session: Arc<str>,
    pub opened: Millis,
    pub flow: Flow,
    pub lang: Lang,
    pub v2: bool,
    pub token: Arc<str>,
    pub merchant_order_id: Option<Arc<str>>,
    pub parameters: NamedParameters,
    pub life: Life,
    pub ended: Option<Millis>,
    pub settles: Option<Settles>,
    pub customer_id: Option<String>,
    pub visit: Option<Box<Visit>>,
}

/// The endpoint that defines an order's parameters.
pub(super) fn init(v2: bool) -> Endpoint {
    if v2 {
        Endpoint::InitV2
    } else {
        Endpoint::InitPlain
    }
}

impl OrderRow {
    fn new(order: Order) -> Self {
        Self {
            parameters: NamedParameters::Stored(order.parameters),
            client_id: order.client_id,
            session: order.session,
            opened: order.opened,
            flow: order.flow,
            lang: order.lang,
            v2: order.v2,
            token: order.token,
            merchant_order_id: order.merchant_order_id,
            life: order.life,
            ended: order.ended,
            settles: order.settles,
            customer_id: order.customer_id,
            visit: order.visit,
        }
    }
}

/// Puts a row. Rows have strings as keys, so serializing cannot fail.
pub fn put(table: Table, key: Key, row: &impl Serialize) -> Write {
    Write::Put(table, key, serde_json::to_vec(row).unwrap_or_default())
}

/// The writes for a change.
pub fn writes(change: Change, out: &mut Vec<Write>) {
    match change {
        Change::Void => {
            let tables = Table::ALL.into_iter();
            // The journal clears its own tables.
            let tables = tables.filter(|table| {
                !matches!(table, Table::Server | Table::Exchanges | Table::Dropped)
            });
            out.extend(tables.map(Write::Clear));
        }
        Change::Counters(Counters { customer, orders }) => out.push(put(
            Table::Server,
            Key::text(COUNTERS),
            &CountersRow {
                next_customer: customer,
                next_orders: orders,
            },
        )),
        Change::Merchant(id, Some(now)) => {
            let row = merchant(*now);
            out.push(put(Table::Merchants, Key::text(id), &row));
        }
        Change::Merchant(id, None) => {
            out.push(Write::RemoveAllOf(Table::Faults, id.clone()));
            out.push(Write::RemoveAllOf(Table::Customers, id.clone()));
            out.push(Write::Remove(Table::Merchants, Key::text(id)));
        }
        Change::Faults(id, FaultsChanged::All(all)) => {
            out.push(Write::RemoveAllOf(Table::Faults, id.clone()));
            let some = all.into_iter().map(|(at, row)| (at, Some(row)));
            rows(Table::Faults, &id, some, out);
        }
        Change::Faults(id, FaultsChanged::Some(some)) => rows(Table::Faults, &id, some, out),
        Change::Customers(id, CustomersChanged::All(all)) => {
            out.push(Write::RemoveAllOf(Table::Customers, id.clone()));
            let some = all.into_iter().map(|(at, row)| (at, Some(row)));
            rows(Table::Customers, &id, some, out);
        }
        Change::Customers(id, CustomersChanged::Some(some)) => {
            rows(Table::Customers, &id, some, out);
        }
        Change::Order(id, now) => {
            let now = now.map(|now| (now.0, OrderRow::new(now.1)));
            numbered(Table::Orders, Key::number(id), now, out);
        }
        Change::Access(token, now) => {
            numbered::<Access>(Table::AccessTokens, Key::text(&*token), now, out);
        }
        Change::Refresh(token, now) => {
            numbered::<Refresh>(Table::RefreshTokens, Key::text(&*token), now, out);
        }
    }
}

/// The writes for changes of the journal.
pub fn journal_writes(changes: JournalChanges, out: &mut Vec<Write>) {
    if changes.is_void {
        out.push(Write::Clear(Table::Exchanges));
        out.push(Write::Clear(Table::Dropped));
    }
    let gone = changes.gone.into_iter().map(Key::number);
    out.extend(gone.map(|key| Write::Remove(Table::Exchanges, key)));
    for entry in changes.new {
        out.push(put(Table::Exchanges, Key::number(entry.id), &entry.row()));
    }
    for (owner, drops) in changes.drops {
        let key = Key::text(owner.as_deref().unwrap_or_default());
        out.push(match drops {
            Some(drops) => put(Table::Dropped, key, &drops),
            None => Write::Remove(Table::Dropped, key),
        });
    }
}

fn merchant(now: MerchantNow) -> MerchantRow {
    MerchantRow {
        account: now.account,
        clock: now.clock,
        dialect: now.dialect.map(|rulebook| rulebook.dialect().to_json()),
        known_customers: now.known_customers,
    }
}

fn rows<T: Serialize>(
    table: Table,
    id: &str,
    some: impl IntoIterator<Item = (u64, Option<T>)>,
    out: &mut Vec<Write>,
) {
    for (at, row) in some {
        let key = Key(id.to_owned(), at);
        out.push(match row {
            Some(row) => put(table, key, &row),
            None => Write::Remove(table, key),
        });
    }
}

fn numbered<T: Serialize>(table: Table, key: Key, now: Option<(u64, T)>, out: &mut Vec<Write>) {
    out.push(match now {
        Some((number, value)) => put(table, key, &Numbered { number, value }),
        None => Write::Remove(table, key),
    });
}
