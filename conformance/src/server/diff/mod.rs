//! Sends the same calls to two servers, and compares their answers.
//!
//! Both are probed first: each open question that they answer differently is listed once. Then the
//! cases planned for the left server, and generated valid requests, go to both. Differences are
//! attributed to the knob or clause that explains them.

mod contents;
mod groups;
mod pair;
mod play;
mod text;

pub use contents::{Comparison, Example, Group, KnobDifference, Side};
pub use flexiti_contract::comparison::{Aspect, Difference, Subject};
pub use text::write;

use crate::formats::Reporter;
use crate::server::probe::{KnobAnswer, Probed};
use crate::server::run::{self, Options, Reading};
use crate::server::wire::{Session, Target, curl};
use flexiti_contract::{Contract, Rulebook};
use groups::Explanations;
use pair::Pair;
use play::Play;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The dialect that supplies the answers that a probe could not determine.
const YARDSTICK: &str = "documented";

/// Compares two servers. The seed and the number of generated cases come from the left server's
/// options; the limits apply to each server.
pub fn servers(
    left: (&Target, &mut Options),
    right: (&Target, &mut Options),
    reporters: &mut [Box<dyn Reporter>],
) -> anyhow::Result<Comparison> {
    let contract = Contract::shipped();
    let yardstick = contract.dialect(YARDSTICK)?;
    let ((left, left_options), (right, right_options)) = (left, right);
    let left_probed = run::probe(left, &yardstick, left_options)?;
    let right_probed = run::probe(right, &yardstick, right_options)?;
    let knobs = differing(&left_probed, &right_probed);
    let mut comparison = Comparison {
        seed: left_options.seed,
        left: side(left, left_options, &left_probed),
        right: side(right, right_options, &right_probed),
        knobs,
        groups: Vec::new(),
        compared: 0,
        not_compared: BTreeMap::new(),
    };
    let rulebook = |probed: &Probed| Rulebook::compile(contract, probed.dialect.clone());
    let [left_rulebook, right_rulebook] = [
        Arc::new(rulebook(&left_probed)?),
        Arc::new(rulebook(&right_probed)?),
    ];
    let reading = Reading::of(&left_probed, &yardstick)?;
    let explanations = Explanations::new(&left_rulebook, &right_rulebook, &comparison.knobs);
    let pair = Pair::new((left, left_options), (right, right_options));
    let mut play = Play::new(pair, &explanations, reporters);
    if left_probed.stopped.is_none() && right_probed.stopped.is_none() {
        play.everything(&reading, left_options)?;
    }
    let (pair, groups) = (play.pair, play.groups);
    comparison.compared = play.compared;
    comparison.not_compared = play.not_compared;
    comparison.groups = groups.finish();
    ended(&mut comparison.left, &pair.left);
    ended(&mut comparison.right, &pair.right);
    hide(&mut comparison, &pair);
    let Comparison {
        left: left_side,
        right: right_side,
        knobs,
        groups,
        ..
    } = &mut comparison;
    let shown = |of: fn(&Example) -> &str, probe: fn(&KnobDifference) -> Option<&str>| {
        let examples = groups.iter().map(|group| of(&group.example));
        examples
            .chain(knobs.iter().filter_map(probe))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let lefts = shown(
        |it| &it.left.curl,
        |it| Some(&it.left_exchange.as_ref()?.curl),
    );
    let rights = shown(
        |it| &it.right.curl,
        |it| Some(&it.right_exchange.as_ref()?.curl),
    );
    for (side, target, commands) in [(left_side, left, lefts), (right_side, right, rights)] {
        let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
        side.setup = curl::setup(&commands, &target.main.client_id, &target.token_curls());
    }
    Ok(comparison)
}

/// What is known of a server after its probe.
fn side(target: &Target, options: &Options, probed: &Probed) -> Side {
    let unstable = probed.answers.iter().filter(|row| row.unstable);
    let unstable = unstable.map(|row| format!("{}: no stable answer", row.knob));
    Side {
        target: target.base_url.clone(),
        stopped: probed.stopped.as_ref().map(|_| "probe"),
        because: probed.stopped.clone(),
        notes: options.notes.iter().cloned().chain(unstable).collect(),
        setup: Vec::new(),
    }
}

/// Records why the calls to a server ended, if they did.
fn ended(side: &mut Side, session: &Session<'_>) {
    if let Some(end) = session.ended() {
        side.stopped = Some(end.word());
        side.because = Some(end.because());
    }
    side.notes.extend(session.notes());
}

/// The open questions that both answered, but differently.
fn differing(left: &Probed, right: &Probed) -> Vec<KnobDifference> {
    let mut found = Vec::new();
    for a in &left.answers {
        let Some(b) = right.answers.iter().find(|row| row.knob == a.knob) else {
            continue;
        };
        if let Some((left, right)) = told(a, b).filter(|(left, right)| left != right) {
            found.push(KnobDifference {
                knob: a.knob.clone(),
                left,
                right,
                left_exchange: a.exchange.clone(),
                right_exchange: b.exchange.clone(),
            });
        }
    }
    found
}

/// The two answers, as far as both are known.
fn told(left: &KnobAnswer, right: &KnobAnswer) -> Option<(Value, Value)> {
    if left.unstable || right.unstable {
        return None;
    }
    let (a, b) = (left.answer.clone()?, right.answer.clone()?);
    let lists: Vec<&Vec<String>> = [&left.told, &right.told].into_iter().flatten().collect();
    if lists.is_empty() {
        return Some((a, b));
    }
    // Of an answer that is an object, only the known entries that differ.
    let both = lists[0]
        .iter()
        .filter(|name| lists.iter().all(|list| list.contains(name)));
    let differ = both.filter(|name| a.get(name.as_str()) != b.get(name.as_str()));
    let differ: Vec<&String> = differ.collect();
    let entries = |answer: &Value| -> Value {
        let entry = |name: &&String| Some(((*name).clone(), answer.get(name.as_str())?.clone()));
        differ
            .iter()
            .filter_map(entry)
            .collect::<Map<_, _>>()
            .into()
    };
    Some((entries(&a), entries(&b)))
}

/// Masks the secrets of both sides.
fn hide(comparison: &mut Comparison, pair: &Pair<'_>) {
    let (left, right) = (pair.left.secrets(), pair.right.secrets());
    let said = |text: &mut String| *text = right.hide(&left.hide(text));
    for group in &mut comparison.groups {
        let example = &mut group.example;
        example.left.curl = left.hide_in_command(&example.left.curl);
        example.right.curl = right.hide_in_command(&example.right.curl);
        said(&mut example.left.actual);
        said(&mut example.right.actual);
        example.faults.iter_mut().for_each(said);
        for difference in &mut example.differences {
            said(&mut difference.left);
            said(&mut difference.right);
        }
    }
    for side in [&mut comparison.left, &mut comparison.right] {
        side.notes.iter_mut().for_each(said);
        side.because.iter_mut().for_each(said);
    }
}
