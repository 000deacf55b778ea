//! Cases for the clauses that are code. The match has an arm for each rule, so that a new rule
//! without cases does not compile.

mod bearer;
mod builder;
mod cases;
mod checkout;
mod consistency;
mod hosted_page;
mod http;
mod init;
mod message;
mod messaging;
mod notification;
mod notification_body;
mod refresh;
mod requests;
mod token;

use crate::server::case::Case;
use crate::server::plan::working::Working;
use builder::RequestBuilder;
use cases::Cases;
use flexiti_contract::{Endpoint, Rule, Rulebook};

pub(super) use init::{encoding, path};
pub(super) use token::accepted;

/// The case of a token that is used this many seconds after it was issued, with no other issued
/// meanwhile.
pub(crate) fn lives(rulebook: &Rulebook, working: &Working, seconds: u64) -> Vec<Case> {
    let requests = RequestBuilder::new(rulebook, working);
    bearer::alone(Cases::of(Rule::ResponseExpiresIn), &requests, seconds).list
}

/// The cases of a rule.
#[expect(clippy::too_many_lines, reason = "a line for each rule")]
pub(super) fn cases(rulebook: &Rulebook, rule: Rule, working: &Working) -> Vec<Case> {
    let requests = RequestBuilder::new(rulebook, working);
    let cases = Cases::of(rule);
    let planned = match rule {
        // Planned before all others.
        Rule::TokenAccepted
        | Rule::FormDotted
        | Rule::FormBrackets
        | Rule::JsonBody
        | Rule::V2Accepted
        | Rule::PlainAccepted
        // The judge checks these in every answer.
        | Rule::ErrorShape
        | Rule::SuccessMediaType
        | Rule::NoSecret
        | Rule::CalculatorHtmlAmount
        | Rule::ResponseTokenType
        | Rule::ResponseAccessToken
        | Rule::ResponseExpiresIn
        | Rule::ResponseRefreshToken
        | Rule::NoStore
        | Rule::Challenge
        | Rule::ResponseOrderId
        | Rule::ResponseRedirectionUrl
        | Rule::RedirectNoCredentials
        | Rule::ResponseTransactionId
        | Rule::ResponseCallbackUrl
        | Rule::ResponseDate
        | Rule::ResponseHtmlRender
        | Rule::ResponseMonthlyPayment
        | Rule::ResponseMonths => cases,
        Rule::ResponseScope => consistency::scope_named(cases),
        Rule::ResponseFlow => consistency::flow(cases, &requests),
        Rule::RefreshScope => consistency::refreshed_scope(cases),
        Rule::TokenUnguessable => consistency::unguessable(cases),
        Rule::NotificationOwn => consistency::own(cases, &requests),
        Rule::NotificationKeysAgree => consistency::keys_agree(cases, &requests),
        Rule::NotificationStable => consistency::stable(cases, &requests),
        Rule::ErrorListed => init::all_named(cases, &requests),
        Rule::MerchantOrderUnique => init::merchant_order_unique(cases, &requests),
        Rule::NotificationOrder => {
            let cases = notification::accepted(cases, &requests, Endpoint::NotificationOrder);
            consistency::remembered(cases, &requests)
        }
        Rule::NotificationMerchantOrder => {
            let cases = notification::accepted(cases, &requests, Endpoint::NotificationMerchantOrder);
            notification::merchant_ids(cases, &requests)
        }
        Rule::NotificationOldPath => notification::accepted(cases, &requests, Endpoint::NotificationOld),
        Rule::NotificationScope => notification::scope(cases, &requests),
        Rule::NotificationScopeCustomer => notification::scope_customer(cases, &requests),
        Rule::NotificationUnknown => notification::unknown(cases, &requests),
        Rule::NotificationUnknownEmpty => notification::unknown_empty(cases, &requests),
        Rule::NotificationOwner => notification::owner(cases, &requests),
        Rule::NotificationShared => notification::shared(cases, &requests),
        Rule::NotificationUnfinished => notification_body::unfinished(cases, &requests),
        Rule::TransactionIdOrder => notification_body::transaction_id(cases, &requests),
        Rule::ApplyStatus => notification_body::apply_status(cases, &requests),
        Rule::ApplyCustomerId => {
            let cases = notification_body::customer_id(cases, &requests);
            consistency::no_customer_yet(cases, &requests)
        }
        Rule::PurchaseStatus => notification_body::purchase_status(cases, &requests),
        Rule::PurchaseMissing => notification_body::purchase_missing(cases, &requests),
        Rule::CallbackSuccess => checkout::success(cases, &requests),
        Rule::CallbackCancelled => checkout::cancelled(cases, &requests),
        Rule::CallbackDeclined => checkout::declined(cases, &requests),
        Rule::CallbackPending => checkout::pending(cases, &requests),
        Rule::CallbackParameters => checkout::parameters(cases, &requests),
        Rule::CallbackNoCredentials => checkout::no_credentials(cases, &requests),
        Rule::ResponseKeys => checkout::response_keys(cases, &requests, false),
        Rule::HighRisk => checkout::response_keys(cases, &requests, true),
        Rule::CheckoutTimeOut => {
            notification_body::timed_out(checkout::time_out(cases, &requests), &requests)
        }
        Rule::CalculatorAccepted => messaging::calculator(cases, &requests),
        Rule::CalculatorClientId => messaging::client_id(cases, &requests),
        Rule::CalculatorRepeated => messaging::repeated(cases, &requests),
        Rule::CalculatorOpen => messaging::calculator_open(cases, &requests),
        Rule::MonthlyPaymentAmount => messaging::monthly_payment(cases, &requests),
        Rule::CalculatorLanguage => messaging::language(cases, &requests),
        Rule::AvailabilityAccepted => messaging::availability(cases),
        Rule::AvailabilityBody => messaging::availability_body(cases, &requests),
        Rule::LearnMoreGone => messaging::learn_more_gone(cases, &requests),
        Rule::LearnMoreServed => messaging::learn_more(cases, &requests),
        Rule::PathKnown => http::path_known(cases),
        Rule::MethodAllowed => http::method_allowed(cases, &requests),
        Rule::BodySize => http::body_size(cases, &requests),
        Rule::BodyUtf8 => http::body_utf8(cases, &requests),
        Rule::PercentEncoding => http::percent_encoding(cases, &requests),
        Rule::PercentLiteral => http::percent_literal(cases, &requests),
        Rule::Robust => http::robust(cases, &requests),
        Rule::Cors => http::cors(cases),
        Rule::Message => message::cases(cases),
        Rule::TokenEncoding => token::encoding(cases),
        Rule::TokenJsonBody => token::json_body(cases),
        Rule::QueryIgnored => token::query_ignored(cases, &requests),
        Rule::TokenRepeated => token::repeated(cases),
        Rule::GrantTypeDefault => token::grant_type_default(cases),
        Rule::ScopeDefault => token::scope_default(cases),
        Rule::ClientKnown => token::client_known(cases),
        Rule::ClientUniform => token::client_uniform(cases),
        Rule::Basic => token::basic(cases),
        Rule::TokenProvisioned => token::provisioned(cases),
        Rule::GrantPassword => token::grant_password(cases),
        Rule::PasswordCredentials => token::password_credentials(cases),
        Rule::TokenFresh => consistency::refreshed_token(token::fresh(cases)),
        Rule::GrantRefresh => consistency::refreshed_works(refresh::grant(cases, &requests), &requests),
        Rule::RefreshKnown => refresh::known(cases),
        Rule::RefreshKind => refresh::kind(cases),
        Rule::RefreshClient => refresh::client(cases),
        Rule::RefreshInTime => refresh::in_time(cases, &requests),
        Rule::RefreshLate => refresh::late(cases, &requests),
        Rule::RefreshLifetime => refresh::lifetime(cases, &requests),
        Rule::RefreshRotation => refresh::rotation(cases),
        Rule::RefreshRevokes => refresh::revokes(cases, &requests),
        Rule::OlderEnded => refresh::older_ended(cases, &requests),
        Rule::BearerRequired => bearer::required(cases, &requests),
        Rule::BearerScheme => bearer::scheme(cases, &requests),
        Rule::BearerKnown => bearer::known(cases, &requests),
        Rule::BearerAlive => bearer::alive(cases, &requests),
        Rule::BearerClient => bearer::client(cases, &requests),
        Rule::Scope => bearer::scope(cases, &requests),
        Rule::ScopeCustomer => bearer::scope_customer(cases, &requests),
        Rule::InitProvisioned => bearer::provisioned(cases, &requests),
        Rule::PathQuotes => bearer::path_quotes(cases, &requests),
        Rule::MediaType => init::media_type(cases, &requests),
        Rule::JsonDeclared => init::json_declared(cases, &requests),
        Rule::JsonAsForm => init::json_as_form(cases, &requests),
        Rule::JsonReadable => init::json_readable(cases, &requests),
        Rule::InitRepeated => init::repeated(cases, &requests),
        Rule::NullAbsent => init::null_absent(cases, &requests),
        Rule::NullRefused => init::null_refused(cases, &requests),
        Rule::OwnType => init::own_type(cases, &requests),
        Rule::EmptyAbsent => init::empty_absent(cases, &requests),
        Rule::InitFresh => consistency::all_fresh(init::fresh(cases, &requests), &requests),
        Rule::RedirectPage => hosted_page::opens(cases, &requests),
        Rule::RedirectLanguage => hosted_page::language(cases, &requests),
    };
    planned.list
}
