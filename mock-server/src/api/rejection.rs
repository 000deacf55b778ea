//! Refusals, and the one place that turns them into JSON.

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

/// The challenge of a 401 that has none of its own.
const BEARER: &str = "Bearer realm=\"Service\"";
/// What a client is told that tried the Basic scheme (RFC 6749, section 5.2; NOS2).
const BASIC: &str = "Basic realm=\"Service\"";

/// A request refused.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// The row of `errors.json`.
    pub error: ErrorId,
    /// The clause that was broken.
    pub clause: &'static str,
    /// What exactly: added to the message.
    pub detail: Option<String>,
    /// The parameters at fault.
    pub violations: Vec<Violation>,
    /// The methods of the path, for 405.
    pub allow: Option<String>,
    /// The row whose message it has instead of its own.
    pub words: Option<ErrorId>,
    /// The client tried the Basic scheme, and is challenged to do it right.
    pub basic: bool,
    /// What the journal and the log say beside the remedy, and the answer does not.
    pub hint: Option<Hint>,
    /// What the journal and the log say in place of the clause's remedy.
    pub advice: Option<String>,
    /// What is said of how the body is coded, with 415 in place of the row's status.
    pub coding: bool,
}

/// A likely cause that is nobody's business but the developer's.
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
    /// A refusal for breaking `rule`, answered with the row `error` of `errors.json`.
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

    /// The refusal of a body that is compressed, or in a charset that the API does not read
    /// (RFC 9110, sections 8.4 and 15.5.16).
    pub fn coded(what: String) -> Self {
        Self {
            coding: true,
            advice: Some(format!("Send the body uncompressed and in UTF-8: {what}.")),
            ..Self::new(Rule::BodyUtf8, ErrorId::UnreadableText).because(what)
        }
    }

    /// This rejection, with advice of its own for the journal and the log.
    #[must_use]
    pub fn advising(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// This rejection, with what exactly is wrong.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// This rejection, with the methods that the path has, for 405.
    #[must_use]
    pub fn allowing(mut self, methods: &str) -> Self {
        self.allow = Some(methods.to_owned());
        self
    }

    /// This rejection, with the message of another row of the contract's errors.
    #[must_use]
    pub fn in_words_of(mut self, error: ErrorId) -> Self {
        self.words = Some(error);
        self
    }

    /// The refusal for one violation.
    pub fn one(violation: Violation) -> Self {
        let rejection = Self::of_clause(violation.clause, violation.error);
        Self {
            violations: vec![violation],
            ..rejection
        }
    }

    /// The refusal for what a request breaks, if it breaks anything.
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

    /// The refusal as an answer; `path` is the one that was asked for. A value that is secret is
    /// not repeated.
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
        // The dialect may give 401 to what has no challenge of its own (RFC 9110, section 15.5.2).
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

/// A refusal in the dialect's shape; `fields` are the rows of `field_errors`, those without a
/// value with null.
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
