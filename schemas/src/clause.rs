//! The vocabulary of the clause registry: rows as they stand in `clauses/*.json`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One promise of the API: a row of `clauses/*.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// The stable dotted name, for example `init.lang.required`.
    pub id: String,
    /// What the API promises, in our own words.
    pub requirement: String,
    /// What to send instead, where no constraint says it; see [`crate::Rulebook::remedy`].
    pub remedy: Option<String>,
    /// How binding it is.
    pub level: Level,
    /// What the promise rests on.
    pub evidence: Evidence,
    /// Keys of the sources, for example `R-cur` (the current reference) or an RFC.
    pub source: Vec<String>,
    /// The endpoints it is about; none named means all of them.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// The case of Flexiti's own test lists that covers it.
    pub test_case: Option<String>,
    /// Where its predicate is.
    pub check: Check,
    /// What an observer sees of it.
    pub asserts: Asserts,
    /// Holds only in dialects that give each of these knobs one of the answers listed.
    #[serde(default)]
    pub when: BTreeMap<String, Vec<Value>>,
    /// Further knobs that the meaning of a rule depends on.
    #[serde(default)]
    pub knobs: Vec<String>,
    /// The row of `errors.json` that a violation is answered with, or `{"$knob": …}`.
    pub error: Option<Value>,
    /// The `msg` of the violation in `field_errors`.
    pub msg: Option<Msg>,
}

impl Clause {
    /// Whether the clause is about this endpoint.
    pub fn covers(&self, endpoint: Endpoint) -> bool {
        self.endpoints.is_empty() || self.endpoints.contains(&endpoint)
    }
}

/// RFC 2119 strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are RFC 2119's")]
pub enum Level {
    Must,
    Should,
    May,
}

/// What a fact rests on, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Stated in Flexiti's documentation of the Online API.
    Documented,
    /// Only shown in an example there.
    Example,
    /// Seen in the code of a real client.
    Client,
    /// Documented for Flexiti's sibling, the POS API.
    PosApi,
    /// Inferred; nothing of Flexiti's says so.
    Inferred,
}

impl Evidence {
    /// The word used in the data files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Example => "example",
            Self::Client => "client",
            Self::PosApi => "pos-api",
            Self::Inferred => "inferred",
        }
    }
}

/// Where a clause's predicate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Constraints in a request schema carry the clause's id.
    Request,
    /// Constraints in a response schema carry the clause's id.
    Response,
    /// A function for the [`Rule`] of the same name.
    Rule,
}

/// What an observer sees of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asserts {
    /// A request that violates it is refused with its error.
    Refusal,
    /// A request that uses it is accepted.
    Grant,
    /// Every answer has this property.
    Answer,
}

/// The vocabulary of `field_errors[].msg` (P-val).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Msg {
    /// A mandatory parameter was not sent.
    Required,
    /// Wrong format, or not one of the allowed values.
    Invalid,
    /// Wrong data type.
    Type,
    /// Too long, or too precise.
    Length,
}

impl Msg {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Invalid => "invalid",
            Self::Type => "type",
            Self::Length => "length",
        }
    }
}

/// A row of `endpoints.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointRow {
    /// Which endpoint.
    pub id: Endpoint,
    /// HTTP method.
    pub method: String,
    /// Path template below the base URL.
    pub path: String,
    /// One line for people.
    pub summary: String,
    /// `client` (keys in the request) or `bearer`.
    pub auth: String,
    /// Media types of the request body.
    pub media_types: Vec<String>,
    /// Name of the request schema in `bodies/`.
    pub request: String,
    /// Name of the response schema in `bodies/`.
    pub response: String,
    /// Keys of the sources.
    pub source: Vec<String>,
}

/// Defines an enum whose variants are names in the data files, so that a name without code,
/// or code without a name, is an error.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $id:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
        #[expect(missing_docs, reason = "the data row of the same name says what each one is")]
        pub enum $name { $(#[serde(rename = $id)] $variant,)+ }

        impl $name {
            /// Every one, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the data files.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// The one with this name.
            pub fn from_id(id: &str) -> Option<Self> {
                match id { $($id => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

pub(crate) use names;

names! {
    /// An endpoint of the API.
    Endpoint {
        Token = "token",
        InitV2 = "init_v2",
        InitPlain = "init_plain",
        NotificationOrder = "notification_order",
        NotificationMerchantOrder = "notification_merchant_order",
        NotificationOld = "notification_old",
        Calculator = "calculator",
        Availability = "availability",
        LearnMore = "learn_more",
    }
}

impl Endpoint {
    /// The clause that grants it: where that does not hold, there is no such endpoint.
    pub fn foundation(self) -> Rule {
        match self {
            Self::Token => Rule::TokenAccepted,
            Self::InitV2 => Rule::V2Accepted,
            Self::InitPlain => Rule::PlainAccepted,
            Self::NotificationOrder => Rule::NotificationOrder,
            Self::NotificationMerchantOrder => Rule::NotificationMerchantOrder,
            Self::NotificationOld => Rule::NotificationOldPath,
            Self::Calculator => Rule::CalculatorAccepted,
            Self::Availability => Rule::AvailabilityAccepted,
            Self::LearnMore => Rule::LearnMoreServed,
        }
    }
}

names! {
    /// A clause whose predicate is code, not a constraint in a request schema: the server has
    /// a branch for it and the runner a case.
    Rule {
        PathKnown = "http.path.known",
        MethodAllowed = "http.method.allowed",
        BodySize = "http.body.size",
        BodyUtf8 = "http.body.utf8",
        PercentEncoding = "http.body.percent_encoding",
        PercentLiteral = "http.body.percent_literal",
        Robust = "http.robust",
        ErrorShape = "http.error.shape",
        Cors = "http.cors",
        TokenAccepted = "token.accepted",
        TokenEncoding = "token.encoding",
        TokenJsonBody = "token.json_body",
        QueryIgnored = "token.query.ignored",
        TokenRepeated = "token.parameters.repeated",
        GrantTypeDefault = "token.grant_type.default",
        ScopeDefault = "token.scope.default",
        ClientKnown = "token.client.known",
        ClientUniform = "token.client.uniform",
        Basic = "token.basic",
        TokenProvisioned = "token.provisioned",
        GrantPassword = "token.grant.password",
        PasswordCredentials = "token.password.credentials",
        GrantRefresh = "token.grant.refresh",
        RefreshKnown = "token.refresh.known",
        RefreshKind = "token.refresh.kind",
        RefreshClient = "token.refresh.client",
        RefreshInTime = "token.refresh.in_time",
        RefreshLate = "token.refresh.late",
        RefreshLifetime = "token.refresh.lifetime",
        RefreshRotation = "token.refresh.rotation",
        RefreshRevokes = "token.refresh.revokes",
        ResponseTokenType = "token.response.token_type",
        ResponseAccessToken = "token.response.access_token",
        ResponseExpiresIn = "token.response.expires_in",
        ResponseRefreshToken = "token.response.refresh_token",
        ResponseScope = "token.response.scope",
        NoStore = "token.response.no_store",
        TokenFresh = "token.response.fresh",
        BearerRequired = "auth.token.required",
        BearerScheme = "auth.token.scheme",
        BearerKnown = "auth.token.known",
        BearerAlive = "auth.token.alive",
        BearerClient = "auth.token.client",
        Scope = "auth.scope",
        ScopeCustomer = "auth.scope.customer",
        Challenge = "auth.challenge",
        InitProvisioned = "auth.provisioned",
        PathQuotes = "auth.path.quotes",
        V2Accepted = "init.v2.accepted",
        PlainAccepted = "init.plain.accepted",
        MediaType = "init.encoding.media_type",
        FormDotted = "init.encoding.form_dotted",
        FormBrackets = "init.encoding.form_brackets",
        JsonBody = "init.encoding.json",
        JsonDeclared = "init.encoding.declared",
        JsonAsForm = "init.encoding.json_as_form",
        JsonReadable = "init.body.json",
        InitRepeated = "init.parameters.repeated",
        NullAbsent = "init.parameters.null",
        NullRefused = "init.parameters.not_null",
        EmptyAbsent = "init.parameters.empty",
        ResponseOrderId = "init.response.online_order_id",
        ResponseRedirectionUrl = "init.response.redirection_url",
        InitFresh = "init.response.fresh",
        RedirectNoCredentials = "init.redirect.no_credentials",
        RedirectPage = "init.redirect.page",
        RedirectLanguage = "init.redirect.language",
        MerchantOrderUnique = "init.merchant_orderid.unique",
        NotificationOrder = "notification.order.accepted",
        NotificationMerchantOrder = "notification.merchant_order.accepted",
        NotificationOldPath = "notification.old_path",
        NotificationScope = "notification.scope",
        NotificationScopeCustomer = "notification.scope.customer",
        NotificationUnknown = "notification.unknown",
        NotificationUnknownEmpty = "notification.unknown.empty",
        NotificationOwner = "notification.owner",
        NotificationShared = "notification.shared",
        NotificationUnfinished = "notification.unfinished",
        ResponseTransactionId = "notification.response.transaction_id",
        ResponseFlow = "notification.response.flow",
        ResponseCallbackUrl = "notification.response.callback_url",
        ResponseDate = "notification.response.date",
        TransactionIdOrder = "notification.transaction_id.order",
        ApplyStatus = "notification.apply.status",
        ApplyCustomerId = "notification.apply.customer_id",
        PurchaseStatus = "notification.purchase.status",
        PurchaseMissing = "notification.purchase.missing",
        CallbackSuccess = "callback.success",
        CallbackCancelled = "callback.cancelled",
        CallbackDeclined = "callback.declined",
        CallbackPending = "callback.pending",
        CallbackParameters = "callback.parameters",
        CallbackNoCredentials = "callback.no_credentials",
        ResponseKeys = "checkout.response_keys",
        HighRisk = "checkout.response_keys.high_risk",
        CheckoutTimeOut = "checkout.time_out",
        CalculatorAccepted = "calculator.accepted",
        CalculatorOpen = "calculator.open",
        CalculatorRepeated = "calculator.parameters.repeated",
        ResponseHtmlRender = "calculator.response.html_render",
        ResponseMonthlyPayment = "calculator.response.monthly_payment",
        ResponseMonths = "calculator.response.months",
        MonthlyPaymentAmount = "calculator.monthly_payment.amount",
        CalculatorLanguage = "calculator.html.language",
        AvailabilityAccepted = "availability.accepted",
        AvailabilityBody = "availability.body",
        LearnMoreGone = "learn_more.gone",
        LearnMoreServed = "learn_more.served",
    }
}
