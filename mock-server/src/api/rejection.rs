//! Rejections, and the one place that turns them into answers.

use crate::api::refusal_body::RefusalBody;
use crate::http::reply::Reply;
use crate::journal::Reason;
use crate::redact::Redactor;
use flexiti_contract::dialect::FieldErrorsListed;
use flexiti_contract::{Endpoint, ErrorId, Msg, Refusal, Rule, Rulebook, Violation};
use hyper::StatusCode;
use hyper::header::{ACCEPT_ENCODING, ALLOW, WWW_AUTHENTICATE};
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::Arc;

/// The challenge of a 401 that has no other.
const BEARER: &str = "Bearer realm=\"Service\"";
/// The challenge for a client that tried the Basic scheme (RFC 6749, section 5.2; NOS2).
const BASIC: &str = "Basic realm=\"Service\"";

/// A rejected request.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// The row of `errors.json`.
    pub error: ErrorId,
    /// The clause that was broken.
    pub clause: &'static str,
    /// The specific reason, added to the message.
    pub detail: Option<String>,
    /// The parameters at fault.
    pub violations: Vec<Violation>,
    /// The methods that the path allows, for 405.
    pub allow: Option<String>,
    /// The row whose message replaces that of `error`.
    pub words: Option<ErrorId>,
    /// The client tried the Basic scheme, so the challenge is Basic.
    pub basic: bool,
    /// A hint for the journal and the log, which the answer does not contain.
    pub hint: Option<Hint>,
    /// Replaces the clause's remedy in the journal and the log.
    pub advice: Option<String>,
    /// The body's content coding or charset is at fault: the status is 415 instead of the row's.
    pub coding: bool,
}

/// A likely cause, which only the developer should see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Basic credentials were form-encoded.
    FormEncoded,
    /// Basic credentials were not form-encoded.
    NotFormEncoded,
}

impl Hint {
    fn as_str(self) -> &'static str {
        match self {
            Self::FormEncoded => {
                "The secret is right once it is form-decoded, but this dialect takes Basic credentials as they are."
            }
            Self::NotFormEncoded => {
                "The secret is right as it is, but this dialect form-decodes Basic credentials."
            }
        }
    }
}

impl Rejection {
    /// A rejection for breaking `rule`, answered with the row `error` of `errors.json`.
    pub fn new(rule: Rule, error: ErrorId) -> Self {
        Self::of_clause(rule.id(), error)
    }

    fn of_clause(clause: &'static str, error: ErrorId) -> Self {
        Self {
            error,
            clause,
            detail: None,
            violations: Vec::new(),
            allow: None,
            words: None,
            basic: false,
            hint: None,
            advice: None,
            coding: false,
        }
    }

    /// The rejection of a body that is compressed, or in a charset that the API does not read (RFC
    /// 9110, sections 8.4 and 15.5.16).
    pub fn coded(what: String) -> Self {
        Self {
            coding: true,
            advice: Some(format!("Send the body uncompressed and in UTF-8: {what}.")),
            ..Self::new(Rule::BodyUtf8, ErrorId::UnreadableText).because(what)
        }
    }

    /// Replaces the remedy in the journal and the log.
    #[must_use]
    pub fn advising(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Adds the specific reason.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the methods that the path allows, for 405.
    #[must_use]
    pub fn allowing(mut self, methods: &str) -> Self {
        self.allow = Some(methods.to_owned());
        self
    }

    /// Uses the message of another row of the contract's errors.
    #[must_use]
    pub fn in_words_of(mut self, error: ErrorId) -> Self {
        self.words = Some(error);
        self
    }

    /// The rejection for one violation.
    pub fn one(violation: Violation) -> Self {
        let rejection = Self::of_clause(violation.clause, violation.error);
        Self {
            violations: vec![violation],
            ..rejection
        }
    }

    /// The rejection for the violations of a request; `None` if there are none.
    pub fn of(violations: Vec<Violation>) -> Option<Self> {
        let decisive = Rulebook::decisive(&violations)?;
        let rejection = Self::of_clause(decisive.clause, decisive.error);
        Some(Self {
            violations,
            ..rejection
        })
    }

    /// Why a request to `endpoint` was refused, and what to send instead.
    pub fn reasons(&self, rulebook: &Rulebook, endpoint: Option<Endpoint>) -> Vec<Reason> {
        let remedy = |clause: &'static str, param: &str| -> Arc<str> {
            if let Some(advice) = &self.advice {
                return advice.as_str().into();
            }
            let remedy = rulebook.known_remedy(endpoint, clause, param);
            match self.hint {
                Some(hint) => format!("{} {remedy}", hint.as_str()).into(),
                None => remedy,
            }
        };
        if self.violations.is_empty() {
            return vec![Reason {
                clause: self.clause,
                param: None,
                msg: None,
                remedy: remedy(self.clause, ""),
            }];
        }
        let reason = |violation: &Violation| Reason {
            clause: violation.clause,
            param: Some(violation.param.clone()),
            msg: violation.msg,
            remedy: remedy(violation.clause, &violation.param),
        };
        self.violations.iter().map(reason).collect()
    }

    /// The refusal as an answer. `path` is the requested path. Secret values are not repeated.
    pub fn reply(&self, rulebook: &Rulebook, path: &str, redactor: &Redactor) -> Reply {
        let refusal = rulebook.refusal(self.error);
        let mut message = match self.words {
            Some(error) => rulebook.refusal(error).message,
            None => refusal.message,
        };
        if let Some(detail) = &self.detail {
            let end = message.trim_end_matches('.').len();
            message.truncate(end);
            let _ = write!(message, ": {detail}");
        }
        let listed = match rulebook.knobs().field_errors_listed {
            FieldErrorsListed::All => usize::MAX,
            FieldErrorsListed::First => 1,
        };
        let fields: Vec<(&str, Msg, &Value)> = self
            .violations
            .iter()
            .filter(|violation| violation.error == self.error)
            .filter_map(|v| {
                let value = v.value.as_ref().filter(|value| {
                    let secret = value.as_str().is_some_and(|text| redactor.is_secret(text));
                    !secret && !rulebook.contract().is_secret_param(&v.param)
                });
                let name = rulebook.named(&v.param);
                Some((name, v.msg?, value.unwrap_or(&Value::Null)))
            })
            .take(listed)
            .collect();
        // The dialect may answer 401 to an error that has no challenge (RFC 9110, section 15.5.2).
        let fallback = (refusal.status == StatusCode::UNAUTHORIZED).then_some(BEARER);
        let challenge = refusal.challenge.as_deref().or(fallback);
        let challenge = challenge.filter(|_| rulebook.enforces(Rule::Challenge));
        let basic = self.basic.then_some(BASIC);
        let challenge = basic.or(challenge).map(str::to_owned);
        let status = if self.coding {
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        } else {
            refusal.status
        };
        let refusal = Refusal {
            status,
            message,
            challenge,
            ..refusal
        };
        let reply = shaped(rulebook, &refusal, path, &fields);
        let reply = if self.coding {
            reply.with(ACCEPT_ENCODING, "identity")
        } else {
            reply
        };
        match &self.allow {
            Some(allow) => reply.with(ALLOW, allow),
            None => reply,
        }
    }
}

/// A refusal in the dialect's shape. `fields` are the rows of `field_errors`; those without a value
/// have null.
pub fn shaped(
    rulebook: &Rulebook,
    refusal: &Refusal,
    path: &str,
    fields: &[(&str, Msg, &Value)],
) -> Reply {
    let body = RefusalBody {
        rulebook,
        refusal,
        path,
        fields,
    };
    let reply = Reply::json(refusal.status, &body);
    match &refusal.challenge {
        Some(challenge) => reply.with(WWW_AUTHENTICATE, challenge),
        None => reply,
    }
}
