//! Unguessable tokens.

use crate::server::wire::Exchange;
use std::collections::HashSet;

/// With fewer differing positions than this, one token reveals another.
const REVEALED: usize = 8;

/// What is wrong with the tokens of these answers: two have so much in common that one helps to
/// guess the other (RFC 6749, section 10.10).
pub(super) fn guessable(exchanges: &[Exchange]) -> Option<String> {
    let mut tokens: Vec<Vec<char>> = Vec::new();
    for exchange in exchanges {
        let body = exchange.answer()?.json()?;
        let token = body["access_token"].as_str()?.to_owned();
        tokens.push(signs(&token));
    }
    let unlike = |a: &[char], b: &[char]| {
        let length = a.len().max(b.len());
        let same = a.iter().zip(b).filter(|(a, b)| a == b).count();
        length - same
    };
    let near = tokens.iter().enumerate().any(|(at, token)| {
        let others = tokens.iter().skip(at + 1);
        let mut others = others.filter(|other| *other != token);
        others.any(|other| unlike(token, other) < REVEALED)
    });
    near.then(|| format!("tokens that differ in more than {REVEALED} characters"))
}

/// The random part of a token: JSON Web Tokens differ in their signature.
fn signs(token: &str) -> Vec<char> {
    let drawn: HashSet<char> = token.chars().collect();
    match token.rsplit_once('.') {
        Some((_, signature)) if drawn.len() > 16 && !signature.is_empty() => {
            signature.chars().collect()
        }
        _ => token.chars().collect(),
    }
}
