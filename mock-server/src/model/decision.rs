//! Flexiti's response keys: the applicant's middle name decides the application (TD).

use crate::model::lifecycle::Decision;
use flexiti_contract::dialect::Decided;
use flexiti_contract::{Rule, Rulebook};

/// The decision on an application with this middle name.
pub fn decide(rulebook: &Rulebook, middle_name: &str) -> Decision {
    let keys = &rulebook.contract().response_keys;
    let known = keys
        .iter()
        .find(|key| key.middle_name.eq_ignore_ascii_case(middle_name.trim()));
    let by_key = known.and_then(|key| {
        let rule = if key.is_open() {
            Rule::HighRisk
        } else {
            Rule::ResponseKeys
        };
        key.decides(rulebook.dialect())
            .filter(|_| rulebook.enforces(rule))
    });
    by_key.unwrap_or(match rulebook.knobs().decision_without_key {
        Decided::Approved => Decision::Approved,
        Decided::Pending => Decision::Pending,
        Decided::Declined => Decision::Declined,
    })
}
