//! The subjects of differences: knobs and clauses.

use super::answers::{Aspect, Difference};
use serde::{Deserialize, Serialize};

/// The subject of a difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An open question that the two answer differently.
    Knob(String),
    /// A clause.
    Clause(String),
}

impl Subject {
    /// The knob or the clause.
    pub fn name(&self) -> &str {
        match self {
            Self::Knob(name) | Self::Clause(name) => name,
        }
    }
}

/// The knobs about a part of an answer.
pub fn knobs_about(difference: &Difference) -> &'static [&'static str] {
    match difference.aspect {
        Aspect::Status => &["error_statuses", "init_success_status"],
        Aspect::Error => &["error_words", "token_style", "error_shape"],
        Aspect::Fields => &["field_errors_listed", "error_shape"],
        Aspect::Msg => &["msg_words"],
        Aspect::Member => &["error_shape", "field_errors_name", "response_members"],
        Aspect::Type => &["ids_as", "error_shape"],
        Aspect::Value if difference.at == "/message" || difference.at == "/error_description" => {
            &["error_words", "token_style", "error_shape"]
        }
        Aspect::Header if difference.at == "www-authenticate" => &["challenge"],
        Aspect::Header if difference.at == "cache-control" => &["no_store"],
        Aspect::Outcome | Aspect::Value | Aspect::Body | Aspect::MediaType | Aspect::Header => &[],
    }
}
