//! A body schema in one dialect, and its validators.

use crate::contract::Contract;
use crate::dialect::Dialect;
use crate::load::{self, LoadError};
use crate::parameters::node::Flat;
use crate::resolve;
use jsonschema::Validator;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::OnceLock;

/// A body schema with the dialect's answers filled in.
pub(crate) struct Body {
    /// The schema.
    pub schema: Value,
    /// The position of each parameter in the contract's order.
    pub ranks: HashMap<String, usize>,
    whole: OnceLock<Validator<Flat>>,
    parts: OnceLock<Parts>,
}

/// The validators of a request, which together enforce its schema.
pub(crate) struct Parts {
    /// The constraints on single parameters, whatever the others hold.
    pub members: Validator<Flat>,
    /// The constraints on the request as a whole.
    pub rules: Validator<Flat>,
}

impl Parts {
    fn compile(schema: &Value) -> Result<Self, String> {
        let without = |keyword: &str| {
            let mut part = schema.clone();
            if let Some(part) = part.as_object_mut() {
                part.shift_remove(keyword);
            }
            load::validator(&part)
        };
        Ok(Self {
            members: without("allOf")?,
            rules: without("properties")?,
        })
    }
}

impl Body {
    /// The schema `name`, with only the constraints of clauses that hold.
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
            whole: OnceLock::new(),
            parts: OnceLock::new(),
            schema,
        })
    }

    /// Compiles the validators of a request now: the answers of a user's dialect may not compile.
    pub fn compile(&self) -> Result<(), String> {
        let parts = Parts::compile(&self.schema)?;
        self.parts.get_or_init(|| parts);
        Ok(())
    }

    /// The validators of a request, compiled on first use: most bodies never need theirs.
    #[expect(
        clippy::expect_used,
        reason = "compile() checked those of a user's dialect and the tests the shipped ones"
    )]
    pub fn parts(&self) -> &Parts {
        self.parts
            .get_or_init(|| Parts::compile(&self.schema).expect("the schema compiles"))
    }

    /// The validator of an answer, compiled on first use.
    #[expect(
        clippy::expect_used,
        reason = "the tests checked the shipped ones; response schemas use no pattern of a dialect"
    )]
    pub fn validator(&self) -> &Validator<Flat> {
        self.whole
            .get_or_init(|| load::validator(&self.schema).expect("the schema compiles"))
    }
}
