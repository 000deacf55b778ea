//! The layers of the three crates: a folder imports only what stands below it, and no files import
//! each other in a circle.

mod imports;
mod reader;
mod tokens;

use crate::sources::rust_files;
use imports::Imports;

/// A folder of a crate's `src`, and its layers, topmost first.
type Layers = (&'static str, &'static [&'static str]);

/// The layers of `conformance/src`; see the Layout section of its `lib.rs`.
const RUNNER: &[Layers] = &[
    (
        "",
        &[
            "cli",
            "server | merchant",
            "waivers",
            "formats | net | markup",
            "pattern",
        ],
    ),
    (
        "server",
        &[
            "selftest | diff | replay",
            "run",
            "probe | generate",
            "course",
            "plan | judge",
            "wire | report",
            "case",
        ],
    ),
    (
        "merchant",
        &[
            "certify | exec | fuzz | report",
            "certificate | stage",
            "judge",
            "record | earlier_orders | scenarios | recipe | timeout_scenarios",
            "trace | driver",
        ],
    ),
];

/// The layers of `mock-server/src`; see the Layout section of its `lib.rs`.
const MOCK: &[Layers] = &[(
    "",
    &[
        "cli",
        "embed",
        "sabotage",
        "server",
        "upstream",
        "pipeline",
        "api | checkout | admin",
        "app",
        "store",
        "dialects",
        "lint | telemetry",
        "journal | state",
        "redact",
        "http | config",
        "fault",
        "model",
        "events | call_kind | clock | files | random | command_line",
    ],
)];

/// The layers of `schemas/src`; see the Layout section of its `lib.rs`.
const CONTRACT: &[Layers] = &[(
    "",
    &[
        "openapi",
        "reference",
        "tables | remedy | comparison",
        "allowed",
        "contradiction",
        "rulebook",
        "consistency | support",
        "body",
        "contract",
        "wording | resolve",
        "vocabulary",
        "scenario | clause | citation | lint | dialect",
        "expectation | endpoint | error | load",
        "rule | evidence",
        "names | parameters | hosts | transcript | readable | amounts",
    ],
)];

/// What is wrong with the layers of a crate.
fn wrong(krate: &str, layers: &[Layers]) -> Vec<String> {
    let files = rust_files(&format!("{krate}/src"));
    let texts: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    let imports = Imports::of_texts(&texts);
    let circles = imports.circles().into_iter();
    let circles = circles.map(|files| format!("a circle: {}", files.join(", ")));
    let against = layers
        .iter()
        .flat_map(|(folder, layers)| imports.against(folder, layers));
    circles.chain(against).collect()
}

#[test]
fn the_runner_is_built_in_layers_and_without_circles() {
    assert_eq!(wrong("conformance", RUNNER), [""; 0]);
}

#[test]
fn the_mock_is_built_in_layers_and_without_circles() {
    assert_eq!(wrong("mock-server", MOCK), [""; 0]);
}

#[test]
fn the_contract_is_built_in_layers_and_without_circles() {
    assert_eq!(wrong("schemas", CONTRACT), [""; 0]);
}
