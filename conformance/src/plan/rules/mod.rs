//! Cases of the clauses that are code: one function for each rule, so that a new rule without
//! cases does not compile.

mod bearer;
mod build;
mod checkout;
mod http;
mod init;
mod messaging;
mod notification;
mod refresh;
mod token;
mod told;

use crate::case::Case;
use crate::plan::Working;
use build::{Ask, Cases};
use flexiti_contract::{Endpoint, Rule, Rulebook};

pub(super) use init::{encoding, path};
pub(super) use token::accepted;

/// The cases of a rule.
#[expect(clippy::too_many_lines, reason = "a line for each rule")]
pub(super) fn cases(rulebook: &Rulebook, rule: Rule, working: &Working) -> Vec<Case> {
    let ask = Ask::new(rulebook, working);
    let c = Cases::of(rule);
    let cases = match rule {
        // Planned before everything else.
        Rule::TokenAccepted
        | Rule::FormDotted
        | Rule::FormBrackets
        | Rule::JsonBody
        | Rule::V2Accepted
        | Rule::PlainAccepted
        // Seen in every answer: the judge looks at all of them.
        | Rule::ErrorShape
        | Rule::ResponseTokenType
        | Rule::ResponseAccessToken
        | Rule::ResponseExpiresIn
        | Rule::ResponseRefreshToken
        | Rule::ResponseScope
        | Rule::NoStore
        | Rule::Challenge
        | Rule::ResponseOrderId
        | Rule::ResponseRedirectionUrl
        | Rule::RedirectNoCredentials
        | Rule::ResponseTransactionId
        | Rule::ResponseFlow
        | Rule::ResponseCallbackUrl
        | Rule::ResponseDate
        | Rule::ResponseHtmlRender
        | Rule::ResponseMonthlyPayment
        | Rule::ResponseMonths => c,
        Rule::MerchantOrderUnique => init::merchant_order_unique(c, &ask),
        Rule::NotificationOrder => {
            notification::accepted(c, &ask, Endpoint::NotificationOrder)
        }
        Rule::NotificationMerchantOrder => {
            notification::accepted(c, &ask, Endpoint::NotificationMerchantOrder)
        }
        Rule::NotificationOldPath => notification::accepted(c, &ask, Endpoint::NotificationOld),
        Rule::NotificationScope => notification::scope(c, &ask),
        Rule::NotificationScopeCustomer => notification::scope_customer(c, &ask),
        Rule::NotificationUnknown => notification::unknown(c, &ask),
        Rule::NotificationUnknownEmpty => notification::unknown_empty(c, &ask),
        Rule::NotificationOwner => notification::owner(c, &ask),
        Rule::NotificationShared => notification::shared(c, &ask),
        Rule::NotificationUnfinished => told::unfinished(c, &ask),
        Rule::TransactionIdOrder => told::transaction_id(c, &ask),
        Rule::ApplyStatus => told::apply_status(c, &ask),
        Rule::ApplyCustomerId => told::customer_id(c, &ask),
        Rule::PurchaseStatus => told::purchase_status(c, &ask),
        Rule::PurchaseMissing => told::purchase_missing(c, &ask),
        Rule::CallbackSuccess => checkout::success(c, &ask),
        Rule::CallbackCancelled => checkout::cancelled(c, &ask),
        Rule::CallbackDeclined => checkout::declined(c, &ask),
        Rule::CallbackPending => checkout::pending(c, &ask),
        Rule::CallbackParameters => checkout::parameters(c, &ask),
        Rule::CallbackNoCredentials => checkout::no_credentials(c, &ask),
        Rule::ResponseKeys => checkout::response_keys(c, &ask, false),
        Rule::HighRisk => checkout::response_keys(c, &ask, true),
        Rule::CheckoutTimeOut => checkout::time_out(c, &ask),
        Rule::CalculatorAccepted => messaging::calculator(c, &ask),
        Rule::CalculatorRepeated => messaging::repeated(c, &ask),
        Rule::CalculatorOpen => messaging::calculator_open(c, &ask),
        Rule::MonthlyPaymentAmount => messaging::monthly_payment(c, &ask),
        Rule::CalculatorLanguage => messaging::language(c, &ask),
        Rule::AvailabilityAccepted => messaging::availability(c),
        Rule::AvailabilityBody => messaging::availability_body(c, &ask),
        Rule::LearnMoreGone => messaging::learn_more_gone(c, &ask),
        Rule::LearnMoreServed => messaging::learn_more(c, &ask),
        Rule::PathKnown => http::path_known(c),
        Rule::MethodAllowed => http::method_allowed(c, &ask),
        Rule::BodySize => http::body_size(c, &ask),
        Rule::BodyUtf8 => http::body_utf8(c, &ask),
        Rule::PercentEncoding => http::percent_encoding(c, &ask),
        Rule::PercentLiteral => http::percent_literal(c, &ask),
        Rule::Robust => http::robust(c, &ask),
        Rule::Cors => http::cors(c),
        Rule::TokenEncoding => token::encoding(c),
        Rule::TokenJsonBody => token::json_body(c),
        Rule::QueryIgnored => token::query_ignored(c),
        Rule::TokenRepeated => token::repeated(c),
        Rule::GrantTypeDefault => token::grant_type_default(c),
        Rule::ScopeDefault => token::scope_default(c),
        Rule::ClientKnown => token::client_known(c),
        Rule::ClientUniform => token::client_uniform(c),
        Rule::Basic => token::basic(c),
        Rule::TokenProvisioned => token::provisioned(c),
        Rule::GrantPassword => token::grant_password(c),
        Rule::PasswordCredentials => token::password_credentials(c),
        Rule::TokenFresh => token::fresh(c),
        Rule::GrantRefresh => refresh::grant(c),
        Rule::RefreshKnown => refresh::known(c),
        Rule::RefreshKind => refresh::kind(c),
        Rule::RefreshClient => refresh::client(c),
        Rule::RefreshInTime => refresh::in_time(c, &ask),
        Rule::RefreshLate => refresh::late(c, &ask),
        Rule::RefreshLifetime => refresh::lifetime(c, &ask),
        Rule::RefreshRotation => refresh::rotation(c),
        Rule::RefreshRevokes => refresh::revokes(c, &ask),
        Rule::BearerRequired => bearer::required(c, &ask),
        Rule::BearerScheme => bearer::scheme(c, &ask),
        Rule::BearerKnown => bearer::known(c, &ask),
        Rule::BearerAlive => bearer::alive(c, &ask),
        Rule::BearerClient => bearer::client(c, &ask),
        Rule::Scope => bearer::scope(c, &ask),
        Rule::ScopeCustomer => bearer::scope_customer(c, &ask),
        Rule::InitProvisioned => bearer::provisioned(c, &ask),
        Rule::PathQuotes => bearer::path_quotes(c, &ask),
        Rule::MediaType => init::media_type(c, &ask),
        Rule::JsonDeclared => init::json_declared(c, &ask),
        Rule::JsonAsForm => init::json_as_form(c, &ask),
        Rule::JsonReadable => init::json_readable(c, &ask),
        Rule::InitRepeated => init::repeated(c, &ask),
        Rule::NullAbsent => init::null_absent(c, &ask),
        Rule::NullRefused => init::null_refused(c, &ask),
        Rule::EmptyAbsent => init::empty_absent(c, &ask),
        Rule::InitFresh => init::fresh(c, &ask),
        Rule::RedirectPage => init::page(c, &ask),
        Rule::RedirectLanguage => init::language(c, &ask),
    };
    cases.list
}
