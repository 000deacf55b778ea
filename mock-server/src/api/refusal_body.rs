//! The body of a refusal, in the dialect's shape. It is written directly: building a `Value` first
//! took 16k instructions instead of 4k.

use flexiti_contract::{ErrorShape, Msg, Refusal, Rulebook};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::fmt::Write as _;

/// What the body is made from.
pub struct RefusalBody<'b> {
    /// The contract in the merchant's dialect.
    pub rulebook: &'b Rulebook,
    /// The row of the contract's errors.
    pub refusal: &'b Refusal,
    /// The requested path.
    pub path: &'b str,
    /// The rows of `field_errors`; those without a value have null.
    pub fields: &'b [(&'b str, Msg, &'b Value)],
}

#[derive(Serialize)]
struct FieldError<'b> {
    param: &'b str,
    msg: Msg,
    #[serde(skip_serializing_if = "Value::is_null")]
    value: &'b Value,
}

impl Serialize for RefusalBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let message = self.refusal.message.as_str();
        let shape = self.rulebook.knobs().error_shape;
        let mut body = serializer.serialize_map(None)?;
        if matches!(shape, ErrorShape::Doc | ErrorShape::Union) {
            body.serialize_entry("code", &self.refusal.status.as_u16())?;
        }
        body.serialize_entry("error", &self.refusal.error)?;
        if shape.lists_fields() {
            if shape != ErrorShape::Pos {
                body.serialize_entry("error_description", message)?;
            }
            body.serialize_entry("message", message)?;
            body.serialize_entry("url", self.path)?;
            if !self.fields.is_empty() {
                let row = |&(param, msg, value)| FieldError { param, msg, value };
                let rows: Vec<FieldError<'_>> = self.fields.iter().map(row).collect();
                body.serialize_entry(self.rulebook.knobs().field_errors_name.as_str(), &rows)?;
            }
        } else if shape != ErrorShape::Pos {
            body.serialize_entry("error_description", &self.naming_fields())?;
        }
        body.end()
    }
}

impl RefusalBody<'_> {
    /// The message with the fields in it, for shapes without a list of fields.
    fn naming_fields(&self) -> String {
        let mut description = self.refusal.message.clone();
        for (at, (param, msg, _)) in self.fields.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let _ = write!(description, "{comma} {param}: {}", msg.as_str());
        }
        description
    }
}
