//! The README's tables are what the contract says today. `UPDATE_README=1` writes them.

use flexiti_contract::{Contract, tables};
use std::path::Path;

#[test]
fn the_tables_of_the_readme_are_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let contract = Contract::shipped();
    let mut current = readme.clone();
    for (name, table) in [
        ("dialects", tables::dialects(contract).unwrap()),
        ("answers", tables::answers(contract).unwrap()),
        ("evidence", tables::evidence(contract)),
    ] {
        let (begin, end) = (format!("<!-- table {name} -->\n"), "<!-- end of table -->");
        let (before, rest) = current
            .split_once(&begin)
            .expect("the README has the table's mark");
        let (_, after) = rest
            .split_once(end)
            .expect("the README has the table's end");
        current = format!("{before}{begin}\n{table}\n{end}{after}");
    }
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, current).unwrap();
    } else {
        assert!(
            readme == current,
            "run `UPDATE_README=1 cargo test -p flexiti-contract readme`"
        );
    }
}
