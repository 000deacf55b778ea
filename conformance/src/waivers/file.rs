//! Reads files of waivers.

use super::waiver::{Waiver, Waivers};
use crate::pattern::Pattern;
use anyhow::{Context as _, anyhow, bail};
use flexiti_contract::readable;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;

/// What waivers are about, and the words for it in a file.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// The key, also used in messages: `clause` or `check`.
    pub noun: &'static str,
    /// All valid ids.
    pub ids: &'s [&'s str],
    /// The key that limits a waiver, also used in messages: `case` or `scenario`.
    pub case: &'static str,
    /// All valid names, if known before the run.
    pub cases: Option<&'s [&'s str]>,
    /// Whether a waiver must have an expiry date.
    pub must_expire: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    waivers: Vec<Spanned<BTreeMap<Spanned<String>, Spanned<toml::Value>>>>,
}

/// A table of the file, from which values are taken one by one.
struct Row<'f> {
    name: &'f str,
    text: &'f str,
    starts_at: usize,
    keys: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
}

impl Row<'_> {
    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.name, line(self.text, at))
    }

    /// A value and its position.
    fn take(&mut self, key: &str) -> Option<(String, toml::Value)> {
        let value = self.keys.remove(key)?;
        let place = format!("{}: {key}", self.place(value.span().start));
        Some((place, value.into_inner()))
    }

    /// A text and its position.
    fn text(&mut self, key: &str) -> anyhow::Result<Option<(String, String)>> {
        match self.take(key) {
            None => Ok(None),
            Some((place, toml::Value::String(text))) => Ok(Some((place, text))),
            Some((place, other)) => {
                bail!("{place}: `{other}` is not a text; expected one in quotation marks")
            }
        }
    }

    /// A required text.
    fn needed(&mut self, key: &str, why: &str) -> anyhow::Result<(String, String)> {
        let place = self.place(self.starts_at);
        let text = self.text(key)?;
        text.with_context(|| format!("{place}: {key}: missing; {why}"))
    }
}

impl Waivers {
    /// Reads a TOML file of `[[waivers]]` with the subject's key, `reason`, and optionally the key
    /// for cases and `expires`. A waiver is still valid on the day it expires, in UTC.
    pub fn read(path: &Path, subject: Subject<'_>) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("--waivers: {name}"))?;
        let utc = jiff::tz::TimeZone::UTC;
        let today = jiff::Timestamp::now().to_zoned(utc).date();
        Self::of(&name, &text, subject, today)
    }

    fn of(name: &str, text: &str, subject: Subject<'_>, today: Date) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text)
            .map_err(|error| anyhow!("{name}: {}", readable(error.to_string().trim_end())))?;
        let mut waivers = Vec::new();
        for row in file.waivers {
            // The table's span begins at its header, or at its first key.
            let starts_at = row.span().start;
            let keys = row.into_inner();
            let row = Row {
                name,
                text,
                starts_at,
                keys,
            };
            waivers.push(waiver(row, subject, today)?);
        }
        Ok(Self(waivers))
    }
}

fn waiver(mut row: Row<'_>, subject: Subject<'_>, today: Date) -> anyhow::Result<Waiver> {
    let Subject { noun, case, .. } = subject;
    let place = row.place(row.starts_at);
    let allowed = [noun, case, "reason", "expires"];
    let unknown = row
        .keys
        .keys()
        .find(|key| !allowed.contains(&key.as_ref().as_str()));
    if let Some(unknown) = unknown {
        bail!(
            "{}: unknown key `{}`; expected `{noun}`, `{case}`, `reason` or `expires`",
            row.place(unknown.span().start),
            unknown.as_ref()
        );
    }
    let (at, text) = row.needed(noun, &format!("say which {noun} may fail"))?;
    let clause = pattern(&text, |it| it.check(noun, subject.ids), &at)?;
    let is_case = |it: &Pattern| match subject.cases {
        Some(cases) => it.check_covering(case, cases),
        None => Ok(()),
    };
    let of = row.text(case)?;
    let of = of.map(|(at, text)| pattern(&text, is_case, &at));
    let why = format!("say why `{}` may fail", clause.as_str());
    let (at, reason) = row.needed("reason", &why)?;
    let reason = reason.trim().to_owned();
    if reason.is_empty() {
        bail!("{at}: missing; {why}");
    }
    let expires = row.take("expires");
    if expires.is_none() && subject.must_expire {
        bail!(
            "{place}: expires: missing for `{}`; expected the last day, `2027-01-31`",
            clause.as_str()
        );
    }
    let expires = expires.map(|(at, value)| {
        let last = date(&value)
            .with_context(|| format!("{at}: `{value}` is not a date, such as `2027-01-31`"))?;
        if last < today {
            bail!(
                "{at}: the waiver for `{}` expired on {last}, and today is {today}; give it a \
                 later date, or remove it",
                clause.as_str()
            );
        }
        Ok(last)
    });
    Ok(Waiver {
        place,
        clause,
        noun: subject.case,
        case: of.transpose()?,
        reason,
        expires: expires.transpose()?,
    })
}

/// Parses a pattern; `check` rejects one that matches nothing.
fn pattern(
    text: &str,
    check: impl Fn(&Pattern) -> Result<(), String>,
    place: &str,
) -> anyhow::Result<Pattern> {
    let pattern: Result<Pattern, String> = text.parse();
    let checked = pattern.and_then(|pattern| check(&pattern).map(|()| pattern));
    checked.map_err(|why| anyhow::anyhow!("{place}: {why}"))
}

/// A date, as a TOML date or a text.
fn date(value: &toml::Value) -> Option<Date> {
    let text = match value {
        toml::Value::Datetime(date) => date.to_string(),
        toml::Value::String(text) => text.clone(),
        _ => return None,
    };
    // A time of day would promise a precision that is never checked.
    (text.len() == "2027-01-31".len()).then_some(())?;
    text.parse().ok()
}

/// The line number of this byte, counted from 1.
fn line(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    1 + before.matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::super::Excuse;
    use super::*;

    const IDS: &[&str] = &["init.lang.required", "init.lang.values", "token.scope"];

    const SUBJECT: Subject<'_> = Subject {
        noun: "clause",
        ids: IDS,
        case: "case",
        cases: None,
        must_expire: false,
    };

    fn read(text: &str) -> anyhow::Result<Waivers> {
        let today = "2026-05-10".parse().unwrap();
        Waivers::of("waivers.toml", text, SUBJECT, today)
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
                &["waivers.toml:3: expires: `\"soon\"` is not a date, such as `2027-01-31`"],
            ),
            (
                row("expires = 2027-01-31T00:00:00Z\nreason = \"x\""),
                &["waivers.toml:3: expires:", "is not a date"],
            ),
            (
                row("reason = \"x\"\nuntil = 3"),
                &[
                    "waivers.toml:4: unknown key `until`",
                    "`clause`, `case`, `reason` or `expires`",
                ],
            ),
            (row(""), &["waivers.toml:1: reason: missing; say why"]),
            (
                row("reason = 3"),
                &["waivers.toml:3: reason: `3` is not a text"],
            ),
            (
                "[[waivers]]\nreason = \"x\"".to_owned(),
                &["waivers.toml:1: clause: missing; say which clause"],
            ),
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
    fn a_shops_waiver_names_its_last_day_and_a_scenario_that_there_is() {
        let subject = Subject {
            noun: "check",
            ids: &["belief", "order_doubled"],
            case: "scenario",
            cases: Some(&["callback.told/buy/en", "callback.told/apply/en"]),
            must_expire: true,
        };
        let today = "2026-05-10".parse().unwrap();
        let of = |scenario: &str, rest: &str| {
            let text = format!(
                "[[waivers]]\ncheck = \"belief\"\nscenario = \"{scenario}\"\nreason = \"x\"\n{rest}"
            );
            Waivers::of("w.toml", &text, subject, today)
        };
        let endless = of("callback.told", "").unwrap_err().to_string();
        assert!(endless.contains("w.toml:1: expires: missing for `belief`"));
        let unknown = of("callback.tld", "expires = 2027-01-31").unwrap_err();
        let unknown = unknown.to_string();
        assert!(
            unknown.contains("w.toml:3: scenario: unknown scenario `callback.tld`")
                && unknown.contains("similar: `callback.told/buy/en`"),
            "{unknown}"
        );
        // A scenario stands for all of its flows and languages.
        let known = of("callback.told", "expires = 2027-01-31").unwrap();
        assert_eq!(
            known.excuse("belief", ["callback.told/buy/en"]),
            Excuse::All("x (until 2027-01-31)".to_owned())
        );
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
            |_, _| false,
        );
        assert_eq!(
            unused,
            [
                "init.lang.*, case */breaks/* (waivers.toml:1)",
                "token.scope (waivers.toml:5)"
            ]
        );
        assert!(waivers.unused(|_, _| false, |_, _| true).is_empty());
    }
}
