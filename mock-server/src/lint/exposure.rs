//! Rules about secrets and tokens in places where others can see them (TC C-1, P-plan A-6).

use crate::lint::finding::{Found, listed};
use crate::lint::history::History;
use crate::lint::identity::Identity;
use flexiti_contract::Endpoint;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Token requests and calls with a token that come from pages in a browser.
pub fn browser_credentials(history: &History<'_>) -> Vec<Found> {
    let mut keys = BTreeSet::new();
    let mut tokens = BTreeSet::new();
    for call in history.calls.iter().filter(|call| call.browser) {
        if call.endpoint == Endpoint::Token {
            keys.insert(call.id);
        } else if call.bearer.is_some() || call.announces {
            tokens.insert(call.id);
        }
    }
    let found = [
        (
            keys,
            "a page in a browser asked for a token, so it has the client secret",
        ),
        (
            tokens,
            "a page in a browser called the API, so it has the token",
        ),
    ];
    let found = found.into_iter().filter(|(ids, _)| !ids.is_empty());
    let found = found.map(|(ids, message)| Found::new(message.to_owned(), ids));
    found.collect()
}

/// Credentials in a path or a query string, recognized by their name or their value.
pub fn url_credentials(history: &History<'_>) -> Vec<Found> {
    let granted = history
        .calls
        .iter()
        .filter_map(|call| call.granted.as_ref());
    let tokens: HashSet<Identity> = granted
        .flat_map(|granted| [Some(granted.access), granted.refresh])
        .flatten()
        .collect();
    let mut names: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for call in &history.calls {
        for text in &call.in_url {
            let name = match text.named {
                Some(name) => name,
                None if tokens.contains(&text.value) => "a token",
                None if history.secrets.contains(&text.value) => "a secret",
                None => continue,
            };
            names.entry(name).or_default().insert(call.id);
        }
    }
    if names.is_empty() {
        return Vec::new();
    }
    let message = format!("credentials in the URL: {}", listed(names.keys()));
    let requests = names.into_values().flatten().collect();
    vec![Found::new(message, requests)]
}
