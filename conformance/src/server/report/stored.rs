//! Reads a JSON report for `replay` and `--baseline`. Errors give the position.

use super::contents::{Finding, Learned, Status};
use crate::formats::{Seal, check_seed, check_version, parsed};
use crate::pattern::closest;
use flexiti_contract::Contract;
use serde::Deserialize;
use serde_json::Value;

/// The parts of a JSON report that are read.
#[derive(Debug, Deserialize)]
pub struct Stored {
    /// The dialect's name; for a dialect file, the name in the file.
    #[serde(default)]
    pub dialect: Option<String>,
    /// The whole dialect; older reports have none.
    #[serde(default)]
    pub dialect_answers: Value,
    /// The clauses with their outcomes.
    #[serde(default)]
    pub clauses: Vec<StoredClause>,
    /// What was learned.
    #[serde(default)]
    pub learned: Vec<Learned>,
    /// The findings.
    pub findings: Vec<Finding>,
    #[serde(skip)]
    seal: Seal,
}

/// A clause of a report.
#[derive(Debug, Deserialize)]
pub struct StoredClause {
    /// The dotted name.
    pub id: String,
    /// Its outcome.
    pub status: Status,
    /// Its cases.
    #[serde(default)]
    pub cases: Vec<StoredCase>,
}

/// A case of a report.
#[derive(Debug, Deserialize)]
pub struct StoredCase {
    /// The name.
    pub id: String,
    /// Its outcome.
    pub outcome: String,
}

impl Stored {
    /// Reads a report. An error gives the position and what is allowed there. Use
    /// [`sealed`](Self::sealed) to find out whether the report is unchanged, which has no position.
    pub fn read(text: &str) -> Result<Self, String> {
        let value = parsed(text)?;
        let Some(members) = value.as_object() else {
            return Err(
                "expected a JSON report of `server`, or a plan of `merchant fuzz`".to_owned(),
            );
        };
        if members
            .get("judged")
            .is_some_and(|judged| *judged == "shop")
        {
            return Err(
                "judged: this is a report of `merchant`; expected one of `server`".to_owned(),
            );
        }
        // The first reports had no version.
        if let Some(version) = members.get("format_version") {
            check_version(version, "server")?;
        }
        check_seed(&value)?;
        let seal = Seal::of(&value);
        let read = serde_path_to_error::deserialize(value);
        let mut stored: Self = read.map_err(|error| {
            let place = error.path().to_string();
            let what = error.into_inner();
            if place == "." {
                format!("{what}; expected a JSON report of `server`, or a plan of `merchant fuzz`")
            } else {
                format!("{place}: {what}")
            }
        })?;
        stored.seal = seal;
        stored.check_clauses()?;
        Ok(stored)
    }

    /// Rejects an unknown clause, and a case that does not belong to its clause.
    fn check_clauses(&self) -> Result<(), String> {
        let clauses = Contract::shipped().clauses.iter();
        let ids: Vec<&str> = clauses.map(|clause| clause.id.as_str()).collect();
        let known = |place: String, clause: &str| {
            if ids.contains(&clause) {
                return Ok(());
            }
            let close = closest(clause, &ids).join("`, `");
            Err(format!(
                "{place}: unknown clause `{clause}`; similar: `{close}`; `flexiti-conformance \
                 list` has all"
            ))
        };
        for (at, finding) in self.findings.iter().enumerate() {
            known(format!("findings[{at}].clause"), &finding.clause)?;
            let case = &finding.replay;
            known(format!("findings[{at}].replay.clause"), &case.clause)?;
            let named = case.id.strip_prefix(&case.clause);
            let named = named.is_some_and(|name| name.starts_with('/'));
            if !named || finding.case != case.id {
                return Err(format!(
                    "findings[{at}].case: no case `{}` of clause `{}`; expected the id of the \
                     case under `replay`, `{}/keeps/…` or `{}/breaks/…`",
                    finding.case, case.clause, case.clause, case.clause
                ));
            }
        }
        Ok(())
    }

    /// Rejects findings whose cases this version no longer plans. If the report is unchanged, these
    /// are replayed from the report all the same, and only their names are returned.
    pub fn unplanned(&self, planned: &[&str]) -> Result<Vec<&str>, String> {
        let mut unplanned = Vec::new();
        for (at, finding) in self.findings.iter().enumerate() {
            let id = finding.replay.id.as_str();
            if planned.contains(&id) || id.contains("/generated") {
                continue;
            }
            if self.seal != Seal::Whole {
                let close = closest(id, planned).join("`, `");
                return Err(format!(
                    "findings[{at}].replay.id: case no longer exists: `{id}`; similar: `{close}`; \
                     `flexiti-conformance server --dry-run` has all"
                ));
            }
            unplanned.push(id);
        }
        Ok(unplanned)
    }

    /// Rejects a report that was changed since it was written.
    pub fn sealed(&self) -> Result<(), String> {
        self.seal.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{DIGEST, add_seal};
    use serde_json::json;

    #[test]
    fn a_mistake_is_told_with_its_place_and_what_is_allowed() {
        for (text, words) in [
            ("{\"seed\": 1,\n  \"findings\": [}", &["line 2, column"][..]),
            ("[]", &["expected a JSON report"]),
            ("{}", &["findings", "expected a JSON report"]),
            (
                r#"{"format_version": 7, "findings": []}"#,
                &["format_version: 7", "version 1", "--report json=FILE"],
            ),
            (
                r#"{"format_version": "1", "findings": []}"#,
                &["format_version: \"1\""],
            ),
            (
                r#"{"seed": "one", "findings": []}"#,
                &[
                    "seed: \"one\" is not a seed",
                    "from 0 to 18446744073709551615",
                ],
            ),
            (r#"{"seed": -1, "findings": []}"#, &["seed: -1"]),
            (
                r#"{"clauses": [{"id": "token.accepted", "status": "fine"}], "findings": []}"#,
                &["clauses[0].status", "`fine`", "`verified`"],
            ),
            (
                r#"{"findings": [{"clause": 3}]}"#,
                &["findings[0].clause", "expected a string"],
            ),
        ] {
            let error = Stored::read(text).unwrap_err();
            for word in words {
                assert!(error.contains(word), "{text}: {error}");
            }
        }
    }

    #[test]
    fn no_changed_byte_is_taken_for_what_was_written() {
        let mut report = json!({
            "format_version": 1, "seed": 1, "dialect": "strict", "notes": ["é"],
            "clauses": [{"id": "token.accepted", "status": "failed", "cases": []}], "findings": [],
        });
        add_seal(&mut report);
        let text = report.to_string();
        // With another name, it is not a digest.
        let name = text.find(DIGEST).unwrap();
        for at in (0..text.len()).filter(|at| !(name..name + DIGEST.len()).contains(at)) {
            for bit in 0..7 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(bytes) else {
                    continue;
                };
                let read = Stored::read(&changed).and_then(|stored| stored.sealed());
                assert!(read.is_err(), "{changed}");
            }
        }
    }

    #[test]
    fn a_changed_byte_is_noticed_and_a_new_layout_is_not_one() {
        let mut report = json!({"seed": 1, "dialect": "strict", "findings": []});
        add_seal(&mut report);
        let sealed = |text: &str| Stored::read(text).unwrap().sealed();
        assert_eq!(sealed(&report.to_string()), Ok(()));
        assert_eq!(sealed(&format!("{report:#}")), Ok(()));
        let changed = report.to_string().replace("strict", "strikt");
        let error = sealed(&changed).unwrap_err();
        assert!(error.contains("not as it was written"), "{error}");
        if let Some(members) = report.as_object_mut() {
            members.shift_remove(DIGEST);
        }
        assert_eq!(sealed(&report.to_string()), Ok(()));
    }
}
