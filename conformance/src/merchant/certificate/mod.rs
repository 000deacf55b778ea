//! A signed certificate that a third party can check: what was done, what was observed, and the
//! verdicts. Verification judges the trace again, and trusts none of the verdicts in the file.

pub mod document;
pub mod key;
mod narrative;
pub mod page;
mod replay;
pub mod text;

use crate::merchant::judge::Verdict;
use crate::merchant::judge::results::{self, Act, Results};
use crate::merchant::scenarios;
use crate::merchant::trace::Played;
use anyhow::{Context as _, bail, ensure};
use ed25519_dalek::SigningKey;
use flexiti_contract::Contract;
use flexiti_contract::scenario::Rank;
use key::Signed;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the file is, and in which version.
const FORMAT: &str = "flexiti-merchant-certificate/2";

/// A certificate without its signature.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// `flexiti-merchant-certificate/2`
    pub format: String,
    /// Version of the runner.
    pub runner: String,
    /// Digest of the contract's data (SHA-256): scenarios, clauses, rules.
    pub contract: String,
    /// Whose shop it is, and what it was tried with.
    pub subject: Subject,
    /// When the run began (RFC 3339), by the issuer's clock.
    pub started: String,
    /// When it was issued.
    pub issued: String,
    /// From when on it says nothing any more: shops change.
    pub expires: String,
    /// The seed of the run.
    pub seed: u64,
    /// The level that was reached.
    pub level: Option<Rank>,
    /// Number of checks by verdict, over all dialects.
    pub summary: Summary,
    /// The results by dialect, the merchant's own one first.
    pub results: Vec<Results>,
    /// The traces: the lanes of each dialect, in the order of `results`.
    pub acts: Vec<Act>,
}

/// Whose shop it is, and what it was tried with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The shop's name, by its driver file.
    pub shop: Option<String>,
    /// Its version: a commit, or any text.
    pub version: Option<String>,
    /// Digest of the driver file (SHA-256).
    pub driver: String,
    /// Version of the mock.
    pub mock: String,
    /// Who signed it, by their own account; the key is what counts.
    pub signer: Option<String>,
}

/// How long a certificate holds.
const VALID: jiff::SignedDuration = jiff::SignedDuration::from_hours(365 * 24);
/// How far the clocks of issuer and reader may be apart.
const CLOCKS: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// Number of checks by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// [`Verdict::Passed`]
    pub passed: usize,
    /// [`Verdict::Advice`]
    pub advice: usize,
    /// [`Verdict::Failed`]
    pub failed: usize,
    /// [`Verdict::Inconclusive`]
    pub inconclusive: usize,
    /// [`Verdict::NotTestable`]
    pub not_testable: usize,
}

impl Summary {
    /// Counts the checks of these results.
    pub fn of(results: &[Results]) -> Self {
        let mut summary = Self::default();
        for check in results.iter().flat_map(Results::checks) {
            match check.verdict {
                Verdict::Passed => summary.passed += 1,
                Verdict::Advice => summary.advice += 1,
                Verdict::Failed => summary.failed += 1,
                Verdict::Inconclusive => summary.inconclusive += 1,
                Verdict::NotTestable => summary.not_testable += 1,
            }
        }
        summary
    }
}

impl Certificate {
    /// Judges the traces and certifies the results.
    pub fn new(
        contract: &'static Contract,
        acts: Vec<Act>,
        seed: u64,
        subject: Subject,
        started: jiff::Timestamp,
    ) -> anyhow::Result<Self> {
        let issued = jiff::Timestamp::now();
        let results = results(contract, &acts)?;
        Ok(Self {
            format: FORMAT.to_owned(),
            runner: env!("CARGO_PKG_VERSION").to_owned(),
            contract: contract.digest(),
            subject,
            started: started.to_string(),
            issued: issued.to_string(),
            expires: issued.checked_add(VALID)?.to_string(),
            seed,
            level: results::level(&results, is_complete(contract, &acts)),
            summary: Summary::of(&results),
            results,
            acts,
        })
    }

    /// The signed file, in the only form that `check` accepts.
    pub fn to_file(&self, key: &SigningKey) -> anyhow::Result<String> {
        let mut file = serde_json::to_value(self)?;
        let signed = key::sign(key, body(&file).as_bytes());
        file["signature"] = serde_json::to_value(signed)?;
        Ok(form(&file))
    }
}

/// Whether every shipped dialect was played, with its shipped answers.
fn is_complete(contract: &Contract, acts: &[Act]) -> bool {
    contract.dialect_names().iter().all(|name| {
        let Ok(shipped) = contract.dialect(name) else {
            return false;
        };
        let answers = Value::Object(shipped.answers);
        acts.iter()
            .any(|act| act.dialect["name"] == *name && act.dialect["answers"] == answers)
    })
}

fn results(contract: &'static Contract, acts: &[Act]) -> anyhow::Result<Vec<Results>> {
    // The lanes of a dialect stand side by side.
    acts.chunk_by(|one, next| one.dialect == next.dialect)
        .map(|acts| results::judge(contract, acts))
        .collect()
}

/// The bytes that are signed.
fn body(file: &Value) -> String {
    file.to_string()
}

/// A JSON text without the white space between its tokens.
fn squeezed(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.trim_start_matches('\u{feff}').chars() {
        if quoted || !matches!(c, ' ' | '\t' | '\r' | '\n') {
            squeezed.push(c);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
    }
    squeezed
}

/// Whether a certificate is of this time: neither of the future nor out of date.
fn current(certificate: &Certificate, now: jiff::Timestamp) -> anyhow::Result<()> {
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

fn form(file: &Value) -> String {
    format!("{file:#}\n")
}

/// A certificate that passed verification.
#[derive(Debug)]
pub struct Checked {
    /// The certificate.
    pub certificate: Certificate,
    /// How many calls a mock answered again.
    pub calls: usize,
    /// Who signed it: the public key in base64.
    pub signer: String,
}

/// Verifies a certificate file: its form, its signature (by `trusted`, if given), the completeness
/// of its trace, that a mock gives the answers of the trace again, and that the trace leads to the
/// verdicts in the file.
pub fn check(
    contract: &'static Contract,
    text: &str,
    trusted: Option<&str>,
) -> anyhow::Result<Checked> {
    let text = text.trim_start_matches('\u{feff}');
    let mut file: Value = serde_json::from_str(text).context("not JSON")?;
    // White space between tokens says nothing; a repeated member, or another spelling of a value,
    // would be read differently by different readers.
    let written = file.to_string();
    ensure!(
        squeezed(text) == written,
        "the file is not as it was written: something was changed"
    );
    let signature = file
        .as_object_mut()
        .and_then(|file| file.shift_remove("signature"));
    let signed: Signed = serde_json::from_value(signature.unwrap_or_default())
        .context("signature: missing or malformed")?;
    key::check(&signed, body(&file).as_bytes())?;
    if let Some(trusted) = trusted
        && trusted != signed.public_key
    {
        bail!("signed by {}, not by {trusted}", signed.public_key);
    }
    let certificate: Certificate =
        serde_json::from_value(file).context("not a certificate of a merchant")?;
    ensure!(
        certificate.format == FORMAT,
        "format: `{}`; this program reads {FORMAT}",
        certificate.format
    );
    ensure!(
        certificate.contract == contract.digest(),
        "contract: made with other scenarios or rules than this program's; use version {} of it",
        certificate.runner
    );
    current(&certificate, jiff::Timestamp::now())?;
    for act in &certificate.acts {
        whole(act)?;
        for played in &act.played {
            complete(played).with_context(|| played.name())?;
        }
    }
    within(&certificate)?;
    let calls = replay::check(contract, certificate.seed, &certificate.acts)?;
    judge_again(contract, &certificate)?;
    Ok(Checked {
        certificate,
        calls,
        signer: signed.public_key,
    })
}

/// Verifies a certificate file, whoever signed it; for tests of this project.
#[doc(hidden)]
pub fn verified(text: &str) -> anyhow::Result<()> {
    check(Contract::shipped(), text, None).map(drop)
}

/// Whether everything happened between the beginning of the run and the certificate.
fn within(certificate: &Certificate) -> anyhow::Result<()> {
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
        Some(Ok(at)) => bail!("a call is of {at}, which is not within the run"),
        Some(Err(error)) => Err(error.into()),
    }
}

/// Whether no call was dropped from a trace: the journal numbers calls without gaps.
fn whole(act: &Act) -> anyhow::Result<()> {
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

/// Whether the trace of a scenario is complete: every step, every fault, every order opened.
fn complete(played: &Played) -> anyhow::Result<()> {
    let scenario = scenarios::named(&played.scenario);
    let scenario = scenario.context("no such scenario")?;
    let steps = scenario.steps.iter().zip(&played.happened);
    ensure!(
        scenario.steps.len() == played.happened.len()
            && steps.clone().all(|(step, happened)| happened.is_of(step)),
        "what happened is not what the scenario's steps are"
    );
    // A step that failed may have been the one that plans the faults; it proves nothing anyway.
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

fn judge_again(contract: &'static Contract, certificate: &Certificate) -> anyhow::Result<()> {
    let again = results(contract, &certificate.acts)?;
    for (again, told) in again.iter().zip(&certificate.results) {
        for (again, told) in again.scenarios.iter().zip(&told.scenarios) {
            ensure!(
                again == told,
                "{}: the certificate says {:?}, the trace comes to {:?}",
                told.name,
                told.verdict,
                again.verdict
            );
        }
    }
    ensure!(
        again == certificate.results,
        "results: the trace comes to others than the certificate names"
    );
    ensure!(
        Summary::of(&again) == certificate.summary,
        "summary: the trace comes to another"
    );
    let level = results::level(&again, is_complete(contract, &certificate.acts));
    ensure!(
        level == certificate.level,
        "level: the certificate says {:?}, the trace comes to {level:?}",
        certificate.level
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_says_nothing_and_a_second_member_is_refused() {
        let text = "{\r\n  \"a b\": \"c \\\" d\",\r\n\t\"e\": 1\r\n}\r\n\r\n";
        let file: Value = serde_json::from_str(text).unwrap();
        assert_eq!(squeezed(text), file.to_string());
        let twice = "{\"e\": 1, \"e\": 2}";
        let file: Value = serde_json::from_str(twice).unwrap();
        assert_ne!(squeezed(twice), file.to_string());
    }

    #[test]
    fn a_dialect_counts_by_its_answers_and_not_by_its_name() {
        let contract = Contract::shipped();
        let act = |name: &str| Act {
            dialect: contract.dialect(name).unwrap().to_json(),
            pages: Vec::new(),
            has: results::Has::default(),
            played: Vec::new(),
            has_reset: false,
            asked_again: None,
            cut: 0,
            record: None,
        };
        let mut acts: Vec<Act> = contract.dialect_names().into_iter().map(act).collect();
        assert!(is_complete(contract, &acts));
        let strict = acts.iter_mut().find(|act| act.dialect["name"] == "strict");
        strict.unwrap().dialect["answers"]["ids_as"] = "string".into();
        assert!(!is_complete(contract, &acts));
        acts.pop();
        assert!(!is_complete(contract, &acts));
    }
}
