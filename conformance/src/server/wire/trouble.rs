//! Answers that may be about the server's state rather than the request: 429, 502 to 504, silence.
//! Pure: how long to wait, and what to call it.

use super::answer::Answer;
use super::connection::NoAnswer;
use super::end::End;
use std::time::{Duration, SystemTime};

/// How many times a request is retried.
pub const TRIES: u32 = 3;
/// Maximum wait before a retry.
const LONGEST: Duration = Duration::from_secs(60);

/// An answer that may be about the server's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No answer, and why.
    Silent(String),
    /// 503, or a gateway's 502 or 504.
    Unavailable {
        /// Its message, shortened.
        said: String,
        /// The requested wait.
        wait: Option<Duration>,
    },
    /// 429.
    TooMany {
        /// The requested wait.
        wait: Option<Duration>,
    },
}

impl Trouble {
    /// The trouble that an outcome shows, if any.
    pub fn of(outcome: &Result<Answer, NoAnswer>, now: SystemTime) -> Option<Self> {
        let answer = match outcome {
            // Too large, but an answer.
            Err(none) if none.is_too_big() => return None,
            Err(none) => return Some(Self::Silent(none.why.clone())),
            Ok(answer) => answer,
        };
        let wait = answer
            .header("retry-after")
            .and_then(|value| retry_after(value, now));
        match answer.status {
            429 => Some(Self::TooMany { wait }),
            status @ (502..=504) => {
                let page = if answer.is_html() {
                    " with an HTML page"
                } else {
                    ""
                };
                Some(Self::Unavailable {
                    said: format!("{status}{page}"),
                    wait,
                })
            }
            _ => None,
        }
    }

    /// Whether the server itself says that this is about its state and asks for patience.
    pub fn asks_for_patience(&self) -> bool {
        match self {
            Self::Silent(_) => false,
            Self::TooMany { .. } => true,
            Self::Unavailable { wait, .. } => wait.is_some(),
        }
    }

    /// How long to wait before retry number `tries`, counted from 0.
    pub fn pause(&self, tries: u32) -> Duration {
        let doubled = |first: Duration| first.saturating_mul(2_u32.saturating_pow(tries));
        let pause = match self {
            Self::Silent(_) => doubled(Duration::from_millis(250)),
            Self::TooMany { wait } | Self::Unavailable { wait, .. } => {
                wait.unwrap_or_else(|| doubled(Duration::from_secs(1)))
            }
        };
        pause.min(LONGEST)
    }

    /// How the run ends, after all waiting.
    pub fn end(self, waited: Duration) -> End {
        match self {
            Self::Silent(why) => End::Unreachable(why),
            Self::TooMany { .. } => End::RateLimited(waited),
            Self::Unavailable { said, .. } => End::Maintenance(said, waited),
        }
    }
}

/// The wait in a `Retry-After` header: seconds or a date.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(status: u16, headers: &[(&str, &str)], now: SystemTime) -> Option<Trouble> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let answer = Answer {
            status,
            headers: headers.iter().map(own).collect(),
            body: Vec::new(),
            took: Duration::ZERO,
        };
        Trouble::of(&Ok(answer), now)
    }

    #[test]
    fn the_wait_is_what_the_server_asks_for_within_limits() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (header, pauses) in [
            (Some("7"), [7, 7]),
            (Some("3600"), [60, 60]),
            (Some("Sun, 06 Nov 1994 08:49:47 GMT"), [10, 10]),
            (Some("Sun, 06 Nov 1994 08:00:00 GMT"), [0, 0]),
            (Some("soon"), [1, 4]),
            (None, [1, 4]),
        ] {
            let headers: Vec<_> = header
                .map(|value| ("retry-after", value))
                .into_iter()
                .collect();
            for status in [429, 502, 503, 504] {
                let trouble = trouble(status, &headers, now).unwrap();
                let found = [0, 2].map(|tries| trouble.pause(tries).as_secs());
                assert_eq!(found, pauses, "{status} {header:?}");
            }
        }
    }

    #[test]
    fn other_answers_are_no_trouble() {
        for status in [200, 401, 404, 500, 501, 505] {
            let header = ("retry-after", "1");
            assert_eq!(trouble(status, &[header], SystemTime::now()), None);
        }
    }
}
