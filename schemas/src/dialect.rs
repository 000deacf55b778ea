//! A dialect: one answer to every question that the documentation leaves open.

use crate::load::{self, LoadError, Sources, conforms};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::path::Path;

/// A named set of answers; complete once it has been loaded.
#[derive(Debug, Clone)]
pub struct Dialect {
    /// Its name in reports.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// It was shipped: the tests have compiled its schemas.
    pub(crate) trusted: bool,
    /// Every knob with its answer, in the order of `meta/dialect.schema.json`.
    pub answers: Map<String, Value>,
    /// The answers that code reads.
    pub knobs: Knobs,
}

/// The knobs that code reads; the others are filled into the schemas.
#[derive(Debug, Clone, Deserialize)]
#[expect(
    missing_docs,
    reason = "meta/dialect.schema.json states each knob as a question"
)]
pub struct Knobs {
    pub token_style: TokenStyle,
    pub token_type: TokenType,
    pub token_ttl: u32,
    pub refresh_ttl: u32,
    pub bearer_scheme: Lax,
    pub error_shape: ErrorShape,
    pub ids_as: IdsAs,
    pub response_members: Members,
    pub response_member_order: MemberOrder,
    pub first_order_id: u64,
    pub init_paths: InitPaths,
    pub init_encodings: InitEncodings,
    pub empty_value: EmptyValue,
    pub repeated_parameters: RepeatedParameters,
    pub cors: bool,
    pub role_refused_at: RefusedAt,
    pub flow_paths: FlowPaths,
    pub accept_basic: bool,
    pub merchant_order_id_alias: Alias,
    pub redirect_url_template: String,
    pub notification_unknown: UnknownOrder,
    pub notification_unfinished: Unfinished,
    pub apply_status_words: ApplyWords,
    pub purchase_status_words: PurchaseWords,
    pub purchase_block_name: PurchaseBlockName,
    pub purchase_block_without_purchase: PurchaseBlock,
    pub merchant_order_id_shared: SharedId,
    pub notification_callback_url: CallbackUrl,
    pub declined_goes_to: Destination,
    pub pending_goes_to: Destination,
    pub callback_params: CallbackParams,
    pub callback_lang: bool,
    pub checkout_ttl: u32,
    pub application_pin: String,
    pub pin_tries: u8,
    pub after_wrong_pins: AfterWrongPins,
    pub decision_without_key: Decided,
    pub calculator_rounding: Rounding,
    pub calculator_no_plan: NoPlan,
    pub availability_body: Value,
}

/// The words of `apply_status`, by how the application stands.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the outcomes")]
pub struct ApplyWords {
    pub approved: String,
    pub pending: String,
    pub declined: String,
    pub retry: String,
    pub cancelled: String,
    pub expired: String,
    pub unfinished: String,
}

/// The words of a purchase's status, by how it stands.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the outcomes")]
pub struct PurchaseWords {
    pub purchased: String,
    pub refused: String,
    pub cancelled: String,
    pub expired: String,
    pub unfinished: String,
}

macro_rules! answers {
    ($($(#[$meta:meta])* $name:ident { $($variant:ident),+ $(,)? })+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "the knob's row lists the answers with their evidence")]
        pub enum $name { $($variant),+ }
    )+ };
}

answers! {
    /// Answers to `token_style`.
    TokenStyle { Nos2, Nos3 }
    /// Answers to `bearer_scheme`.
    Lax { Exact, AnyCase }
    /// Answers to `error_shape`.
    ErrorShape { Doc, Pos, Union }
    /// Answers to `ids_as`.
    IdsAs { Integer, String }
    /// Answers to `response_members`.
    Members { Documented, More }
    /// Answers to `response_member_order`.
    MemberOrder { Documented, Reversed }
    /// Answers to `init_paths`.
    InitPaths { V2, Plain, Both }
    /// Answers to `init_encodings`.
    InitEncodings { Any, Form, Json }
    /// Answers to `empty_value`.
    EmptyValue { Absent, Value }
    /// Answers to `repeated_parameters`.
    RepeatedParameters { Refuse, Last }
    /// Answers to `role_refused_at`.
    RefusedAt { Token, Init, Both }
    /// Answers to `merchant_order_id_alias`.
    Alias { Accept, Ignore }
    /// Answers to `flow_paths`.
    FlowPaths { Any, ByFlow }
    /// Answers to `notification_unknown`.
    UnknownOrder { NotFound, Empty }
    /// Answers to `notification_unfinished`.
    Unfinished { WithoutBlocks, StatusWord, NotFound }
    /// Answers to `purchase_block_name`.
    PurchaseBlockName { Purchase, Buy }
    /// Answers to `purchase_block_without_purchase`.
    PurchaseBlock { Absent, Refused }
    /// Answers to `merchant_order_id_shared`.
    SharedId { Newest, Oldest, Refuse }
    /// Answers to `notification_callback_url`.
    CallbackUrl { Empty, Visited }
    /// Answers to `declined_goes_to` and `pending_goes_to`.
    Destination { Success, Error }
    /// Answers to `callback_params`.
    CallbackParams { None, OrderId, OrderIdAndAuthToken }
    /// Answers to `after_wrong_pins`.
    AfterWrongPins { Cancelled, Refused }
    /// Answers to `decision_without_key`.
    Decided { Approved, Pending, Declined }
    /// Answers to `calculator_rounding`.
    Rounding { HalfUp, Down }
    /// Answers to `calculator_no_plan`.
    NoPlan { Empty, NotFound }
}

/// Answers to `token_type`, which differ only in case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum TokenType {
    /// `bearer`
    #[serde(rename = "bearer")]
    Lowercase,
    /// `Bearer`
    #[serde(rename = "Bearer")]
    Capitalized,
}

impl TokenType {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lowercase => "bearer",
            Self::Capitalized => "Bearer",
        }
    }
}

impl IdsAs {
    /// The JSON type of an id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::String => "string",
        }
    }
}

impl PurchaseBlockName {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Buy => "buy",
        }
    }
}

/// One knob that two dialects answer differently.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    /// The knob.
    pub knob: String,
    /// The question it answers.
    pub question: String,
    /// The answers of the two dialects.
    pub answers: [Value; 2],
    /// What supports which answer: `{"answer", "evidence", "source"}` rows.
    pub evidence: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    description: String,
    extends: Option<String>,
    answers: Map<String, Value>,
}

pub(crate) const SCHEMA: &str = "meta/dialect.schema.json";

impl Dialect {
    /// Reads a dialect from a data file; `file` is its name in messages.
    pub(crate) fn read(file: &str, value: Value, sources: &Sources) -> Result<Self, LoadError> {
        let schema = sources.json(SCHEMA)?;
        conforms(file, &value, &schema)?;
        Self::complete(file, value, &schema, sources)
    }

    /// Reads a shipped dialect; `None` if no shipped dialect has that name.
    pub(crate) fn shipped(name: &str, sources: &Sources) -> Option<Result<Self, LoadError>> {
        let path = format!("dialects/{name}.json");
        let value = sources.json(&path).ok()?;
        if !sources.is_trusted() {
            return Some(Self::read(&path, value, sources));
        }
        let schema = sources.json(SCHEMA);
        let read = schema.and_then(|schema| Self::complete(&path, value, &schema, sources));
        Some(read.map(|dialect| Self {
            trusted: true,
            ..dialect
        }))
    }

    /// A dialect from JSON that fits the schema.
    fn complete(
        file: &str,
        value: Value,
        schema: &Value,
        sources: &Sources,
    ) -> Result<Self, LoadError> {
        let raw: Raw =
            serde_json::from_value(value).map_err(|e| LoadError::new(file, e.to_string()))?;
        let mut answers = match raw.extends.as_deref() {
            None => Map::new(),
            Some(base) if base == raw.name => {
                return Err(LoadError::new(
                    file,
                    "at /extends: the dialect extends itself",
                ));
            }
            Some(base) => {
                let unknown = || {
                    let shipped: Vec<&str> = shipped_names().collect();
                    let shipped = shipped.join(", ");
                    let what = format!(
                        "at /extends: no dialect `{base}`; the shipped dialects are {shipped}"
                    );
                    Err(LoadError::new(file, what))
                };
                Self::shipped(base, sources)
                    .unwrap_or_else(unknown)?
                    .answers
            }
        };
        answers.extend(raw.answers);
        let missing: Vec<&str> = knob_rows(schema)
            .map(|(knob, _)| knob)
            .filter(|knob| !answers.contains_key(*knob))
            .collect();
        if !missing.is_empty() {
            return Err(LoadError::new(
                file,
                format!(
                    "at /answers: no answer to {}; add them, or \"extends\": \"documented\"",
                    missing.join(", ")
                ),
            ));
        }
        let answers: Map<String, Value> = knob_rows(schema)
            .map(|(knob, _)| (knob.to_owned(), answers[knob].clone()))
            .collect();
        let knobs = serde_json::from_value(Value::Object(answers.clone()))
            .map_err(|e| LoadError::new(file, e.to_string()))?;
        Ok(Self {
            name: raw.name,
            description: raw.description,
            trusted: false,
            answers,
            knobs,
        })
    }

    /// The answer to a knob, or to one entry of it (`max_lengths.vcc`); null if there is none.
    pub fn answer(&self, knob: &str) -> &Value {
        let mut parts = knob.split('.');
        let first = parts.next().and_then(|part| self.answers.get(part));
        parts
            .try_fold(first.unwrap_or(&Value::Null), |value, part| value.get(part))
            .unwrap_or(&Value::Null)
    }

    /// This dialect with one more answer, under the name `name+knob`.
    pub fn with_answer(
        &self,
        knob: &str,
        answer: Value,
        sources: &Sources,
    ) -> Result<Self, LoadError> {
        let mut answers = self.answers.clone();
        let (head, entry) = knob
            .split_once('.')
            .map_or((knob, None), |(h, e)| (h, Some(e)));
        match entry {
            None => answers.insert(head.to_owned(), answer),
            Some(entry) => answers
                .get_mut(head)
                .and_then(Value::as_object_mut)
                .and_then(|map| map.insert(entry.to_owned(), answer)),
        };
        let value = json!({"name": self.name, "description": self.description, "answers": answers});
        Self::read(&self.name, value, sources)
    }

    /// The dialect as a data file of its own, all answers spelled out.
    pub fn to_json(&self) -> Value {
        json!({"name": self.name, "description": self.description, "answers": self.answers})
    }

    /// The knobs that `self` and `other` answer differently, with the evidence for each side.
    pub fn diff(&self, other: &Self, sources: &Sources) -> Result<Vec<Answered>, LoadError> {
        let schema = sources.json(SCHEMA)?;
        Ok(knob_rows(&schema)
            .filter(|(knob, _)| self.answers[*knob] != other.answers[*knob])
            .map(|(knob, row)| Answered {
                knob: knob.to_owned(),
                question: row["description"].as_str().unwrap_or_default().to_owned(),
                answers: [self.answers[knob].clone(), other.answers[knob].clone()],
                evidence: row["x-evidence"].clone(),
            })
            .collect())
    }

    /// Reads a dialect file of a user.
    pub(crate) fn read_file(path: &Path, sources: &Sources) -> Result<Self, LoadError> {
        let file = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|e| LoadError::new(&file, e.to_string()))?;
        let value =
            serde_json::from_str(&text).map_err(|e| LoadError::new(&file, e.to_string()))?;
        Self::read(&file, value, sources)
    }
}

/// Names of the shipped dialects.
pub(crate) fn shipped_names() -> impl Iterator<Item = &'static str> {
    load::in_folder("dialects/")
        .filter_map(|path| path.strip_prefix("dialects/")?.strip_suffix(".json"))
}

/// Each knob with its row in the dialect schema.
pub(crate) fn knob_rows(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema
        .pointer("/properties/answers/properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(knob, row)| (knob.as_str(), row))
}
