//! Results from traces. Pure, so that anyone with the traces gets the same results.

use super::checkers::Basis;
use super::judgement::{Judgement, Verdict};
use super::{cart, lint, numbers, pages, root, scenario};
use crate::merchant::record::Record;
use crate::merchant::scenarios;
use crate::merchant::trace::{self, AskedAgain, Page, Played};
use anyhow::Context as _;
use flexiti_contract::scenario::{Rank, Scenario};
use flexiti_contract::{Contract, Rulebook};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The trace of a shop in one dialect.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Act {
    /// The dialect, with every answer spelled out.
    pub dialect: serde_json::Value,
    /// The pages listed in the driver file.
    pub pages: Vec<Page>,
    /// The shop's flows and languages, from its driver file.
    #[serde(default)]
    pub has: Has,
    /// The scenarios as they were played.
    pub played: Vec<Played>,
    /// Whether the shop was reset before every scenario.
    #[serde(default)]
    pub has_reset: bool,
    /// Orders that the shop kept asking about unprompted although it knew their outcome.
    #[serde(default)]
    pub asked_again: Option<Vec<AskedAgain>>,
    /// How many scenarios were not played because the shop kept failing and it took too long.
    #[serde(default)]
    pub cut: usize,
    /// What reached the mock; its answers follow from it.
    #[serde(default)]
    pub record: Option<Record>,
}

impl Act {
    /// What was observed outside the scenarios.
    pub fn rest(&self) -> serde_json::Value {
        serde_json::json!([
            self.pages,
            self.has,
            self.has_reset,
            self.asked_again,
            self.cut
        ])
    }
}

/// A shop's flows and languages, from its driver file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Has {
    /// The flows.
    pub flows: Vec<String>,
    /// The languages.
    pub languages: Vec<String>,
    /// The shop's timeout for Flexiti's answers in seconds, if given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u16>,
}

impl Default for Has {
    fn default() -> Self {
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            flows: all(&["apply", "buy", "apply/buy"]),
            languages: all(&["en", "fr"]),
            timeout_s: None,
        }
    }
}

/// The results in one dialect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// The dialect's name.
    pub dialect: String,
    /// The scenarios, in the order in which they were played.
    pub scenarios: Vec<ScenarioResult>,
    /// Scenarios that were not played.
    pub skipped: Vec<String>,
    /// Scenarios for flows and languages that the driver file says the shop does not have.
    pub declared_away: Vec<String>,
    /// The review of all requests, and of the pages.
    pub review: Vec<Judgement>,
}

/// The result of one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioResult {
    /// Scenario, flow and language.
    pub name: String,
    /// What it tests, if the fuzzer generated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The worst verdict of its checks.
    pub verdict: Verdict,
    /// All checks, including those that passed.
    pub checks: Vec<Judgement>,
}

impl ScenarioResult {
    /// What the shop has to do.
    pub fn requirement(&self) -> &str {
        let id = self.name.split('/').next().unwrap_or_default();
        let shipped = || scenarios::named(id).map(|row| row.requirement.as_str());
        self.plan.as_deref().or_else(shipped).unwrap_or_default()
    }
}

impl Results {
    /// All checks.
    pub fn checks(&self) -> impl Iterator<Item = &Judgement> {
        let scenarios = self.scenarios.iter().flat_map(|result| &result.checks);
        scenarios.chain(&self.review)
    }

    /// All checks, each with the name of its scenario; `review` for those over everything.
    pub fn named_checks(&self) -> impl Iterator<Item = (&str, &Judgement)> {
        let scenarios = self.scenarios.iter();
        let named = scenarios.flat_map(|result| {
            result
                .checks
                .iter()
                .map(|check| (result.name.as_str(), check))
        });
        named.chain(self.review.iter().map(|check| ("review", check)))
    }
}

/// Judges the traces of one dialect.
pub fn judge(contract: &'static Contract, acts: &[Act]) -> anyhow::Result<Results> {
    let first = acts.first().context("nothing was seen")?;
    let dialect = contract.dialect_from_json(first.dialect.clone())?;
    let name = dialect.name.clone();
    let rulebook = Rulebook::compile(contract, dialect)?;
    let mut all: Vec<&Played> = acts.iter().flat_map(|act| &act.played).collect();
    let row = |played: &Played| {
        scenarios::all()
            .iter()
            .position(|row| row.id == played.scenario)
            .unwrap_or(usize::MAX)
    };
    all.sort_by_key(|played| row(played));
    let mut checks = Vec::new();
    for played in &all {
        let shipped = scenarios::of(played);
        let shipped = shipped.with_context(|| format!("no scenario `{}`", played.scenario))?;
        checks.push(scenario::judge(shipped, played));
    }
    root::consequences(&all, &mut checks);
    let came = all
        .iter()
        .zip(checks)
        .map(|(played, checks)| ScenarioResult {
            name: played.name(),
            plan: played.plan.as_ref().map(|plan| plan.requirement.clone()),
            verdict: scenario::worst(&checks),
            checks,
        });
    let mut came: Vec<ScenarioResult> = came.collect();
    control(&all, &mut came);
    refreshed_somewhere(&mut came);
    let mut review: Vec<Judgement> = cart::unknown(&all).into_iter().collect();
    review.extend(pages::unknown(acts.iter().map(|act| act.pages.len()).sum()));
    for act in acts {
        let numbers = numbers::judge(act.has_reset, &act.played);
        let mut seen: Vec<Judgement> = numbers.into_iter().collect();
        seen.extend(act.asked_again.as_deref().map(numbers::asked_again));
        let looked = act.played.iter().flat_map(|played| &played.looked);
        let looked: HashSet<u64> = looked.copied().collect();
        let linted = lint::judge(&rulebook, &trace::calls(&act.played), &looked)?;
        seen.extend(linted.into_iter().map(|check| placed(check, &act.played)));
        seen.extend(act.pages.iter().map(pages::scanned));
        once(&mut review, seen);
    }
    Ok(Results {
        dialect: name,
        skipped: skipped(&all, &first.has),
        declared_away: declared_away(&first.has),
        scenarios: came,
        review,
    })
}

/// Adds the first scenario that shows a check over all requests: call ids are unique only within
/// one of several shop instances.
fn placed(check: Judgement, played: &[Played]) -> Judgement {
    let of = |played: &&Played| {
        let mut calls = played.exchanges.iter();
        calls.any(|call| check.requests.contains(&call.row.id))
    };
    let first = played.iter().find(of).map(Played::name);
    Judgement {
        scenario: first,
        ..check
    }
}

/// Adds findings on another instance of the shop, without those that differ only in digits, such as
/// ports and counts.
fn once(review: &mut Vec<Judgement>, more: Vec<Judgement>) {
    let words = |check: &Judgement| {
        let words = check.message.split(|sign: char| sign.is_ascii_digit());
        let words: String = words.collect();
        (check.check.clone(), check.verdict, words)
    };
    let known: HashSet<_> = review.iter().map(words).collect();
    review.extend(
        more.into_iter()
            .filter(|check| !known.contains(&words(check))),
    );
}

/// The scenarios, by flow and language, that were not played.
fn skipped(played: &[&Played], has: &Has) -> Vec<String> {
    let played: BTreeSet<String> = played.iter().map(|played| played.name()).collect();
    let names = scenarios::all()
        .iter()
        .flat_map(|row| scenarios::plays_of(row, &has.flows, &has.languages))
        .map(|(row, flow, lang)| format!("{}/{flow}/{lang}", row.id));
    names.filter(|name| !played.contains(name)).collect()
}

/// The scenarios for flows and languages that the shop does not have, unless it plays them in
/// another flow instead. Flexiti's test cases require no flow or language that a shop does not
/// offer.
fn declared_away(has: &Has) -> Vec<String> {
    let all = scenarios::all().iter();
    let all = all.filter(|row| {
        let flows = row.flows_for(&has.flows);
        flows.is_empty()
            || flows
                .iter()
                .any(|flow| row.flows.iter().any(|own| own == flow))
    });
    let plays = all.flat_map(Scenario::plays);
    let away = plays.filter(|(_, flow, lang)| !has.plays(flow, lang));
    away.map(|(id, flow, lang)| format!("{id}/{flow}/{lang}"))
        .collect()
}

impl Has {
    /// Whether the shop has a flow in a language.
    pub fn plays(&self, flow: &str, lang: &str) -> bool {
        self.flows.iter().any(|own| own == flow) && self.languages.iter().any(|own| own == lang)
    }
}

/// The certificate level that requires a scenario, by the name of a play.
fn level_of(name: &str) -> Rank {
    let id = name.split('/').next().unwrap_or_default();
    let row = scenarios::named(id);
    row.map_or(Rank::Basic, |row| row.level)
}

/// Makes a scenario inconclusive if its control failed: the absence of something proves nothing
/// unless it happens in the control, in the same flow and language if those were played.
fn control(played: &[&Played], results: &mut [ScenarioResult]) {
    let fine: Vec<(&Played, bool)> = played
        .iter()
        .zip(results.iter())
        .map(|(played, result)| (*played, result.verdict.is_fine()))
        .collect();
    let passes = |control: &str, alike: &Played| {
        let plays = fine.iter().filter(|(play, _)| play.scenario == control);
        let plays: Vec<&(&Played, bool)> = plays.collect();
        let same =
            |(play, _): &&&(&Played, bool)| (&play.flow, &play.lang) == (&alike.flow, &alike.lang);
        let own: Vec<&(&Played, bool)> = plays.iter().filter(same).copied().collect();
        let of = if own.is_empty() { plays } else { own };
        !of.is_empty() && of.iter().all(|(_, fine)| *fine)
    };
    for (played, result) in played.iter().zip(results) {
        let row = scenarios::of(played);
        let control = row.and_then(|row| row.control.as_ref());
        let missing = control.filter(|control| !passes(control, played));
        if let Some(control) = missing
            && result.verdict.is_fine()
        {
            result.verdict = Verdict::Inconclusive;
            let level = row.map_or(Rank::Basic, |row| row.level);
            result.checks.push(Judgement {
                check: "control".to_owned(),
                verdict: Verdict::Inconclusive,
                level,
                basis: Basis::Documented,
                message: format!("`{control}` did not pass, so this scenario proves nothing"),
                requests: Vec::new(),
                scenario: None,
            });
        }
    }
}

/// A shop that refreshed one token in time need not do so for every token lifetime: the margin is
/// its choice.
fn refreshed_somewhere(results: &mut [ScenarioResult]) {
    let is_refresh = |check: &&mut Judgement| check.check == "refresh_in_time";
    let passes =
        |check: &Judgement| check.check == "refresh_in_time" && check.verdict == Verdict::Passed;
    if !results.iter().flat_map(|result| &result.checks).any(passes) {
        return;
    }
    for result in results {
        let advised = result.checks.iter_mut().filter(is_refresh);
        for check in advised.filter(|check| check.verdict == Verdict::Advice) {
            check.verdict = Verdict::Passed;
            check.message = String::new();
        }
        result.verdict = scenario::worst(&result.checks);
    }
}

/// The highest level reached. Anything unverified or not played lowers it. `complete` says whether
/// every shipped dialect was played.
pub fn level(results: &[Results], complete: bool) -> Option<Rank> {
    let own = results.first()?;
    let stands = |results: &Results, level: Rank| {
        let mut asked = results.checks().filter(|check| check.level <= level);
        let mut skipped = results.skipped.iter();
        asked.all(|check| check.verdict.is_fine()) && !skipped.any(|name| level_of(name) <= level)
    };
    if !stands(own, Rank::Basic) {
        return None;
    }
    if !stands(own, Rank::Robust) {
        return Some(Rank::Basic);
    }
    let every = results
        .iter()
        .all(|results| stands(results, Rank::Exemplary));
    Some(if every && complete {
        Rank::Exemplary
    } else {
        Rank::Robust
    })
}

/// The scenarios whose verdicts differ between dialects, with the verdicts. Leaves out good
/// practice, which depends less on Flexiti's answers than on when the shop happened to ask.
pub fn dependent(results: &[Results]) -> Vec<(String, Vec<(String, Verdict)>)> {
    let mut rows: BTreeMap<&str, Vec<(String, Verdict)>> = BTreeMap::new();
    for results in results {
        for result in &results.scenarios {
            let row = rows.entry(&result.name).or_default();
            let checks = result.checks.iter();
            let asked = checks.filter(|check| check.level < Rank::Exemplary);
            let worst = asked.map(|check| check.verdict).max();
            let verdict = worst.filter(|verdict| !verdict.is_fine());
            row.push((results.dialect.clone(), verdict.unwrap_or(Verdict::Passed)));
        }
    }
    let differs = |row: &[(String, Verdict)]| row.iter().any(|(_, verdict)| *verdict != row[0].1);
    let rows = rows.into_iter().filter(|(_, row)| differs(row));
    rows.map(|(name, row)| (name.to_owned(), row)).collect()
}
