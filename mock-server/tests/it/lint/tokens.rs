//! Tokens: how many, how old, and for whom.

use super::{Case, check, clean, finds};
use flexiti_contract::LintRule::{TokenPerRequest, TokenRefreshLate, TokenShared};
use serde_json::json;

pub const CASES: &[Case] = &[
    finds(TokenPerRequest, "order 1312", "documented", |desk| {
        let order = desk.order(&desk.token(), &[]);
        desk.reads(&desk.token(), order);
    }),
    // One that was refreshed meanwhile is the same.
    clean("documented", |desk| {
        let tokens = desk.tokens();
        let order = desk.order(tokens["access_token"].as_str().unwrap(), &[]);
        let next = desk.sends(&desk.refresh_call(&tokens)).json();
        desk.reads(next["access_token"].as_str().unwrap(), order);
    }),
    // In the last minute a new one may take its place.
    clean("documented", |desk| {
        let order = desk.order(&desk.token(), &[]);
        desk.advance(1_150_000);
        desk.reads(&desk.token(), order);
    }),
    finds(
        TokenPerRequest,
        "previous one was still valid",
        "documented",
        |desk| {
            let order = desk.order(&desk.token(), &[]);
            desk.advance(1_130_000);
            desk.reads(&desk.token(), order);
        },
    ),
    // One that was refused is replaced.
    clean("documented", |desk| {
        let token = desk.token();
        let order = desk.order(&token, &[]);
        desk.faults(&json!([{"action": {"type": "expire_token"}}]));
        assert_eq!(desk.reads(&token, order).status, 401);
        desk.reads(&desk.token(), order);
    }),
    // One whose refresh came to nothing as well.
    clean("documented", |desk| {
        let tokens = desk.tokens();
        let order = desk.order(tokens["access_token"].as_str().unwrap(), &[]);
        desk.faults(&json!([{"action": {"type": "status", "status": 503}}]));
        assert_eq!(desk.send(&desk.refresh_call(&tokens)).status, 503);
        desk.reads(&desk.token(), order);
    }),
    // A job in the background has a token of its own for all orders.
    clean("documented", |desk| {
        let orders = [(); 2].map(|()| desk.order(&desk.token(), &[]));
        let job = desk.token();
        for order in orders {
            desk.reads(&job, order);
        }
    }),
    // So has the back office, in another scope.
    clean("lenient", |desk| {
        let scope = [("grant_type", "client_credentials"), ("scope", "customer")];
        let customer = desk.sends(&desk.token_call(&scope)).json();
        let order = desk.order(customer["access_token"].as_str().unwrap(), &[]);
        desk.reads(&desk.token(), order);
    }),
    finds(TokenShared, "opened 2 orders: `A-", "documented", |desk| {
        let token = desk.token();
        desk.order(&token, &[("email", "a@example.com")]);
        desk.order(&token, &[("email", "b@example.com")]);
    }),
    finds(TokenShared, "one customer's", "documented", |desk| {
        let tokens = desk.tokens();
        desk.order(tokens["access_token"].as_str().unwrap(), &[]);
        let next = desk.sends(&desk.refresh_call(&tokens)).json();
        desk.order(next["access_token"].as_str().unwrap(), &[]);
    }),
    // The same customer starts again.
    clean("documented", |desk| {
        let token = desk.token();
        for _ in 0..2 {
            desk.order(&token, &[("email", "a@example.com")]);
        }
    }),
    // The shop tries again, for its first order never got an answer.
    clean("documented", |desk| {
        let token = desk.token();
        desk.faults(&json!([{"action": {"type": "lost_response"}}]));
        desk.loses(&desk.init_call(&token, &[]));
        desk.order(&token, &[]);
    }),
    // Allowed by the dialect, and late all the same.
    finds(TokenRefreshLate, "once, a token", "lenient", |desk| {
        let tokens = desk.tokens();
        desk.advance(1_200_000);
        desk.sends(&desk.refresh_call(&tokens));
    }),
    finds(TokenRefreshLate, "several times", "documented", |desk| {
        let tokens = desk.tokens();
        desk.advance(1_200_000);
        for _ in 0..2 {
            assert_eq!(desk.send(&desk.refresh_call(&tokens)).status, 400);
        }
    }),
    clean("documented", |desk| {
        let tokens = desk.tokens();
        desk.advance(1_190_000);
        desk.sends(&desk.refresh_call(&tokens));
    }),
];

#[test]
fn tokens() {
    check(CASES);
}
