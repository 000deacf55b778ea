//! Refresh tokens.

use super::builder::RequestBuilder;
use super::cases::Cases;
use super::requests::{UNKNOWN_TOKEN, get_token, refresh, token_with};
use crate::server::case::{Account, RequestTemplate, Step};
use flexiti_contract::Rule;

const REFRESH: &str = "{{0/refresh_token}}";

/// A timely refresh, which every server must grant.
fn in_time_at_least(cases: Cases) -> Cases {
    cases
        .keeps("in time", refresh(REFRESH))
        .after([get_token()])
        .on(Account::Own)
        .blaming(Rule::GrantRefresh)
}

/// Gets a token and refreshes it; later requests find the answers as `{{0/…}}` and `{{1/…}}`.
fn refreshed() -> [Step; 2] {
    [get_token(), Step::Send(refresh(REFRESH))]
}

/// A refresh that must fail for two reasons.
fn lacks(cases: Cases) -> Cases {
    let secret = ("client_secret", "xxxxxx");
    let request = token_with(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", UNKNOWN_TOKEN),
        secret,
    ]);
    cases.lacks("an unknown token and another secret", request)
}

fn refresh_as(scope: &str) -> RequestTemplate {
    token_with(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", REFRESH),
        ("scope", scope),
    ])
}

pub(super) fn grant(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let nearly_over = Step::Advance(requests.ttl().saturating_sub(30));
    lacks(
        cases
            .keeps("in time", refresh(REFRESH))
            .after([get_token()])
            .on(Account::Own)
            // A shop refreshes a token that it has used.
            .keeps("once the access token was used", refresh(REFRESH))
            .after([
                get_token(),
                Step::Send(requests.init_as("Bearer {{0/access_token}}")),
            ])
            .on(Account::Own)
            // A refresh must not ask for more than was granted (RFC 6749, section 6).
            .keeps("scope customer", refresh_as("customer"))
            .after([Step::Send(token_with(&[("scope", "customer")]))])
            .on(Account::Own)
            .keeps(
                "again, with the token of the last answer",
                refresh("{{1/refresh_token}}"),
            )
            .after(refreshed())
            .on(Account::Own)
            .keeps("half a minute before the end", refresh(REFRESH))
            .after([get_token(), nearly_over])
            .on(Account::New),
    )
}

pub(super) fn known(cases: Cases) -> Cases {
    in_time_at_least(cases)
        .breaks("an unknown token", refresh(UNKNOWN_TOKEN))
        .breaks(
            "one character less",
            refresh("{{0/refresh_token|but_last}}"),
        )
        .after([get_token()])
        .on(Account::Own)
        .breaks("one character more", refresh("{{0/refresh_token}}0"))
        .after([get_token()])
        .on(Account::Own)
        .breaks(
            "another last character",
            refresh("{{0/refresh_token|other_last}}"),
        )
        .after([get_token()])
        .on(Account::Own)
}

pub(super) fn kind(cases: Cases) -> Cases {
    in_time_at_least(cases)
        .breaks("the access token", refresh("{{0/access_token}}"))
        .after([get_token()])
        .on(Account::Own)
}

pub(super) fn client(cases: Cases) -> Cases {
    in_time_at_least(cases).breaks("another client's", refresh("{{other_refresh_token}}"))
}

pub(super) fn in_time(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    cases
        .keeps("two seconds before the end", refresh(REFRESH))
        .after([get_token(), Step::Advance(requests.ttl().saturating_sub(2))])
        .on(Account::New)
        .blaming(Rule::GrantRefresh)
        .breaks("at the end", refresh(REFRESH))
        .after([get_token(), Step::Advance(requests.ttl())])
        .on(Account::New)
}

pub(super) fn late(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let cases = cases
        .keeps("at the end", refresh(REFRESH))
        .after([get_token(), Step::Advance(requests.ttl())])
        .on(Account::New);
    lacks(cases)
}

pub(super) fn lifetime(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let life = u64::from(requests.rulebook.knobs().refresh_ttl);
    cases
        .keeps("a minute before the end", refresh(REFRESH))
        .after([get_token(), Step::Advance(life.saturating_sub(60))])
        .on(Account::New)
        .blaming(Rule::RefreshLate)
        .breaks("at the end", refresh(REFRESH))
        .after([get_token(), Step::Advance(life)])
        .on(Account::New)
}

pub(super) fn rotation(cases: Cases) -> Cases {
    cases
        .keeps("the next one", refresh("{{1/refresh_token}}"))
        .after(refreshed())
        .on(Account::Own)
        .blaming(Rule::GrantRefresh)
        .breaks("the same one again", refresh(REFRESH))
        .after(refreshed())
        .on(Account::Own)
}

pub(super) fn revokes(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    cases
        .keeps(
            "the new token",
            requests.init_as("Bearer {{1/access_token}}"),
        )
        .after(refreshed())
        .on(Account::Own)
        .blaming_init(requests)
        .breaks(
            "the old token",
            requests.init_as("Bearer {{0/access_token}}"),
        )
        .after(refreshed())
        .on(Account::Own)
}

pub(super) fn older_ended(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    cases
        .keeps(
            "the newer token",
            requests.init_as("Bearer {{1/access_token}}"),
        )
        .after([get_token(), get_token()])
        .on(Account::Own)
        .blaming_init(requests)
        .breaks(
            "the older token",
            requests.init_as("Bearer {{0/access_token}}"),
        )
        .after([get_token(), get_token()])
        .on(Account::Own)
}
