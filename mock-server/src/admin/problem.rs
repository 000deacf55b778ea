//! A refusal of the admin API.

use crate::http::reply::Reply;
use hyper::StatusCode;
use hyper::header::{ALLOW, RETRY_AFTER};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a call to the admin API was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// What is wrong, where, and what is allowed.
    pub message: String,
    /// The methods that the path allows, for 405.
    pub allow: Option<String>,
    /// The seconds to wait before a retry, for 503.
    pub retry_after: Option<u32>,
}

/// An answer of the admin API, or why there is none.
pub type Answer = Result<Reply, Problem>;

/// The JSON body of a refusal.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// What is wrong, where, and what is allowed.
    pub error: String,
}

/// A refusal.
pub fn problem(status: StatusCode, message: impl Into<String>) -> Problem {
    Problem {
        status,
        message: message.into(),
        allow: None,
        retry_after: None,
    }
}

/// The refusal of an unknown client id.
pub fn no_merchant(id: &str) -> Problem {
    problem(StatusCode::NOT_FOUND, format!("no merchant `{id}`"))
}

impl Problem {
    /// Adds `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// Converts the refusal to an HTTP answer.
    pub fn reply(self) -> Reply {
        let error = self.message;
        let reply = Reply::json(self.status, &Refused { error });
        let reply = match self.retry_after {
            Some(seconds) => reply.with(RETRY_AFTER, &seconds.to_string()),
            None => reply,
        };
        match self.allow {
            Some(allow) => reply.with(ALLOW, &allow),
            None => reply,
        }
    }
}
