//! The answers of a dialect that code uses, each as a type. `meta/dialect.schema.json` lists the
//! same words.

use crate::error::{ErrorId, Msg, RefusalStatus};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The knobs that code uses; the others are filled into the schemas.
#[derive(Debug, Clone, Deserialize)]
#[expect(
    missing_docs,
    clippy::struct_excessive_bools,
    reason = "meta/dialect.schema.json states each knob as a question of its own"
)]
pub struct Knobs {
    pub token_style: TokenStyle,
    pub token_type: TokenType,
    pub token_shape: TokenShape,
    pub token_ttl: u32,
    pub scope_in_answer: bool,
    pub refresh_ttl: u32,
    pub bearer_scheme: Lax,
    pub error_shape: ErrorShape,
    pub error_statuses: BTreeMap<ErrorId, RefusalStatus>,
    pub error_words: BTreeMap<ErrorId, String>,
    pub msg_words: BTreeMap<String, Msg>,
    pub field_errors_name: FieldErrorsName,
    pub field_errors_listed: FieldErrorsListed,
    pub unknown_path_body: UnknownPathBody,
    pub challenge: bool,
    pub ids_as: IdsAs,
    pub response_members: Members,
    pub response_member_order: MemberOrder,
    pub first_order_id: u64,
    pub init_paths: InitPaths,
    pub init_encodings: InitEncodings,
    pub init_success_status: InitStatus,
    pub json_scalars: JsonScalars,
    pub json_text_for: JsonTextFor,
    pub empty_value: EmptyValue,
    pub repeated_parameters: RepeatedParameters,
    pub token_repeated_parameters: TokenRepeated,
    pub token_query: TokenQuery,
    pub cors: bool,
    pub role_refused_at: RefusedAt,
    pub flow_paths: FlowPaths,
    pub accept_basic: bool,
    pub basic_encoding: BasicEncoding,
    pub unknown_client: UnknownClient,
    pub merchant_order_id_alias: Alias,
    pub merchant_order_id_named: NamedSpelling,
    pub merchant_order_id_normalization: Normalization,
    pub redirect_url_template: String,
    pub notification_unknown: UnknownOrder,
    pub notification_unfinished: Unfinished,
    pub apply_status_words: ApplyWords,
    pub purchase_status_words: PurchaseWords,
    pub purchase_block_name: PurchaseBlockName,
    pub purchase_block_without_purchase: PurchaseBlock,
    pub merchant_order_id_shared: SharedId,
    pub notification_callback_url: CallbackUrl,
    pub transaction_id_is: TransactionId,
    pub declined_goes_to: Destination,
    pub pending_goes_to: Destination,
    pub callback_params: CallbackParams,
    pub callback_lang: bool,
    pub checkout_ttl: u32,
    pub application_pin: String,
    pub pin_tries: u8,
    pub after_wrong_pins: AfterWrongPins,
    pub decision_without_key: Decided,
    pub calculator_rounding: Rounding,
    pub calculator_no_plan: NoPlan,
    pub calculator_bad_price: BadPrice,
    pub calculator_bad_lang: BadLang,
    pub availability_body: Value,
}

/// The words of `apply_status`, by the state of the application.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the outcomes")]
pub struct ApplyWords {
    pub approved: String,
    pub pending: String,
    pub declined: String,
    pub retry: String,
    pub cancelled: String,
    pub expired: String,
    pub unfinished: String,
}

/// The words of a purchase's status, by its state.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the outcomes")]
pub struct PurchaseWords {
    pub purchased: String,
    pub refused: String,
    pub cancelled: String,
    pub expired: String,
    pub unfinished: String,
}

macro_rules! answers {
    ($($(#[$meta:meta])* $name:ident { $($variant:ident),+ $(,)? })+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "the knob's row lists the answers with their evidence")]
        pub enum $name { $($variant),+ }
    )+ };
}

answers! {
    /// Answers to `token_style`.
    TokenStyle { Nos2, Nos3 }
    /// Answers to `bearer_scheme`.
    Lax { Exact, AnyCase }
    /// Answers to `error_shape`.
    ErrorShape { Doc, Pos, Union, Oauth2 }
    /// Answers to `field_errors_name`.
    FieldErrorsName { FieldErrors, ErrorFields }
    /// Answers to `field_errors_listed`.
    FieldErrorsListed { All, First }
    /// Answers to `unknown_path_body`.
    UnknownPathBody { Json, Html }
    /// Answers to `token_shape`.
    TokenShape { Hex40, Opaque }
    /// Answers to `token_repeated_parameters`.
    TokenRepeated { Refuse, Last, First }
    /// Answers to `token_query`.
    TokenQuery { Ignored, Read }
    /// Answers to `basic_encoding`.
    BasicEncoding { Raw, Form, Either }
    /// Answers to `unknown_client`.
    UnknownClient { Same, ToldApart }
    /// Answers to `json_scalars`.
    JsonScalars { IdsToo, OwnType, Any, TextOnly }
    /// Answers to `json_text_for`.
    JsonTextFor { All, Amounts, Booleans, None }
    /// Answers to `merchant_order_id_named`.
    NamedSpelling { Sent, Documented }
    /// Answers to `merchant_order_id_normalization`.
    Normalization { Exact, Nfc }
    /// Answers to `transaction_id_is`.
    TransactionId { OrderId, OwnNumber }
    /// Answers to `calculator_bad_price`.
    BadPrice { Refuse, Empty }
    /// Answers to `calculator_bad_lang`.
    BadLang { Refuse, English }
    /// Answers to `ids_as`.
    IdsAs { Integer, String }
    /// Answers to `response_members`.
    Members { Documented, More }
    /// Answers to `response_member_order`.
    MemberOrder { Documented, Reversed }
    /// Answers to `init_paths`.
    InitPaths { V2, Plain, Both }
    /// Answers to `init_encodings`.
    InitEncodings { Any, Form, Json }
    /// Answers to `empty_value`.
    EmptyValue { Absent, Value }
    /// Answers to `repeated_parameters`.
    RepeatedParameters { Refuse, Last, First, InvalidRequest }
    /// Answers to `role_refused_at`.
    RefusedAt { Token, Init, Both }
    /// Answers to `merchant_order_id_alias`.
    Alias { Accept, Ignore }
    /// Answers to `flow_paths`.
    FlowPaths { Any, ByFlow }
    /// Answers to `notification_unknown`.
    UnknownOrder { NotFound, Empty }
    /// Answers to `notification_unfinished`.
    Unfinished { WithoutBlocks, StatusWord, NotFound, Empty }
    /// Answers to `purchase_block_name`.
    PurchaseBlockName { Purchase, Buy }
    /// Answers to `purchase_block_without_purchase`.
    PurchaseBlock { Absent, Refused }
    /// Answers to `merchant_order_id_shared`.
    SharedId { Newest, Oldest, Refuse }
    /// Answers to `notification_callback_url`.
    CallbackUrl { Empty, Null, Visited }
    /// Answers to `declined_goes_to` and `pending_goes_to`.
    Destination { Success, Error }
    /// Answers to `callback_params`.
    CallbackParams { None, OrderId, OrderIdAndAuthToken }
    /// Answers to `after_wrong_pins`.
    AfterWrongPins { Cancelled, Refused }
    /// Answers to `decision_without_key`.
    Decided { Approved, Pending, Declined }
    /// Answers to `calculator_rounding`.
    Rounding { HalfUp, Down }
    /// Answers to `calculator_no_plan`.
    NoPlan { Empty, NotFound }
}

/// Answers to `token_type`, which differ only in case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum TokenType {
    /// `bearer`
    #[serde(rename = "bearer")]
    Lowercase,
    /// `Bearer`
    #[serde(rename = "Bearer")]
    Capitalized,
}

impl TokenType {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lowercase => "bearer",
            Self::Capitalized => "Bearer",
        }
    }
}

/// Answers to `init_success_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub struct InitStatus(StatusCode);

impl TryFrom<u16> for InitStatus {
    type Error = http::status::InvalidStatusCode;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        StatusCode::from_u16(status).map(Self)
    }
}

impl From<InitStatus> for StatusCode {
    fn from(status: InitStatus) -> Self {
        status.0
    }
}

impl ErrorShape {
    /// Whether a refusal of this shape lists the wrong parameters. If not, its sentence names them.
    pub fn lists_fields(self) -> bool {
        matches!(self, Self::Pos | Self::Union)
    }
}

impl FieldErrorsName {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FieldErrors => "field_errors",
            Self::ErrorFields => "error_fields",
        }
    }
}

impl TransactionId {
    /// The `transaction_id` of an order.
    pub fn of(self, order_id: u64) -> u64 {
        match self {
            Self::OrderId => order_id,
            // A range of its own, so that the ids of two orders cannot be confused.
            Self::OwnNumber => order_id.saturating_add(1_000_000_000),
        }
    }
}

impl IdsAs {
    /// The JSON type of an id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::String => "string",
        }
    }
}

impl PurchaseBlockName {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Buy => "buy",
        }
    }
}

impl Unfinished {
    /// Whether an order without an outcome appears not to exist.
    pub fn hides_order(self) -> bool {
        matches!(self, Self::NotFound | Self::Empty)
    }
}
