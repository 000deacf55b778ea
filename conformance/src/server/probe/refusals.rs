//! What refusals say: their status, their word, and the words for parameters. Which of them belongs
//! to which reason is known, since each request had one defect.

use super::heard::Heard;
use super::prober::{Prober, Refusal};
use crate::server::case::requests::request_to;
use crate::server::plan::{self, Working};
use crate::server::wire::Stopped;
use flexiti_contract::{Check, Contract, Endpoint, ErrorId, Rulebook};
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
    let broken = rulebook.check(refusal.endpoint, &plan::flat(&refusal.params));
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

/// The statuses and words that differ from the catalogue's.
pub(super) fn words(
    rulebook: &Rulebook,
    refused: &[(ErrorId, Heard)],
    refusals: &[Refusal],
) -> Vec<(&'static str, Value, Heard)> {
    let mut heard_of: Vec<(ErrorId, &Heard)> = refused
        .iter()
        .map(|(error, heard)| (*error, heard))
        .collect();
    let mut msgs: Map<String, Value> = Map::new();
    let mut shown: [Option<Heard>; 3] = [None, None, None];
    for refusal in refusals {
        let violations = rulebook.check(refusal.endpoint, &plan::flat(&refusal.params));
        let [only] = violations.as_slice() else {
            continue;
        };
        heard_of.push((only.error, &refusal.heard));
        let Some((_, fields)) = refusal.heard.fields() else {
            continue;
        };
        let ([(param, msg)], Some(expected)) = (fields.as_slice(), only.msg) else {
            continue;
        };
        let is_word = ["required", "invalid", "type", "length"].contains(&msg.as_str());
        let about = *param == only.param || refusal.endpoint == Endpoint::Token;
        if is_word && about && msg != expected.as_str() {
            msgs.insert(only.clause.to_owned(), msg.clone().into());
            shown[2].get_or_insert_with(|| refusal.heard.clone());
        }
    }
    let mut statuses: Map<String, Value> = Map::new();
    let mut words: Map<String, Value> = Map::new();
    let mut settled: Vec<ErrorId> = Vec::new();
    for (error, heard) in heard_of {
        if settled.contains(&error) {
            continue;
        }
        settled.push(error);
        let expected = rulebook.refusal(error);
        let status = heard.status();
        if status != expected.status.as_u16() && (400..500).contains(&status) {
            statuses.insert(error.id().to_owned(), status.into());
            shown[0].get_or_insert_with(|| heard.clone());
        }
        if let Some(word) = heard.word().filter(|word| *word != expected.error) {
            words.insert(error.id().to_owned(), word.into());
            shown[1].get_or_insert_with(|| heard.clone());
        }
    }
    let base = |knob: &str, mut map: Map<String, Value>| {
        let known = rulebook.dialect().answer(knob).as_object();
        for (name, answer) in known.into_iter().flatten() {
            map.entry(name.clone()).or_insert_with(|| answer.clone());
        }
        map
    };
    let [status, word, msg] = shown;
    let mut found = Vec::new();
    for (knob, map, heard) in [
        ("error_statuses", statuses, status),
        ("error_words", words, word),
        ("msg_words", msgs, msg),
    ] {
        match heard {
            Some(heard) => found.push((knob, base(knob, map).into(), heard)),
            // Everything that was heard is as the yardstick has it.
            None if !settled.is_empty() => {
                let answer = rulebook.dialect().answers[knob].clone();
                found.push((knob, answer, Heard::nothing()));
            }
            None => {}
        }
    }
    found
}
