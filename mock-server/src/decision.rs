//! Flexiti's test vocabulary: the applicant's middle name decides (TD).

use crate::order::Decision;
use flexiti_contract::Rule;
use flexiti_contract::Rulebook;
use flexiti_contract::dialect::Decided;

/// Every response key, with what it decides; nothing where the dialect says.
pub const RESPONSE_KEYS: &[(&str, Option<Decision>)] = &[
    ("A-RR_L", Some(Decision::Approved)),
    ("A-RR_M", Some(Decision::Approved)),
    ("A-RR_H", Some(Decision::Approved)),
    ("A-RR_X", Some(Decision::Approved)),
    ("A-RR_XX", None),
    ("A-RR_XXX", None),
    // One revision of the page has the first, a later one the second.
    ("D-MISSING_INFO", Some(Decision::Declined)),
    ("P-MISSING_INFO", Some(Decision::Pending)),
    ("P-REVIEW_MISC", Some(Decision::Pending)),
    ("D-DUPLICATE", Some(Decision::Declined)),
    ("P-EXIST_CUST", Some(Decision::Pending)),
    ("D-NO_HIT", Some(Decision::Declined)),
    ("D-NO_SCORE", Some(Decision::Declined)),
    ("P-CREDIT", Some(Decision::Pending)),
    ("P-FRAUD", Some(Decision::Pending)),
    ("D-FRAUD", Some(Decision::Declined)),
    ("D-EMAIL_DBL_TIMEOUT", Some(Decision::Retry)),
];

/// How an application with this middle name is decided.
pub fn decide(rulebook: &Rulebook, middle_name: &str) -> Decision {
    let knobs = rulebook.knobs();
    let known = RESPONSE_KEYS
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(middle_name.trim()));
    match known {
        Some((_, Some(decision))) if rulebook.enforces(Rule::ResponseKeys) => *decision,
        Some((_, None)) if rulebook.enforces(Rule::HighRisk) => of(knobs.high_risk_decision),
        Some((_, None)) if rulebook.taken_away(Rule::HighRisk) => Decision::Pending,
        _ => of(knobs.decision_without_key),
    }
}

fn of(answer: Decided) -> Decision {
    match answer {
        Decided::Approved => Decision::Approved,
        Decided::Pending => Decision::Pending,
        Decided::Declined => Decision::Declined,
    }
}
