//! Nothing in the server reads a clock of its own, but for how long an answer took.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn time_is_read_in_one_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&folder, &mut found);
    let mut readers = Vec::new();
    for path in &found {
        let text = fs::read_to_string(path).unwrap();
        for clock in ["Timestamp::now", "SystemTime", "Instant::now", "Zoned::now"] {
            if text.contains(clock) {
                let name = path.strip_prefix(&folder).unwrap();
                readers.push(format!("{} {clock}", name.display()));
            }
        }
    }
    readers.sort();
    assert!(found.len() > 50, "{}", found.len());
    assert_eq!(
        readers,
        ["clock.rs Timestamp::now", "pipeline.rs Instant::now"]
    );
}
