//! The answers to violations.

use crate::clause::{Clause, ErrorSource};
use crate::dialect::TokenStyle;
use crate::error::{ErrorId, Msg};
use crate::rule::Rule;
use crate::rulebook::Rulebook;
use crate::vocabulary::{Refusal, Violation};
use serde_json::Value;

impl Rulebook {
    /// The answer to a violation of `clause`.
    pub fn refusal_of(&self, clause: &str) -> Option<Refusal> {
        let error = self.error_id(self.contract.clause(clause)?)?;
        Some(self.refusal(error))
    }

    /// The error for a violation of `clause`.
    pub fn error_of(&self, clause: &str) -> Option<ErrorId> {
        self.error_id(self.contract.clause(clause)?)
    }

    /// The answer for `error`, in the dialect's style, with the dialect's status and word.
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
        let knobs = self.knobs();
        let status = knobs.error_statuses.get(&error).map_or(status, |own| own.0);
        Refusal {
            status,
            error: knobs.error_words.get(&error).unwrap_or(word).clone(),
            message: message.clone(),
            challenge: row.challenge.clone(),
        }
    }

    /// The error for a violation of `rule`.
    pub fn error_id_of(&self, rule: Rule) -> ErrorId {
        let clause = self.contract.clause(rule.id());
        clause
            .and_then(|clause| self.error_id(clause))
            .unwrap_or(ErrorId::WrongInputs)
    }

    /// The `msg` for a violation of `clause`, if it has one.
    pub fn msg_of(&self, clause: &str) -> Option<Msg> {
        let own = self.knobs().msg_words.get(clause).copied();
        own.or_else(|| self.contract.clause(clause)?.msg)
    }

    /// The violation of `rule` by `param`, for rules about parameters.
    pub fn violation_of(&self, rule: Rule, param: String, value: Option<Value>) -> Violation {
        Violation {
            clause: rule.id(),
            param,
            msg: self.msg_of(rule.id()),
            value,
            error: self.error_id_of(rule),
            rank: self.contract.rank(rule.id()).unwrap_or(0),
        }
    }

    pub(super) fn error_id(&self, clause: &Clause) -> Option<ErrorId> {
        match clause.error.as_ref()? {
            ErrorSource::Id(id) => Some(*id),
            // `Contract::load` checked that each answer to such a knob is an error id.
            ErrorSource::Knob(knob) => knob.error(self.dialect.answer(&knob.knob).as_str()?),
        }
    }
}
