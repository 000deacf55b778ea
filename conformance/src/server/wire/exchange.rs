//! A request and its answer, as sent and received.

use super::answer::{Answer, cut};
use super::connection::NoAnswer;
use super::secrets::{Secret, hide_in_answer};
use super::talk::Heard;

/// The surface of a server that a request went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// The API.
    Api,
    /// The hosted pages.
    Pages,
    /// The admin API, which is not judged.
    Admin,
}

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The surface it went to.
    pub surface: Surface,
    /// HTTP method.
    pub method: String,
    /// The full URL.
    pub url: String,
    /// The headers that were sent.
    pub sent_headers: Vec<(String, String)>,
    /// The body that was sent.
    pub sent: Vec<u8>,
    /// The answer, or the reason there is none.
    pub answer: Result<Answer, NoAnswer>,
    /// Values that must not appear in reports or answers: the account's secrets and tokens.
    pub secrets: Vec<Secret>,
    /// The result, if this was a conversation: `sent` is then everything said, and only its own
    /// case judges it.
    pub talk: Option<Box<Heard>>,
}

impl Exchange {
    /// Whether this page redirects to another URL: no page says that the first answer must be the
    /// page itself.
    pub fn leads_to_another_page(&self) -> bool {
        let status = self.answer().map(|answer| answer.status);
        self.surface == Surface::Pages && status.is_some_and(|status| status / 100 == 3)
    }

    /// The answer, if there is one.
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref().ok()
    }

    /// The answer on one line, without secrets.
    pub fn actual(&self) -> String {
        match &self.answer {
            Err(none) => format!("no answer: {}", none.why),
            // Redact before truncating: a partial secret would not be recognized.
            Ok(answer) => {
                let text = self.redact(&String::from_utf8_lossy(&answer.body));
                format!("{} {}", answer.status, cut(text))
            }
        }
    }

    /// Replaces each secret in `text` with its name.
    pub fn redact(&self, text: &str) -> String {
        hide_in_answer(text, &self.secrets)
    }
}
