//! The verdicts on one scenario.

use super::judgement::{Judgement, Verdict};
use super::story::Story;
use super::{cart, pages, retries, steps, tokens};
use crate::merchant::trace::Played;
use flexiti_contract::scenario::Scenario;

/// The verdicts on one scenario as it was played. A check whose matter did not come up is not
/// among them.
pub fn judge(scenario: &Scenario, played: &Played) -> Vec<Judgement> {
    let story = Story { scenario, played };
    let mut all = steps::judge(&story);
    all.extend(pages::judge(&story));
    all.extend(tokens::judge(&story));
    all.extend(retries::judge(&story));
    all.extend(cart::judge(&story));
    for judgement in &mut all {
        judgement.level = judgement.level.max(scenario.level);
    }
    all
}

/// What one scenario came to: its worst verdict.
pub fn worst(judgements: &[Judgement]) -> Verdict {
    let verdicts = judgements.iter().map(|judgement| judgement.verdict);
    verdicts.max().unwrap_or(Verdict::Inconclusive)
}
