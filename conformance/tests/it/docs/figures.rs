//! Figures that pages state in prose are those of the data.

use super::read;
use flexiti_contract::Contract;

#[test]
fn figures_in_prose_are_current() {
    let contract = Contract::shipped();
    let scenarios = contract.scenarios().unwrap();
    let plays: usize = scenarios.iter().map(|it| it.plays().count()).sum();
    let clauses = contract.clauses.len();
    let faults: toml::Table =
        toml::from_str(&read("conformance/tests/merchants/faults.toml")).unwrap();
    let broken: usize = faults
        .values()
        .map(|it| it.as_array().map_or(0, Vec::len))
        .sum();
    let bugs = flexiti_mock::bugs().len();
    let stranger: serde_json::Value =
        serde_json::from_str(&read("conformance/tests/stranger/faults.json")).unwrap();
    let faults = |kind: &str| stranger[kind].as_object().map_or(0, serde_json::Map::len);
    let found = faults("found");
    let planted = found + faults("not_found") + faults("out_of_scope");
    for (page, figure) in [
        (
            "docs/guides/certifying-a-shop.md",
            format!("through {} [scenarios]", scenarios.len()),
        ),
        (
            "docs/guides/certifying-a-shop.md",
            format!("{plays} with their flows and languages"),
        ),
        (
            "docs/guides/certifying-a-shop.md",
            format!("and {broken} broken ones"),
        ),
        (
            "docs/guides/judging-a-server.md",
            format!("{clauses} of {clauses} sabotages named exactly"),
        ),
        (
            "docs/guides/judging-a-server.md",
            format!("{bugs} of {bugs} bugs named"),
        ),
        (
            "docs/guides/judging-a-server.md",
            format!("finds {found} of its {planted} planted faults"),
        ),
        (
            "conformance/tests/merchants/README.md",
            format!("{broken} that do one thing wrong"),
        ),
    ] {
        let text = read(page).replace('\n', " ");
        assert!(text.contains(&figure), "{page}: `{figure}`");
    }
}
