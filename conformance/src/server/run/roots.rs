//! Which faults explain others: a broken clause breaks those that depend on it, and only the root
//! is reported.

use flexiti_contract::Rule;

/// A clause, and those whose cases fail along with it.
const ROOTS: &[(Rule, &[Rule])] = &[
    (
        Rule::InitFresh,
        &[
            Rule::RedirectLanguage,
            Rule::NotificationOwn,
            Rule::ResponseFlow,
            Rule::NotificationKeysAgree,
            Rule::NotificationStable,
        ],
    ),
    (Rule::RedirectPage, &[Rule::RedirectLanguage]),
    (
        Rule::NotificationOwn,
        &[
            Rule::ResponseFlow,
            Rule::NotificationKeysAgree,
            // If the newest order is hidden until it is finished.
            Rule::NotificationOrder,
        ],
    ),
    (Rule::NotificationStable, &[Rule::NotificationKeysAgree]),
    (Rule::MonthlyPaymentAmount, &[Rule::CalculatorHtmlAmount]),
    (Rule::ApplyStatus, &[Rule::CheckoutTimeOut]),
    (Rule::NotificationUnknown, &[Rule::NotificationUnfinished]),
];

/// The clauses whose faults would explain a fault of this one.
pub(super) fn of(clause: &str) -> impl Iterator<Item = &'static str> {
    let rule = Rule::from_id(clause);
    let explains = move |dependents: &[Rule]| rule.is_some_and(|rule| dependents.contains(&rule));
    let roots = ROOTS.iter();
    let roots = roots.filter(move |(_, dependents)| explains(dependents));
    roots.map(|(root, _)| root.id())
}
