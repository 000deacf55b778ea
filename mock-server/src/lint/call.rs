//! A call to the API, as the rules see it.

use crate::clock::Millis;
use crate::fault::Action;
use crate::http::form::{Form, FormRules, decode_segment};
use crate::http::route::BASE;
use crate::journal::header_pairs;
use crate::lint::identity::Identity;
use crate::lint::recorded::LintInput;
use crate::lint::spelling::Sent;
use flexiti_contract::{Contract, Endpoint, Rulebook, StoredParameters};
use serde_json::Value;
use std::borrow::Cow;

/// Faults that answer a request without it being handled.
const INSTEAD: &[&str] = &["status", "maintenance", "empty", "reset"];
/// Names of credentials in a query string.
const CREDENTIALS: &[&str] = &[
    "client_secret",
    "password",
    "refresh_token",
    "access_token",
    "auth_token",
];

/// The tokens of an answer.
#[derive(Debug, Clone)]
pub struct Granted {
    /// The access token.
    pub access: Identity,
    /// The refresh token.
    pub refresh: Option<Identity>,
    /// The lifetime of the access token, in seconds.
    pub expires_in: Option<i64>,
    /// Its scope.
    pub scope: Option<String>,
}

/// A value that the client put into a URL.
#[derive(Debug)]
pub struct InUrl {
    /// The name, if it is that of a credential in the query string.
    pub named: Option<&'static str>,
    /// The value.
    pub value: Identity,
}

/// What is needed to analyse an exchange.
#[derive(Debug, Clone, Copy)]
pub struct Eyes<'a> {
    /// The contract.
    pub contract: &'static Contract,
    /// The merchant's dialect, which defines the words in notifications.
    pub rulebook: &'a Rulebook,
}

/// A call to the API, as the rules see it.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a request, not states"
)]
pub struct Call {
    /// Its id in the journal.
    pub id: u64,
    /// The machine's time.
    pub at: Millis,
    /// The merchant's time.
    pub clock: Millis,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Whether it has the endpoint's method, which a CORS preflight, for example, has not.
    pub call: bool,
    /// Status of the answer.
    pub status: u16,
    /// The fault that struck it.
    pub fault: Option<String>,
    /// The reference id, if it is not empty.
    pub reference_id: Option<String>,
    /// Whether it came from a page in a browser.
    pub browser: bool,
    /// Whether it is a preflight that announces an `Authorization` header.
    pub announces: bool,
    /// The bearer token.
    pub bearer: Option<Identity>,
    /// Whether the scheme of that token is spelled `Bearer`.
    pub bearer_spelled: bool,
    /// Whether the keys are in a Basic `Authorization` header.
    pub basic: bool,
    /// The media type of the body, in lowercase.
    pub media_type: Option<String>,
    /// Whether the client id in the path is in double quotes.
    pub quoted: bool,
    /// The values that the client put into the URL.
    pub in_url: Vec<InUrl>,
    /// The parameters as the handler read them; `None` if it did not.
    pub params: Option<StoredParameters>,
    /// The shop's own order id in an init.
    pub merchant_order_id: Option<String>,
    /// The parameters, read leniently.
    pub sent: Sent,
    /// The tokens of the answer.
    pub granted: Option<Granted>,
    /// The order that was opened or that it asks about.
    pub order_id: Option<u64>,
    /// Whether the answer is a notification that shows an outcome.
    pub shows_outcome: bool,
}

impl Call {
    /// Analyses a recorded call.
    pub fn new(recorded: LintInput<'_>, eyes: Eyes<'_>) -> Self {
        let Eyes { contract, rulebook } = eyes;
        let endpoint = recorded.endpoint;
        let row = contract.endpoint(endpoint);
        let query = recorded.query.as_deref().unwrap_or_default();
        let (in_url, quoted) = in_url(&recorded.path, query, &row.path);
        let text = match endpoint {
            Endpoint::Token | Endpoint::InitV2 | Endpoint::InitPlain => recorded.body,
            Endpoint::Calculator => query.as_bytes(),
            _ => &[],
        };
        let is_success = (200..300).contains(&recorded.status);
        let mut seen = Self {
            id: recorded.id,
            at: recorded.at,
            clock: recorded.clock,
            endpoint,
            call: recorded.method == row.method,
            status: recorded.status,
            fault: recorded.fault.map(str::to_owned),
            reference_id: None,
            browser: false,
            announces: false,
            bearer: None,
            bearer_spelled: false,
            basic: false,
            media_type: None,
            quoted,
            in_url,
            merchant_order_id: None,
            params: recorded.params,
            sent: Sent::read(contract, endpoint, text),
            granted: None,
            order_id: recorded.order_id,
            shows_outcome: false,
        };
        for (name, value) in header_pairs(&recorded.headers) {
            seen.header(name, value);
        }
        if seen.is_init() {
            let id = seen.param("merchant_orderid");
            let id = id.or_else(|| seen.param("merchant_order_id"));
            seen.merchant_order_id = id.map(Cow::into_owned);
        }
        if endpoint == Endpoint::Token && is_success {
            seen.granted = granted(recorded.answer);
        } else if seen.is_notification() && is_success {
            seen.shows_outcome = shows_outcome(recorded.answer, rulebook);
        }
        seen
    }

    fn header(&mut self, name: &str, value: &str) {
        match name {
            "x-reference-id" if !value.is_empty() => self.reference_id = Some(value.to_owned()),
            // Node's fetch sends `Sec-Fetch-Mode` as well, but only browsers send these.
            "origin" | "sec-fetch-site" => self.browser = true,
            "access-control-request-headers" => {
                self.announces = value.to_ascii_lowercase().contains("authorization");
            }
            "content-type" => {
                let essence = value.split(';').next().unwrap_or_default();
                self.media_type = Some(essence.trim().to_ascii_lowercase());
            }
            "authorization" => {
                let (scheme, token) = value.split_once(' ').unwrap_or(("", value));
                if scheme.eq_ignore_ascii_case("basic") {
                    self.basic = true;
                } else if !token.trim().is_empty() {
                    self.bearer = Some(Identity::of(token.trim()));
                    self.bearer_spelled = scheme == "Bearer";
                }
            }
            _ => {}
        }
    }

    /// Whether it is an init.
    pub fn is_init(&self) -> bool {
        matches!(self.endpoint, Endpoint::InitV2 | Endpoint::InitPlain)
    }

    /// Whether it is a notification request.
    pub fn is_notification(&self) -> bool {
        matches!(
            self.endpoint,
            Endpoint::NotificationOrder
                | Endpoint::NotificationMerchantOrder
                | Endpoint::NotificationOld
        )
    }

    /// Whether it is a refresh of a token.
    pub fn is_refresh(&self) -> bool {
        self.endpoint == Endpoint::Token && self.sent.grant_type.as_deref() == Some("refresh_token")
    }

    /// Whether the server accepted it, rather than a fault answering for it.
    pub fn accepted(&self) -> bool {
        let judged = self.fault.as_deref().is_none_or(|f| !INSTEAD.contains(&f));
        judged && (200..300).contains(&self.status)
    }

    /// Whether the answer reached the shop intact.
    pub fn arrived(&self) -> bool {
        let lost = |fault: &str| INSTEAD.contains(&fault) || Action::loses_answer(fault);
        self.fault.as_deref().is_none_or(|fault| !lost(fault))
    }

    /// The value of a parameter as text.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.params.as_ref()?.text(name)
    }
}

/// The values that the client put into a URL, and whether its id in the path is quoted. In the
/// path, these are the segments that the endpoint's template has in braces.
fn in_url(path: &str, query: &str, template: &str) -> (Vec<InUrl>, bool) {
    let path = path.strip_prefix(BASE).unwrap_or(path);
    let mut found = Vec::new();
    let mut quoted = false;
    for (segment, name) in path.split('/').zip(template.split('/')) {
        if name.starts_with('{') {
            let segment = decode_segment(segment);
            quoted |= name == "{clientId}" && segment.starts_with('"') && segment.ends_with('"');
            found.push(InUrl {
                named: None,
                value: Identity::of(&segment),
            });
        }
    }
    if query.is_empty() {
        return (found, quoted);
    }
    let rules = FormRules::LENIENT;
    let query = Form::read(query.as_bytes(), rules).unwrap_or_default();
    for (name, value) in query.pairs().filter(|(_, value)| !value.is_empty()) {
        let named = CREDENTIALS.iter().find(|known| **known == name);
        found.push(InUrl {
            named: named.copied(),
            value: Identity::of(value),
        });
    }
    (found, quoted)
}

fn granted(answer: &[u8]) -> Option<Granted> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let identity = |name: &str| answer[name].as_str().map(Identity::of);
    Some(Granted {
        access: identity("access_token")?,
        refresh: identity("refresh_token"),
        expires_in: answer["expires_in"].as_i64(),
        scope: answer["scope"].as_str().map(str::to_owned),
    })
}

/// Whether a notification shows an outcome, rather than the word for an unfinished order.
fn shows_outcome(answer: &[u8], rulebook: &Rulebook) -> bool {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
        return false;
    };
    let knobs = rulebook.knobs();
    let says = |word: &Value, unfinished: &str| word.as_str().is_some_and(|w| w != unfinished);
    let apply = &answer["apply"]["apply_status"];
    let purchase = &answer[knobs.purchase_block_name.as_str()]["status"];
    says(apply, &knobs.apply_status_words.unfinished)
        || says(purchase, &knobs.purchase_status_words.unfinished)
}
