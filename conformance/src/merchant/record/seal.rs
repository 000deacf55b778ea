//! Seals: each covers everything before it, so that what is changed later shows, and where. They
//! are arithmetic that anybody can do who plays the record through a mock; the answers are what a
//! forger cannot choose.

use super::digest::digest;
use super::event::{Account, What};
use serde::Serialize;

/// The seals of one record, up to some event.
#[derive(Debug, Clone)]
pub struct Chain(String);

impl Chain {
    /// The beginning: with which seed, in which place, in which dialect, for whom.
    pub fn new(seed: u64, lane: usize, dialect: &serde_json::Value, account: &Account) -> Self {
        Self(digest(&[
            b"flexiti-merchant-record/1",
            &seed.to_le_bytes(),
            &(lane as u64).to_le_bytes(),
            dialect.to_string().as_bytes(),
            &json(account),
        ]))
    }

    /// The seal of the next event. `answer` is the status and the body of the answer to a call,
    /// with digests in the place of tokens.
    pub fn next(&mut self, at: i64, what: &What, answer: Option<(u16, &str)>) -> String {
        let (status, body) = answer.unwrap_or_default();
        let body = without_hashes(body);
        self.0 = digest(&[
            self.0.as_bytes(),
            &at.to_le_bytes(),
            &json(what),
            &status.to_le_bytes(),
            body.as_bytes(),
        ]);
        self.0.clone()
    }

    /// The seal of something that was seen besides, when all events are over.
    pub fn seal(&self, at: usize, seen: &impl Serialize) -> String {
        digest(&[self.0.as_bytes(), &(at as u64).to_le_bytes(), &json(seen)])
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// An answer may repeat what came in, with a hash for what is secret in it; the key of the hash is
/// new in each process.
fn without_hashes(text: &str) -> String {
    let mut parts = text.split("***");
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_hash = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hash = part.get(..12).filter(|digits| is_hash(digits));
        bare.push_str("***");
        bare.push_str(&part[hash.map_or(0, str::len)..]);
    }
    bare
}
