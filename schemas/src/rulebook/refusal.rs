//! What a violation is answered with.

use crate::clause::{Clause, ErrorSource, Msg};
use crate::dialect::TokenStyle;
use crate::error::ErrorId;
use crate::rule::Rule;
use crate::rulebook::Rulebook;
use crate::vocabulary::{Refusal, Violation};
use serde_json::Value;

impl Rulebook {
    /// What a violation of `clause` is answered with.
    pub fn refusal_of(&self, clause: &str) -> Option<Refusal> {
        let error = self.error_id(self.contract.clause(clause)?)?;
        Some(self.refusal(error))
    }

    /// The error that a violation of `clause` is answered with.
    pub fn error_of(&self, clause: &str) -> Option<ErrorId> {
        self.error_id(self.contract.clause(clause)?)
    }

    /// The `msg` that a violation of `clause` has in `field_errors`.
    pub fn msg_of(&self, clause: &Clause) -> Option<Msg> {
        clause.msg
    }

    /// What `error` is answered with, in the dialect's style.
    pub fn refusal(&self, error: ErrorId) -> Refusal {
        let row = &self.contract.errors[error];
        let plain = (row.status, &row.error, &row.message);
        let (status, word, message) = match self.knobs().token_style {
            TokenStyle::Nos2 => plain,
            TokenStyle::Nos3 => (
                row.nos3.status.unwrap_or(plain.0),
                row.nos3.error.as_ref().unwrap_or(plain.1),
                row.nos3.message.as_ref().unwrap_or(plain.2),
            ),
        };
        Refusal {
            status,
            error: word.clone(),
            message: message.clone(),
            challenge: row.challenge.clone(),
        }
    }

    /// The error that a violation of `rule` is answered with.
    pub fn error_id_of(&self, rule: Rule) -> ErrorId {
        let clause = self.contract.clause(rule.id());
        clause
            .and_then(|clause| self.error_id(clause))
            .unwrap_or(ErrorId::WrongInputs)
    }

    /// The violation of `rule` by `param`, for rules about parameters.
    pub fn violation_of(
        &self,
        rule: Rule,
        param: String,
        msg: Msg,
        value: Option<Value>,
    ) -> Violation {
        Violation {
            clause: rule.id(),
            param,
            msg: Some(msg),
            value,
            error: self.error_id_of(rule),
            rank: self
                .contract
                .clauses
                .iter()
                .position(|c| c.id == rule.id())
                .unwrap_or(0),
        }
    }

    pub(super) fn error_id(&self, clause: &Clause) -> Option<ErrorId> {
        match clause.error.as_ref()? {
            ErrorSource::Id(id) => Some(*id),
            // `Contract::load` checked that each answer to such a knob is an error id.
            ErrorSource::Knob(knob) => ErrorId::from_id(self.dialect.answer(knob).as_str()?),
        }
    }
}
