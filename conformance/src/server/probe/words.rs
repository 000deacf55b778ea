//! The wording of refusals: style, status, error word, and the words for parameters.

use super::heard::{Heard, Refusal};
use crate::server::plan::{self, JsonTypes};
use flexiti_contract::{Contract, Dialect, ErrorId, LoadError, Rulebook};
use serde_json::{Value, json};

/// The only clause that a request breaks.
pub(super) fn says<'r>(rulebook: &'r Rulebook, refusal: &Refusal) -> Option<&'r str> {
    let broken = plan::violations(rulebook, refusal.endpoint, &refusal.params);
    match broken.as_slice() {
        [only] => Some(only.clause),
        _ => None,
    }
}

/// The style of the server's refusals, if their sentences show it.
pub(super) fn style(
    contract: &Contract,
    refused: &[(ErrorId, Heard)],
) -> Option<(&'static str, Heard)> {
    refused.iter().find_map(|(error, heard)| {
        let row = &contract.errors[*error];
        let other = row.nos3.message.as_ref()?;
        let said = heard.sentence()?;
        let style = match said {
            said if said == row.message && said != *other => "nos2",
            said if said == *other && said != row.message => "nos3",
            _ => return None,
        };
        Some((style, heard.clone()))
    })
}

/// What refusals say: the entry of a knob, its value, where it was first heard, and how often.
#[derive(Default)]
struct Words(Vec<(Entry, usize)>);

/// `None` stands for the catalogue's value, whatever the yardstick says.
pub(super) type Entry = (&'static str, String, Option<Value>, Heard);

impl Words {
    /// Records what was heard of an entry.
    fn tell(&mut self, knob: &'static str, entry: &str, other: Option<Value>, heard: &Heard) {
        let mut known = self.0.iter_mut();
        match known.find(|((k, e, o, _), _)| *k == knob && e == entry && *o == other) {
            Some((_, times)) => *times += 1,
            None => self
                .0
                .push(((knob, entry.to_owned(), other, heard.clone()), 1)),
        }
    }

    /// The most frequent value of each entry, or the first among equals: a single odd refusal does
    /// not stand for the others.
    fn commonest(self) -> Vec<Entry> {
        let mut all: Vec<(Entry, usize)> = Vec::new();
        for (entry, times) in self.0 {
            let same = |known: &&mut (Entry, usize)| known.0.0 == entry.0 && known.0.1 == entry.1;
            match all.iter_mut().find(same) {
                Some(known) if known.1 < times => *known = (entry, times),
                Some(_) => {}
                None => all.push((entry, times)),
            }
        }
        all.into_iter().map(|(entry, _)| entry).collect()
    }
}

const KNOBS: [&str; 3] = ["error_statuses", "error_words", "msg_words"];

/// The dialect with the catalogue's statuses and words.
fn catalogue(dialect: &Dialect, contract: &'static Contract) -> Result<Rulebook, LoadError> {
    let mut plain = dialect.clone();
    for knob in KNOBS {
        plain = plain.with_answer(knob, json!({}), contract.sources())?;
    }
    Rulebook::compile(contract, plain)
}

/// The statuses and words of refusals, as far as heard.
pub(super) fn words(
    contract: &'static Contract,
    dialect: &Dialect,
    refused: &[(ErrorId, Heard)],
    refusals: &[Refusal],
) -> Result<Vec<Entry>, LoadError> {
    let rulebook = &catalogue(dialect, contract)?;
    let [statuses, errors, msgs] = KNOBS;
    let mut words = Words::default();
    let named = refused.iter().map(|(error, heard)| (*error, heard));
    let mut of_errors: Vec<(ErrorId, &Heard)> = named.collect();
    let types = JsonTypes::of(rulebook);
    for refusal in refusals {
        let violations = plan::violations(rulebook, refusal.endpoint, &refusal.params);
        let [only] = violations.as_slice() else {
            continue;
        };
        if types.wants(&only.param) && refusal.heard.is_in_json() {
            // It has the wrong type as well.
            continue;
        }
        of_errors.push((only.error, &refusal.heard));
        let Some((_, fields)) = refusal.heard.fields() else {
            continue;
        };
        let ([(param, msg)], Some(expected)) = (fields.as_slice(), only.msg) else {
            continue;
        };
        let is_word = ["required", "invalid", "type", "length"].contains(&msg.as_str());
        if is_word && *param == only.param {
            let other = (msg != expected.as_str()).then(|| msg.clone().into());
            words.tell(msgs, only.clause, other, &refusal.heard);
        }
    }
    for (error, heard) in of_errors {
        let expected = rulebook.refusal(error);
        let status = heard.status();
        if (400..500).contains(&status) {
            let other = (status != expected.status.as_u16()).then(|| status.into());
            words.tell(statuses, error.id(), other, heard);
        }
        if let Some(word) = heard.word() {
            let other = (word != expected.error).then(|| word.into());
            words.tell(errors, error.id(), other, heard);
        }
    }
    Ok(words.commonest())
}
