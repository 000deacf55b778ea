//! The view of a report that reporters use.

use super::contents::Report;
use super::rows::Status;
use crate::formats::{self, Document, FORMAT_VERSION};
use crate::merchant::certificate::text;
use crate::merchant::judge::results::dependent;
use serde_json::{Map, Value, json};
use std::io::Write;

/// What is known when a run begins.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// The shop's name, from its driver file.
    pub shop: Option<String>,
    /// The dialects to play, the merchant's own first.
    pub dialects: Vec<String>,
    /// The seed.
    pub seed: u64,
}

impl formats::Beginning for Beginning {
    fn members(&self) -> Map<String, Value> {
        let members = [
            ("judged", "shop".into()),
            ("shop", self.shop.clone().into()),
            ("dialects", self.dialects.clone().into()),
            ("seed", self.seed.into()),
        ];
        let members = members.into_iter();
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn line(&self) -> Option<String> {
        Some(format!("seed {}\n", self.seed))
    }
}

impl formats::Beginning for Report<'_> {
    fn members(&self) -> Map<String, Value> {
        self.begun().members()
    }

    fn line(&self) -> Option<String> {
        self.begun().line()
    }
}

impl Report<'_> {
    fn begun(&self) -> Beginning {
        let results = self.certificate.results.iter();
        Beginning {
            shop: self.certificate.subject.shop.clone(),
            dialects: results.map(|results| results.dialect.clone()).collect(),
            seed: self.certificate.seed,
        }
    }

    /// What is waived and why, what is known, and further notes for the text report.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for row in self.rows.iter().filter(|row| row.status.has_failed()) {
            let waived = row.checks.iter().any(|it| it.status == Status::Waived);
            if let Some(why) = row.why.as_ref().filter(|_| waived) {
                remarks.push(format!("waived in {} ({}): {why}", row.id, row.dialect));
            }
        }
        let known = self.changes.iter().flat_map(|changes| &changes.known);
        remarks.extend(known.map(|check| format!("known, failed in the baseline too: {check}")));
        // The text already says what was not played.
        let played = self.skipped().values().all(|skipped| skipped.is_empty());
        let said = if played {
            0
        } else {
            self.certificate.results.len()
        };
        let said = said.min(self.skipped().values().filter(|it| !it.is_empty()).count());
        remarks.extend(self.notes().into_iter().skip(said));
        remarks
    }
}

impl formats::Found for Report<'_> {
    fn beginning(&self) -> &dyn formats::Beginning {
        self
    }

    fn document(&self) -> Document {
        self.as_document()
    }

    fn json(&self) -> serde_json::Result<Value> {
        let certificate = self.certificate;
        let depends = dependent(&certificate.results).into_iter();
        let depends = depends.map(|(scenario, verdicts)| {
            let verdicts: Map<String, Value> = verdicts
                .into_iter()
                .map(|(dialect, verdict)| (dialect, json!(verdict)))
                .collect();
            json!({ "scenario": scenario, "verdicts": verdicts })
        });
        let own = certificate.results.first();
        let away = own.map_or(&[][..], |results| &results.declared_away);
        let cut: usize = certificate.acts.iter().map(|act| act.cut).sum();
        Ok(json!({
            "format_version": FORMAT_VERSION,
            "judged": "shop",
            "runner": certificate.runner,
            "seed": certificate.seed,
            "subject": certificate.subject,
            "started": certificate.started,
            "dialects": self.begun().dialects,
            "plans": certificate.fuzz,
            "level": certificate.level,
            "required": self.require,
            "summary": self.summary(),
            "scenarios": self.rows,
            "findings": self.findings(),
            "depends_on_dialect": depends.collect::<Vec<_>>(),
            "skipped": self.skipped(),
            "declared_away": away,
            "cut": cut,
            "unused_waivers": self.unused_waivers,
            "notes": self.notes(),
            "baseline": self.changes,
            "exit_code": self.exit_code(),
        }))
    }

    fn last_events(&self) -> serde_json::Result<Vec<Value>> {
        let rows = self.rows.iter().map(|row| {
            json!({
                "event": "scenario",
                "id": row.id,
                "dialect": row.dialect,
                "status": row.status,
                "why": row.why,
            })
        });
        let mut events: Vec<Value> = rows.collect();
        for finding in self.findings() {
            let finding = serde_json::to_value(finding)?;
            events.push(json!({ "event": "finding", "finding": finding }));
        }
        events.push(json!({
            "event": "finished",
            "level": self.certificate.level,
            "summary": self.summary(),
            "notes": self.notes(),
            "exit_code": self.exit_code(),
        }));
        Ok(events)
    }

    fn text(&self, _verbose: bool, out: &mut dyn Write) -> std::io::Result<()> {
        out.write_all(text::text(self.certificate).as_bytes())?;
        for remark in self.remarks() {
            writeln!(out, "{}", text::shown(&remark))?;
        }
        Ok(())
    }
}
