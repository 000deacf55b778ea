//! What a certification comes to: waivers, the required level, the exit code.

use super::exit_code::{FAILED, INCONCLUSIVE};
use super::merchant_args::RequiredLevel;
use crate::merchant::certificate::Certificate;
use crate::merchant::judge::Verdict;
use crate::merchant::judge::results::Results;
use crate::merchant::judge::waivers::Waivers;
use flexiti_contract::scenario::Rank;

/// Says which findings are waived, until when and why, and which waivers are of no use.
pub fn say_waived(certificate: &Certificate, waivers: &Waivers) {
    let named = certificate.results.iter().flat_map(Results::named_checks);
    for (scenario, check) in named.filter(|(_, check)| check.verdict == Verdict::Failed) {
        if let Some(waiver) = waivers.of(scenario, check) {
            let (name, reason, expires) = (&check.check, &waiver.reason, &waiver.expires);
            println!("waived until {expires}: {name} in {scenario}: {reason}");
        }
    }
    for waiver in waivers.unused(&certificate.results) {
        println!("waiver of no use: {} did not fail; remove it", waiver.check);
    }
}

/// The level of a flag.
pub fn rank(level: RequiredLevel) -> Rank {
    match level {
        RequiredLevel::Basic => Rank::Basic,
        RequiredLevel::Robust => Rank::Robust,
        RequiredLevel::Exemplary => Rank::Exemplary,
    }
}

/// The exit code: what was found out about the checks up to the required level. Without
/// `--require`, scenarios that `--only` left out do not count.
pub fn code(certificate: &Certificate, require: Option<Rank>, waivers: &Waivers) -> u8 {
    let level = require.unwrap_or(Rank::Robust);
    let any = |verdict| {
        let mut checks = certificate.results.iter().flat_map(Results::named_checks);
        checks.any(|(scenario, check)| {
            check.verdict == verdict
                && check.level <= level
                && waivers.of(scenario, check).is_none()
        })
    };
    if any(Verdict::Failed) {
        FAILED
    } else if any(Verdict::Inconclusive)
        // A waiver is a reason to go on, and none to say that a level was reached.
        || require.is_some_and(|level| certificate.level < Some(level) && !is_waived(certificate, waivers))
    {
        INCONCLUSIVE
    } else {
        0
    }
}

/// Whether a failure was waived.
fn is_waived(certificate: &Certificate, waivers: &Waivers) -> bool {
    let mut checks = certificate.results.iter().flat_map(Results::named_checks);
    checks.any(|(scenario, check)| {
        check.verdict == Verdict::Failed && waivers.of(scenario, check).is_some()
    })
}
