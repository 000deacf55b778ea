//! What refusals say: their status, their word, and the words for parameters. Which of them belongs
//! to which reason is known, since each request had one defect.

use super::heard::Heard;
use super::prober::{Prober, Refusal};
use crate::server::case::requests::request_to;
use crate::server::plan::{self, Working};
use crate::server::wire::Stopped;
use flexiti_contract::{Check, Contract, ErrorId, Rulebook};
use serde_json::{Map, Value};

/// One more request for each clause about parameters, each with one defect, so that the words for
/// all of them are heard.
pub(super) fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(());
    };
    let Ok(rulebook) = Rulebook::compile(prober.contract, prober.yardstick.clone()) else {
        return Ok(());
    };
    let working = Working {
        samples: prober.samples.clone(),
        encodings: prober.encodings.clone(),
        ..Working::everything(&rulebook)
    };
    let clauses = prober.contract.clauses.iter();
    for clause in clauses.filter(|c| c.check == Check::Request && c.msg.is_some()) {
        let mut sites = rulebook.sites(&clause.id).iter();
        let site = sites.find(|site| {
            let heard = |refusal: &Refusal| refusal.endpoint == site.endpoint;
            site.endpoint == foothold.endpoint
                && !prober
                    .refusals
                    .iter()
                    .any(|r| heard(r) && says(&rulebook, r) == Some(&clause.id))
        });
        let Some(site) = site else { continue };
        let Some(broken) = plan::broken_at(&rulebook, clause, site, &working)
            .into_iter()
            .next()
        else {
            continue;
        };
        let json = prober
            .encodings
            .contains(&crate::server::case::Encoding::Json);
        let request = request_to(site.endpoint, &broken.params, foothold.encoding).or_else(|| {
            let json = json.then_some(crate::server::case::Encoding::Json)?;
            request_to(site.endpoint, &broken.params, json)
        });
        if let Some(request) = request {
            prober.defect(site.endpoint, broken.params, request)?;
        }
    }
    Ok(())
}

/// The one clause that a request breaks.
fn says<'r>(rulebook: &'r Rulebook, refusal: &Refusal) -> Option<&'r str> {
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
    for refusal in refusals {
        let violations = plan::violations(rulebook, refusal.endpoint, &refusal.params);
        let [only] = violations.as_slice() else {
            continue;
        };
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
