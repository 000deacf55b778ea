//! JSON Schemas of an OpenAPI document in words.

use super::markdown::cell;
use serde_json::Value;
use std::fmt::Write as _;

/// An OpenAPI document, whose schemas refer to each other.
pub(super) struct Document {
    /// The document.
    pub(super) json: Value,
    /// Types that another page describes, with the address there.
    pub(super) elsewhere: Vec<(String, String)>,
}

impl Document {
    /// The schema that a schema refers to, with its name; the schema itself if it is no reference.
    pub(super) fn resolve<'a>(&'a self, schema: &'a Value) -> (Option<&'a str>, &'a Value) {
        let Some(name) = reference(schema) else {
            return (None, schema);
        };
        let found = &self.json["components"]["schemas"][name];
        assert!(found.is_object(), "no schema `{name}`");
        (Some(name), found)
    }

    /// The type of a value, in words; named types are links.
    pub(super) fn kind(&self, schema: &Value) -> String {
        if let Some(name) = reference(schema) {
            let address = self.elsewhere.iter().find(|(known, _)| known == name);
            return match address {
                Some((_, address)) => format!("[{name}]({address})"),
                None => format!("[{name}](#{})", name.to_lowercase()),
            };
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(options) = schema[key].as_array() {
                let kinds: Vec<String> = options.iter().map(|it| self.kind(it)).collect();
                return kinds.join(" or ");
            }
        }
        if let Some(word) = schema.get("const") {
            return code(word);
        }
        if let Some(words) = schema["enum"].as_array() {
            return words.iter().map(code).collect::<Vec<_>>().join(", ");
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => return "any JSON".to_owned(),
        };
        let words: Vec<String> = types.iter().map(|name| self.simple(name, schema)).collect();
        words.join(" or ")
    }

    fn simple(&self, name: &str, schema: &Value) -> String {
        match name {
            "string" if schema["format"] == "date-time" => "date and time (RFC 3339)".to_owned(),
            "array" => format!("list of {}", self.kind(&schema["items"])),
            "object" if schema["additionalProperties"].is_object() => {
                let values = self.kind(&schema["additionalProperties"]);
                format!("object of {values} values")
            }
            other => other.to_owned(),
        }
    }

    /// The members of an object, or the alternatives of a type, as Markdown.
    pub(super) fn body(&self, schema: &Value) -> String {
        let mut text = String::new();
        if let Some(members) = schema["properties"].as_object() {
            text.push_str("| member | type | required | meaning |\n|---|---|---|---|\n");
            let required = schema["required"].as_array();
            for (name, member) in members {
                let needed = required.is_some_and(|it| it.iter().any(|it| it == name));
                let _ = writeln!(
                    text,
                    "| `{name}` | {} | {} | {} |",
                    cell(&self.kind(member)),
                    if needed { "yes" } else { "" },
                    self.meaning(member)
                );
            }
        } else if let Some(options) = schema["oneOf"].as_array() {
            if options.iter().all(|it| it["type"] == "string") {
                text.push_str("| value | meaning |\n|---|---|\n");
                for option in options {
                    let _ = writeln!(text, "| {} | {} |", self.kind(option), said(option));
                }
            } else {
                for (at, option) in options.iter().enumerate() {
                    let what = said(option);
                    let lead = if at == 0 { "Either" } else { "Or" };
                    let _ = writeln!(text, "{lead}: {what}\n\n{}", self.body(option));
                }
            }
        } else {
            let _ = writeln!(text, "{}.", self.kind(schema));
        }
        text
    }

    /// What a member means: its own description, or that of its type; and its default.
    fn meaning(&self, member: &Value) -> String {
        let own = said(member);
        let mut meaning = if own.is_empty() {
            said(self.resolve(member).1)
        } else {
            own
        };
        // Empty objects and lists are not worth mentioning.
        let default = member.get("default");
        if let Some(default) = default.filter(|it| !it.is_object() && !it.is_array()) {
            let _ = write!(meaning, " Default: {}.", code(default));
        }
        meaning
    }

    /// The names of the types that a schema mentions, in order.
    pub(super) fn mentions(&self, schema: &Value, found: &mut Vec<String>) {
        if let Some(name) = reference(schema) {
            let known = self.elsewhere.iter().any(|(known, _)| known == name);
            if !known && !found.iter().any(|it| it == name) {
                found.push(name.to_owned());
                self.mentions(self.resolve(schema).1, found);
            }
            return;
        }
        match schema {
            Value::Object(members) => members.values().for_each(|it| self.mentions(it, found)),
            Value::Array(items) => items.iter().for_each(|it| self.mentions(it, found)),
            _ => {}
        }
    }
}

/// The name of the type that a schema refers to.
pub(super) fn reference(schema: &Value) -> Option<&str> {
    let path = schema["$ref"].as_str()?;
    Some(path.rsplit('/').next().unwrap_or(path))
}

/// A schema's description in a table cell.
pub(super) fn said(schema: &Value) -> String {
    cell(schema["description"].as_str().unwrap_or_default())
}

/// A JSON value as code.
pub(super) fn code(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}
