//! Refresh tokens.

use crate::case::{Account, Step};
use crate::plan::rules::build::{Ask, Cases, UNKNOWN_TOKEN, get_token, refresh, token_with};
use flexiti_contract::Rule;

const REFRESH: &str = "{{0/refresh_token}}";

/// A refresh in time, which every server must grant.
fn in_time_at_least(c: Cases) -> Cases {
    c.keeps("in time", refresh(REFRESH))
        .after([get_token()])
        .on(Account::Own)
        .blaming(Rule::GrantRefresh)
}

/// Token, then refresh; the next request finds the answers as `{{0/…}}` and `{{1/…}}`.
fn refreshed() -> [Step; 2] {
    [get_token(), Step::Send(refresh(REFRESH))]
}

/// A refresh that must fail for two reasons.
fn lacks(c: Cases) -> Cases {
    let secret = ("client_secret", "xxxxxx");
    let draft = token_with(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", UNKNOWN_TOKEN),
        secret,
    ]);
    c.lacks("an unknown token and another secret", draft)
}

pub(super) fn grant(c: Cases) -> Cases {
    lacks(
        c.keeps("in time", refresh(REFRESH))
            .after([get_token()])
            .on(Account::Own),
    )
}

pub(super) fn known(c: Cases) -> Cases {
    in_time_at_least(c).breaks("an unknown token", refresh(UNKNOWN_TOKEN))
}

pub(super) fn kind(c: Cases) -> Cases {
    in_time_at_least(c)
        .breaks("the access token", refresh("{{0/access_token}}"))
        .after([get_token()])
        .on(Account::Own)
}

pub(super) fn client(c: Cases) -> Cases {
    in_time_at_least(c).breaks("another client's", refresh("{{other_refresh_token}}"))
}

pub(super) fn in_time(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps("two seconds before the end", refresh(REFRESH))
        .after([get_token(), Step::Advance(ask.ttl().saturating_sub(2))])
        .on(Account::New)
        .blaming(Rule::GrantRefresh)
        .breaks("at the end", refresh(REFRESH))
        .after([get_token(), Step::Advance(ask.ttl())])
        .on(Account::New)
}

pub(super) fn late(c: Cases, ask: &Ask<'_>) -> Cases {
    let c = c
        .keeps("at the end", refresh(REFRESH))
        .after([get_token(), Step::Advance(ask.ttl())])
        .on(Account::New);
    lacks(c)
}

pub(super) fn lifetime(c: Cases, ask: &Ask<'_>) -> Cases {
    let life = u64::from(ask.rulebook.knobs().refresh_ttl);
    c.keeps("a minute before the end", refresh(REFRESH))
        .after([get_token(), Step::Advance(life.saturating_sub(60))])
        .on(Account::New)
        .blaming(Rule::RefreshLate)
        .breaks("at the end", refresh(REFRESH))
        .after([get_token(), Step::Advance(life)])
        .on(Account::New)
}

pub(super) fn rotation(c: Cases) -> Cases {
    c.keeps("the next one", refresh("{{1/refresh_token}}"))
        .after(refreshed())
        .on(Account::Own)
        .blaming(Rule::GrantRefresh)
        .breaks("the same one again", refresh(REFRESH))
        .after(refreshed())
        .on(Account::Own)
}

pub(super) fn revokes(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps("the new token", ask.init_as("Bearer {{1/access_token}}"))
        .after(refreshed())
        .on(Account::Own)
        .blaming_init(ask)
        .breaks("the old token", ask.init_as("Bearer {{0/access_token}}"))
        .after(refreshed())
        .on(Account::Own)
}
