//! The report of a run as text.

use super::{Certificate, narrative};
use crate::merchant::judge::results::{Results, ScenarioResult, dependent};
use crate::merchant::judge::root::NOT_LOOKED_AT;
use crate::merchant::judge::{Basis, Ground, Judgement, Verdict};
use crate::merchant::recipe;
use flexiti_contract::Contract;
use flexiti_contract::scenario::Rank;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A verdict in words.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Advice => "advice",
        Verdict::Failed => "FAILED",
        Verdict::Inconclusive => "inconclusive",
        Verdict::NotTestable => "not testable",
    }
}

/// A level in words.
pub fn rank(level: Option<Rank>) -> &'static str {
    match level {
        None => "none",
        Some(Rank::Basic) => "basic",
        Some(Rank::Robust) => "robust",
        Some(Rank::Exemplary) => "exemplary",
    }
}

/// A text with control and bidirectional characters spelled out: a shop's page may contain any, and
/// a terminal or browser would obey them.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}');
        if (c.is_control() && c != '\n') || turns {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whose certificate it is: a line for each known fact.
pub fn subject(certificate: &Certificate) -> String {
    let subject = &certificate.subject;
    let unnamed = "not named";
    let shop = subject.shop.as_deref().unwrap_or(unnamed);
    let version = subject.version.as_deref().unwrap_or(unnamed);
    let driver = subject.driver.get(..12).unwrap_or_default();
    let mut text = format!(
        "  shop       {shop}, version {version}, driver file {driver}\n  tried with flexiti-mock {}, contract {}\n",
        subject.mock,
        certificate.contract.get(..12).unwrap_or_default()
    );
    if let Some(signer) = &subject.signer {
        let _ = writeln!(text, "  signer     {signer}, by their own account");
    }
    shown(&text)
}

/// The whole report as text: what did not pass, what depends on the dialect, the level.
pub fn text(certificate: &Certificate) -> String {
    let mut text = String::new();
    for results in &certificate.results {
        let passed = results.scenarios.iter().filter(|r| r.verdict.is_fine());
        let (passed, all) = (passed.count(), results.scenarios.len());
        let _ = writeln!(
            text,
            "dialect `{}`: {passed} of {all} scenarios passed",
            results.dialect
        );
        if certificate.fuzz > 0 {
            let plans = results.scenarios.iter();
            let plans = plans.filter(|row| row.name.starts_with(recipe::PREFIX));
            let plans = plans.count();
            let _ = writeln!(text, "  {plans} of them are plans of the fuzzer");
        }
        consequences(&mut text, results);
        let told = results.scenarios.iter().filter(|r| !r.verdict.is_fine());
        for result in told.filter(|result| root_of(result).is_none()) {
            let requirement = result.requirement();
            let _ = writeln!(
                text,
                "\n{} {}\n  {requirement}",
                word(result.verdict),
                result.name
            );
            lines(&mut text, &result.checks);
            if result.verdict == Verdict::Failed {
                story(&mut text, certificate, &results.dialect, result);
            }
        }
        let review = results
            .review
            .iter()
            .filter(|check| !check.verdict.is_fine());
        let review: Vec<Judgement> = review.cloned().collect();
        if !review.is_empty() {
            let _ = writeln!(text, "\nover everything that the shop sent and showed:");
            lines(&mut text, &review);
        }
        text.push('\n');
    }
    matrix(&mut text, &certificate.results);
    grounds(&mut text, &certificate.results);
    advice(&mut text, &certificate.results);
    for results in &certificate.results {
        let acts = certificate.acts.iter();
        let acts = acts.filter(|act| act.dialect["name"] == results.dialect.as_str());
        let cut: usize = acts.map(|act| act.cut).sum();
        if cut > 0 {
            let _ = writeln!(
                text,
                "dialect `{}`: the run ended {cut} scenarios early: the shop kept failing",
                results.dialect
            );
        }
        let (skipped, all) = (results.skipped.len(), results.scenarios.len());
        if skipped > 0 {
            let all = all + skipped;
            let _ = writeln!(
                text,
                "dialect `{}`: {skipped} of {all} scenarios were not played, which lowers the level",
                results.dialect
            );
        }
    }
    for results in certificate.results.iter().take(1) {
        let away = results.declared_away.len();
        if away > 0 {
            let _ = writeln!(
                text,
                "{away} scenarios are in flows or languages that the shop does not have (shop.flows, shop.languages)"
            );
        }
    }
    let summary = certificate.summary;
    let _ = writeln!(
        text,
        "{} checks passed, {} failed, {} inconclusive, {} not testable\nlevel: {}{}",
        summary.passed,
        summary.failed,
        summary.inconclusive,
        summary.not_testable,
        rank(certificate.level),
        if is_short_of_dialects(certificate) {
            " (exemplary requires all dialects: --dialect all)"
        } else {
            ""
        }
    );
    elsewhere(&mut text, certificate);
    shown(&text)
}

/// Why a run may fail despite a good level: the level is that of the merchant's own dialect, but
/// failures in other dialects count too.
fn elsewhere(text: &mut String, certificate: &Certificate) {
    let Some((own, others)) = certificate.results.split_first() else {
        return;
    };
    let is_demanded = |check: &Judgement| check.level <= Rank::Robust;
    let fails = |results: &&Results| {
        let mut failed = results.checks().filter(|it| it.verdict == Verdict::Failed);
        failed.any(is_demanded)
    };
    let failing = others.iter().filter(fails);
    let failing: Vec<&str> = failing.map(|it| it.dialect.as_str()).collect();
    if certificate.level.is_some() && !failing.is_empty() {
        let (own, failing) = (&own.dialect, failing.join("`, `"));
        let _ = writeln!(
            text,
            "that is the level in `{own}`, the first dialect; what failed in `{failing}` counts for the exit code: see above whether Flexiti may answer so"
        );
    }
}

/// Whether nothing is wrong, but not every shipped dialect was tried.
fn is_short_of_dialects(certificate: &Certificate) -> bool {
    let tried = |name: &&str| certificate.results.iter().any(|it| it.dialect == **name);
    certificate.level == Some(Rank::Robust)
        && certificate.summary.failed + certificate.summary.not_testable == 0
        && !Contract::shipped().dialect_names().iter().all(tried)
}

/// How many scenarios were not judged, and why: a line for each reason.
fn consequences(text: &mut String, results: &Results) {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for reason in results.scenarios.iter().filter_map(root_of) {
        match counts.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => counts.push((reason, 1)),
        }
    }
    for (reason, count) in counts {
        let _ = writeln!(text, "{count} scenarios were {reason}");
    }
}

/// Why a scenario was not judged, if that is all there is to say about it.
fn root_of(result: &ScenarioResult) -> Option<&str> {
    let mut checks = result
        .checks
        .iter()
        .filter(|check| !check.verdict.is_fine());
    let only = checks.next().filter(|_| checks.next().is_none())?;
    (only.check == NOT_LOOKED_AT).then_some(only.message.as_str())
}

/// What happened in a scenario that failed: the steps, and the calls with their times.
fn story(text: &mut String, certificate: &Certificate, dialect: &str, result: &ScenarioResult) {
    let acts = certificate.acts.iter();
    let mut acts = acts.filter(|act| act.dialect["name"] == dialect);
    let played = acts.find_map(|act| act.played.iter().find(|it| it.name() == result.name));
    let Some(played) = played else {
        return;
    };
    let _ = writeln!(text, "  what happened:");
    for (at, happened) in (1..).zip(&played.happened) {
        let _ = writeln!(text, "  {at:>4}. {}", narrative::told(happened));
    }
    let Some(first) = played.exchanges.first() else {
        let _ = writeln!(text, "        the shop never called Flexiti");
        return;
    };
    let concerned = |id: u64| {
        let checks = result.checks.iter();
        let mut failed = checks.filter(|check| check.verdict == Verdict::Failed);
        failed.any(|check| check.requests.contains(&id))
    };
    let _ = writeln!(text, "  the shop's calls:");
    for call in played.exchanges.iter().take(CALLS) {
        let _ = writeln!(text, "    {}", narrative::call(call, first));
        if concerned(call.row.id) {
            let _ = writeln!(text, "          {}", call.curl.replace('\n', " "));
        }
    }
    let more = played.exchanges.len().saturating_sub(CALLS);
    if more > 0 {
        let _ = writeln!(text, "    and {more} more");
    }
}

/// Maximum number of calls shown for a scenario.
const CALLS: usize = 20;

/// A line for each check that did not pass.
pub fn lines(text: &mut String, checks: &[Judgement]) {
    for check in checks.iter().filter(|check| !check.verdict.is_fine()) {
        let _ = write!(
            text,
            "  {} {}: {}",
            word(check.verdict),
            check.check,
            check.message
        );
        if !check.requests.is_empty() {
            let ids: Vec<String> = check.requests.iter().take(5).map(u64::to_string).collect();
            let _ = write!(text, " (call {})", ids.join(", "));
        }
        if let Some(scenario) = &check.scenario {
            let _ = write!(text, "; first in {scenario}");
        }
        text.push('\n');
    }
}

/// The basis of each failed check, and what to change: once each.
fn grounds(text: &mut String, results: &[Results]) {
    let checks = results.iter().flat_map(Results::checks);
    let failed = checks.filter(|check| check.verdict == Verdict::Failed);
    let names: BTreeSet<(&str, Basis)> = failed
        .map(|check| (check.check.as_str(), check.basis))
        .collect();
    if names.is_empty() {
        return;
    }
    let _ = writeln!(text, "what the findings rest on, and what to change:");
    for (name, basis) in names {
        if let Some(ground) = Ground::of(name) {
            let (word, sentence) = (basis_word(basis), &ground.sentence);
            let costs = match basis {
                Basis::GoodPractice => "; costs exemplary",
                Basis::TestCase | Basis::Documented => "",
            };
            let _ = writeln!(text, "  {name}: {word}{costs}: {sentence}");
            let _ = writeln!(text, "    {}", ground.remedy);
        }
    }
    text.push('\n');
}

/// Advice on points that the documentation leaves open: once each, with a count.
fn advice(text: &mut String, results: &[Results]) {
    let mut all: Vec<(&str, &str, usize)> = Vec::new();
    let checks = results.iter().flat_map(Results::checks);
    for check in checks.filter(|check| check.verdict == Verdict::Advice) {
        match all.iter_mut().find(|(name, ..)| *name == check.check) {
            Some((.., count)) => *count += 1,
            None => all.push((&check.check, &check.message, 1)),
        }
    }
    if all.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "advice, in matters that the documentation leaves open; it costs nothing:"
    );
    for (name, message, count) in all {
        let times = if count == 1 {
            String::new()
        } else {
            format!(" ({count} times)")
        };
        let _ = writeln!(text, "  advice {name}: {message}{times}");
    }
    text.push('\n');
}

/// A basis in words.
pub fn basis_word(basis: Basis) -> &'static str {
    match basis {
        Basis::TestCase => "Flexiti test case",
        Basis::Documented => "documented requirement",
        Basis::GoodPractice => "good practice",
    }
}

/// The scenarios that came out differently in different dialects.
fn matrix(text: &mut String, results: &[Results]) {
    let rows = dependent(results);
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "came out differently by dialect (an undocumented choice of Flexiti's, or chance; --dialect and --only play one again):"
    );
    for (name, verdicts) in rows {
        let cells: Vec<String> = verdicts
            .iter()
            .map(|(dialect, verdict)| format!("{dialect}: {}", word(*verdict)))
            .collect();
        let _ = writeln!(text, "  {name:<40} {}", cells.join(", "));
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_would_be_obeyed_is_shown() {
        assert_eq!(shown("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\n");
        assert_eq!(shown("lev\u{202e}el"), "lev\\u{202e}el");
        assert_eq!(shown("Payée"), "Payée");
    }
}
