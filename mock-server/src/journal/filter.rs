//! Which exchanges to list.

use crate::call_kind::CallKind;
use crate::http::form::Form;
use crate::journal::entry::Entry;
use flexiti_contract::Endpoint;
use std::borrow::Borrow;
use std::collections::VecDeque;

/// The names of all filters, and their descriptions.
pub const FILTERS: &[(&str, &str)] = &[
    ("client_id", "Client id; omit for all merchants."),
    (
        "endpoint",
        "An endpoint of the contract; `init` or `notification` for all of theirs; or `callback`.",
    ),
    ("status", "HTTP status of the answer."),
    (
        "order_id",
        "The order that the exchange opened, asked about or changed.",
    ),
    ("method", "HTTP method."),
    ("path", "Prefix of the path, or of a callback's URL."),
    ("after", "Only exchanges after the one with this id."),
    ("before", "Only exchanges before the one with this id."),
    (
        "limit",
        "Maximum number of exchanges: the latest, or with `after` the next ones.",
    ),
];

/// Names for groups of endpoints.
const GROUPS: &[(&str, &[CallKind])] = &[
    (
        "init",
        &[
            CallKind::Api(Endpoint::InitV2),
            CallKind::Api(Endpoint::InitPlain),
        ],
    ),
    (
        "notification",
        &[
            CallKind::Api(Endpoint::NotificationOrder),
            CallKind::Api(Endpoint::NotificationMerchantOrder),
            CallKind::Api(Endpoint::NotificationOld),
        ],
    ),
];

/// The kinds of call with this name, which may be a group's; the error lists the known names.
pub fn places(name: &str) -> Result<Vec<CallKind>, String> {
    if let Some(place) = CallKind::from_name(name) {
        return Ok(vec![place]);
    }
    if let Some((_, group)) = GROUPS.iter().find(|(group, _)| *group == name) {
        return Ok(group.to_vec());
    }
    let names = CallKind::all().map(CallKind::name);
    let names: Vec<&str> = names.chain(GROUPS.iter().map(|(name, _)| *name)).collect();
    Err(format!("no `{name}`; there are {}", names.join(", ")))
}

/// Which exchanges to list.
#[derive(Debug, Default)]
pub struct Filter {
    client_id: Option<String>,
    places: Option<Vec<CallKind>>,
    status: Option<u16>,
    order_id: Option<u64>,
    method: Option<String>,
    path: Option<String>,
    after: Option<u64>,
    before: Option<u64>,
    limit: Option<usize>,
}

impl Filter {
    /// Parses a query string's pairs; the error names what is invalid.
    pub fn parse(query: &Form) -> Result<Self, String> {
        let mut filter = Self::default();
        for (name, value) in query.pairs() {
            let number = || {
                value
                    .parse::<u64>()
                    .map_err(|_| format!("{name}: `{value}` is not a number"))
            };
            match name {
                "client_id" => filter.client_id = Some(value.to_owned()),
                "endpoint" => {
                    let found = places(value).map_err(|what| format!("endpoint: {what}"))?;
                    filter.places = Some(found);
                }
                "status" => {
                    let status = u16::try_from(number()?);
                    let wrong = |_| format!("status: `{value}` is not an HTTP status");
                    filter.status = Some(status.map_err(wrong)?);
                }
                "order_id" => filter.order_id = Some(number()?),
                "method" if value.is_empty() => {
                    return Err("method: is empty; give one such as POST".to_owned());
                }
                "method" => filter.method = Some(value.to_owned()),
                "path" if !["/", "http"].iter().any(|start| value.starts_with(start)) => {
                    return Err(format!(
                        "path: `{value}` does not begin with a slash, nor with http"
                    ));
                }
                "path" => filter.path = Some(value.to_owned()),
                "after" => filter.after = Some(number()?),
                "before" => filter.before = Some(number()?),
                "limit" => {
                    let wrong = |_| format!("limit: `{value}` is too large");
                    filter.limit = Some(usize::try_from(number()?).map_err(wrong)?);
                }
                _ => {
                    let names: Vec<&str> = FILTERS.iter().map(|(name, _)| *name).collect();
                    let names = names.join(", ");
                    return Err(format!("{name}: unknown; filters are {names}"));
                }
            }
        }
        Ok(filter)
    }

    /// The merchant whose exchanges are listed; `None` for all.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The ids of the matching exchanges among the merchant's. If there are more than `limit`, the
    /// latest ones, or with `after` the ones that follow it.
    pub fn choose<E: Borrow<Entry>>(&self, entries: impl Iterator<Item = E>) -> VecDeque<u64> {
        let limit = self.limit.unwrap_or(usize::MAX);
        let mut chosen = VecDeque::new();
        if limit == 0 {
            return chosen;
        }
        for entry in entries {
            let entry = entry.borrow();
            if !self.lets(entry) {
                continue;
            }
            if chosen.len() == limit {
                if self.after.is_some() {
                    break;
                }
                chosen.pop_front();
            }
            chosen.push_back(entry.id);
        }
        chosen
    }

    /// Exchanges up to this id can be skipped.
    pub fn starts_after(&self) -> u64 {
        self.after.unwrap_or(0)
    }

    fn lets(&self, entry: &Entry) -> bool {
        let note = &entry.note;
        self.places
            .as_ref()
            .is_none_or(|places| note.place().is_some_and(|place| places.contains(&place)))
            && self.status.is_none_or(|status| entry.status == status)
            && self.order_id.is_none_or(|id| note.order_id == Some(id))
            && self
                .method
                .as_deref()
                .is_none_or(|method| entry.method.as_str().eq_ignore_ascii_case(method))
            && self
                .path
                .as_deref()
                .is_none_or(|path| entry.address().starts_with(path))
            && self.after.is_none_or(|after| entry.id > after)
            && self.before.is_none_or(|before| entry.id < before)
    }
}
