//! Tests of the reader of imports, on made-up source text.

use super::imports::Imports;

/// A crate with this text in `a/b.rs`, and other files to import.
fn imported(text: &str) -> Vec<String> {
    let files = [
        ("lib.rs", "mod a; mod c;"),
        ("a/mod.rs", "mod b; mod d;"),
        ("a/d.rs", ""),
        ("a/b.rs", text),
        ("a/b/inner.rs", ""),
        ("c/mod.rs", "mod e; mod f;"),
        ("c/e.rs", ""),
        ("c/f.rs", ""),
    ];
    let imports = Imports::of_texts(&files);
    imports
        .by("a/b.rs")
        .into_iter()
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_way_to_name_a_file_is_an_import_of_it() {
    for (text, files) in [
        ("use crate::c::e::Item;", vec!["c/e.rs"]),
        ("use crate::c::Item;", vec!["c/mod.rs"]),
        ("use crate::Item;", vec!["lib.rs"]),
        ("use super::d::Item;", vec!["a/d.rs"]),
        ("use super::Item;", vec!["a/mod.rs"]),
        ("use super::super::c::f::*;", vec!["c/f.rs"]),
        ("use super::*;", vec!["a/mod.rs"]),
        ("use inner::Item;", vec!["a/b/inner.rs"]),
        ("use self::inner::Item as Other;", vec!["a/b/inner.rs"]),
        (
            "use crate::{a::d, c::{e::{self, Item}, f as g}};",
            vec!["a/d.rs", "c/e.rs", "c/f.rs"],
        ),
        (
            "pub(crate) use crate::c::{Item, e};",
            vec!["c/e.rs", "c/mod.rs"],
        ),
        ("fn f() -> u8 { crate::c::e::f() }", vec!["c/e.rs"]),
        ("fn f() { for x in crate::c::e::ALL {} }", vec!["c/e.rs"]),
        (
            "fn f() { inner::f::<super::d::T>(); }",
            vec!["a/b/inner.rs", "a/d.rs"],
        ),
        (
            "fn f(x: &'static crate::c::f::T, c: char) {}",
            vec!["c/f.rs"],
        ),
        (
            "fn f() { format!(\"{}\", crate::c::e::WORD) }",
            vec!["c/e.rs"],
        ),
        (
            "macro_rules! m { () => { $crate::c::e::f() } }",
            vec!["c/e.rs"],
        ),
        // By way of a name.
        (
            "use crate::c; fn f() { c::e::f() }",
            vec!["c/e.rs", "c/mod.rs"],
        ),
        ("fn f() { g::f() } use crate::c::f as g;", vec!["c/f.rs"]),
        ("mod x { use super::super::d::T; }", vec!["a/d.rs"]),
        ("mod x { fn f() {} } use super::d::T;", vec!["a/d.rs"]),
    ] {
        assert_eq!(imported(text), files, "{text}");
    }
}

#[test]
fn nothing_else_is_an_import() {
    for text in [
        "mod inner;",
        "// use crate::c::e;",
        "/* use crate::c::e; /* nested */ crate::c::f::x() */",
        "/// See [`crate::c::e`].\nfn f() {}",
        "const A: &str = \"crate::c::e::f() // \\\" crate::c::f\";",
        "const A: &str = r#\"crate::c::e \" crate::c::f\"#;",
        "const A: (char, char) = ('\"', '\\''); const B: &[u8] = b\"crate::c::e\";",
        "pub(in crate::a) fn f() {}",
        "pub(super) fn f() {}",
        "use std::fmt::{self, Write as _}; use ::c::e::T; fn f() { fmt::write(); }",
        "fn f<'a>() -> impl Iterator + use<'a> { Self::c::e() }",
        "#[cfg(test)]\nmod tests { use crate::c::e; fn f() { { crate::c::f::x() } } }",
        "#[cfg(test)] #[allow(x)] use crate::c::{e, f};\nfn f() {}",
        "#[cfg(all(test, unix))] fn f(x: [u8; 2]) { crate::c::e::f(); }",
        "use self::Item;",
    ] {
        assert_eq!(imported(text), [""; 0], "{text}");
    }
}

#[test]
fn what_follows_tests_counts_and_so_does_what_is_not_for_tests() {
    let text = "#[cfg(test)] mod tests { fn f() {} } use crate::c::e;";
    assert_eq!(imported(text), ["c/e.rs"]);
    assert_eq!(imported("#[cfg(not(test))] use crate::c::e;"), ["c/e.rs"]);
    assert_eq!(imported("#[cfg(unix)] use crate::c::e;"), ["c/e.rs"]);
}

#[test]
fn files_for_tests_alone_and_the_program_beside_the_library_are_left_out() {
    let imports = Imports::of_texts(&[
        ("lib.rs", "mod a; #[cfg(test)] mod tests;"),
        ("main.rs", "fn main() { crate::f() }"),
        ("a.rs", ""),
        ("tests.rs", "use crate::a;"),
        ("tests/more.rs", "use crate::a;"),
    ]);
    assert_eq!(imports.files(), ["a.rs", "lib.rs"]);
}

#[test]
fn files_that_import_each_other_are_a_circle() {
    let imports = Imports::of_texts(&[
        ("lib.rs", "mod a; mod b; mod c; mod d; pub use a::A;"),
        ("a.rs", "use crate::b::B; use crate::d::D;"),
        ("b.rs", "fn f() { super::c::f() }"),
        ("c.rs", "use crate::a::A;"),
        ("d.rs", ""),
    ]);
    assert_eq!(imports.circles(), [["a.rs", "b.rs", "c.rs"]]);
}

#[test]
fn a_face_that_defines_what_its_children_share_and_imports_them_is_a_circle() {
    let face = |text| {
        let files = [
            ("lib.rs", "mod a;"),
            ("a/mod.rs", text),
            ("a/b.rs", "use super::T;"),
        ];
        Imports::of_texts(&files).circles()
    };
    assert_eq!(
        face("mod b; pub use b::B; struct T;"),
        [["a/b.rs", "a/mod.rs"]]
    );
    assert_eq!(face("mod b; struct T;"), [[""; 0]; 0]);
}

#[test]
fn a_layer_imports_what_is_below_it_and_nothing_else() {
    let imports = Imports::of_texts(&[
        (
            "lib.rs",
            "mod top; mod left; mod right; mod low; pub use top::T;",
        ),
        ("top/mod.rs", "mod one; mod two; use crate::low::L;"),
        ("top/one.rs", "use super::two::T;"),
        ("top/two.rs", "use super::one::T;"),
        ("left.rs", "use crate::right::R;"),
        ("right.rs", "use crate::low::L; use crate::Root;"),
        ("low.rs", "use crate::top::one::T;"),
    ]);
    let wrong = imports.against("", &["top", "left | right", "low"]);
    let expected = [
        "left.rs imports right.rs",
        "low.rs imports top/one.rs",
        "right.rs imports lib.rs",
    ];
    assert_eq!(wrong, expected);
    let wrong = imports.against("top", &["one", "two"]);
    assert_eq!(wrong, ["top/two.rs imports top/one.rs"]);
    let wrong = imports.against("top", &["one", "three"]);
    assert!(
        wrong.contains(&"top/two is in no layer".to_owned()),
        "{wrong:?}"
    );
    assert!(
        wrong.contains(&"there is no top/three".to_owned()),
        "{wrong:?}"
    );
}
