//! Reads which files of a crate import which, from their source text.
//!
//! An import is a `use`, or a path anywhere in the code, that leads to another file of the same
//! crate. Declaring a child (`mod child;`) is none. What a path names is looked up among the
//! files alone: `crate::a::b::Item` is an import of `a/b.rs` if there is such a file, else of
//! `a/mod.rs`; re-exports are not followed, so that whoever takes an item from a folder's face
//! imports the face. Comments, strings and what is compiled for tests alone are left out, and so
//! is `main.rs` beside a `lib.rs`, which is a crate of its own.

use super::tokens::{self, Token};
use std::collections::{BTreeMap, BTreeSet};

/// Below the crate's root: `["server", "wire"]`.
type Module = Vec<String>;

/// The files of a crate, each with the files that it imports.
#[derive(Debug)]
pub(crate) struct Imports(BTreeMap<String, BTreeSet<String>>);

impl Imports {
    /// Reads files, each with its path below `src`.
    pub(crate) fn of_texts(texts: &[(&str, &str)]) -> Self {
        let has_lib = texts.iter().any(|(file, _)| *file == "lib.rs");
        let texts = texts
            .iter()
            .filter(|(file, _)| !(has_lib && *file == "main.rs"));
        let sources: Vec<Source> = texts.map(|(file, text)| Source::new(file, text)).collect();
        let for_tests: Vec<Module> = sources.iter().flat_map(Source::test_modules).collect();
        let is_product = |source: &&Source| {
            let mut hidden = for_tests.iter();
            !hidden.any(|module| source.module.starts_with(module))
        };
        let sources: Vec<&Source> = sources.iter().filter(is_product).collect();
        let files: BTreeMap<&Module, &str> = sources
            .iter()
            .map(|source| (&source.module, source.file.as_str()))
            .collect();
        let file_of = |module: &Module| files.get(module).map(|file| (*file).to_owned());
        let imports = sources.iter().map(|source| {
            let named = source.paths(&files).into_iter();
            let mut imported: BTreeSet<String> = named
                .filter_map(|path| {
                    let mut modules = (0..=path.len()).rev().map(|end| path[..end].to_vec());
                    modules.find_map(|module| file_of(&module))
                })
                .collect();
            imported.remove(&source.file);
            (source.file.clone(), imported)
        });
        Self(imports.collect())
    }

    /// The files of the crate.
    pub(crate) fn files(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The files that a file imports.
    pub(crate) fn by(&self, file: &str) -> Vec<&str> {
        self.0[file].iter().map(String::as_str).collect()
    }

    /// Files that import each other, directly or by way of others: one list for each circle.
    pub(crate) fn circles(&self) -> Vec<Vec<String>> {
        let reached: BTreeMap<&String, BTreeSet<&String>> = self
            .0
            .keys()
            .map(|file| (file, self.reached(file)))
            .collect();
        let mut circles: Vec<Vec<String>> = Vec::new();
        for (file, reached_from) in &reached {
            let returns = |other: &&&String| reached[**other].contains(file);
            let circle = reached_from.iter().filter(returns);
            let circle: Vec<String> = circle.map(|file| (*file).clone()).collect();
            if !circle.is_empty() && !circles.contains(&circle) {
                circles.push(circle);
            }
        }
        circles
    }

    /// What a file imports, what that imports, and so on.
    fn reached(&self, file: &str) -> BTreeSet<&String> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&String> = self.0[file].iter().collect();
        while let Some(file) = next.pop() {
            if reached.insert(file) {
                next.extend(&self.0[file]);
            }
        }
        reached
    }

    /// What in `folder` (`""` for all of `src`) is against the order of its layers, topmost first.
    /// A layer names files and folders of `folder`; those on one line, with ` | ` between them,
    /// import none of each other. The folder's own face (`mod.rs`, `lib.rs`) stands above all.
    pub(crate) fn against(&self, folder: &str, layers: &[&str]) -> Vec<String> {
        let prefix = match folder {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let rank = |part: &str| {
            let mut lines = layers.iter();
            lines.position(|line| line.split(" | ").any(|name| name == part))
        };
        let part = |file: &'_ str| {
            let rest = file.strip_prefix(&prefix)?;
            let first = rest.split('/').next().unwrap_or(rest);
            Some(first.strip_suffix(".rs").unwrap_or(first).to_owned())
        };
        let is_face = |part: &str| ["mod", "lib", "main"].contains(&part);
        let mut wrong = Vec::new();
        let parts: BTreeSet<String> = self.0.keys().filter_map(|file| part(file)).collect();
        for part in parts.iter().filter(|part| !is_face(part)) {
            if rank(part).is_none() {
                wrong.push(format!("{prefix}{part} is in no layer"));
            }
        }
        for name in layers.iter().flat_map(|line| line.split(" | ")) {
            if !parts.contains(name) {
                wrong.push(format!("there is no {prefix}{name}"));
            }
        }
        for (file, imported) in &self.0 {
            let Some(from) = part(file).filter(|from| !is_face(from)) else {
                continue;
            };
            for other in imported {
                let Some(to) = part(other).filter(|to| *to != from) else {
                    continue;
                };
                if is_face(&to) || rank(&from) >= rank(&to) {
                    wrong.push(format!("{file} imports {other}"));
                }
            }
        }
        wrong
    }
}

/// One file.
struct Source {
    file: String,
    module: Module,
    tokens: Vec<Token>,
    /// Children that are declared for tests alone.
    test_children: Vec<String>,
}

impl Source {
    fn new(file: &str, text: &str) -> Self {
        let mut module: Module = file
            .trim_end_matches(".rs")
            .split('/')
            .map(str::to_owned)
            .collect();
        if ["mod", "lib", "main"].contains(&module.last().unwrap().as_str()) {
            module.pop();
        }
        let (tokens, test_children) = tokens::without_tests(&tokens::of(text));
        Self {
            file: file.to_owned(),
            module,
            tokens,
            test_children,
        }
    }

    fn test_modules(&self) -> Vec<Module> {
        let child = |name: &String| [&self.module[..], std::slice::from_ref(name)].concat();
        self.test_children.iter().map(child).collect()
    }

    /// The paths in the file that lead somewhere in the crate, from its root.
    fn paths(&self, files: &BTreeMap<&Module, &str>) -> Vec<Module> {
        let mut reader = Reader {
            tokens: &self.tokens,
            files,
            module: self.module.clone(),
            names: BTreeMap::new(),
            found: Vec::new(),
        };
        // A name may be used above its `use`: once for the names, and once for the rest.
        reader.read();
        reader.found.clear();
        reader.read();
        reader.found
    }
}

/// Reads the paths of one file.
struct Reader<'a> {
    tokens: &'a [Token],
    files: &'a BTreeMap<&'a Module, &'a str>,
    /// The module at the place that is read: the file's, or one in it.
    module: Module,
    /// Names that a `use` brought in, with what they stand for.
    names: BTreeMap<String, Module>,
    found: Vec<Module>,
}

impl Reader<'_> {
    fn word(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at)? {
            Token::Word(word) => Some(word),
            Token::Sign(_) => None,
        }
    }

    fn is(&self, at: usize, sign: &str) -> bool {
        matches!(self.tokens.get(at), Some(Token::Sign(found)) if *found == sign)
    }

    fn read(&mut self) {
        // How deep the braces are, and where modules within the file began.
        let mut depth = 0;
        let mut inner: Vec<usize> = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            match self.word(at) {
                Some("use") if !self.is(at + 1, "<") => {
                    at = self.tree(at + 1, &[]);
                    continue;
                }
                Some("mod") if self.is(at + 2, "{") => {
                    let name = self.word(at + 1).unwrap_or_default().to_owned();
                    self.module.push(name);
                    inner.push(depth);
                    depth += 1;
                    at += 3;
                    continue;
                }
                Some(_) if !self.is_inside_path(at) && !self.is_visibility(at) => {
                    let (path, end) = self.path(at);
                    if path.len() > 1 {
                        self.found.extend(self.resolved(&path));
                    }
                    at = end;
                    continue;
                }
                None if self.is(at, "{") => depth += 1,
                None if self.is(at, "}") => {
                    depth -= 1;
                    if inner.last() == Some(&depth) {
                        inner.pop();
                        self.module.pop();
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn is_inside_path(&self, at: usize) -> bool {
        at > 0 && self.is(at - 1, "::")
    }

    /// `pub(in crate::a)`: says who may import, and imports nothing.
    fn is_visibility(&self, at: usize) -> bool {
        at > 2
            && self.word(at - 1) == Some("in")
            && self.is(at - 2, "(")
            && self.word(at - 3) == Some("pub")
    }

    /// The words of a path that begins here, and where it ends.
    fn path(&self, at: usize) -> (Vec<String>, usize) {
        let mut words = Vec::new();
        let mut at = at;
        while let Some(word) = self.word(at) {
            words.push(word.to_owned());
            at += 1;
            if !self.is(at, "::") || self.word(at + 1).is_none() {
                break;
            }
            at += 1;
        }
        (words, at)
    }

    /// One branch of a `use`, after `before`; gives where it ends.
    fn tree(&mut self, at: usize, before: &[String]) -> usize {
        // `use ::name`: another crate.
        let is_foreign = self.is(at, "::");
        let (words, mut at) = self.path(if is_foreign { at + 1 } else { at });
        let path = [before, &words].concat();
        if self.is(at, "::") {
            at += 1;
        }
        if self.is(at, "{") {
            at += 1;
            while at < self.tokens.len() && !self.is(at, "}") {
                at = if self.is(at, ",") {
                    at + 1
                } else {
                    self.tree(at, &path)
                };
            }
            return at + 1;
        }
        if self.is(at, "*") {
            at += 1;
        }
        let mut path = path;
        if path.last().is_some_and(|word| word == "self") && path.len() > 1 {
            path.pop();
        }
        let mut name = path.last().cloned();
        if self.word(at) == Some("as") {
            name = self.word(at + 1).map(str::to_owned);
            at += 2;
        }
        if !is_foreign && let Some(target) = self.resolved(&path) {
            self.found.push(target.clone());
            self.names.extend(name.map(|name| (name, target)));
        }
        // What cannot be read is stepped over.
        if self.is(at, ",") || self.is(at, "}") || self.is(at, ";") {
            at
        } else {
            at + 1
        }
    }

    /// A path from the crate's root; nothing where it leads out of the crate.
    fn resolved(&self, path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let child = |name: &String| [&self.module[..], std::slice::from_ref(name)].concat();
        let start = match first.as_str() {
            "crate" => Module::new(),
            "self" => self.module.clone(),
            "super" => {
                let ups = path.iter().take_while(|word| *word == "super").count();
                let base = self.module.get(..self.module.len().checked_sub(ups)?)?;
                return Some([base, &path[ups..]].concat());
            }
            name if self.files.contains_key(&child(first)) && !name.is_empty() => child(first),
            name => self.names.get(name)?.clone(),
        };
        Some([&start[..], rest].concat())
    }
}
