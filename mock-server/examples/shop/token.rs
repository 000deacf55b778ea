//! An access token and when to renew it.

use serde_json::Value;
use std::time::{Duration, Instant};

/// How long before its end a token counts as expired, so that it does not expire during a call.
const MARGIN: Duration = Duration::from_secs(60);

/// An answer of the token endpoint. Has no `Debug`, so that no log shows it by mistake.
pub struct Token {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: Option<String>,
    created: Instant,
    lives: Duration,
}

/// What to do before the next call.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing: the token is valid.
    Nothing,
    /// Refresh the token, which is about to expire.
    Refresh,
    /// Get a new token: this one has expired, or cannot be refreshed.
    New,
}

impl Token {
    /// Reads an answer of the token endpoint. `asked` is when the request was sent: a token that
    /// seems older than it is does no harm.
    ///
    /// `token_type` is ignored: whether it is `bearer` or `Bearer`, the header says `Bearer`.
    pub fn read(answer: &Value, asked: Instant) -> Option<Self> {
        let text = |name: &str| answer.get(name)?.as_str().map(str::to_owned);
        // Without a readable lifetime, the token serves for one call.
        let lives = answer.get("expires_in").and_then(Value::as_u64);
        Some(Self {
            access: text("access_token")?,
            refresh: text("refresh_token"),
            created: asked,
            lives: Duration::from_secs(lives.unwrap_or(0)),
        })
    }

    /// The documented rule: refresh if `now - created >= expires_in - 60`. After `expires_in` it is
    /// too late to refresh.
    pub fn due(&self, now: Instant) -> Due {
        let age = now.saturating_duration_since(self.created);
        if age >= self.lives || (age + MARGIN >= self.lives && self.refresh.is_none()) {
            Due::New
        } else if age + MARGIN >= self.lives {
            Due::Refresh
        } else {
            Due::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_is_refreshed_in_its_last_minute_and_replaced_after_it() {
        let created = Instant::now();
        for (expires_in, age, due) in [
            (1200, 0, Due::Nothing),
            (1200, 1139, Due::Nothing),
            (1200, 1140, Due::Refresh),
            (1200, 1199, Due::Refresh),
            (1200, 1200, Due::New),
            (1199, 1138, Due::Nothing),
            (1199, 1139, Due::Refresh),
            (1199, 1199, Due::New),
            // Shorter than the margin: refreshed before every call.
            (30, 0, Due::Refresh),
            (0, 0, Due::New),
        ] {
            let answer = json!({
                "token_type": "bearer", "access_token": "a", "refresh_token": "r",
                "expires_in": expires_in, "scope": "merchant", "unknown": {},
            });
            let token = Token::read(&answer, created).unwrap();
            let now = created + Duration::from_secs(age);
            assert_eq!(token.due(now), due, "{expires_in} {age}");
        }
    }

    #[test]
    fn without_a_refresh_token_there_is_nothing_to_refresh() {
        let answer = json!({"access_token": "a", "expires_in": 1200});
        let created = Instant::now();
        let token = Token::read(&answer, created).unwrap();
        assert_eq!(token.due(created), Due::Nothing);
        assert_eq!(token.due(created + Duration::from_secs(1140)), Due::New);
    }

    #[test]
    fn an_answer_without_a_token_is_none() {
        for answer in [
            json!({}),
            json!({"access_token": 1}),
            json!("a"),
            json!(null),
        ] {
            assert!(Token::read(&answer, Instant::now()).is_none(), "{answer}");
        }
    }
}
