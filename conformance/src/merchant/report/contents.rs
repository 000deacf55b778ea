//! The contents of a report.

use super::baseline::Baseline;
use super::rows::{CheckRow, Row, Status, rows};
use crate::formats::Changes;
use crate::merchant::certificate::{Certificate, narrative};
use crate::merchant::judge::{Basis, Ground};
use crate::waivers::Waivers;
use flexiti_contract::scenario::Rank;
use serde::Serialize;
use std::collections::BTreeMap;

/// The terms of a run.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// The level that exit code 0 requires.
    pub require: Option<Rank>,
    /// The failures that are allowed.
    pub waivers: Waivers,
    /// The results of an earlier run.
    pub baseline: Option<Baseline>,
}

/// The results of a run.
#[derive(Debug)]
pub struct Report<'c> {
    /// The certificate with the results.
    pub certificate: &'c Certificate,
    /// The level that exit code 0 requires.
    pub require: Option<Rank>,
    /// Each scenario, and each rule of the review, in each dialect.
    pub rows: Vec<Row>,
    /// Waivers that matched no failure.
    pub unused_waivers: Vec<String>,
    /// Changes since an earlier run.
    pub changes: Option<Changes>,
}

/// Number of rows by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// [`Status::Passed`]
    pub passed: usize,
    /// [`Status::Advice`]
    pub advice: usize,
    /// [`Status::NotTestable`]
    pub not_testable: usize,
    /// [`Status::Waived`]
    pub waived: usize,
    /// [`Status::Known`]
    pub known: usize,
    /// [`Status::Inconclusive`]
    pub inconclusive: usize,
    /// [`Status::Failed`]
    pub failed: usize,
}

/// A check that failed.
#[derive(Debug, Serialize)]
pub struct Finding<'r> {
    /// The row.
    pub scenario: &'r str,
    /// The dialect.
    pub dialect: &'r str,
    /// The checker.
    pub check: &'r str,
    /// Whether it counts.
    pub status: Status,
    /// The level of the certificate that it costs.
    pub level: Rank,
    /// What it rests on.
    pub basis: Basis,
    /// What the shop has to do.
    pub requirement: &'r str,
    /// The sentence that it rests on.
    pub rests_on: Option<String>,
    /// What to change.
    pub remedy: Option<String>,
    /// What was observed.
    pub actual: &'r str,
    /// The journal ids of the calls concerned.
    pub calls: &'r [u64],
    /// Those calls as command lines.
    pub curl: Vec<String>,
    /// What happened, step by step.
    pub story: Vec<String>,
}

impl<'c> Report<'c> {
    /// Applies the terms to the results.
    pub fn of(certificate: &'c Certificate, terms: &Terms) -> Self {
        let mut rows: Vec<Row> = certificate.results.iter().flat_map(rows).collect();
        for row in &mut rows {
            row.waive(&terms.waivers);
        }
        let changes = terms.baseline.as_ref().map(|it| it.compare(&mut rows));
        let unused_waivers = terms.waivers.unused(
            |about, of| {
                let mut rows = rows.iter().filter(|row| of(row.scenario()));
                let failed = |check: &CheckRow| check.status.has_failed() && about(&check.check);
                rows.any(|row| row.checks.iter().any(failed))
            },
            // A scenario that was not played to the end might have failed.
            |_, of| {
                let all = certificate.results.iter();
                let skipped = all.flat_map(|results| &results.skipped);
                let open = rows.iter().filter(|row| row.status == Status::Inconclusive);
                let open = open.map(Row::scenario);
                let mut open = open.chain(skipped.map(String::as_str));
                open.any(of)
            },
        );
        Self {
            certificate,
            require: terms.require,
            rows,
            unused_waivers,
            changes,
        }
    }

    /// Number of rows by status.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for row in &self.rows {
            *match row.status {
                Status::Passed => &mut summary.passed,
                Status::Advice => &mut summary.advice,
                Status::NotTestable => &mut summary.not_testable,
                Status::Waived => &mut summary.waived,
                Status::Known => &mut summary.known,
                Status::Inconclusive => &mut summary.inconclusive,
                Status::Failed => &mut summary.failed,
            } += 1;
        }
        summary
    }

    /// The checks that failed, with what happened.
    pub fn findings(&self) -> Vec<Finding<'_>> {
        let failed = |row: &'_ Row| -> Vec<usize> {
            let checks = row.checks.iter().enumerate();
            let failed = checks.filter(|(_, check)| check.status.has_failed());
            failed.map(|(at, _)| at).collect()
        };
        let found = self.rows.iter().flat_map(|row| {
            let of = failed(row).into_iter();
            of.map(|at| self.finding(row, &row.checks[at]))
        });
        found.collect()
    }

    fn finding<'r>(&'r self, row: &'r Row, check: &'r CheckRow) -> Finding<'r> {
        let name = check.scenario.as_deref().unwrap_or(&row.id);
        let acts = self.certificate.acts.iter();
        let mut acts = acts.filter(|act| act.dialect["name"] == row.dialect.as_str());
        // Call ids are unique only within one instance of the shop.
        let act = acts.find(|act| act.played.iter().any(|played| played.name() == name));
        let played = act.map_or(&[][..], |act| &act.played);
        let own = played.iter().find(|played| played.name() == name);
        let calls = played.iter().flat_map(|played| &played.exchanges);
        let calls = calls.filter(|call| check.calls.contains(&call.row.id));
        let ground = Ground::of(&check.check);
        let happened = own.map_or(&[][..], |played| &played.happened);
        Finding {
            scenario: &row.id,
            dialect: &row.dialect,
            check: &check.check,
            status: check.status,
            level: check.level,
            basis: check.basis,
            requirement: &row.requirement,
            rests_on: ground.as_ref().map(|ground| ground.sentence.clone()),
            remedy: ground.map(|ground| ground.remedy),
            actual: &check.message,
            calls: &check.calls,
            curl: calls.map(|call| call.curl.clone()).collect(),
            story: happened.iter().map(narrative::told).collect(),
        }
    }

    /// The exit code for the checks up to the required level: 0 if nothing failed, 1 if something
    /// did or a waiver was not needed, 3 if too little is known. Without a required level, skipped
    /// scenarios do not count.
    pub fn exit_code(&self) -> u8 {
        let level = self.require.unwrap_or(Rank::Robust);
        let checks = || self.rows.iter().flat_map(|row| &row.checks);
        let any = |status| checks().any(|check| check.status == status && check.level <= level);
        let open = self.rows.iter().any(|row| {
            let was_open = |check: &CheckRow| {
                let changes = self.changes.as_ref();
                changes.is_some_and(|changes| changes.was_open(&row.key(check)))
            };
            let mut open = row.checks.iter().filter(|check| !was_open(check));
            open.any(|check| check.status == Status::Inconclusive && check.level <= level)
        });
        // A waiver excuses a failure, but the level is still not reached.
        let is_excused =
            || checks().any(|check| matches!(check.status, Status::Waived | Status::Known));
        let misses = self
            .require
            .is_some_and(|level| self.certificate.level < Some(level) && !is_excused());
        if any(Status::Failed) || !self.unused_waivers.is_empty() {
            1
        } else if open || misses {
            3
        } else {
            0
        }
    }

    /// How many scenarios of each dialect were not played.
    pub fn skipped(&self) -> BTreeMap<&str, &[String]> {
        let results = self.certificate.results.iter();
        results
            .map(|results| (results.dialect.as_str(), results.skipped.as_slice()))
            .collect()
    }
}
