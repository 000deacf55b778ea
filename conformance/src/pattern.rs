//! Patterns of dotted ids such as `init.lang.*`: `*` matches any characters, including dots; `?`
//! matches one.

use regex::Regex;
use serde::Deserialize;
use std::str::FromStr;

/// A regular expression that is written in the source.
#[expect(
    clippy::expect_used,
    reason = "a mistake in it is a mistake in the program"
)]
pub fn literal(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a literal pattern")
}

/// Maximum number of ids that an error suggests.
const SUGGESTED: usize = 3;

/// An id, or a pattern of ids.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Whether the pattern matches this id.
    pub fn matches(&self, id: &str) -> bool {
        self.regex.is_match(id)
    }

    /// Whether the pattern matches this id or something above it: `callback` and `callback.told`
    /// cover `callback.told/buy/en`, `callback.to` does not.
    pub fn covers(&self, id: &str) -> bool {
        let mut above = id.match_indices(['.', '/']).map(|(at, _)| &id[..at]);
        self.matches(id) || above.any(|id| self.matches(id))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Rejects a pattern that matches none of the ids; the error suggests similar ones.
    pub fn check(&self, noun: &str, ids: &[&str]) -> Result<(), String> {
        if ids.iter().any(|id| self.matches(id)) {
            return Ok(());
        }
        self.unknown(noun, ids, "init.lang.*")
    }

    /// Rejects a pattern that neither matches nor [covers](Self::covers) any of the ids; the error
    /// suggests similar ones.
    pub fn check_covering(&self, noun: &str, ids: &[&str]) -> Result<(), String> {
        if ids.iter().any(|id| self.covers(id)) {
            return Ok(());
        }
        self.unknown(noun, ids, "callback.*")
    }

    fn unknown(&self, noun: &str, ids: &[&str], example: &str) -> Result<(), String> {
        let close = closest(&self.text, ids).join("`, `");
        let what = if self.text.contains(['*', '?']) {
            format!("no {noun} matches `{}`", self.text)
        } else {
            format!("unknown {noun} `{}`", self.text)
        };
        Err(format!(
            "{what}; expected an id or a pattern such as `{example}`; similar: `{close}`"
        ))
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("expected an id or a pattern such as `init.lang.*`".to_owned());
        }
        let escaped = regex::escape(text).replace(r"\*", ".*").replace(r"\?", ".");
        let regex = Regex::new(&format!("(?s)^{escaped}$")).map_err(|_| {
            "the pattern is too long; expected an id or a pattern such as `init.lang.*`".to_owned()
        })?;
        let text = text.to_owned();
        Ok(Self { text, regex })
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// The ids most similar to a text, best first.
pub fn closest<'i>(text: &str, ids: &[&'i str]) -> Vec<&'i str> {
    let mut ranked: Vec<(f64, &str)> = ids
        .iter()
        .map(|id| (strsim::jaro_winkler(text, id), *id))
        .collect();
    ranked.sort_by(|one, other| other.0.total_cmp(&one.0));
    ranked.dedup_by_key(|(_, id)| *id);
    let best = ranked.into_iter().map(|(_, id)| id);
    best.take(SUGGESTED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, id: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().matches(id)
    }

    #[test]
    fn a_star_is_any_characters_and_a_dot_is_a_dot() {
        assert!(matches("init.lang.*", "init.lang.required"));
        assert!(matches("init.*", "init.lang.required"));
        assert!(matches("*.required", "init.lang.required"));
        assert!(matches("init.lang.require?", "init.lang.required"));
        assert!(matches("*", "init.lang.required"));
        assert!(matches("init.lang.required", "init.lang.required"));
        assert!(!matches("init.lang", "init.lang.required"));
        assert!(!matches("init.lang.*", "init.language"));
        assert!(!matches("lang.*", "init.lang.required"));
        assert!(!matches("init.lang.[a-z]*", "init.lang.required"));
        assert!(matches("*/breaks/*", "a.b/breaks/one\nline"));
    }

    #[test]
    fn an_id_covers_what_belongs_to_it() {
        let covers = |pattern: &str, id: &str| pattern.parse::<Pattern>().unwrap().covers(id);
        let name = "callback.told/apply/buy/en";
        for pattern in [
            "callback",
            "callback.told",
            name,
            "*.told",
            "callback.told/*/en",
        ] {
            assert!(covers(pattern, name), "{pattern}");
        }
        for pattern in [
            "callback.to",
            "callback.",
            "told",
            "callback.told/fr",
            "token",
        ] {
            assert!(!covers(pattern, name), "{pattern}");
        }
        let ids = [name];
        let check = |text: &str| {
            text.parse::<Pattern>()
                .unwrap()
                .check_covering("scenario", &ids)
        };
        assert_eq!(check("callback"), Ok(()));
        let unknown = check("callback.tld").unwrap_err();
        assert!(
            unknown.starts_with("unknown scenario `callback.tld`"),
            "{unknown}"
        );
    }

    #[test]
    fn what_matches_nothing_is_told_with_what_comes_close() {
        let ids = ["token.response.scope", "init.lang.required", "http.head"];
        let check = |text: &str| text.parse::<Pattern>().unwrap().check("clause", &ids);
        assert_eq!(check("init.*"), Ok(()));
        let unknown = check("token.respons.scope").unwrap_err();
        assert!(
            unknown.starts_with("unknown clause `token.respons.scope`")
                && unknown.contains("similar: `token.response.scope`"),
            "{unknown}"
        );
        let nothing = check("init.lnag.*").unwrap_err();
        assert!(nothing.starts_with("no clause matches `init.lnag.*`"));
        assert!(" ".parse::<Pattern>().is_err());
    }
}
