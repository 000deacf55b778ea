//! What a reviewer would say: of each rule what it objects to, and what it lets pass.

mod desk;
mod orders;
mod requests;
mod tokens;

use crate::shop::{self, CLIENT, SECRET, server};
use desk::Desk;
use flexiti_contract::{Contract, LintRule, Rulebook};
use flexiti_mock::Mock;
use flexiti_mock::embed::admin::ExchangeView;
use flexiti_mock::embed::internals;
use flexiti_mock::lint::{Call as LintCall, Eyes, Finding, History, LintInput, Moment, judge};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a shop does, and what a reviewer says of it.
struct Case {
    dialect: &'static str,
    expected: Expected,
    run: fn(&Desk<'_>),
}

enum Expected {
    /// These words, by this rule.
    Finds(LintRule, &'static str),
    /// Nothing at all.
    Clean,
}

const fn finds(
    rule: LintRule,
    words: &'static str,
    dialect: &'static str,
    run: fn(&Desk<'_>),
) -> Case {
    Case {
        dialect,
        expected: Expected::Finds(rule, words),
        run,
    }
}

const fn clean(dialect: &'static str, run: fn(&Desk<'_>)) -> Case {
    Case {
        dialect,
        expected: Expected::Clean,
        run,
    }
}

fn cases() -> impl Iterator<Item = &'static Case> {
    [tokens::CASES, requests::CASES, orders::CASES]
        .into_iter()
        .flatten()
}

/// What the reviewer says, over HTTP.
fn lint(mock: &Mock) -> Vec<Finding> {
    let path = format!("/merchants/{CLIENT}/lint");
    let answer = shop::admin(mock, "GET", &path, &Value::Null);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert!(!answer.text().contains(SECRET), "{body}");
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1));
    serde_json::from_value(body["findings"].clone()).unwrap()
}

/// The journal, judged as it is shown: with hashes in the place of secrets.
fn lint_of_what_is_shown(mock: &Mock) -> [Vec<Finding>; 2] {
    let contract = Contract::shipped();
    let own = mock.admin().dialect(CLIENT).unwrap().name;
    let compiled = |name: &str| {
        let dialect = contract.dialect(name).unwrap();
        Arc::new(Rulebook::compile(contract, dialect).unwrap())
    };
    let rulebook = compiled(&own);
    let names = contract.dialect_names().into_iter();
    let others: Vec<_> = names.filter(|name| *name != own).map(compiled).collect();
    let eyes = Eyes {
        contract,
        rulebook: &rulebook,
    };
    let now = Moment { at: 0, clock: 0 };
    let rows = mock
        .admin()
        .requests(&format!("client_id={CLIENT}"))
        .unwrap();
    let shown: Vec<ExchangeView> = rows
        .requests
        .iter()
        .map(|row| mock.admin().request(row.id).unwrap())
        .collect();
    let calls = shown
        .iter()
        .filter_map(|shown| LintInput::exchange(contract, shown))
        .map(|call| LintCall::new(call, eyes));
    let of_shown = judge(&History::new(&rulebook, &others, calls.collect(), now));
    [
        internals::lint_journal(mock, CLIENT, eyes, &others, now),
        of_shown,
    ]
}

#[track_caller]
fn check(cases: &[Case]) {
    for (at, case) in cases.iter().enumerate() {
        let mock = server(case.dialect);
        (case.run)(&Desk::new(&mock));
        let findings = lint(&mock);
        match case.expected {
            Expected::Clean => assert_eq!(findings, [], "case {at}"),
            Expected::Finds(rule, words) => {
                let found = findings.iter().find(|f| f.rule == rule);
                let found = found.unwrap_or_else(|| panic!("case {at}: {rule:?}: {findings:#?}"));
                assert!(found.message.contains(words), "case {at}: {found:?}");
                assert!(!found.requests.is_empty(), "case {at}: {found:?}");
                let row = Contract::shipped().lint_row(rule);
                assert_eq!(found.test_case, row.test_case, "case {at}");
                assert_eq!(found.remedy, row.remedy, "case {at}");
            }
        }
        let [entries, shown] = lint_of_what_is_shown(&mock);
        assert_eq!(entries, shown, "case {at}: hashes in the place of secrets");
    }
}

#[test]
fn every_rule_has_a_case_that_it_objects_to() {
    let named = cases().filter_map(|case| match case.expected {
        Expected::Finds(rule, _) => Some(rule),
        Expected::Clean => None,
    });
    let named: BTreeSet<LintRule> = named.collect();
    let all: BTreeSet<LintRule> = LintRule::ALL.iter().copied().collect();
    assert_eq!(named, all);
}

#[test]
fn nothing_is_said_of_a_merchant_that_sent_nothing_or_is_not_there() {
    let mock = server("documented");
    assert_eq!(lint(&mock), []);
    let answer = shop::admin(&mock, "GET", "/merchants/nobody/lint", &Value::Null);
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json(), json!({"error": "no merchant `nobody`"}));
    let problem = mock.admin().lint("nobody").unwrap_err();
    assert_eq!(
        (problem.status.as_u16(), problem.message),
        (404, "no merchant `nobody`".to_owned())
    );
}

#[test]
fn a_program_and_http_are_told_the_same() {
    let mock = server("lenient");
    let desk = Desk::new(&mock);
    desk.order(&desk.token(), &[("lang", "fr-CA"), ("made_up", "1")]);
    let findings = lint(&mock);
    assert_eq!(mock.admin().lint(CLIENT).unwrap().findings, findings);
    let rules: Vec<LintRule> = findings.iter().map(|f| f.rule).collect();
    assert_eq!(
        rules,
        [LintRule::VariantSpelling, LintRule::ParameterUnknown]
    );
    let variant = &findings[0];
    assert_eq!(
        variant.message,
        "accepted here, but not by dialect `strict`: `lang` as it is spelled"
    );
    assert_eq!(variant.clause.as_deref(), Some("init.lang.values"));
    assert_eq!(variant.requests, [2]);
}

#[test]
fn another_merchants_requests_are_none_of_this_ones() {
    let mock = shop::two_merchants();
    let other = shop::token_call("other", "other-secret", &[shop::GRANT, ("made_up", "1")]);
    other.send(mock.address());
    assert_eq!(lint(&mock), []);
    assert_eq!(mock.admin().lint("other").unwrap().findings.len(), 1);
}

#[test]
fn no_finding_shows_a_secret() {
    let mock = server("lenient");
    let desk = Desk::new(&mock);
    let token = desk.token();
    let reference = desk.reference();
    let named = [
        (SECRET, "1"),
        (token.as_str(), "2"),
        ("merchant_orderid", SECRET),
    ];
    let twice = [("merchant_orderid", token.as_str())];
    for pairs in [&named[..], &twice] {
        let call = desk.init_call(&token, pairs);
        desk.sends(
            &call
                .without("x-reference-id")
                .header("x-reference-id", &reference),
        );
    }
    let findings = lint(&mock);
    assert!(findings.len() >= 3, "{findings:#?}");
    let text = format!("{findings:?}");
    assert!(!text.contains(SECRET) && !text.contains(&token), "{text}");
}

#[test]
fn what_was_asked_before_a_reset_is_forgotten() {
    let mock = server("lenient");
    let desk = Desk::new(&mock);
    desk.order(&desk.token(), &[("made_up", "1")]);
    assert_eq!(lint(&mock).len(), 1);
    mock.admin().reset_merchant(CLIENT).unwrap();
    assert_eq!(lint(&mock), []);
}
