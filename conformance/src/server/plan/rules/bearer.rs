//! The bearer token, and the paths that require it.

use super::builder::RequestBuilder;
use super::cases::Cases;
use super::requests::{UNKNOWN_TOKEN, at, garbled, get_token, token_with};
use crate::server::case::requests::request_to;
use crate::server::case::{Account, RequestTemplate, Step};
use crate::server::plan::params::bases;
use flexiti_contract::dialect::Lax;

const BEARER: &str = "Bearer {{0/access_token}}";

pub(super) fn required(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let mut in_query = requests.init().without_header("authorization");
    let token = ("access_token".to_owned(), "{{token}}".to_owned());
    in_query.query.push(token);
    let cases = cases
        .keeps_init(requests)
        .breaks("no header", requests.init().without_header("authorization"))
        .breaks("no token", requests.init_as("Bearer"))
        // The reference names the header; RFC 6750, 2.3, also allows the query.
        .breaks("the token in the query", in_query)
        .beyond();
    let cases = encoded(cases, requests, "no header", |request| {
        request.without_header("authorization")
    });
    elsewhere(cases, requests, "no header", |request| {
        request.without_header("authorization")
    })
}

/// The same defect in a request to each of the other endpoints.
fn elsewhere(
    cases: Cases,
    requests: &RequestBuilder<'_>,
    name: &str,
    defect: impl Fn(RequestTemplate) -> RequestTemplate,
) -> Cases {
    let paths = requests.other_paths().into_iter();
    let paths = paths.map(|(endpoint, request)| (endpoint, Vec::new(), request));
    requests.elsewhere().into_iter().chain(paths).fold(
        cases,
        |cases, (endpoint, steps, request)| {
            cases
                .breaks(&format!("{} {name}", endpoint.id()), defect(request))
                .after(steps)
        },
    )
}

/// The same defect in a request to each init path, in each encoding.
fn encoded(
    cases: Cases,
    requests: &RequestBuilder<'_>,
    name: &str,
    defect: impl Fn(RequestTemplate) -> RequestTemplate,
) -> Cases {
    let encodings = &requests.working.encodings;
    let all = requests.working.init().flat_map(|endpoint| {
        let base = bases(requests.rulebook, requests.working, endpoint);
        let base = base.into_iter().next();
        let sent = encodings.iter().filter_map(move |encoding| {
            let request = request_to(endpoint, base.as_ref()?, *encoding)?;
            Some((endpoint, *encoding, request))
        });
        sent.collect::<Vec<_>>()
    });
    all.fold(cases, |cases, (endpoint, encoding, request)| {
        let name = format!("{} {name} as {encoding:?}", endpoint.id());
        cases.breaks(&name, defect(request))
    })
}

pub(super) fn scheme(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let cases = cases
        .keeps_init(requests)
        .breaks("another scheme", requests.init_as("Token {{token}}"))
        .breaks("the scheme Basic", requests.init_as("Basic {{token}}"))
        .breaks("no scheme", requests.init_as("{{token}}"))
        .breaks(
            "no blank after the scheme",
            requests.init_as("Bearer{{token}}"),
        );
    // Schemes are case-insensitive in RFC 9110; the reference prints one spelling.
    let lower_case = requests.init_as("bearer {{token}}");
    match requests.rulebook.knobs().bearer_scheme {
        Lax::Exact => cases.breaks("lower case", lower_case).beyond(),
        Lax::AnyCase => cases.keeps("lower case", lower_case).beyond(),
    }
}

pub(super) fn known(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let unknown = format!("Bearer {UNKNOWN_TOKEN}");
    let cases = cases
        .keeps_init(requests)
        .breaks("never issued", requests.init_as(&unknown))
        .breaks("one character more", requests.init_as("Bearer {{token}}0"))
        .breaks(
            "one character less",
            requests.init_as("Bearer {{token|but_last}}"),
        )
        .breaks(
            "another first character",
            requests.init_as("Bearer ~{{token|but_first}}"),
        )
        .breaks(
            "another last character",
            requests.init_as("Bearer {{token|other_last}}"),
        )
        .breaks(
            "the client secret",
            requests.init_as("Bearer {{client_secret}}"),
        )
        .breaks("the client id", requests.init_as("Bearer {{client_id}}"))
        // No document says what a token comparison may ignore.
        .breaks(
            "upper and lower case swapped",
            requests.init_as("Bearer {{token|other_case}}"),
        )
        .beyond()
        .breaks(
            "a refresh token",
            requests.init_as("Bearer {{0/refresh_token}}"),
        )
        .after([get_token()]);
    let never = |request: RequestTemplate| request.header("authorization", &unknown);
    let cases = encoded(cases, requests, "never issued", never);
    let cases = elsewhere(cases, requests, "never issued", never);
    let cases = elsewhere(cases, requests, "another last character", |request| {
        request.header("authorization", "Bearer {{token|other_last}}")
    });
    requests
        .elsewhere()
        .into_iter()
        .fold(cases, |cases, (endpoint, mut steps, request)| {
            let refresh = format!("Bearer {{{{{}/refresh_token}}}}", steps.len());
            steps.push(get_token());
            cases
                .breaks(
                    &format!("{} a refresh token", endpoint.id()),
                    request.header("authorization", &refresh),
                )
                .after(steps)
        })
}

pub(super) fn alive(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    cases
        .keeps("five seconds after it was issued", requests.init_as(BEARER))
        .after([get_token(), Step::Advance(5)])
        .on(Account::New)
        .keeps("two seconds before the end", requests.init_as(BEARER))
        .after([get_token(), Step::Advance(requests.ttl().saturating_sub(2))])
        .on(Account::New)
        .breaks("at the end", requests.init_as(BEARER))
        .after([get_token(), Step::Advance(requests.ttl())])
        .on(Account::New)
}

/// A token that can only end by expiring, as no other is issued meanwhile.
pub(super) fn alone(cases: Cases, requests: &RequestBuilder<'_>, seconds: u64) -> Cases {
    let name = format!("{seconds} seconds after it was issued, the last of its client");
    cases
        .keeps(&name, requests.init_as(BEARER))
        .after([get_token(), Step::Advance(seconds)])
        .on(Account::New)
}

pub(super) fn client(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    const OTHER: &str = "Bearer {{other_token}}";
    let cases = cases
        .keeps_init(requests)
        .breaks("another client's token", requests.init_as(OTHER));
    let cases = elsewhere(cases, requests, "another client's token", |request| {
        request.header("authorization", OTHER)
    });
    let cases = cases
        .breaks(
            "an unknown client's path",
            at(requests.init(), "{{client_id}}", "nobody-has-this-id"),
        )
        .breaks(
            "the path in upper and lower case swapped",
            at(requests.init(), "{{client_id}}", "{{client_id|other_case}}"),
        )
        .beyond();
    elsewhere(cases, requests, "an unknown client's path", |request| {
        at(request, "{{client_id}}", "nobody-has-this-id")
    })
}

fn customer() -> [Step; 1] {
    [Step::Send(token_with(&[("scope", "customer")]))]
}

pub(super) fn scope(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let cases = cases
        .keeps_init(requests)
        .breaks("scope customer", requests.init_as(BEARER))
        .after(customer());
    requests
        .other_paths()
        .into_iter()
        .fold(cases, |cases, (endpoint, request)| {
            cases
                .breaks(
                    &format!("{} scope customer", endpoint.id()),
                    request.header("authorization", BEARER),
                )
                .after(customer())
        })
}

pub(super) fn scope_customer(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let nothing = requests.init_of(&garbled()).header("authorization", BEARER);
    cases
        .keeps("scope customer", requests.init_as(BEARER))
        .after(customer())
        .lacks("scope customer, three wrong values", nothing)
        .after(customer())
}

pub(super) fn provisioned(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    cases
        .keeps("a provisioned account", requests.init_as(BEARER))
        .after([get_token()])
        .on(Account::Own)
        .blaming_init(requests)
        .breaks("the role was taken away", requests.init_as(BEARER))
        .after([get_token(), Step::Deprovision])
        .on(Account::New)
}

pub(super) fn path_quotes(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let quoted = |request, id: &str| at(request, "{{client_id}}", &format!("%22{id}%22"));
    let nothing = requests.init_of(&garbled());
    cases
        .keeps("quoted", quoted(requests.init(), "{{client_id}}"))
        .lacks(
            "another id, quoted, three wrong values",
            quoted(nothing, "xxxxxx"),
        )
}
