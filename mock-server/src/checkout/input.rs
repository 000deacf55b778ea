//! The inputs of a page's forms.

use crate::checkout::form::Field;
use crate::checkout::steps::Errors;
use crate::checkout::words::{PROVINCES, Words};
use crate::model::visit::Visit;
use flexiti_contract::Lang;
use serde_json::{Map, Value};

pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) mode: Option<&'static str>,
    pub(super) autocomplete: &'static str,
    pub(super) optional: bool,
    pub(super) label: &'static str,
    pub(super) hint: Option<&'static str>,
    pub(super) value: String,
    pub(super) error: Option<String>,
    pub(super) described: String,
    pub(super) options: Vec<(&'static str, &'static str)>,
}

impl Input {
    /// The input of a field, filled with what the customer typed, or else with what the shop sent.
    pub(super) fn of_field(
        field: &'static Field,
        words: &'static Words,
        visit: &Visit,
        sent: &Map<String, Value>,
        errors: &Errors,
    ) -> Self {
        let typed = visit.typed.get(field.name).cloned();
        let prefilled = || {
            let value = sent.get(field.name).and_then(Value::as_str)?;
            Some(if field.name == "province" {
                value.to_ascii_uppercase()
            } else {
                value.to_owned()
            })
        };
        let is_french = words.lang == Lang::Fr;
        let province = |(code, english, french): &(&'static str, &'static str, &'static str)| {
            (*code, if is_french { *french } else { *english })
        };
        let input = Self {
            name: field.name,
            kind: field.input,
            mode: None,
            autocomplete: field.autocomplete,
            optional: field.optional,
            label: (field.label)(words),
            hint: field.hint.map(|hint| hint(words)),
            value: typed.or_else(prefilled).unwrap_or_default(),
            error: None,
            described: String::new(),
            options: if field.input == "select" {
                PROVINCES.iter().map(province).collect()
            } else {
                Vec::new()
            },
        };
        input.told(errors)
    }

    /// An empty input for a number.
    pub(super) fn of_number(
        name: &'static str,
        label: &'static str,
        autocomplete: &'static str,
        hint: Option<&'static str>,
        errors: &Errors,
    ) -> Self {
        let input = Self {
            name,
            kind: "text",
            mode: Some("numeric"),
            autocomplete,
            optional: false,
            label,
            hint,
            value: String::new(),
            error: None,
            described: String::new(),
            options: Vec::new(),
        };
        input.told(errors)
    }

    /// Adds the error for this input.
    fn told(mut self, errors: &Errors) -> Self {
        self.error = errors.get(self.name).map(|wrong| Words::beside(wrong));
        self.described = described(self.name, self.hint.is_some(), self.error.is_some());
        self
    }
}

/// The ids of the elements that describe an input.
fn described(name: &str, hint: bool, error: bool) -> String {
    let mut ids = Vec::new();
    if hint {
        ids.push(format!("{name}-hint"));
    }
    if error {
        ids.push(format!("{name}-error"));
    }
    ids.join(" ")
}
