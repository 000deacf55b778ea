//! Checks the data files against each other: dangling names, missing rows, duplicate rows.

use crate::clause::{Check, ErrorKnob, ErrorSource};
use crate::contract::Contract;
use crate::dialect;
use crate::endpoint::Endpoint;
use crate::error::ErrorId;
use crate::expectation::Part;
use crate::lint::LintRule;
use crate::load::{LoadError, Sources};
use crate::resolve;
use crate::rule::Rule;
use serde_json::Value;
use std::collections::HashSet;

impl Contract {
    /// Loads a contract and checks it; the error names the offending file and key.
    pub fn load(sources: Sources) -> Result<Self, LoadError> {
        let contract = Self::read(sources)?;
        contract.check_names()?;
        contract.check_tags()?;
        contract.check_knobs()?;
        contract.check_lint()?;
        contract.check_expectations()?;
        contract.check_citations()?;
        Ok(contract)
    }

    fn check_names(&self) -> Result<(), LoadError> {
        let mut seen = HashSet::new();
        for clause in &self.clauses {
            let fail = |what: String| {
                Err(LoadError::new(
                    "clauses/",
                    format!("clause `{}`: {what}", clause.id),
                ))
            };
            if !seen.insert(clause.id.as_str()) {
                return fail("duplicate id".into());
            }
            if clause.check != Check::Request && Rule::from_id(&clause.id).is_none() {
                return fail("no rule of that name in the programs".into());
            }
            if clause.error == Some(ErrorSource::Id(ErrorId::WrongInputs)) && clause.msg.is_none() {
                return fail("/msg: missing, but `wrong_inputs` needs one".into());
            }
        }
        for rule in Rule::ALL {
            let row = self.clause(rule.id());
            if row.is_none_or(|clause| clause.check == Check::Request) {
                return Err(LoadError::new(
                    "clauses/",
                    format!("no row for the rule `{}`", rule.id()),
                ));
            }
        }
        for endpoint in Endpoint::ALL {
            let row = self.endpoints.iter().find(|row| row.id == *endpoint);
            let Some(row) = row else {
                return Err(LoadError::new(
                    "endpoints.json",
                    format!("no row for `{}`", endpoint.id()),
                ));
            };
            for body in [&row.request, &row.response] {
                if !self.bodies.contains_key(body) {
                    return Err(LoadError::new(
                        "endpoints.json",
                        format!("`{}`: no bodies/{body}.json", row.path),
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_tags(&self) -> Result<(), LoadError> {
        let mut tagged = HashSet::new();
        for (name, body) in &self.bodies {
            for tag in resolve::tags(body) {
                if self.clause(tag).is_none() {
                    return Err(LoadError::new(
                        format!("bodies/{name}.json"),
                        format!("x-clause: no clause `{tag}`"),
                    ));
                }
                tagged.insert(tag);
            }
        }
        for clause in &self.clauses {
            if clause.check != Check::Rule && !tagged.contains(clause.id.as_str()) {
                return Err(LoadError::new(
                    "bodies/",
                    format!("no constraint carries the clause `{}`", clause.id),
                ));
            }
        }
        Ok(())
    }

    fn check_knobs(&self) -> Result<(), LoadError> {
        for name in self.dialect_names() {
            self.dialect(name)?;
        }
        let documented = self.dialect("documented")?;
        let schema = self.sources().json(dialect::SCHEMA)?;
        let known = |knob: &str| {
            documented
                .answers
                .contains_key(knob.split('.').next().unwrap_or(knob))
        };
        for clause in &self.clauses {
            let fail = |what: String| {
                let what = format!("clause `{}`: {what}", clause.id);
                Err(LoadError::new("clauses/", what))
            };
            let mut named = clause.when.keys().chain(&clause.knobs);
            if let Some(knob) = named.find(|knob| !known(knob)) {
                return fail(format!("no knob `{knob}`"));
            }
            if let Some(ErrorSource::Knob(knob)) = &clause.error {
                let name = &knob.knob;
                if !known(name) {
                    return fail(format!("/error: no knob `{name}`"));
                }
                if let Err(what) = answers_are_errors(&schema, knob, clause.when.get(name)) {
                    return fail(format!("/error: knob `{name}`: {what}"));
                }
            }
        }
        for (name, body) in &self.bodies {
            let fail = |what: String| Err(LoadError::new(format!("bodies/{name}.json"), what));
            if let Some(knob) = resolve::knobs(body).into_iter().find(|knob| !known(knob)) {
                return fail(format!("no knob `{knob}`"));
            }
            for (knob, list) in resolve::mappings(body) {
                let stands =
                    |answer: &Value| answer.as_str().is_some_and(|it| list.contains_key(it));
                let answers = listed(&schema, knob).into_iter().flatten();
                if let Some(answer) = answers.into_iter().find(|answer| !stands(answer)) {
                    return fail(format!(
                        "knob `{knob}`: nothing stands for its answer {answer}"
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_lint(&self) -> Result<(), LoadError> {
        let fail = |what: String| Err(LoadError::new("lint.json", what));
        let mut seen = HashSet::new();
        for row in &self.lint {
            let id = row.id.id();
            if !seen.insert(row.id) {
                return fail(format!("rule `{id}`: duplicate id"));
            }
            if let Some(clause) = &row.clause
                && self.clause(clause).is_none()
            {
                return fail(format!("rule `{id}`: /clause: no clause `{clause}`"));
            }
        }
        match LintRule::ALL.iter().find(|rule| !seen.contains(*rule)) {
            Some(rule) => fail(format!("no row for the rule `{}`", rule.id())),
            None => Ok(()),
        }
    }

    /// Rejects an expectation without sources: a part without evidence, a value that is not a
    /// sample, an answer that contradicts an unknown clause.
    fn check_expectations(&self) -> Result<(), LoadError> {
        let fail = |what: String| Err(LoadError::new("expectations.json", what));
        for part in Part::ALL {
            let own = matches!(
                part,
                Part::Accepted | Part::Refused | Part::Status | Part::Error | Part::Content
            );
            let rows = self.expectations.parts.iter();
            let rows = rows.filter(|row| row.part == *part).count();
            if rows != usize::from(!own) {
                return fail(format!("/parts: {rows} rows for `{}`", part.id()));
            }
        }
        for row in &self.expectations.values {
            let Some(clause) = self.clause(&row.clause) else {
                return fail(format!("/values: no clause `{}`", row.clause));
            };
            let endpoint = clause.endpoints.first().copied().unwrap_or(Endpoint::Token);
            let samples = self.param(endpoint, &row.param).map(|param| &param.samples);
            let known = |value: &String| samples.is_some_and(|samples| samples.contains(value));
            let mut values = row.accepted.iter().chain(&row.refused);
            if let Some(value) = values.find(|value| !known(value)) {
                let param = &row.param;
                return fail(format!("/values: `{value}` is no sample of `{param}`"));
            }
        }
        for text in &self.expectations.texts {
            if self.clause(&text.clause).is_none() {
                return fail(format!("/texts: no clause `{}`", text.clause));
            }
        }
        for limit in &self.expectations.limits {
            if self.clause(&limit.clause).is_none() {
                return fail(format!("/limits: no clause `{}`", limit.clause));
            }
        }
        for row in &self.knobs {
            let named = row.alternatives.iter();
            let named = named.flat_map(|known| known.contradicts.iter().chain(&known.hides));
            if let Some(clause) = named.into_iter().find(|id| self.clause(id).is_none()) {
                let what = format!(
                    "knob `{}`: contradicts or hides no clause `{clause}`",
                    row.knob
                );
                return Err(LoadError::new(dialect::SCHEMA, what));
            }
        }
        Ok(())
    }

    /// Rejects a contract that uses a source without a title.
    fn check_citations(&self) -> Result<(), LoadError> {
        let mut known = HashSet::new();
        for row in &self.citations {
            if !known.insert(row.key.as_str()) {
                let what = format!("duplicate key `{}`", row.key);
                return Err(LoadError::new("sources.json", what));
            }
        }
        let fail = |file: &str, whose: String, key: &str| {
            let what = format!("{whose}: sources.json has no `{key}`");
            Err(LoadError::new(file, what))
        };
        let unknown = |keys: &[String]| {
            keys.iter()
                .find(|key| !known.contains(key.as_str()))
                .cloned()
        };
        for clause in &self.clauses {
            if let Some(key) = unknown(&clause.source) {
                return fail("clauses/", format!("clause `{}`", clause.id), &key);
            }
        }
        let parts = self.expectations.parts.iter().map(|row| &row.source);
        let limits = self.expectations.limits.iter().map(|row| &row.source);
        let values = self.expectations.values.iter().map(|row| &row.source);
        let texts = self.expectations.texts.iter().map(|row| &row.source);
        for sources in parts.chain(limits).chain(values).chain(texts) {
            if let Some(key) = unknown(sources) {
                return fail("expectations.json", "a row".to_owned(), &key);
            }
        }
        for (id, row) in self.errors.iter() {
            if let Some(key) = unknown(&row.source) {
                return fail("errors.json", format!("`{}`", id.id()), &key);
            }
        }
        for row in &self.endpoints {
            if let Some(key) = unknown(&row.source) {
                return fail("endpoints.json", format!("`{}`", row.path), &key);
            }
        }
        for row in &self.lint {
            if let Some(key) = unknown(&row.source) {
                return fail("lint.json", format!("`{}`", row.id.id()), &key);
            }
        }
        for row in self.scenarios()? {
            if let Some(key) = unknown(&row.source) {
                return fail("scenarios.json", format!("scenario `{}`", row.id), &key);
            }
        }
        let schema = self.sources().json("meta/dialect.schema.json")?;
        for (knob, row) in dialect::knob_rows(&schema) {
            let rows = row["x-evidence"].as_array().into_iter().flatten();
            let keys: Vec<String> = rows
                .filter_map(|row| row["source"].as_array())
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            if let Some(key) = unknown(&keys) {
                return fail("meta/dialect.schema.json", format!("knob `{knob}`"), &key);
            }
        }
        Ok(())
    }
}

/// The answers to a knob, if its row lists them.
fn listed<'s>(schema: &'s Value, knob: &str) -> Option<&'s Vec<Value>> {
    let row = dialect::knob_rows(schema).find(|(name, _)| *name == knob);
    row.and_then(|(_, row)| row["enum"].as_array())
}

/// Whether each possible answer to a knob, or each with which the clause holds, stands for an
/// error.
fn answers_are_errors(
    schema: &Value,
    knob: &ErrorKnob,
    when: Option<&Vec<Value>>,
) -> Result<(), String> {
    let answers = when.or_else(|| listed(schema, &knob.knob));
    let answers = answers.ok_or("meta/dialect.schema.json does not list its answers")?;
    let is_error = |answer: &Value| answer.as_str().and_then(|it| knob.error(it)).is_some();
    match answers.iter().find(|answer| !is_error(answer)) {
        Some(answer) => Err(format!("its answer {answer} is not an error id")),
        None => Ok(()),
    }
}
