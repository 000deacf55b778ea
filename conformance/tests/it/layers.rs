//! The layers of the runner: a folder imports only what stands below it, and no files import each
//! other in a circle.

mod imports;
mod reader;
mod tokens;

use imports::Imports;
use std::path::Path;

/// A folder of a crate's `src`, and its layers, topmost first.
type Layers = (&'static str, &'static [&'static str]);

/// The layers of `conformance/src`; see the Layout section of its `lib.rs`.
const RUNNER: &[Layers] = &[
    ("", &["cli", "server | merchant"]),
    (
        "server",
        &[
            "selftest",
            "run",
            "generate",
            "plan | judge",
            "wire | report",
            "case",
        ],
    ),
    (
        "merchant",
        &[
            "certify | exec | fuzz",
            "certificate | stage",
            "judge",
            "trace | driver | scenarios",
        ],
    ),
];

/// What is wrong with the layers of a crate.
fn wrong(krate: &str, layers: &[Layers]) -> Vec<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(krate)
        .join("src");
    let imports = Imports::of_folder(&src);
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
