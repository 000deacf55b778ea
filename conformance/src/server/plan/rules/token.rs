//! The token endpoint, without refreshing.

use super::builder::RequestBuilder;
use super::cases::Cases;
use super::requests::{get_token, json_bytes, token, token_with, token_without, with_bytes};
use crate::server::case::requests::{token_params, token_request};
use crate::server::case::{
    Account, Case, Encoding, Expect, Kind, Params, Payload, RequestTemplate, Step, encode,
};
use flexiti_contract::Rule;
use serde_json::json;

/// The first cases: whether a token can be obtained.
pub(in crate::server::plan) fn accepted() -> Vec<Case> {
    Cases::of(Rule::TokenAccepted)
        .keeps("own keys", token_request())
        .lacks("no parameters", token(&Params::new()))
        .list
}

fn json(params: &Params) -> RequestTemplate {
    let payload = encode(params, Encoding::Json).unwrap_or(Payload::None);
    RequestTemplate {
        payload,
        ..token_request()
    }
}

pub(super) fn encoding(cases: Cases) -> Cases {
    let plain = token_request().header("content-type", "text/plain");
    let undeclared = with_bytes(&token_request(), json_bytes(&token_params()), None);
    let json_utf8 = Some("application/json; charset=utf-8");
    let json_with_charset = with_bytes(&token_request(), json_bytes(&token_params()), json_utf8);
    // Type and subtype are case-insensitive and may have parameters (RFC 9110, 8.3.1).
    let declared = |media_type: &str| token_request().header("content-type", media_type);
    cases
        .keeps_token()
        .keeps(
            "declared with a charset",
            declared("application/x-www-form-urlencoded; charset=utf-8"),
        )
        .beyond()
        .keeps(
            "declared in capitals",
            declared("Application/X-WWW-Form-URLEncoded"),
        )
        .beyond()
        .breaks("JSON", json(&token_params()))
        .breaks("JSON with a charset", json_with_charset)
        .breaks("declared as plain text", plain)
        .breaks(
            "declared as another type whose name begins alike",
            declared("application/x-www-form-urlencoded-v2"),
        )
        .breaks("declared as nothing", undeclared)
        .breaks("a multipart form", multipart(&token_params()))
}

/// The parameters as a multipart form (RFC 7578).
fn multipart(params: &Params) -> RequestTemplate {
    let parts: String = params
        .iter()
        .filter_map(|(name, value)| {
            let head = format!("--part\r\ncontent-disposition: form-data; name=\"{name}\"");
            Some(format!("{head}\r\n\r\n{}\r\n", value.as_str()?))
        })
        .collect();
    let declared = Some("multipart/form-data; boundary=part");
    with_bytes(&token_request(), parts + "--part--\r\n", declared)
}

pub(super) fn json_body(cases: Cases) -> Cases {
    cases
        .keeps("own keys", json(&token_params()))
        .lacks("empty object", json(&Params::new()))
}

pub(super) fn query_ignored(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let with_query = |query: &[(&str, &str)]| RequestTemplate {
        query: query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..token_request()
    };
    let other = with_query(&[("scope", "customer"), ("grant_type", "none")]);
    let name = "another scope in the query";
    let cases = if requests.rulebook.knobs().scope_in_answer {
        cases.add(Kind::Positive, name, other, merchant())
    } else {
        cases.keeps(name, other)
    };
    let cases = cases.keeps(
        "a wrong secret in the query",
        with_query(&[("client_secret", "xxxxxx")]),
    );
    let keys = ["client_id", "client_secret"];
    let nothing_else = RequestTemplate {
        query: keys
            .map(|name| (name.to_owned(), format!("{{{{{name}}}}}")))
            .into(),
        ..token(&Params::new())
    };
    cases.add(
        Kind::Negative,
        "the keys in the query, an empty body",
        nothing_else,
        Expect::NotGranted,
    )
}

/// 200, with scope merchant.
fn merchant() -> Expect {
    Expect::Holds("/scope".to_owned(), json!("merchant"))
}

pub(super) fn repeated(cases: Cases) -> Cases {
    let twice = |name: &str, value: &str| {
        let mut params = token_params();
        params.push((name.to_owned(), json!(value)));
        token(&params)
    };
    cases
        .keeps_token()
        .breaks("client_id twice", twice("client_id", "{{client_id}}"))
        .breaks("scope twice", twice("scope", "customer"))
}

pub(super) fn grant_type_default(cases: Cases) -> Cases {
    cases
        .keeps("no grant_type", token_without(&["grant_type"]))
        .lacks("no grant_type, no keys", token(&Params::new()))
}

pub(super) fn scope_default(cases: Cases) -> Cases {
    cases.add(
        Kind::Positive,
        "no scope",
        token_without(&["scope"]),
        merchant(),
    )
}

pub(super) fn client_known(cases: Cases) -> Cases {
    cases
        .keeps_token()
        .breaks("client_id=xxxxxx", token_with(&[("client_id", "xxxxxx")]))
        .breaks("another secret", token_with(&[("client_secret", "xxxxxx")]))
        .breaks(
            "another secret, scope customer",
            token_with(&[("client_secret", "xxxxxx"), ("scope", "customer")]),
        )
        .breaks(
            "one character more",
            token_with(&[("client_secret", "{{client_secret}}x")]),
        )
        .breaks(
            "client_id with an extra character",
            token_with(&[("client_id", "{{client_id}}!")]),
        )
        .breaks(
            "one character less",
            token_with(&[("client_secret", "{{client_secret|but_last}}")]),
        )
        .breaks(
            "upper and lower case swapped",
            token_with(&[("client_secret", "{{client_secret|other_case}}")]),
        )
        .breaks(
            "another client's secret",
            token_with(&[("client_secret", "{{other_client_secret}}")]),
        )
        // Parameters may be trimmed, and client ids compared case-insensitively.
        .breaks(
            "a blank more",
            token_with(&[("client_secret", "{{client_secret}} ")]),
        )
        .beyond()
        .breaks(
            "client_id with upper and lower case swapped",
            token_with(&[("client_id", "{{client_id|other_case}}")]),
        )
        .beyond()
        .breaks(
            "another secret, refreshing",
            token_with(&[
                ("client_secret", "xxxxxx"),
                ("grant_type", "refresh_token"),
                ("refresh_token", "{{0/refresh_token}}"),
            ]),
        )
        .after([get_token()])
        .on(Account::Own)
}

pub(super) fn client_uniform(cases: Cases) -> Cases {
    let wrong_secret = token_with(&[("client_secret", "xxxxxx")]);
    let unknown = token_with(&[("client_id", "xxxxxx"), ("client_secret", "xxxxxx")]);
    let name = "unknown client, wrong secret";
    cases
        .add(Kind::Positive, name, wrong_secret, Expect::Same(0, 1))
        .after([Step::Send(unknown)])
}

pub(super) fn basic(cases: Cases) -> Cases {
    let bare = || token_without(&["client_id", "client_secret"]);
    let own = bare().header("authorization", "Basic {{basic}}");
    let other = bare().header("authorization", "Basic eHh4eHh4Onh4eHh4eA==");
    cases
        .keeps("Basic instead of parameters", own)
        .lacks("Basic with other keys", other)
}

pub(super) fn provisioned(cases: Cases) -> Cases {
    cases
        .keeps_token()
        .on(Account::Own)
        .breaks("an account without the role", token_request())
        .on(Account::Unprovisioned)
}

fn user(name: &str, password: &str) -> RequestTemplate {
    token_with(&[
        ("grant_type", "password"),
        ("username", name),
        ("password", password),
    ])
}

pub(super) fn grant_password(cases: Cases) -> Cases {
    cases
        .keeps("the account's user", user("{{username}}", "{{password}}"))
        .on(Account::Own)
        .lacks("nobody", token_with(&[("grant_type", "password")]))
}

pub(super) fn password_credentials(cases: Cases) -> Cases {
    cases
        .keeps("the account's user", user("{{username}}", "{{password}}"))
        .on(Account::Own)
        .blaming(Rule::GrantPassword)
        .breaks("wrong password", user("{{username}}", "{{password}}x"))
        .on(Account::Own)
        .breaks("wrong user name", user("x{{username}}", "{{password}}"))
        .on(Account::Own)
}

pub(super) fn fresh(cases: Cases) -> Cases {
    let distinct = Expect::Distinct(0, 1, vec!["/access_token".to_owned()]);
    cases
        .add(Kind::Positive, "twice", token_request(), distinct)
        .after([get_token()])
}
