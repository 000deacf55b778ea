//! Seals. Each covers everything before it, so that a later change shows, and where. Anyone who
//! plays the record through a mock can compute them; what a forger cannot choose are the answers.

use super::digest::digest;
use super::event::{Account, What};
use serde::Serialize;

/// The seals of one record, up to some event.
#[derive(Debug, Clone)]
pub struct Chain(String);

impl Chain {
    /// Starts a chain from the seed, the lane, the dialect and the account.
    pub fn new(seed: u64, lane: usize, dialect: &serde_json::Value, account: &Account) -> Self {
        Self(digest(&[
            b"flexiti-merchant-record/1",
            &seed.to_le_bytes(),
            &(lane as u64).to_le_bytes(),
            dialect.to_string().as_bytes(),
            &json(account),
        ]))
    }

    /// The seal of the next event. `answer` is the status and body of the answer to a call, with
    /// digests in place of tokens.
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

    /// The seal of another observation, after the last event.
    pub fn seal(&self, at: usize, seen: &impl Serialize) -> String {
        digest(&[self.0.as_bytes(), &(at as u64).to_le_bytes(), &json(seen)])
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// An answer may echo the request, with secrets hashed; the hash key is new in each process.
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
