//! Reading large parts of the state and the journal a slice at a time, so that others can use them
//! in between.

use crate::app::App;
use crate::journal::{Entry, Filter};
use crate::model::order::Order;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many items are copied before the lock is released.
const SLICE: usize = 512;

impl App {
    /// The current exchanges of one merchant, or of all.
    pub fn exchanges(&self, client_id: Option<&str>) -> Vec<Arc<Entry>> {
        let mut all = Vec::new();
        self.walk(client_id, 0, |entries| {
            all.extend(entries);
        });
        all
    }

    /// The ids of the exchanges that match a filter.
    pub fn find(&self, filter: &Filter) -> VecDeque<u64> {
        let mut all = Vec::new();
        let client_id = filter.client_id();
        self.walk(client_id, filter.starts_after(), |entries| {
            all.extend(entries);
        });
        filter.choose(all.into_iter())
    }

    /// Walks through the exchanges, holding the journal only while a slice of them is copied.
    fn walk(&self, client_id: Option<&str>, after: u64, mut take: impl FnMut(Vec<Arc<Entry>>)) {
        let end = self.journal().next_id();
        let mut last = after;
        loop {
            let mut entries = self.journal().page(client_id, last, SLICE);
            let is_last = entries.len() < SLICE;
            entries.retain(|entry| entry.id < end);
            let Some(newest) = entries.last() else {
                return;
            };
            last = newest.id;
            take(entries);
            if is_last {
                return;
            }
        }
    }

    /// Applies `copy` to each order of a merchant, oldest first, and passes the results to `take`
    /// slice by slice. Orders opened meanwhile are left out.
    pub fn copied_orders<T>(
        &self,
        client_id: &str,
        copy: impl Fn(&Order) -> Option<T>,
        mut take: impl FnMut(Vec<T>),
    ) {
        let ids: Vec<u64> = self.state().orders.ids_of(client_id).collect();
        for ids in ids.chunks(SLICE) {
            let copied = {
                let state = self.state();
                let orders = ids.iter().filter_map(|id| state.orders.get(*id));
                orders.filter_map(&copy).collect()
            };
            take(copied);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SLICE;
    use crate::app::App;
    use crate::config::Settings;
    use crate::http::forwarded::Forwarded;
    use crate::http::request::{Body, Request};
    use crate::journal::{Entry, Note};
    use crate::model::lifecycle::Life;
    use crate::model::order::Order;
    use flexiti_contract::{Contract, Flow, Lang, Parameters, Rulebook, StoredParameters};
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;
    use std::time::Duration;

    const CLIENT: &str = "flexitidemo";

    fn order(id: u64) -> Order {
        Order {
            id,
            client_id: CLIENT.into(),
            session: id.to_string().into(),
            opened: 0,
            flow: Flow::Apply,
            lang: Lang::En,
            v2: false,
            token: "token".into(),
            merchant_order_id: None,
            parameters: StoredParameters::new(&[], &Parameters::default()),
            life: Life::new(Flow::Apply),
            ended: None,
            settles: None,
            customer_id: None,
            visit: None,
        }
    }

    fn entry() -> Entry {
        let request = Request {
            method: hyper::Method::GET,
            path: "/".to_owned(),
            query: None,
            headers: hyper::HeaderMap::new(),
            body: Body::Read(bytes::Bytes::new()),
            forwarded: Forwarded::default(),
        };
        let note = Note {
            client_id: Some(CLIENT.into()),
            ..Note::default()
        };
        Entry::new(0, &request, note, None, Duration::ZERO)
    }

    #[test]
    fn nobody_waits_until_all_orders_or_exchanges_are_read() {
        let contract = Contract::shipped();
        let dialect = contract.dialect("documented").unwrap();
        let rulebook = Arc::new(Rulebook::compile(contract, dialect).unwrap());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let app = App::new(&Settings::default(), rulebook, address, 0).unwrap();
        let count = 2 * SLICE + 1;
        for id in 1..=count as u64 {
            app.state().orders.insert(order(id));
            app.journal().record(entry());
        }
        let (mut slices, mut ids) = (0, Vec::new());
        let copy = |order: &Order| Some(order.id);
        app.copied_orders(CLIENT, copy, |copied| {
            assert!(app.state.try_lock().is_ok(), "the state is held");
            slices += 1;
            ids.extend(copied);
        });
        assert_eq!(slices, 3);
        assert_eq!(ids, (1..=count as u64).collect::<Vec<_>>());
        let (mut slices, mut ids) = (0, Vec::new());
        app.walk(Some(CLIENT), 0, |entries| {
            assert!(app.journal.try_lock().is_ok(), "the journal is held");
            slices += 1;
            ids.extend(entries.iter().map(|entry| entry.id));
        });
        assert_eq!(slices, 3);
        assert_eq!(ids, (1..=count as u64).collect::<Vec<_>>());
    }
}
