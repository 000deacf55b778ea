//! Refresh tokens that have been used: a server may issue one again.

use crate::server::wire::answer::Answer;
use crate::server::wire::exchange::Exchange;

/// The refresh token in a request to the token endpoint.
pub(super) fn refresh_token(url: &str, body: &[u8]) -> Option<String> {
    if !url.ends_with("/oauth/token") {
        return None;
    }
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
    let found = fields.into_iter().find(|(name, _)| name == "refresh_token");
    found.map(|(_, token)| token)
}

/// The refresh token that an exchange has used.
pub(super) fn spent(exchange: &Exchange) -> Option<String> {
    let granted = exchange.answer().is_some_and(Answer::granted);
    refresh_token(&exchange.url, &exchange.sent).filter(|_| granted)
}
