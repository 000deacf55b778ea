//! Why a case has no verdict, and why a run ends before all cases are done.

use std::time::Duration;

/// Why a case has no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// The target lacks what the case needs.
    NotTestable(String),
    /// Something before the judged request went wrong.
    Inconclusive(String),
    /// The run ends here: nothing more is sent.
    Ended(End),
}

/// Why a run ends before all cases are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The request budget is used up.
    Budget,
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// The server no longer answers; the reason of the last request.
    Unreachable(String),
    /// The server answers 503 to everything; its message, and how long the run waited.
    Maintenance(String, Duration),
    /// The server answers 429 to everything; how long the run waited.
    RateLimited(Duration),
}

impl End {
    /// The word for it in reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Interrupted => "interrupted",
            Self::Unreachable(_) => "unreachable",
            Self::Maintenance(..) => "maintenance",
            Self::RateLimited(_) => "rate limit",
        }
    }

    /// What happened, and what to do.
    pub fn because(&self) -> String {
        match self {
            Self::Budget => {
                "the run has used up its requests; allow more with --max-requests".to_owned()
            }
            Self::Interrupted => "the run was interrupted".to_owned(),
            Self::Unreachable(why) => format!("the server does not answer any more: {why}"),
            Self::Maintenance(said, waited) => format!(
                "the server is down for maintenance, or overloaded ({said}), after {} s of \
                 waiting; run again later",
                waited.as_secs()
            ),
            Self::RateLimited(waited) => format!(
                "the server still limits the rate (429) after {} s of waiting; run again later, \
                 with a smaller --rate",
                waited.as_secs()
            ),
        }
    }
}
