//! Cases of the clauses that are code: one function for each rule, so that a new rule without
//! cases does not compile.

mod bearer;
mod build;
mod http;
mod init;
mod refresh;
mod token;

use super::Working;
use crate::case::Case;
use build::{Ask, Cases};
use flexiti_contract::{Rule, Rulebook};

pub(super) use init::{encoding, path};
pub(super) use token::accepted;

/// The cases of a rule.
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
        | Rule::RedirectNoCredentials => c,
        Rule::MerchantOrderUnique
        | Rule::NotificationOrder
        | Rule::NotificationMerchantOrder
        | Rule::NotificationOldPath
        | Rule::NotificationScope
        | Rule::NotificationScopeCustomer
        | Rule::NotificationUnknown
        | Rule::NotificationUnknownEmpty
        | Rule::NotificationOwner
        | Rule::NotificationShared
        | Rule::NotificationUnfinished
        | Rule::ResponseTransactionId
        | Rule::ResponseFlow
        | Rule::ResponseCallbackUrl
        | Rule::ResponseDate
        | Rule::TransactionIdOrder
        | Rule::ApplyStatus
        | Rule::ApplyCustomerId
        | Rule::PurchaseStatus
        | Rule::PurchaseMissing
        | Rule::CallbackSuccess
        | Rule::CallbackCancelled
        | Rule::CallbackDeclined
        | Rule::CallbackPending
        | Rule::CallbackParameters
        | Rule::CallbackNoCredentials
        | Rule::ResponseKeys
        | Rule::HighRisk
        | Rule::CheckoutTimeOut
        | Rule::CalculatorAccepted
        | Rule::CalculatorOpen
        | Rule::ResponseHtmlRender
        | Rule::ResponseMonthlyPayment
        | Rule::ResponseMonths
        | Rule::MonthlyPaymentAmount
        | Rule::CalculatorLanguage
        | Rule::AvailabilityAccepted
        | Rule::AvailabilityBody
        | Rule::LearnMoreGone
        | Rule::LearnMoreServed => c,
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
