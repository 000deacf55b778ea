//! The scenarios by theme, each with what happened in it.

use super::cell::{Cell, anchor};
use crate::merchant::certificate::{Certificate, narrative};
use crate::merchant::judge::results::{Results, ScenarioResult};
use crate::merchant::recipe;
use crate::merchant::trace::Played;

/// Scenarios about the same thing.
pub(super) struct Theme {
    pub(super) name: &'static str,
    pub(super) rows: Vec<Told>,
}

/// A scenario with its verdict in each dialect.
pub(super) struct Told {
    pub(super) anchor: String,
    pub(super) name: String,
    pub(super) requirement: String,
    pub(super) cells: Vec<Cell>,
    pub(super) stories: Vec<Story>,
}

/// What happened in a scenario.
pub(super) struct Story {
    pub(super) dialect: String,
    pub(super) steps: Vec<String>,
    pub(super) calls: Vec<String>,
    /// How many calls are left out.
    pub(super) more: usize,
}

/// Maximum number of calls shown for a scenario.
const CALLS: usize = 20;

/// The prefixes of scenario ids, with their themes.
const THEMES: &[(&str, &str)] = &[
    ("outcome.", "How a checkout ends"),
    ("init.", "Opening an order"),
    ("checkout.", "The same checkout twice"),
    ("customers.", "Several customers"),
    ("token.", "Tokens"),
    ("callback.", "The way back to the shop"),
    ("notification.", "Asking what became of an order"),
    ("pending.", "Decisions that take time"),
    ("answers.", "Answers that look different"),
    ("flexiti.", "Flexiti unavailable"),
    (recipe::PREFIX, "Plans of the fuzzer"),
    ("", "Others"),
];

/// The scenarios that were played, by theme.
pub(super) fn themes(certificate: &Certificate) -> Vec<Theme> {
    let mut names: Vec<&ScenarioResult> = Vec::new();
    for result in certificate.results.iter().flat_map(|it| &it.scenarios) {
        if !names.iter().any(|known| known.name == result.name) {
            names.push(result);
        }
    }
    let theme_of = |name: &str| THEMES.iter().position(|(start, _)| name.starts_with(start));
    let theme = |(at, (_, name)): (usize, &(&str, &'static str))| {
        let of_theme = names.iter().filter(|row| theme_of(&row.name) == Some(at));
        Theme {
            name,
            rows: of_theme.map(|row| told(certificate, row)).collect(),
        }
    };
    let mut themes: Vec<Theme> = THEMES.iter().enumerate().map(theme).collect();
    themes.retain(|theme| !theme.rows.is_empty());
    themes
}

fn told(certificate: &Certificate, row: &ScenarioResult) -> Told {
    let results = &certificate.results;
    let of = |results: &'_ Results| {
        let found = results.scenarios.iter().find(|it| it.name == row.name);
        found.map_or(Cell::empty(""), |result| Cell::of(result.verdict))
    };
    Told {
        anchor: anchor(&row.name),
        name: row.name.clone(),
        requirement: row.requirement().to_owned(),
        cells: results.iter().map(of).collect(),
        stories: stories(certificate, &row.name),
    }
}

/// What happened in the first dialect, and in each dialect that did not pass.
fn stories(certificate: &Certificate, name: &str) -> Vec<Story> {
    let mut stories = Vec::new();
    for results in &certificate.results {
        let Some(result) = results.scenarios.iter().find(|it| it.name == name) else {
            continue;
        };
        if stories.is_empty() || !result.verdict.is_fine() {
            let acts = certificate.acts.iter();
            let mut acts = acts.filter(|act| act.dialect["name"] == results.dialect.as_str());
            let played = acts.find_map(|act| act.played.iter().find(|it| it.name() == name));
            stories.extend(played.map(|played| story(&results.dialect, played)));
        }
    }
    stories
}

fn story(dialect: &str, played: &Played) -> Story {
    let calls = &played.exchanges;
    let told = calls.iter().take(CALLS);
    Story {
        dialect: dialect.to_owned(),
        steps: played.happened.iter().map(narrative::told).collect(),
        calls: calls.first().map_or_else(Vec::new, |first| {
            told.map(|call| narrative::call(call, first)).collect()
        }),
        more: calls.len().saturating_sub(CALLS),
    }
}
