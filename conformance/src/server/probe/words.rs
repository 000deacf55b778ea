//! The words of refusals: their style, their status, their word, and the words for parameters.

use super::heard::{Heard, Refusal};
use crate::server::plan::{self, JsonTypes};
use flexiti_contract::{Contract, ErrorId, Rulebook};
use serde_json::{Map, Value};

/// The one clause that a request breaks.
pub(super) fn says<'r>(rulebook: &'r Rulebook, refusal: &Refusal) -> Option<&'r str> {
    let broken = plan::violations(rulebook, refusal.endpoint, &refusal.params);
    match broken.as_slice() {
        [only] => Some(only.clause),
        _ => None,
    }
}

/// In whose words the server refuses, if its sentences tell.
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

/// What refusals say of one knob.
pub(super) struct Words {
    pub(super) knob: &'static str,
    pub(super) answer: Value,
    /// The entries of which something was heard.
    pub(super) told: Vec<String>,
    pub(super) heard: Heard,
}

impl Words {
    fn of(knob: &'static str) -> Self {
        Self {
            knob,
            answer: Value::Object(Map::new()),
            told: Vec::new(),
            heard: Heard::nothing(),
        }
    }

    /// Something was heard of an entry; `Some`: other than the catalogue has it.
    fn tell(&mut self, entry: &str, other: Option<Value>, heard: &Heard) {
        if self.told.iter().any(|known| known == entry) {
            return;
        }
        self.told.push(entry.to_owned());
        if let (Some(other), Value::Object(map)) = (other, &mut self.answer) {
            if map.is_empty() {
                self.heard = heard.clone();
            }
            map.insert(entry.to_owned(), other);
        }
    }
}

/// The statuses and words of refusals, as far as they were heard.
pub(super) fn words(
    rulebook: &Rulebook,
    refused: &[(ErrorId, Heard)],
    refusals: &[Refusal],
) -> Vec<Words> {
    let mut statuses = Words::of("error_statuses");
    let mut words = Words::of("error_words");
    let mut msgs = Words::of("msg_words");
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
            msgs.tell(only.clause, other, &refusal.heard);
        }
    }
    for (error, heard) in of_errors {
        let expected = rulebook.refusal(error);
        let status = heard.status();
        if (400..500).contains(&status) {
            let other = (status != expected.status.as_u16()).then(|| status.into());
            statuses.tell(error.id(), other, heard);
        }
        if let Some(word) = heard.word() {
            let other = (word != expected.error).then(|| word.into());
            words.tell(error.id(), other, heard);
        }
    }
    let found = [statuses, words, msgs].into_iter();
    found.filter(|words| !words.told.is_empty()).collect()
}
