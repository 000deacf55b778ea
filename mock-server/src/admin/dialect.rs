//! A merchant's dialect: its answers to the questions that the documentation leaves open.

use crate::admin::ask::AdminRequest;
use crate::admin::merchants::{no_dialect, with};
use crate::admin::problem::{Answer, Problem, problem};
use crate::app::App;
use crate::events::What;
use crate::http::reply::Reply;
use flexiti_contract::dialect::Alternative;
use flexiti_contract::{Dialect, Rulebook};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The body of `PUT merchants/{client_id}/dialect`: the name of a shipped dialect, or a complete
/// dialect with a new name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DialectChange {
    /// Its name.
    pub name: String,
    /// Its purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The shipped dialect that provides the answers missing from `answers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// Answers by knob, as in a dialect file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Map<String, Value>>,
}

impl DialectChange {
    /// The shipped dialect with this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            extends: None,
            answers: None,
        }
    }
}

/// The dialects that a merchant can select by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DialectList {
    /// The default comes first; a dialect that the server was started with from a file comes last.
    pub dialects: Vec<DialectRow>,
}

/// A dialect's name and purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DialectRow {
    /// Its name.
    pub name: String,
    /// Its purpose.
    pub description: String,
}

/// A dialect with all its answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DialectView {
    /// Its name.
    pub name: String,
    /// Its purpose.
    pub description: String,
    /// The answer to every knob.
    pub answers: Map<String, Value>,
}

/// The questions that the documentation leaves open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KnobList {
    /// The knobs, in the order of the dialect files.
    pub knobs: Vec<Knob>,
}

/// A question and its known answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the word of the dialect files")]
pub struct Knob {
    /// Its name in a dialect's `answers`.
    pub knob: String,
    /// The question.
    pub question: String,
    /// The known answers, each with its evidence.
    pub alternatives: Vec<KnobAnswer>,
}

/// An answer to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KnobAnswer {
    /// The answer, as a dialect file gives it.
    pub answer: Value,
    /// The answer in words, if it is a pattern.
    pub words: Option<String>,
    /// `documented`, `example`, `client`, `pos-api` or `inferred`.
    pub evidence: String,
    /// Where the evidence is found.
    pub source: Vec<String>,
    /// The documented clauses that it contradicts.
    pub contradicts: Vec<String>,
}

/// The open questions and their known answers.
pub fn knobs(app: &App) -> KnobList {
    let answer = |known: &Alternative| KnobAnswer {
        answer: known.answer.clone(),
        words: known.words.clone(),
        evidence: known.evidence.as_str().to_owned(),
        source: known.source.clone(),
        contradicts: known.contradicts.clone(),
    };
    let rows = app.contract().knobs.iter().map(|row| Knob {
        knob: row.knob.clone(),
        question: row.question.clone(),
        alternatives: row.alternatives.iter().map(answer).collect(),
    });
    KnobList {
        knobs: rows.collect(),
    }
}

/// The dialects that a merchant can select by name.
pub fn list(app: &App) -> DialectList {
    let row = |dialect: &Dialect| DialectRow {
        name: dialect.name.clone(),
        description: dialect.description.clone(),
    };
    let names = app.contract().dialect_names();
    let shipped = names
        .iter()
        .filter_map(|name| app.contract().dialect(name).ok());
    let mut dialects: Vec<DialectRow> = shipped.map(|dialect| row(&dialect)).collect();
    let own = app.dialects.own();
    let own = own.dialect();
    if !names.contains(&own.name.as_str()) {
        dialects.push(row(own));
    }
    DialectList { dialects }
}

/// Shows a merchant's dialect.
pub fn show(app: &App, id: &str) -> Result<DialectView, Problem> {
    with(app, id, |merchant| view(merchant.rulebook.dialect()))
}

/// Gives a merchant another dialect, from its next request on. Tokens and orders stay valid.
pub fn set(app: &App, id: &str, change: &DialectChange) -> Result<DialectView, Problem> {
    let kept = with(app, id, |merchant| {
        let own = merchant.rulebook.dialect();
        let is_kept = is_same(own, change) && !app.dialects.has(&own.name);
        is_kept.then(|| view(own))
    })?;
    // Skip compiling, which takes milliseconds, if nothing changes.
    if let Some(kept) = kept {
        return Ok(kept);
    }
    let rulebook = compiled(app, change)?;
    let view = with(app, id, |merchant| {
        merchant.rulebook = rulebook;
        view(merchant.rulebook.dialect())
    })?;
    app.changed(What::Dialect, Some(id));
    Ok(view)
}

/// Whether a merchant already has this dialect, with all its answers.
fn is_same(own: &Dialect, change: &DialectChange) -> bool {
    change.extends.is_none()
        && change.name == own.name
        && change.description.as_ref() == Some(&own.description)
        && change.answers.as_ref() == Some(&own.answers)
}

fn compiled(app: &App, change: &DialectChange) -> Result<Arc<Rulebook>, Problem> {
    let name = &change.name;
    if change.answers.is_none() && change.extends.is_none() && change.description.is_none() {
        if !app.dialects.has(name) {
            return Err(no_dialect(app, "name", name));
        }
        let wrong =
            |error: anyhow::Error| problem(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}"));
        return app.dialects.get(name).map_err(wrong);
    }
    if app.dialects.has(name) {
        let message = format!("name: `{name}` is taken; give your own dialect another name");
        return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    let mut whole = serde_json::to_value(change).unwrap_or_default();
    // A dialect file needs a description; a test's dialect does not.
    if change.description.is_none() {
        whole["description"] = "A dialect of a test.".into();
    }
    if change.answers.is_none() {
        whole["answers"] = Value::Object(Map::new());
    }
    let wrong = |error: flexiti_contract::LoadError| {
        problem(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
    };
    let dialect = app.contract().dialect_from_json(whole).map_err(wrong)?;
    let rulebook = Rulebook::compile(app.contract(), dialect).map_err(wrong)?;
    Ok(Arc::new(rulebook))
}

fn view(dialect: &Dialect) -> DialectView {
    DialectView {
        name: dialect.name.clone(),
        description: dialect.description.clone(),
        answers: dialect.answers.clone(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the table's signature")]
pub(super) fn get_all(call: &AdminRequest<'_>) -> Answer {
    Ok(Reply::json(StatusCode::OK, &list(call.app)))
}

#[expect(clippy::unnecessary_wraps, reason = "the table's signature")]
pub(super) fn get_knobs(call: &AdminRequest<'_>) -> Answer {
    Ok(Reply::json(StatusCode::OK, &knobs(call.app)))
}

pub(super) fn get(call: &AdminRequest<'_>) -> Answer {
    Ok(Reply::json(StatusCode::OK, &show(call.app, call.id)?))
}

pub(super) fn put(call: &AdminRequest<'_>) -> Answer {
    let view = set(call.app, call.id, &call.body()?)?;
    Ok(Reply::json(StatusCode::OK, &view))
}
