//! A signed certificate that a third party can check: what was done, what was observed, and the
//! verdicts. Verification judges the trace again and trusts none of the verdicts in the file.

mod checks;
pub mod key;
pub mod narrative;
pub mod page;
mod replay;
pub mod text;
pub mod verify;

use crate::merchant::judge::Verdict;
use crate::merchant::judge::results::{self, Act, Results};
use ed25519_dalek::SigningKey;
use flexiti_contract::Contract;
use flexiti_contract::scenario::Rank;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The file's type and version.
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
    /// Whose shop it is, and what tested it.
    pub subject: Subject,
    /// When the run began (RFC 3339), by the issuer's clock.
    pub started: String,
    /// When it was issued.
    pub issued: String,
    /// When it expires: shops change.
    pub expires: String,
    /// The seed of the run.
    pub seed: u64,
    /// How many plans of the fuzzer were played in each dialect.
    #[serde(default)]
    pub fuzz: u32,
    /// The level that was reached.
    pub level: Option<Rank>,
    /// Number of checks by verdict, over all dialects.
    pub summary: Summary,
    /// The results by dialect, the merchant's own first.
    pub results: Vec<Results>,
    /// The traces: the lanes of each dialect, in the order of `results`.
    pub acts: Vec<Act>,
}

/// Whose shop it is, and what tested it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The shop's name, from the driver file.
    pub shop: Option<String>,
    /// Its version: a commit, or any text.
    pub version: Option<String>,
    /// Digest of the driver file (SHA-256).
    pub driver: String,
    /// Version of the mock.
    pub mock: String,
    /// Who signed it, by their own account; only the key is proof.
    pub signer: Option<String>,
}

/// How long a certificate is valid.
const VALID: jiff::SignedDuration = jiff::SignedDuration::from_hours(365 * 24);
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
        (seed, fuzz): (u64, u32),
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
            fuzz,
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
    // The lanes of a dialect are adjacent.
    acts.chunk_by(|one, next| one.dialect == next.dialect)
        .map(|acts| results::judge(contract, acts))
        .collect()
}

/// The bytes that are signed.
fn body(file: &Value) -> String {
    file.to_string()
}

fn form(file: &Value) -> String {
    format!("{file:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

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
