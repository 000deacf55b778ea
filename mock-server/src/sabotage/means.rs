//! How each rule is broken. The match is exhaustive, so that a new rule does not compile without a
//! row.

use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::sabotage::{account, checkout, http, init, messaging, notification, token};
use flexiti_contract::dialect::{CallbackParams, Destination, PurchaseBlock, SharedId, Unfinished};
use flexiti_contract::{Dialect, Rule};
use serde_json::{Value, json};

/// Answers instead of the pipeline, which it may call as often as it likes.
pub type Saboteur = fn(&Service, &Request) -> Reply;

/// How a clause is broken.
#[derive(Debug, Clone, Copy)]
pub enum Means {
    /// The rulebook lacks the clause: what it would refuse is accepted, what it would grant is
    /// refused.
    LeftOut,
    /// Gives this knob the answer that contradicts the clause.
    OtherAnswer(&'static str, fn(&Dialect) -> Value),
    /// Wraps the pipeline in a saboteur.
    Saboteur(Saboteur),
    /// Plants the bug with this name.
    Bug(&'static str),
}

/// How `rule` is broken.
#[expect(
    clippy::too_many_lines,
    clippy::match_same_arms,
    reason = "a table: one row for each rule, in the order of the contract"
)]
pub fn means(rule: Rule) -> Means {
    use Means::{Bug, LeftOut, OtherAnswer, Saboteur};
    match rule {
        Rule::PathKnown => Saboteur(http::unknown_path_answered),
        Rule::MethodAllowed => Saboteur(http::method_not_found),
        Rule::BodySize => LeftOut,
        Rule::BodyUtf8 => LeftOut,
        Rule::PercentEncoding => LeftOut,
        Rule::PercentLiteral => OtherAnswer("bad_percent_encoding", |_| json!("refuse")),
        Rule::Robust => Saboteur(http::nul_crashes),
        Rule::ErrorShape => Saboteur(http::message_missing),
        Rule::ErrorListed => Bug("only one of several faults is named"),
        Rule::SuccessMediaType => Bug("the answer of init is declared as HTML"),
        Rule::NoSecret => Bug("the page shows the client secret"),
        Rule::Cors => OtherAnswer("cors", |dialect| json!(!dialect.knobs.cors)),
        Rule::Message => Saboteur(http::chunks_unread),

        Rule::TokenAccepted => Saboteur(token::never_issued),
        Rule::TokenEncoding => LeftOut,
        Rule::TokenJsonBody => OtherAnswer("token_json_body", |_| json!("refuse")),
        Rule::QueryIgnored => Saboteur(token::query_read),
        Rule::TokenRepeated => LeftOut,
        Rule::GrantTypeDefault => Saboteur(token::no_default_grant),
        Rule::ScopeDefault => Saboteur(token::customer_by_default),
        Rule::ClientKnown => LeftOut,
        Rule::ClientUniform => Saboteur(token::unknown_client_told),
        Rule::Basic => LeftOut,
        Rule::TokenProvisioned => LeftOut,
        Rule::GrantPassword => Saboteur(token::password_refused),
        Rule::PasswordCredentials => Saboteur(token::any_password),
        Rule::GrantRefresh => Saboteur(token::refresh_refused),
        Rule::RefreshKnown => Saboteur(token::unknown_refresh_accepted),
        Rule::RefreshKind => LeftOut,
        Rule::RefreshClient => LeftOut,
        Rule::RefreshInTime => LeftOut,
        Rule::RefreshLate => OtherAnswer("refresh_after_access_expiry", |_| json!("deny")),
        Rule::RefreshLifetime => OtherAnswer("refresh_ttl", |dialect| {
            json!(dialect.knobs.refresh_ttl.saturating_mul(4))
        }),
        Rule::RefreshRotation => LeftOut,
        Rule::RefreshRevokes => LeftOut,
        Rule::OlderEnded => LeftOut,
        Rule::RefreshScope => Bug("a refresh widens the scope"),
        Rule::ResponseTokenType => Saboteur(token::other_token_type),
        Rule::ResponseAccessToken => Saboteur(token::access_token_of_another_form),
        Rule::ResponseExpiresIn => Saboteur(token::a_second_longer),
        Rule::ResponseRefreshToken => Saboteur(token::refresh_token_of_another_form),
        Rule::ResponseScope => Saboteur(token::scope_null),
        Rule::NoStore => LeftOut,
        Rule::TokenFresh => Saboteur(token::issued_again),
        Rule::TokenUnguessable => Bug("tokens can be guessed"),

        Rule::BearerRequired => Saboteur(account::no_token_accepted),
        Rule::BearerScheme => LeftOut,
        Rule::BearerKnown => Saboteur(account::any_token_accepted),
        Rule::BearerAlive => LeftOut,
        Rule::BearerClient => LeftOut,
        Rule::Scope => LeftOut,
        Rule::ScopeCustomer => OtherAnswer("scope_matrix.init", |_| json!(["merchant"])),
        Rule::Challenge => LeftOut,
        Rule::InitProvisioned => LeftOut,
        Rule::PathQuotes => LeftOut,

        Rule::V2Accepted | Rule::PlainAccepted => LeftOut,
        Rule::MediaType => LeftOut,
        Rule::FormDotted | Rule::FormBrackets => LeftOut,
        Rule::JsonBody => LeftOut,
        Rule::JsonDeclared => LeftOut,
        Rule::JsonAsForm => LeftOut,
        Rule::JsonReadable => Saboteur(init::unreadable_json_is_empty),
        Rule::InitRepeated => LeftOut,
        Rule::NullAbsent => OtherAnswer("json_null", |_| json!("wrong_type")),
        Rule::NullRefused => LeftOut,
        Rule::OwnType => LeftOut,
        Rule::EmptyAbsent => OtherAnswer("empty_value", |_| json!("value")),
        Rule::ResponseOrderId => Saboteur(init::other_id_type),
        Rule::ResponseRedirectionUrl => Saboteur(init::relative_url),
        Rule::InitFresh => Saboteur(init::earlier_id_again),
        Rule::RedirectNoCredentials => Saboteur(init::token_in_url),
        Rule::RedirectPage => Saboteur(checkout::no_page),
        Rule::RedirectLanguage => Saboteur(checkout::always_english),
        Rule::MerchantOrderUnique => LeftOut,

        Rule::NotificationOrder | Rule::NotificationMerchantOrder | Rule::NotificationOldPath => {
            LeftOut
        }
        Rule::NotificationScope => LeftOut,
        Rule::NotificationScopeCustomer => {
            OtherAnswer("scope_matrix.notification", |_| json!(["merchant"]))
        }
        Rule::NotificationUnknown => OtherAnswer("notification_unknown", |_| json!("empty")),
        Rule::NotificationUnknownEmpty => {
            OtherAnswer("notification_unknown", |_| json!("not_found"))
        }
        Rule::NotificationOwner => Saboteur(notification::shown_to_anybody),
        Rule::NotificationOwn => Bug("the notification is about the newest order"),
        Rule::NotificationKeysAgree => Bug("by merchant id the date is another"),
        Rule::NotificationStable => Bug("a notification goes back to pending"),
        Rule::NotificationShared => {
            OtherAnswer("merchant_order_id_shared", |dialect| {
                match dialect.knobs.merchant_order_id_shared {
                    SharedId::Oldest => json!("newest"),
                    SharedId::Newest | SharedId::Refuse => json!("oldest"),
                }
            })
        }
        Rule::NotificationUnfinished => OtherAnswer("notification_unfinished", |dialect| {
            match dialect.knobs.notification_unfinished {
                Unfinished::WithoutBlocks => json!("status_word"),
                Unfinished::StatusWord | Unfinished::NotFound | Unfinished::Empty => {
                    json!("without_blocks")
                }
            }
        }),
        Rule::ResponseTransactionId => Saboteur(notification::no_transaction_id),
        Rule::ResponseFlow => Saboteur(notification::no_flow),
        Rule::ResponseCallbackUrl => Saboteur(notification::no_callback_url),
        Rule::ResponseDate => Saboteur(notification::no_date),
        Rule::TransactionIdOrder => Saboteur(notification::other_transaction_id),
        Rule::ApplyStatus => Saboteur(notification::other_apply_status),
        Rule::ApplyCustomerId => Saboteur(notification::no_customer_id),
        Rule::PurchaseStatus => Saboteur(notification::other_purchase_status),
        Rule::PurchaseMissing => OtherAnswer("purchase_block_without_purchase", |dialect| {
            match dialect.knobs.purchase_block_without_purchase {
                PurchaseBlock::Absent => json!("refused"),
                PurchaseBlock::Refused => json!("absent"),
            }
        }),

        Rule::CallbackSuccess => Saboteur(checkout::success_leads_to_error),
        Rule::CallbackCancelled => Saboteur(checkout::cancelled_leads_to_success),
        Rule::CallbackDeclined => OtherAnswer("declined_goes_to", |dialect| {
            opposite(dialect.knobs.declined_goes_to)
        }),
        Rule::CallbackPending => OtherAnswer("pending_goes_to", |dialect| {
            opposite(dialect.knobs.pending_goes_to)
        }),
        Rule::CallbackParameters => OtherAnswer("callback_params", |dialect| {
            match dialect.knobs.callback_params {
                CallbackParams::None => json!("order_id"),
                CallbackParams::OrderId | CallbackParams::OrderIdAndAuthToken => json!("none"),
            }
        }),
        Rule::CallbackNoCredentials => Saboteur(checkout::token_in_callback),
        Rule::ResponseKeys => LeftOut,
        Rule::HighRisk => OtherAnswer("high_risk_decision", |dialect| {
            match dialect.answer("high_risk_decision").as_str() {
                Some("approved") => json!("declined"),
                _ => json!("approved"),
            }
        }),
        Rule::CheckoutTimeOut => OtherAnswer("checkout_ttl", |dialect| {
            json!(dialect.knobs.checkout_ttl.saturating_mul(4))
        }),

        Rule::CalculatorAccepted => LeftOut,
        Rule::CalculatorOpen => LeftOut,
        Rule::CalculatorClientId => LeftOut,
        Rule::CalculatorRepeated => LeftOut,
        Rule::ResponseHtmlRender => Saboteur(messaging::no_html),
        Rule::ResponseMonthlyPayment => Saboteur(messaging::no_monthly_payment),
        Rule::ResponseMonths => Saboteur(messaging::no_months),
        Rule::MonthlyPaymentAmount => Saboteur(messaging::whole_price_each_month),
        Rule::CalculatorLanguage => Saboteur(messaging::other_language),
        Rule::CalculatorHtmlAmount => Bug("the fragment shows another amount"),
        Rule::AvailabilityAccepted => LeftOut,
        Rule::AvailabilityBody => Saboteur(messaging::other_availability),
        Rule::LearnMoreGone => OtherAnswer("learn_more", |_| json!("served")),
        Rule::LearnMoreServed => LeftOut,
    }
}

fn opposite(destination: Destination) -> Value {
    match destination {
        Destination::Success => json!("error"),
        Destination::Error => json!("success"),
    }
}
