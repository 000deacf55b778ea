//! Reads the data files; each is checked against its schema first. The tests check the shipped
//! files, so the programs need not do so at startup.

use crate::parameters::node::{Flat, FlatNode};
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A data file that cannot be used: which one, where in it, and why.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{file}: {what}")]
pub struct LoadError {
    /// The file, as the user knows it.
    pub file: String,
    /// Where in the file and what is wrong.
    pub what: String,
}

impl LoadError {
    /// An error about `file`.
    pub fn new(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            what: what.into(),
        }
    }
}

macro_rules! embedded {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../", $path))),)+]
    };
}

/// The data files embedded in this crate, by path.
const SHIPPED: &[(&str, &str)] = embedded![
    "meta/clauses.schema.json",
    "meta/dialect.schema.json",
    "meta/endpoints.schema.json",
    "meta/errors.schema.json",
    "meta/expectations.schema.json",
    "meta/lint.schema.json",
    "meta/response_keys.schema.json",
    "meta/scenarios.schema.json",
    "meta/sources.schema.json",
    "endpoints.json",
    "errors.json",
    "expectations.json",
    "lint.json",
    "response_keys.json",
    "scenarios.json",
    "sources.json",
    "clauses/http.json",
    "clauses/token.json",
    "clauses/auth.json",
    "clauses/init.json",
    "clauses/notification.json",
    "clauses/checkout.json",
    "clauses/messaging.json",
    "bodies/token.request.json",
    "bodies/token.response.json",
    "bodies/init.request.json",
    "bodies/init.response.json",
    "bodies/notification.request.json",
    "bodies/notification.response.json",
    "bodies/calculator.request.json",
    "bodies/calculator.response.json",
    "bodies/availability.request.json",
    "bodies/availability.response.json",
    "bodies/learn_more.request.json",
    "bodies/error.doc.json",
    "bodies/error.oauth2.json",
    "bodies/error.pos.json",
    "bodies/error.union.json",
    "dialects/documented.json",
    "dialects/lenient.json",
    "dialects/strict.json",
    "dialects/hyperswitch.json",
];

/// The texts of the data files, by path.
#[derive(Clone)]
pub struct Sources {
    files: BTreeMap<Cow<'static, str>, Cow<'static, str>>,
    /// Whether the files were checked before.
    trusted: bool,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.files.keys()).finish()
    }
}

impl Sources {
    /// The files embedded in this crate.
    pub fn shipped() -> Self {
        let file = |(path, text): &(&'static str, &'static str)| ((*path).into(), (*text).into());
        Self {
            files: SHIPPED.iter().map(file).collect(),
            trusted: false,
        }
    }

    /// The shipped files without further checks, as the tests have checked them.
    pub(crate) fn trusted() -> Self {
        Self {
            trusted: true,
            ..Self::shipped()
        }
    }

    /// Whether the files need no check.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// Replaces the text of a file, for tests of the loader.
    pub fn replace(&mut self, path: &str, text: String) {
        self.trusted = false;
        self.files.insert(path.to_owned().into(), text.into());
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Result<&str, LoadError> {
        self.files
            .get(path)
            .map(|text| &**text)
            .ok_or_else(|| LoadError::new(path, "the file is missing"))
    }

    /// SHA-256 over the paths and texts of all files, in hexadecimal.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (path, text) in &self.files {
            // Lengths first, so that no other division into files has the same digest.
            for part in [path, text] {
                hash.update(part.len().to_le_bytes());
                hash.update(part.as_bytes());
            }
        }
        let bytes = hash.finalize();
        bytes.iter().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        })
    }

    /// A file as JSON.
    pub fn json(&self, path: &str) -> Result<Value, LoadError> {
        serde_json::from_str(self.text(path)?).map_err(|e| LoadError::new(path, e.to_string()))
    }

    /// A file as `T`, checked against its schema.
    pub(crate) fn checked<T: DeserializeOwned>(
        &self,
        path: &str,
        schema: &str,
    ) -> Result<T, LoadError> {
        if !self.trusted {
            conforms(path, &self.json(path)?, &self.json(schema)?)?;
        }
        serde_json::from_str(self.text(path)?).map_err(|e| LoadError::new(path, e.to_string()))
    }

    /// The rows of a file as `T`, checked against its schema; an error names the row by its `id`.
    pub(crate) fn checked_rows<T: DeserializeOwned>(
        &self,
        path: &str,
        schema: &str,
    ) -> Result<Vec<T>, LoadError> {
        if self.trusted {
            return self.checked(path, schema);
        }
        let row = |row: Value| {
            let id = row["id"].as_str().unwrap_or_default().to_owned();
            serde_json::from_value(row)
                .map_err(|error| LoadError::new(path, format!("row `{id}`: {error}")))
        };
        let rows: Vec<Value> = self.checked(path, schema)?;
        rows.into_iter().map(row).collect()
    }
}

/// The paths of the shipped files in a folder, in listed order.
pub(crate) fn in_folder(folder: &str) -> impl Iterator<Item = &'static str> {
    SHIPPED
        .iter()
        .map(|(path, _)| *path)
        .filter(move |path| path.starts_with(folder))
}

/// Checks `value` against `schema`; the error names the first offending key and what is allowed.
pub(crate) fn conforms(file: &str, value: &Value, schema: &Value) -> Result<(), LoadError> {
    let validator = validator(schema).map_err(|what| LoadError::new(file, what))?;
    let errors: Vec<_> = validator.iter_errors(FlatNode::Json(value)).collect();
    let unknown_key = |error: &&jsonschema::ValidationError<'_>| {
        matches!(
            error.kind(),
            ValidationErrorKind::AdditionalProperties { .. }
        )
    };
    // A misspelled key also leaves one missing: report the misspelling.
    match errors.iter().find(unknown_key).or(errors.first()) {
        None => Ok(()),
        Some(error) => Err(LoadError::new(file, describe(error, schema))),
    }
}

/// Compiles a schema the way the whole contract is compiled: formats are asserted, and patterns run
/// in linear time.
pub(crate) fn validator(schema: &Value) -> Result<Validator<Flat>, String> {
    jsonschema::options_for::<Flat>()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(schema)
        .map_err(|error| format!("{error} (at {})", error.instance_path()))
}

/// Maximum number of keys to list for an unknown one that has a likely correction.
const LISTED: usize = 20;

fn describe(error: &jsonschema::ValidationError<'_>, schema: &Value) -> String {
    let pointer = error.instance_path().to_string();
    let pointer = if pointer.is_empty() { "/" } else { &pointer };
    let mut what = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("at {pointer}: unknown key `{}`", unexpected.join("`, `"))
        }
        _ => format!("at {pointer}: {error}"),
    };
    if let Some(allowed) = schema
        .pointer(error.schema_path().as_str())
        .and(schema.pointer(parent(error.schema_path().as_str())))
    {
        if let Some(properties) = allowed.get("properties").and_then(Value::as_object)
            && let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind()
        {
            let keys: Vec<&str> = properties.keys().map(String::as_str).collect();
            let near = unexpected.first().and_then(|key| nearest(key, &keys));
            let _ = match near {
                // A short list is more helpful.
                Some(near) if keys.len() > LISTED => write!(what, "; did you mean `{near}`?"),
                _ => write!(what, "; allowed are {}", keys.join(", ")),
            };
        }
        if let Some(question) = allowed.get("description").and_then(Value::as_str) {
            let _ = write!(what, " ({question})");
        }
    }
    what
}

/// The key that was probably mistyped: the one with the fewest letter changes, if few.
fn nearest<'k>(typed: &str, keys: &[&'k str]) -> Option<&'k str> {
    let most = typed.len() / 4 + 1;
    let changes = keys.iter().map(|key| (changes(typed, key), *key));
    let (count, key) = changes.min()?;
    (count <= most).then_some(key)
}

/// The edit distance: how many letters to insert, delete or replace to turn one text into another.
fn changes(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.chars().enumerate() {
        let mut before = row[0];
        row[0] = at + 1;
        for (place, other) in to.iter().enumerate() {
            let replaced = before + usize::from(*other != letter);
            before = row[place + 1];
            row[place + 1] = replaced.min(before + 1).min(row[place] + 1);
        }
    }
    row[to.len()]
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(head, _)| head)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_key_that_was_mistyped_is_named() {
        let keys = ["token_ttl", "token_type", "refresh_ttl", "ids_as"];
        for (typed, meant) in [
            ("token_tl", Some("token_ttl")),
            ("tokenttl", Some("token_ttl")),
            ("token_typ", Some("token_type")),
            ("id_as", Some("ids_as")),
            ("expires_in", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, &keys), meant, "{typed}");
        }
    }
}
