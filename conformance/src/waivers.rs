//! Waivers: known failures, each with a reason, perhaps for some cases only, perhaps until a day. A
//! waiver must be needed. What a waiver is about, a clause of the API or a check of a shop, is the
//! caller's.

use crate::pattern::Pattern;
use anyhow::{Context as _, bail};
use jiff::civil::Date;
use serde::Deserialize;
use std::path::Path;
use toml::Spanned;

/// The failures that are allowed.
#[derive(Debug, Clone, Default)]
pub struct Waivers(Vec<Waiver>);

/// A failure that is allowed.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// File and line, for its reader.
    place: String,
    clause: Pattern,
    case: Option<Pattern>,
    reason: String,
}

/// What the waivers say about something that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excuse {
    /// Every failing case is allowed; the reason.
    All(String),
    /// Some are; how many, and the first that is not.
    Some(usize, String),
    /// None is.
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    waivers: Vec<Spanned<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    clause: Spanned<String>,
    case: Option<Spanned<String>>,
    reason: Spanned<String>,
    expires: Option<Spanned<toml::Value>>,
}

impl Waivers {
    /// Reads a TOML file of `[[waivers]]` with `clause`, `reason`, and perhaps `case` and
    /// `expires`. `noun` is what the waivers are about, `ids` all that there are. A waiver holds on
    /// the day on which it expires, by the clock of UTC.
    pub fn read(path: &Path, noun: &str, ids: &[&str]) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("--waivers: {name}"))?;
        let utc = jiff::tz::TimeZone::UTC;
        let today = jiff::Timestamp::now().to_zoned(utc).date();
        Self::of(&name, &text, noun, ids, today)
    }

    fn of(name: &str, text: &str, noun: &str, ids: &[&str], today: Date) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text).with_context(|| name.to_owned())?;
        let mut waivers = Vec::new();
        for row in file.waivers {
            // The table's span begins at its header, or at its first key.
            let place = format!("{name}:{}", line(text, row.span().start));
            let row = row.into_inner();
            let at = |key: &str, start: usize| format!("{name}:{}: {key}", line(text, start));
            let clause_at = at("clause", row.clause.span().start);
            let clause = pattern(row.clause.as_ref(), noun, Some(ids), &clause_at)?;
            let case = row.case.map(|case| {
                let case_at = at("case", case.span().start);
                pattern(case.as_ref(), "case", None, &case_at)
            });
            let reason_at = at("reason", row.reason.span().start);
            let reason = row.reason.into_inner().trim().to_owned();
            if reason.is_empty() {
                bail!(
                    "{reason_at}: missing for `{}`; say why it may fail",
                    clause.as_str()
                );
            }
            if let Some(expires) = row.expires {
                let expires_at = at("expires", expires.span().start);
                let last = date(expires.as_ref())
                    .with_context(|| format!("{expires_at}: expected a date, `2027-01-31`"))?;
                if last < today {
                    bail!(
                        "{expires_at}: the waiver for `{}` expired on {last}, and today is \
                         {today}; give it a later date, or remove it",
                        clause.as_str()
                    );
                }
            }
            waivers.push(Waiver {
                place,
                clause,
                case: case.transpose()?,
                reason,
            });
        }
        Ok(Self(waivers))
    }

    /// What the waivers say about something that failed in these cases.
    pub fn excuse<'c>(&self, id: &str, cases: impl IntoIterator<Item = &'c str>) -> Excuse {
        let mut reasons: Vec<&str> = Vec::new();
        let mut waived = 0;
        let mut first = None;
        for case in cases {
            match self.0.iter().find(|waiver| waiver.covers(id, case)) {
                Some(it) => {
                    waived += 1;
                    if !reasons.contains(&it.reason.as_str()) {
                        reasons.push(&it.reason);
                    }
                }
                None => _ = first.get_or_insert_with(|| case.to_owned()),
            }
        }
        match first {
            _ if waived == 0 => Excuse::None,
            Some(first) => Excuse::Some(waived, first),
            None => Excuse::All(reasons.join("; ")),
        }
    }

    /// The waivers that nothing needed, with their places. `failed` says whether something with
    /// this id failed in a case that the second argument accepts; `open` whether it is not known if
    /// it would have.
    pub fn unused(
        &self,
        failed: impl Fn(&dyn Fn(&str) -> bool, &dyn Fn(&str) -> bool) -> bool,
        open: impl Fn(&dyn Fn(&str) -> bool) -> bool,
    ) -> Vec<String> {
        let unused = self.0.iter().filter(|waiver| {
            let about = |id: &str| waiver.clause.matches(id);
            let case = |case: &str| waiver.case.as_ref().is_none_or(|it| it.matches(case));
            !failed(&about, &case) && !open(&about)
        });
        let shown = unused.map(|waiver| {
            let case = waiver.case.as_ref();
            let case = case.map_or_else(String::new, |case| format!(", case {}", case.as_str()));
            format!("{}{case} ({})", waiver.clause.as_str(), waiver.place)
        });
        shown.collect()
    }
}

impl Waiver {
    fn covers(&self, id: &str, case: &str) -> bool {
        let case = self.case.as_ref().is_none_or(|it| it.matches(case));
        case && self.clause.matches(id)
    }
}

fn pattern(text: &str, noun: &str, ids: Option<&[&str]>, place: &str) -> anyhow::Result<Pattern> {
    let pattern: Result<Pattern, String> = text.parse();
    let checked = pattern.and_then(|pattern| {
        if let Some(ids) = ids {
            pattern.check(noun, ids)?;
        }
        Ok(pattern)
    });
    checked.map_err(|why| anyhow::anyhow!("{place}: {why}"))
}

/// A date, as TOML has it or as a text.
fn date(value: &toml::Value) -> Option<Date> {
    let text = match value {
        toml::Value::Datetime(date) => date.to_string(),
        toml::Value::String(text) => text.clone(),
        _ => return None,
    };
    // A time besides would promise an hour that nobody looks at.
    (text.len() == "2027-01-31".len()).then_some(())?;
    text.parse().ok()
}

/// The number of the line at this byte, from 1.
fn line(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    1 + before.matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: &[&str] = &["init.lang.required", "init.lang.values", "token.scope"];

    fn read(text: &str) -> anyhow::Result<Waivers> {
        let today = "2026-05-10".parse().unwrap();
        Waivers::of("waivers.toml", text, "clause", IDS, today)
    }

    #[test]
    fn mistakes_are_told_with_the_line_the_key_and_what_is_allowed() {
        let row = |rest: &str| format!("[[waivers]]\nclause = \"token.scope\"\n{rest}");
        for (text, words) in [
            (
                "\n[[waivers]]\nclause = \"token.scop\"\nreason = \"x\"".to_owned(),
                &[
                    "waivers.toml:3: clause: unknown clause `token.scop`",
                    "similar: `token.scope`",
                ][..],
            ),
            (
                "[[waivers]]\nreason = \"x\"\nclause = \"refund.*\"".to_owned(),
                &["waivers.toml:3: clause: no clause matches `refund.*`"],
            ),
            (row("reason = \" \""), &["waivers.toml:3: reason: missing"]),
            (
                row("reason = \"x\"\nexpires = 2026-05-09"),
                &[
                    "waivers.toml:4: expires:",
                    "`token.scope` expired on 2026-05-09",
                    "today is 2026-05-10",
                ],
            ),
            (
                row("expires = \"soon\"\nreason = \"x\""),
                &["waivers.toml:3: expires: expected a date, `2027-01-31`"],
            ),
            (
                row("expires = 2027-01-31T00:00:00Z\nreason = \"x\""),
                &["waivers.toml:3: expires: expected a date"],
            ),
            (row("reason = \"x\"\nuntil = 3"), &["line 4", "`until`"]),
            (row(""), &["reason"]),
            ("waivers = 3".to_owned(), &["waivers.toml", "line 1"]),
        ] {
            let error = format!("{:#}", read(&text).unwrap_err());
            for word in words {
                assert!(error.contains(word), "{text}: {error}");
            }
        }
        assert!(read(&row("reason = \"x\"\nexpires = 2026-05-10")).is_ok());
        assert!(read(&row("reason = \"x\"\nexpires = \"2026-05-11\"")).is_ok());
    }

    #[test]
    fn a_waiver_covers_what_it_names_and_nothing_else() {
        let waivers = read(
            "[[waivers]]\nclause = \"init.lang.*\"\ncase = \"*/breaks/*\"\nreason = \"ticket 1\"\n\
             [[waivers]]\nclause = \"token.scope\"\nreason = \"ticket 2\"\n",
        )
        .unwrap();
        let excuse = |id, cases: &[&'static str]| waivers.excuse(id, cases.iter().copied());
        assert_eq!(
            excuse("init.lang.values", &["a/breaks/b"]),
            Excuse::All("ticket 1".to_owned())
        );
        assert_eq!(
            excuse("init.lang.values", &["a/breaks/b", "a/keeps/c"]),
            Excuse::Some(1, "a/keeps/c".to_owned())
        );
        assert_eq!(excuse("init.lang.values", &["a/keeps/c"]), Excuse::None);
        assert_eq!(
            excuse("token.scope", &["any"]),
            Excuse::All("ticket 2".to_owned())
        );
        assert_eq!(excuse("init.amount", &["any"]), Excuse::None);
        let unused = waivers.unused(
            |about, case| about("init.lang.required") && case("a/keeps/c"),
            |_| false,
        );
        assert_eq!(
            unused,
            [
                "init.lang.*, case */breaks/* (waivers.toml:1)",
                "token.scope (waivers.toml:5)"
            ]
        );
        assert!(waivers.unused(|_, _| false, |_| true).is_empty());
    }
}
