//! Refusals, and the one place that turns them into JSON.

use crate::http::reply::Reply;
use crate::journal::Reason;
use crate::redact::Redactor;
use flexiti_contract::dialect::FieldErrorsListed;
use flexiti_contract::{Endpoint, ErrorId, ErrorShape, Msg, Refusal, Rule, Rulebook, Violation};
use hyper::StatusCode;
use hyper::header::{ACCEPT_ENCODING, ALLOW, WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

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
        let remedy = |clause: &str, param: &str| {
            if let Some(advice) = &self.advice {
                return advice.clone();
            }
            let remedy = match endpoint {
                Some(endpoint) => rulebook.remedy_at(endpoint, clause, param),
                None => rulebook.remedy(clause, param),
            };
            match self.hint {
                Some(hint) => format!("{} {remedy}", hint.as_str()),
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
    let message = &refusal.message;
    let shape = rulebook.knobs().error_shape;
    let mut body = Map::new();
    if matches!(shape, ErrorShape::Doc | ErrorShape::Union) {
        body.insert("code".into(), refusal.status.as_u16().into());
    }
    body.insert("error".into(), refusal.error.as_str().into());
    if shape != ErrorShape::Pos {
        let mut description = message.clone();
        if !shape.lists_fields() {
            // Without a list of fields, the sentence names them.
            for (at, (param, msg, _)) in fields.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let _ = write!(description, "{comma} {param}: {}", msg.as_str());
            }
        }
        body.insert("error_description".into(), description.into());
    }
    if shape.lists_fields() {
        body.insert("message".into(), message.as_str().into());
        body.insert("url".into(), path.into());
        if !fields.is_empty() {
            let row = |(param, msg, value): &(&str, Msg, &Value)| match value {
                Value::Null => json!({"param": param, "msg": msg}),
                value => json!({"param": param, "msg": msg, "value": value}),
            };
            let name = rulebook.knobs().field_errors_name.as_str();
            body.insert(name.into(), fields.iter().map(row).collect());
        }
    }
    let reply = Reply::json(refusal.status, &Value::Object(body));
    match &refusal.challenge {
        Some(challenge) => reply.with(WWW_AUTHENTICATE, challenge),
        None => reply,
    }
}
