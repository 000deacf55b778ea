//! Secrets that the upstream issues. Their shape is unknown, so they are collected from its
//! answers, and hidden from then on.

use crate::redact::Secrets;
use serde_json::Value;
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// The maximum number of secrets; the oldest are forgotten first.
const LIMIT: usize = 20_000;
/// Hiding shorter ones would blot out ordinary words.
const SHORTEST: usize = 8;
/// A shorter part of a URL is not a session.
const SHORTEST_SESSION: usize = 16;

/// The secrets in the upstream's answers.
#[derive(Debug)]
pub struct Learned {
    secrets: Arc<Secrets>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    all: HashSet<Arc<str>>,
    /// All secrets, oldest first.
    list: VecDeque<Arc<str>>,
}

impl Learned {
    /// No secrets yet.
    pub fn new(secrets: Arc<Secrets>) -> Self {
        Self {
            secrets,
            known: Mutex::default(),
        }
    }

    /// Learns the secrets in an answer: tokens, and sessions in the URL of the hosted pages.
    pub fn answer(&self, body: &[u8]) {
        if let Ok(body) = serde_json::from_slice::<Value>(body) {
            self.members("", &body);
        }
    }

    /// Learns the session in a URL.
    pub fn url(&self, url: &str) {
        let Ok(url) = Url::parse(url) else {
            return;
        };
        let parts = url.path_segments().into_iter().flatten().map(str::to_owned);
        let values = url.query_pairs().map(|(_, value)| value.into_owned());
        for part in parts.chain(values) {
            let has_digit = part.contains(|sign: char| sign.is_ascii_digit());
            if has_digit && part.len() >= SHORTEST_SESSION && !part.contains("://") {
                self.add(part);
            }
        }
    }

    fn members(&self, name: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.members(name, value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.members(name, item)),
            Value::String(text) if name == "redirection_url" => self.url(text),
            Value::String(text)
                if text.len() >= SHORTEST && name.to_ascii_lowercase().ends_with("token") =>
            {
                self.add(text.clone());
            }
            _ => {}
        }
    }

    fn add(&self, secret: String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let secret: Arc<str> = secret.into();
        if !known.all.insert(Arc::clone(&secret)) {
            return;
        }
        self.secrets.add(&secret);
        known.list.push_back(secret);
        if known.list.len() > LIMIT
            && let Some(oldest) = known.list.pop_front()
        {
            known.all.remove(&oldest);
            self.secrets.remove(&oldest);
        }
    }
}
