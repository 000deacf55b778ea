//! Checks that a certificate is current and its trace complete.

use super::{Certificate, VALID};
use crate::merchant::judge::results::Act;
use crate::merchant::trace::Played;
use crate::merchant::{recipe, scenarios, timeout_scenarios};
use anyhow::{Context as _, bail, ensure};
use flexiti_contract::Contract;
use std::collections::BTreeSet;

/// Allowed clock skew between issuer and reader.
const CLOCKS: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// Checks that a certificate is neither from the future nor expired.
pub fn current(certificate: &Certificate, now: jiff::Timestamp) -> anyhow::Result<()> {
    let read = |key: &str, text: &str| {
        let time: jiff::Timestamp = text
            .parse()
            .with_context(|| format!("{key}: `{text}` is not a time"))?;
        anyhow::Ok(time)
    };
    let started = read("started", &certificate.started)?;
    let issued = read("issued", &certificate.issued)?;
    let expires = read("expires", &certificate.expires)?;
    ensure!(
        issued <= now.checked_add(CLOCKS)?,
        "issued: {issued} is in the future"
    );
    ensure!(started <= issued, "started: {started} is after `issued`");
    ensure!(now <= expires, "expires: {expires} has passed");
    ensure!(
        expires <= issued.checked_add(VALID)?,
        "expires: {expires} is more than a year after `issued`"
    );
    Ok(())
}

/// Checks that everything happened between the start of the run and the issue of the certificate.
pub fn within(certificate: &Certificate) -> anyhow::Result<()> {
    let time = |text: &str| -> anyhow::Result<jiff::Timestamp> { Ok(text.parse()?) };
    let from = time(&certificate.started)?
        .checked_sub(CLOCKS)?
        .as_millisecond();
    let to = time(&certificate.issued)?
        .checked_add(CLOCKS)?
        .as_millisecond();
    let records = certificate
        .acts
        .iter()
        .filter_map(|act| act.record.as_ref());
    let mut events = records.flat_map(|record| &record.events);
    let odd = events.find(|event| !(from..=to).contains(&event.at));
    let odd = odd.map(|event| jiff::Timestamp::from_millisecond(event.at));
    match odd {
        None => Ok(()),
        Some(Ok(at)) => bail!("a call is dated {at}, outside the run"),
        Some(Err(error)) => Err(error.into()),
    }
}

/// Checks that the fuzzer's plans are those of the seed, and complete.
pub fn plans(contract: &Contract, certificate: &Certificate) -> anyhow::Result<()> {
    let acts = &certificate.acts;
    for acts in acts.chunk_by(|one, next| one.dialect == next.dialect) {
        let has = |flow: &str, lang: &str| acts[0].has.plays(flow, lang);
        let mut wanted = recipe::scenarios(contract, certificate.seed, certificate.fuzz, has)?;
        let planned = wanted.len();
        wanted.extend(timeout_scenarios::scenarios(acts[0].has.timeout_s, has));
        let mut found = 0;
        let played = acts.iter().flat_map(|act| &act.played);
        for (played, plan) in played.filter_map(|played| Some((played, played.plan.as_ref()?))) {
            let name = played.name();
            let wanted = wanted.iter().find(|wanted| wanted.id == played.scenario);
            let wanted = wanted.map(serde_json::to_value).transpose()?;
            ensure!(
                plan.id == played.scenario && wanted == Some(serde_json::to_value(plan)?),
                "{name}: it is not the plan that the seed {} leads to",
                certificate.seed
            );
            ensure!(
                plan.flows == [played.flow.as_str()] && plan.langs == [played.lang.as_str()],
                "{name}: the plan is for another flow or language"
            );
            found += usize::from(plan.id.starts_with(recipe::PREFIX));
        }
        let cut: usize = acts.iter().map(|act| act.cut).sum();
        ensure!(
            found == planned || (cut > 0 && found < planned),
            "fuzz: the certificate says {} plans, the trace has {found}",
            certificate.fuzz
        );
    }
    Ok(())
}

/// Checks that no call was dropped from a trace: the journal numbers calls without gaps.
pub fn whole(act: &Act) -> anyhow::Result<()> {
    let mut next = act.played.first().map_or(1, |played| played.first_id);
    for played in &act.played {
        let name = played.name();
        let calls = played.exchanges.iter().map(|call| call.row.id);
        let mut ids: Vec<u64> = calls.chain(played.left_out.iter().copied()).collect();
        ids.sort_unstable();
        ensure!(
            played.first_id == next,
            "{name}: the calls before number {} are missing",
            played.first_id
        );
        for id in ids {
            ensure!(id == next, "{name}: call {next} is missing in the trace");
            next += 1;
        }
        ensure!(
            played.next_id == next,
            "{name}: call {next} is missing in the trace"
        );
    }
    Ok(())
}

/// Checks that the trace of a scenario is complete: every step, every fault, every order opened.
pub fn complete(played: &Played) -> anyhow::Result<()> {
    let scenario = scenarios::of(played);
    let scenario = scenario.context("no such scenario")?;
    let steps = scenario.steps.iter().zip(&played.happened);
    ensure!(
        scenario.steps.len() == played.happened.len()
            && steps.clone().all(|(step, happened)| happened.is_of(step)),
        "what happened is not what the scenario's steps are"
    );
    // The step that failed may have been the one that plans the faults; it proves nothing anyway.
    ensure!(
        scenario.faults.len() == played.faults.len() || played.failures().next().is_some(),
        "the scenario plans {} faults, the trace has {}",
        scenario.faults.len(),
        played.faults.len()
    );
    let opened: BTreeSet<u64> = played.opened.iter().map(|order| order.id).collect();
    let missing = played.orders().find(|id| !opened.contains(id));
    ensure!(
        missing.is_none(),
        "order {} was opened, and is not among those that were",
        missing.unwrap_or_default()
    );
    Ok(())
}
