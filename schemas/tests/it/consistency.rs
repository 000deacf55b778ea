use flexiti_contract::{Asserts, Check, Contract, Endpoint, LintRule, Rulebook, Sources};
use std::collections::BTreeSet;
use std::path::Path;

pub fn rulebook(dialect: &str) -> Rulebook {
    let contract = Contract::shipped();
    Rulebook::compile(contract, contract.dialect(dialect).unwrap()).unwrap()
}

#[test]
fn every_clause_holds_in_some_shipped_dialect_or_waits_for_a_named_answer() {
    let contract = Contract::shipped();
    let mut active = BTreeSet::new();
    for name in contract.dialect_names() {
        active.extend(rulebook(name).clauses().map(|clause| clause.id.as_str()));
    }
    for clause in &contract.clauses {
        if !active.contains(clause.id.as_str()) {
            let mut dialect = contract.dialect("documented").unwrap();
            for (knob, answers) in &clause.when {
                let answer = answers[0].clone();
                dialect = dialect
                    .with_answer(knob, answer, contract.sources())
                    .unwrap();
            }
            // Some wait for an answer that stands in their schema.
            let answers = contract.knobs.iter().flat_map(|row| {
                let answers = row.alternatives.iter();
                answers.map(|known| (row.knob.as_str(), known.answer.clone()))
            });
            let dialects = [dialect.clone()].into_iter().chain(
                answers
                    .filter(|_| clause.when.is_empty())
                    .filter_map(|(knob, answer)| {
                        dialect.with_answer(knob, answer, contract.sources()).ok()
                    }),
            );
            let mut rulebooks = dialects.map(|d| Rulebook::compile(contract, d).unwrap());
            assert!(
                rulebooks.any(|rulebook| rulebook.is_active(&clause.id)),
                "{} never holds",
                clause.id
            );
        }
    }
}

#[test]
fn every_request_clause_has_a_place_and_a_refusal() {
    for name in Contract::shipped().dialect_names() {
        let rulebook = rulebook(name);
        for clause in rulebook.clauses().filter(|c| c.check == Check::Request) {
            assert!(!rulebook.sites(&clause.id).is_empty(), "{}", clause.id);
            assert_eq!(clause.asserts, Asserts::Refusal, "{}", clause.id);
            assert!(rulebook.refusal_of(&clause.id).is_some(), "{}", clause.id);
        }
    }
}

#[test]
fn the_first_sample_of_every_parameter_is_accepted_by_every_dialect() {
    for name in Contract::shipped().dialect_names() {
        let rulebook = rulebook(name);
        for endpoint in Endpoint::ALL {
            for param in Contract::shipped().params(*endpoint) {
                if param.group || (param.name == "flow" && *endpoint == Endpoint::InitPlain) {
                    continue;
                }
                let request = serde_json::json!({ &param.name: &param.samples[0] });
                let about = |v: &&flexiti_contract::Violation| {
                    v.param == param.name && !v.clause.ends_with("required")
                };
                let violations = rulebook.check(*endpoint, &request);
                let violation = violations.iter().find(about);
                assert!(violation.is_none(), "{name}: {violation:?}");
            }
        }
    }
}

#[test]
fn taking_a_clause_away_takes_only_that_one() {
    let contract = Contract::shipped();
    let whole = rulebook("strict");
    for clause in whole.clauses() {
        let dialect = contract.dialect("strict").unwrap();
        let less = Rulebook::compile_without(contract, dialect, &clause.id).unwrap();
        let gone: Vec<_> = whole.clauses().filter(|c| !less.is_active(&c.id)).collect();
        assert_eq!(gone.len(), 1, "{}", clause.id);
        assert_eq!(gone[0].id, clause.id);
    }
}

#[test]
fn what_a_reviewer_looks_for_has_an_order_and_known_sources() {
    let contract = Contract::shipped();
    let ids: Vec<LintRule> = contract.lint.iter().map(|row| row.id).collect();
    assert_eq!(ids, LintRule::ALL);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("SOURCES.md");
    let sources = std::fs::read_to_string(sources).unwrap();
    for row in &contract.lint {
        let id = row.id.id();
        for source in &row.source {
            let known = source.starts_with("RFC-") || sources.contains(&format!("`{source}`"));
            assert!(known, "{id}: {source}");
        }
        // A finding ends in these sentences.
        for sentence in [&row.requirement, &row.remedy] {
            assert!(sentence.ends_with('.'), "{id}: {sentence}");
        }
        let clause = row.clause.as_deref().map(|id| contract.clause(id));
        assert!(clause.is_none_or(|clause| clause.is_some()), "{id}");
    }
}

#[test]
fn the_scenarios_load_and_begin_with_a_checkout_once_the_cart_is_filled() {
    use flexiti_contract::scenario::Step;
    let scenarios = Contract::shipped().scenarios().unwrap();
    assert!(scenarios.len() > 40, "{}", scenarios.len());
    for row in &scenarios {
        let mut steps = row.steps.iter();
        let first = steps.find(|step| !matches!(step, Step::Browse)).unwrap();
        let opens = matches!(first, Step::Checkout { .. } | Step::Again { .. });
        assert!(opens, "{}", row.id);
        assert!(row.requirement.ends_with('.'), "{}", row.id);
    }
    // A shop that was told to come again in a minute leaves Flexiti alone so long.
    assert_eq!(scenarios.last().unwrap().id, "flexiti.down");
}

/// Programs take the shipped files as they are; here is where they are checked.
#[test]
fn the_shipped_files_fit_their_schemas_and_each_other() {
    let contract = Box::leak(Box::new(Contract::load(Sources::shipped()).unwrap()));
    contract.scenarios().unwrap();
    for name in contract.dialect_names() {
        Rulebook::compile(contract, contract.dialect(name).unwrap()).unwrap();
    }
}
