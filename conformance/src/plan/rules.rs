//! Cases of the clauses that are code: one arm for each rule, so that a new rule without cases
//! does not compile.

use super::clauses::{base_params, bases, with, without};
use super::{accepted, case, draft, token_draft, token_params};
use crate::case::{Account, Case, Expect, Kind, Step};
use crate::draft::{Draft, Encoding, Params, Payload, encode};
use flexiti_contract::dialect::Lax;
use flexiti_contract::{Endpoint, Flow, Rule, Rulebook};
use serde_json::{Value, json};

const UNKNOWN_TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";

/// Refused with the error of the clause, whatever the parameter.
const REFUSED: Expect = Expect::Refused {
    param: None,
    header: None,
};

/// Puts the cases of one rule together.
struct Cases {
    rule: Rule,
    list: Vec<Case>,
}

impl Cases {
    fn of(rule: Rule) -> Self {
        Self {
            rule,
            list: Vec::new(),
        }
    }

    fn add(mut self, kind: Kind, name: &str, draft: Draft, expect: Expect) -> Self {
        self.list
            .push(case(self.rule.id(), name, kind, draft, expect));
        self
    }

    fn keeps(self, name: &str, draft: Draft) -> Self {
        self.add(Kind::Positive, name, draft, Expect::Granted)
    }

    fn breaks(self, name: &str, draft: Draft) -> Self {
        self.add(Kind::Negative, name, draft, REFUSED)
    }

    fn lacks(self, name: &str, draft: Draft) -> Self {
        self.add(Kind::Negative, name, draft, Expect::NotGranted)
    }

    /// Several steps; the draft of [`Cases::add`] and its kin is the last one.
    fn after(mut self, steps: Vec<Step>) -> Self {
        if let Some(case) = self.list.last_mut() {
            case.steps.splice(0..0, steps);
        }
        self
    }

    fn on(mut self, account: Account) -> Self {
        if let Some(case) = self.list.last_mut() {
            case.account = account;
        }
        self
    }

    fn blaming(mut self, rule: Rule) -> Self {
        if let Some(case) = self.list.last_mut() {
            case.blame = Some(rule.id().to_owned());
        }
        self
    }
}

fn token(params: &Params) -> Draft {
    draft(Endpoint::Token, params, Encoding::FormDotted).unwrap_or_else(token_draft)
}

fn token_with(changes: &[(&str, &str)]) -> Draft {
    let change = |params: Params, (name, value): &(&str, &str)| with(&params, name, json!(value));
    token(&changes.iter().fold(token_params(), change))
}

fn token_without(names: &[&str]) -> Draft {
    token(
        &names
            .iter()
            .fold(token_params(), |params, name| without(&params, name)),
    )
}

fn refresh(token: &str) -> Draft {
    token_with(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

fn text(text: &str, media_type: Option<&str>) -> Draft {
    let draft = Draft::post("/oauth/token", Payload::Bytes(text.as_bytes().to_vec()))
        .header("x-reference-id", "{{reference_id}}");
    match media_type {
        Some(media_type) => draft.header("content-type", media_type),
        None => draft,
    }
}

/// The draft of an init request, with its body replaced.
fn init_bytes(init: &Draft, body: Vec<u8>, media_type: Option<&str>) -> Draft {
    let draft = Draft {
        payload: Payload::Bytes(body),
        ..init.clone()
    };
    match media_type {
        Some(media_type) => draft.header("content-type", media_type),
        None => draft,
    }
}

fn json_bytes(params: &Params) -> Vec<u8> {
    match encode(params, Encoding::Json) {
        Some(Payload::Json(value)) => value.to_string().into_bytes(),
        _ => Vec::new(),
    }
}

fn form_bytes(params: &Params) -> Vec<u8> {
    match encode(params, Encoding::FormDotted) {
        Some(Payload::Form(pairs)) => serde_urlencoded::to_string(pairs)
            .unwrap_or_default()
            .into(),
        _ => Vec::new(),
    }
}

/// Cases of `token.accepted`.
pub(super) fn token_accepted() -> Vec<Case> {
    Cases::of(Rule::TokenAccepted)
        .keeps("own keys", token_draft())
        .lacks("no parameters", token(&Params::new()))
        .list
}

/// Cases of one encoding.
pub(super) fn encoding(rulebook: &Rulebook, encoding: Encoding) -> Vec<Case> {
    let rule = match encoding {
        Encoding::FormDotted => Rule::FormDotted,
        Encoding::FormBrackets => Rule::FormBrackets,
        Encoding::Json => Rule::JsonBody,
    };
    let mut cases = Cases::of(rule);
    let endpoints = [Endpoint::InitV2, Endpoint::InitPlain];
    for endpoint in endpoints
        .into_iter()
        .filter(|e| rulebook.is_active(accepted(*e)))
    {
        let base = bases(rulebook, endpoint)
            .into_iter()
            .next()
            .unwrap_or_default();
        if let Some(draft) = draft(endpoint, &base, encoding) {
            cases = cases.keeps(&format!("{} everything", endpoint.id()), draft);
        }
        let empty = match encoding {
            Encoding::Json => Payload::Json(json!({})),
            _ => Payload::Form(Vec::new()),
        };
        if let Some(draft) = draft(endpoint, &Params::new(), encoding) {
            // A path that defaults language and flow still asks for the amount.
            let draft = Draft {
                payload: empty,
                ..draft
            };
            cases = cases.lacks(&format!("{} nothing", endpoint.id()), draft);
        }
    }
    cases.list
}

/// Cases of an init path.
pub(super) fn init_accepted(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    encoding: Encoding,
) -> Vec<Case> {
    let rule = match endpoint {
        Endpoint::InitPlain => Rule::PlainAccepted,
        _ => Rule::V2Accepted,
    };
    let mut cases = Cases::of(rule);
    for flow in [Flow::Apply, Flow::Buy, Flow::ApplyBuy] {
        let base = base_params(rulebook, endpoint, flow).unwrap_or_default();
        let valid = rulebook
            .check(endpoint, &super::clauses::flat(&base))
            .is_empty();
        if let Some(draft) = draft(endpoint, &base, encoding).filter(|_| valid) {
            cases = cases.keeps(&format!("everything, {flow:?}"), draft);
        }
        let minimal = minimal(rulebook, endpoint, &base);
        if let Some(draft) = draft(endpoint, &minimal, encoding).filter(|_| valid) {
            cases = cases.keeps(&format!("only what is required, {flow:?}"), draft);
        }
    }
    if let Some(draft) = draft(endpoint, &Params::new(), encoding) {
        cases = cases.lacks("no parameters", draft);
    }
    cases.list
}

/// A valid request without every parameter that can be left out.
fn minimal(rulebook: &Rulebook, endpoint: Endpoint, base: &Params) -> Params {
    let mut params = base.clone();
    for (name, _) in base {
        let less = without(&params, name);
        if rulebook
            .check(endpoint, &super::clauses::flat(&less))
            .is_empty()
        {
            params = less;
        }
    }
    params
}

/// The cases of a rule.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each rule: a table, not a procedure"
)]
pub(super) fn cases(
    rulebook: &Rulebook,
    rule: Rule,
    encoding: Encoding,
    endpoints: &[Endpoint],
) -> Vec<Case> {
    let c = Cases::of(rule);
    let knobs = rulebook.knobs();
    let ttl = u64::from(knobs.token_ttl);
    let refresh_ttl = u64::from(knobs.refresh_ttl);
    let send = |draft: Draft| vec![Step::Send(draft)];
    let fresh = || Step::Send(token_draft());
    let endpoint = endpoints.first().copied().unwrap_or(Endpoint::InitV2);
    let base = bases(rulebook, endpoint)
        .into_iter()
        .next()
        .unwrap_or_default();
    let init_of = |params: &Params| {
        draft(endpoint, params, encoding).unwrap_or_else(|| Draft::post("/", Payload::None))
    };
    let init = init_of(&base);
    let bearer = |value: &str| init.clone().header("authorization", value);
    let kept = |c: Cases| {
        c.keeps("as it should be", init.clone())
            .blaming_endpoint(endpoint)
    };
    let kept_token = |c: Cases| {
        c.keeps("own keys", token_draft())
            .blaming(Rule::TokenAccepted)
    };
    let cases = match rule {
        // Planned before everything else.
        Rule::TokenAccepted
        | Rule::FormDotted
        | Rule::FormBrackets
        | Rule::JsonBody
        | Rule::V2Accepted
        | Rule::PlainAccepted => c,
        // Seen in every answer: the judge looks at all of them.
        Rule::ErrorShape
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
        Rule::PathKnown => kept_token(c)
            .breaks("/oauth/tokens", Draft::post("/oauth/tokens", Payload::None))
            .breaks(
                "no path",
                Draft {
                    method: "GET".into(),
                    ..Draft::post("/", Payload::None)
                },
            ),
        Rule::MethodAllowed => {
            let allow = Expect::Refused {
                param: None,
                header: Some(("allow".into(), "POST".into())),
            };
            let bare = |method: &str, path: String| Draft {
                method: method.into(),
                ..Draft::post(path, Payload::None)
            };
            let path = match &init.to {
                crate::draft::To::Path(path) | crate::draft::To::Url(path) => path.clone(),
            };
            kept_token(c)
                .add(
                    Kind::Negative,
                    "GET token",
                    bare("GET", "/oauth/token".into()),
                    allow.clone(),
                )
                .add(
                    Kind::Negative,
                    "DELETE token",
                    bare("DELETE", "/oauth/token".into()),
                    allow.clone(),
                )
                .add(Kind::Negative, "PUT init", bare("PUT", path), allow)
        }
        Rule::BodySize => {
            let pad = ("padding", "a".repeat(66_000));
            let large = token_with(&[(pad.0, &pad.1)]);
            let large_init = init_of(&with(&base, pad.0, json!(pad.1)));
            kept_token(c)
                .breaks("token, 66,000 bytes", large)
                .breaks("init, 66,000 bytes", large_init)
        }
        Rule::BodyUtf8 => {
            let mut form = form_bytes(&without(&base, "city"));
            form.extend_from_slice(b"&city=Qu\xe9bec");
            let escaped = form_bytes(&without(&base, "city"));
            let escaped = [&escaped[..], b"&city=Qu%E9bec"].concat();
            let form_type = Some("application/x-www-form-urlencoded");
            kept(c)
                .breaks("Latin-1", init_bytes(&init, form, form_type))
                .breaks("Latin-1, escaped", init_bytes(&init, escaped, form_type))
        }
        Rule::PercentEncoding | Rule::PercentLiteral => {
            let form = form_bytes(&without(&base, "address_1"));
            let form = [&form[..], b"&address_1=100%+Main+St"].concat();
            let draft = init_bytes(&init, form, Some("application/x-www-form-urlencoded"));
            if rule == Rule::PercentEncoding {
                kept(c).breaks("`100% Main St`", draft)
            } else {
                let nothing = init_bytes(
                    &init,
                    b"%".to_vec(),
                    Some("application/x-www-form-urlencoded"),
                );
                c.keeps("`100% Main St`", draft)
                    .lacks("only a percent sign", nothing)
            }
        }
        Rule::Robust => {
            let nul = b"a\0b=c\0d".to_vec();
            let json = init_bytes(&init, b"{\"lang\":\"\0".to_vec(), Some("application/json"));
            let form = "application/x-www-form-urlencoded";
            c.add(Kind::Positive, "own keys", token_draft(), Expect::Alive)
                .add(
                    Kind::Negative,
                    "NUL in a token form",
                    text("a\0b=c\0d", Some(form)),
                    Expect::Alive,
                )
                .add(
                    Kind::Negative,
                    "NUL in an init form",
                    init_bytes(&init, nul, Some(form)),
                    Expect::Alive,
                )
                .add(Kind::Negative, "NUL in JSON", json, Expect::Alive)
        }
        Rule::Cors => {
            let origin = "https://shop.example.com";
            let preflight = Draft {
                method: "OPTIONS".into(),
                ..Draft::post("/oauth/token", Payload::None)
            };
            let preflight = preflight
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "x-reference-id");
            c.add(
                Kind::Positive,
                "a page asks",
                token_draft().header("origin", origin),
                Expect::Granted,
            )
            .blaming(Rule::TokenAccepted)
            .add(
                Kind::Negative,
                "a browser asks first",
                preflight,
                Expect::Preflight,
            )
        }
        Rule::TokenEncoding => {
            let body = json_bytes(&token_params());
            let json = Draft {
                payload: Payload::Bytes(body),
                ..token_draft()
            };
            let plain = "client_id=a&client_secret=b";
            kept_token(c)
                .breaks(
                    "JSON",
                    Draft {
                        payload: encode(&token_params(), Encoding::Json).unwrap_or(Payload::None),
                        ..token_draft()
                    },
                )
                .breaks("declared as plain text", text(plain, Some("text/plain")))
                .breaks("declared as nothing", json)
        }
        Rule::TokenJsonBody => {
            let json = |params: &Params| Draft {
                payload: encode(params, Encoding::Json).unwrap_or(Payload::None),
                ..token_draft()
            };
            c.keeps("own keys", json(&token_params()))
                .lacks("empty object", json(&Params::new()))
        }
        Rule::QueryIgnored => {
            let query = Some("scope=customer&grant_type=none".to_owned());
            let holds = Expect::Holds("/scope".into(), json!("merchant"));
            c.add(
                Kind::Positive,
                "another scope in the query",
                Draft {
                    query,
                    ..token_draft()
                },
                holds,
            )
        }
        Rule::TokenRepeated => {
            let twice = |name: &str, value: &str| {
                let mut params = token_params();
                params.push((name.to_owned(), json!(value)));
                token(&params)
            };
            kept_token(c)
                .breaks("client_id twice", twice("client_id", "{{client_id}}"))
                .breaks("scope twice", twice("scope", "customer"))
        }
        Rule::GrantTypeDefault => c
            .keeps("no grant_type", token_without(&["grant_type"]))
            .lacks(
                "another grant_type",
                token_with(&[("grant_type", "implicit")]),
            ),
        Rule::ScopeDefault => {
            let holds = Expect::Holds("/scope".into(), json!("merchant"));
            c.add(Kind::Positive, "no scope", token_without(&["scope"]), holds)
        }
        Rule::ClientKnown => kept_token(c)
            .breaks("client_id=xxxxxx", token_with(&[("client_id", "xxxxxx")]))
            .breaks("another secret", token_with(&[("client_secret", "xxxxxx")]))
            .breaks(
                "the secret and one more character",
                token_with(&[("client_secret", "{{client_secret}}x")]),
            ),
        Rule::ClientUniform => c
            .add(
                Kind::Positive,
                "unknown client, wrong secret",
                token_with(&[("client_secret", "xxxxxx")]),
                Expect::Same(0, 1),
            )
            .after(send(token_with(&[
                ("client_id", "xxxxxx"),
                ("client_secret", "xxxxxx"),
            ]))),
        Rule::Basic => {
            let bare = token_without(&["client_id", "client_secret"]);
            c.keeps(
                "Basic instead of parameters",
                bare.clone().header("authorization", "Basic {{basic}}"),
            )
            .lacks(
                "Basic with other keys",
                bare.header("authorization", "Basic eHh4eHh4Onh4eHh4eA=="),
            )
        }
        Rule::TokenProvisioned => c
            .keeps("a provisioned account", token_draft())
            .on(Account::Own)
            .blaming(Rule::TokenAccepted)
            .breaks("an account without the role", token_draft())
            .on(Account::Unprovisioned),
        Rule::GrantPassword | Rule::PasswordCredentials => {
            let user = |name: &str, password: &str| {
                token_with(&[
                    ("grant_type", "password"),
                    ("username", name),
                    ("password", password),
                ])
            };
            let right = user("{{username}}", "{{password}}");
            if rule == Rule::GrantPassword {
                c.keeps("the account's user", right)
                    .on(Account::Own)
                    .lacks("nobody", token_with(&[("grant_type", "password")]))
            } else {
                c.keeps("the account's user", right)
                    .on(Account::Own)
                    .blaming(Rule::GrantPassword)
                    .breaks("wrong password", user("{{username}}", "{{password}}x"))
                    .on(Account::Own)
                    .breaks("wrong user name", user("x{{username}}", "{{password}}"))
                    .on(Account::Own)
            }
        }
        Rule::GrantRefresh => c
            .keeps("in time", refresh("{{0/refresh_token}}"))
            .after(vec![fresh()])
            .on(Account::Own)
            .lacks("an unknown token", refresh(UNKNOWN_TOKEN)),
        Rule::RefreshKnown => c
            .keeps("in time", refresh("{{0/refresh_token}}"))
            .after(vec![fresh()])
            .on(Account::Own)
            .blaming(Rule::GrantRefresh)
            .breaks("an unknown token", refresh(UNKNOWN_TOKEN)),
        Rule::RefreshKind => c
            .keeps("the refresh token", refresh("{{0/refresh_token}}"))
            .after(vec![fresh()])
            .on(Account::Own)
            .blaming(Rule::GrantRefresh)
            .breaks("the access token", refresh("{{0/access_token}}"))
            .after(vec![fresh()])
            .on(Account::Own),
        Rule::RefreshClient => c
            .keeps("one's own", refresh("{{0/refresh_token}}"))
            .after(vec![fresh()])
            .on(Account::Own)
            .blaming(Rule::GrantRefresh)
            .breaks("another client's", refresh("{{other_refresh_token}}")),
        Rule::RefreshInTime => c
            .keeps("two seconds before the end", refresh("{{0/refresh_token}}"))
            .after(vec![fresh(), Step::Advance(ttl.saturating_sub(2))])
            .on(Account::New)
            .blaming(Rule::GrantRefresh)
            .breaks("at the end", refresh("{{0/refresh_token}}"))
            .after(vec![fresh(), Step::Advance(ttl)])
            .on(Account::New),
        Rule::RefreshLate => c
            .keeps("at the end", refresh("{{0/refresh_token}}"))
            .after(vec![fresh(), Step::Advance(ttl)])
            .on(Account::New)
            .lacks("an unknown token", refresh(UNKNOWN_TOKEN)),
        Rule::RefreshLifetime => c
            .keeps("a minute before the end", refresh("{{0/refresh_token}}"))
            .after(vec![fresh(), Step::Advance(refresh_ttl.saturating_sub(60))])
            .on(Account::New)
            .blaming(Rule::RefreshLate)
            .breaks("at the end", refresh("{{0/refresh_token}}"))
            .after(vec![fresh(), Step::Advance(refresh_ttl)])
            .on(Account::New),
        Rule::RefreshRotation => c
            .keeps("the next one", refresh("{{1/refresh_token}}"))
            .after(vec![fresh(), Step::Send(refresh("{{0/refresh_token}}"))])
            .on(Account::Own)
            .blaming(Rule::GrantRefresh)
            .breaks("the same one again", refresh("{{0/refresh_token}}"))
            .after(vec![fresh(), Step::Send(refresh("{{0/refresh_token}}"))])
            .on(Account::Own),
        Rule::RefreshRevokes => c
            .keeps("the new token", bearer("Bearer {{1/access_token}}"))
            .after(vec![fresh(), Step::Send(refresh("{{0/refresh_token}}"))])
            .on(Account::Own)
            .blaming_endpoint(endpoint)
            .breaks("the old token", bearer("Bearer {{0/access_token}}"))
            .after(vec![fresh(), Step::Send(refresh("{{0/refresh_token}}"))])
            .on(Account::Own),
        Rule::TokenFresh => c
            .add(
                Kind::Positive,
                "twice",
                token_draft(),
                Expect::Distinct(0, 1, vec!["/access_token".into()]),
            )
            .after(vec![fresh()]),
        Rule::BearerRequired => {
            kept(c).breaks("no header", init.clone().without_header("authorization"))
        }
        Rule::BearerScheme => {
            let c = kept(c)
                .breaks("another scheme", bearer("Token {{token}}"))
                .breaks("no scheme", bearer("{{token}}"));
            match knobs.bearer_scheme {
                Lax::Exact => c.breaks("lower case", bearer("bearer {{token}}")),
                Lax::AnyCase => c.keeps("lower case", bearer("bearer {{token}}")),
            }
        }
        Rule::BearerKnown => kept(c)
            .breaks("never issued", bearer(&format!("Bearer {UNKNOWN_TOKEN}")))
            .breaks("one character more", bearer("Bearer {{token}}0")),
        Rule::BearerAlive => c
            .keeps(
                "two seconds before the end",
                bearer("Bearer {{0/access_token}}"),
            )
            .after(vec![fresh(), Step::Advance(ttl.saturating_sub(2))])
            .on(Account::New)
            .blaming_endpoint(endpoint)
            .breaks("at the end", bearer("Bearer {{0/access_token}}"))
            .after(vec![fresh(), Step::Advance(ttl)])
            .on(Account::New),
        Rule::BearerClient => {
            kept(c).breaks("another client's token", bearer("Bearer {{other_token}}"))
        }
        Rule::Scope | Rule::ScopeCustomer => {
            let customer = vec![Step::Send(token_with(&[("scope", "customer")]))];
            let draft = bearer("Bearer {{0/access_token}}");
            if rule == Rule::Scope {
                kept(c).breaks("scope customer", draft).after(customer)
            } else {
                c.keeps("scope customer", draft).after(customer).lacks(
                    "an unknown token",
                    bearer(&format!("Bearer {UNKNOWN_TOKEN}")),
                )
            }
        }
        Rule::InitProvisioned => c
            .keeps("a provisioned account", bearer("Bearer {{0/access_token}}"))
            .after(vec![fresh()])
            .on(Account::Own)
            .blaming_endpoint(endpoint)
            .breaks(
                "the role was taken away",
                bearer("Bearer {{0/access_token}}"),
            )
            .after(vec![fresh(), Step::Deprovision])
            .on(Account::New),
        Rule::PathQuotes => {
            let quoted = |id: &str| match &init.to {
                crate::draft::To::Path(path) => Draft {
                    to: crate::draft::To::Path(
                        path.replace("{{client_id}}", &format!("%22{id}%22")),
                    ),
                    ..init.clone()
                },
                crate::draft::To::Url(_) => init.clone(),
            };
            c.keeps("quoted", quoted("{{client_id}}"))
                .lacks("another id, quoted", quoted("xxxxxx"))
        }
        Rule::MediaType => {
            let body = form_bytes(&base);
            kept(c)
                .breaks(
                    "text/plain",
                    init_bytes(&init, body.clone(), Some("text/plain")),
                )
                .breaks(
                    "application/xml",
                    init_bytes(&init, b"<init/>".to_vec(), Some("application/xml")),
                )
                .breaks("declared as nothing", init_bytes(&init, body, None))
        }
        Rule::JsonDeclared => kept(c).breaks(
            "JSON as a form",
            init_bytes(
                &init,
                json_bytes(&base),
                Some("application/x-www-form-urlencoded"),
            ),
        ),
        Rule::JsonAsForm => {
            let form = Some("application/x-www-form-urlencoded");
            c.keeps("JSON as a form", init_bytes(&init, json_bytes(&base), form))
                .lacks(
                    "an empty object as a form",
                    init_bytes(&init, b"{}".to_vec(), form),
                )
        }
        Rule::JsonReadable => {
            let json = |body: &[u8]| init_bytes(&init, body.to_vec(), Some("application/json"));
            let whole = json_bytes(&base);
            kept(c)
                .breaks("cut off", json(&whole[..whole.len() - 1]))
                .breaks("an array", json(b"[]"))
                .breaks("nothing at all", json(b""))
        }
        Rule::InitRepeated => {
            let mut params = base.clone();
            params.push(("lang".into(), json!("en")));
            let twice = Payload::Form(match encode(&params, Encoding::FormDotted) {
                Some(Payload::Form(pairs)) => pairs,
                _ => Vec::new(),
            });
            let expect = Expect::Refused {
                param: Some("lang".into()),
                header: None,
            };
            kept(c).add(
                Kind::Negative,
                "lang twice",
                Draft {
                    payload: twice,
                    ..init.clone()
                },
                expect,
            )
        }
        Rule::NullAbsent | Rule::NullRefused => {
            let json = |params: &Params| Draft {
                payload: encode(params, Encoding::Json).unwrap_or(Payload::None),
                ..init.clone()
            };
            let email = json(&with(&base, "email", Value::Null));
            if rule == Rule::NullRefused {
                let expect = Expect::Refused {
                    param: Some("email".into()),
                    header: None,
                };
                kept(c).add(Kind::Negative, "email", email, expect)
            } else {
                let all: Params = base
                    .iter()
                    .map(|(name, _)| (name.clone(), Value::Null))
                    .collect();
                c.keeps("email", email).lacks("everything", json(&all))
            }
        }
        Rule::EmptyAbsent => {
            let optional = with(&with(&base, "email", json!("")), "dob", json!(""));
            let all: Params = base
                .iter()
                .map(|(name, _)| (name.clone(), json!("")))
                .collect();
            c.keeps("email and dob", init_of(&optional))
                .lacks("everything", init_of(&all))
        }
        Rule::InitFresh => {
            let members = vec!["/online_order_id".into(), "/redirection_url".into()];
            c.add(
                Kind::Positive,
                "twice",
                init.clone(),
                Expect::Distinct(0, 1, members),
            )
            .after(send(init.clone()))
        }
        Rule::RedirectPage => c
            .add(
                Kind::Positive,
                "opened",
                Draft::get("{{0/redirection_url}}"),
                Expect::Page(None),
            )
            .after(send(init.clone())),
        Rule::RedirectLanguage => {
            let mut c = c;
            for lang in ["fr", "en"] {
                let init = init_of(&with(&base, "lang", json!(lang)));
                let expect = Expect::Page(Some(lang.to_owned()));
                c = c
                    .add(
                        Kind::Positive,
                        lang,
                        Draft::get("{{0/redirection_url}}"),
                        expect,
                    )
                    .after(send(init));
            }
            c
        }
    };
    cases.list
}

impl Cases {
    fn blaming_endpoint(mut self, endpoint: Endpoint) -> Self {
        if let Some(case) = self.list.last_mut() {
            case.blame = Some(accepted(endpoint).to_owned());
        }
        self
    }
}
