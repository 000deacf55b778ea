//! A body schema in one dialect, and its validator.

use crate::contract::Contract;
use crate::dialect::Dialect;
use crate::load::{self, LoadError};
use crate::parameters::node::Flat;
use crate::resolve;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::OnceLock;

/// A body schema with the dialect's answers filled in.
pub(crate) struct Body {
    /// The schema.
    pub schema: Value,
    /// The position of each parameter in the contract's order.
    pub ranks: HashMap<String, usize>,
    validator: OnceLock<jsonschema::Validator<Flat>>,
}

impl Body {
    /// The schema `name`, with only the constraints whose clause holds.
    pub fn new(
        contract: &Contract,
        dialect: &Dialect,
        name: &str,
        holds: &dyn Fn(&str) -> bool,
    ) -> Result<Self, LoadError> {
        let missing = || LoadError::new(format!("bodies/{name}.json"), "the file is missing");
        let raw = contract.bodies.get(name).ok_or_else(missing)?;
        let schema = resolve::resolve(raw, dialect, holds);
        let properties = schema.get("properties").and_then(Value::as_object);
        let names = properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone());
        Ok(Self {
            ranks: names.zip(0..).collect(),
            validator: OnceLock::new(),
            schema,
        })
    }

    /// Compiles the validator now: the answers of a user's dialect may not compile.
    pub fn compile(&self) -> Result<(), String> {
        let validator = load::validator(&self.schema)?;
        self.validator.get_or_init(|| validator);
        Ok(())
    }

    /// The validator, compiled on first use: most bodies never need theirs.
    pub fn validator(&self) -> &jsonschema::Validator<Flat> {
        #[expect(
            clippy::expect_used,
            reason = "compile() checked those of a user's dialect and the tests the shipped ones; response schemas use no pattern of a dialect"
        )]
        self.validator
            .get_or_init(|| load::validator(&self.schema).expect("the schema compiles"))
    }
}
