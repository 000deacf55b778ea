//! The table of all admin operations, which routes requests, refuses unknown paths and generates
//! the OpenAPI document.

use crate::admin::ask::AdminRequest;
use crate::admin::operation::{Body, Operation, json, of, row};
use crate::admin::problem::{Answer, Problem, problem};
use crate::admin::{
    clock, dashboard, dialect, faults, lint, merchants, openapi, orders, reference, requests,
    server,
};
use crate::http::form::decode_segment;
use crate::http::reply::Reply;
use crate::http::route::ADMIN;
use crate::journal::{Expected, Failure};
use flexiti_contract::Rulebook;
use hyper::StatusCode;
use serde_json::Value;
use std::sync::LazyLock;

const CLIENT_ID: (&str, &str) = ("client_id", "Client id; omit for all merchants.");

/// The OpenAPI document of a server at `origin`, including these operations.
pub fn openapi_document(rulebook: &Rulebook, origin: &str) -> Value {
    openapi::document(rulebook, origin, OPERATIONS)
}

#[expect(clippy::unnecessary_wraps, reason = "the table's signature")]
fn get_openapi(call: &AdminRequest<'_>) -> Answer {
    let origin = call.app.origin_for(call.request);
    let document = openapi_document(&call.app.dialects.own(), &origin);
    Ok(Reply::json(StatusCode::OK, &document))
}

/// The operations; those of one path are adjacent.
pub static OPERATIONS: &[Operation] = &[
    row(
        "GET",
        "/",
        "The dashboard",
        &[(200, Body::Media("text/html"))],
        dashboard::get_page,
    )
    .open(),
    row(
        "GET",
        "/dashboard/{file}",
        "A file of the dashboard",
        &[(200, Body::Media("*/*"))],
        dashboard::get_file,
    )
    .open(),
    row(
        "GET",
        "/reference",
        "The API reference, in a merchant's dialect",
        &[(200, Body::Media("text/html"))],
        reference::get,
    )
    .aside()
    .query(reference::QUERY)
    .open(),
    row(
        "GET",
        "/health",
        "Tells whether the server is healthy",
        &[(200, json::<server::Health>())],
        server::get_health,
    )
    .open(),
    row(
        "GET",
        "/ready",
        "Tells whether the server should receive requests; it should not while it drains",
        &[
            (200, json::<server::Readiness>()),
            (503, json::<server::Readiness>()),
        ],
        server::get_ready,
    )
    .open(),
    row(
        "POST",
        "/reset",
        "Resets the server: it keeps the merchants that it was started with, and nothing else",
        &[(204, Body::Nothing)],
        server::post_reset,
    )
    .aside(),
    row(
        "GET",
        "/dialects",
        "Lists the dialects that a merchant can select by name",
        &[(200, json::<dialect::DialectList>())],
        dialect::get_all,
    ),
    row(
        "GET",
        "/knobs",
        "Lists the questions that a dialect answers, with the evidence for each known answer",
        &[(200, json::<dialect::KnobList>())],
        dialect::get_knobs,
    )
    .aside(),
    row(
        "GET",
        "/merchants",
        "Lists all merchants",
        &[(200, json::<merchants::MerchantList>())],
        merchants::get_all,
    )
    .aside(),
    row(
        "POST",
        "/merchants",
        "Adds a merchant: the unit of isolation, one for each test",
        &[(201, json::<merchants::MerchantView>())],
        merchants::post,
    )
    .aside()
    .takes(of::<merchants::NewMerchant>),
    row(
        "GET",
        "/merchants/{client_id}",
        "Shows a merchant with its keys",
        &[(200, json::<merchants::MerchantView>())],
        merchants::get,
    ),
    row(
        "PATCH",
        "/merchants/{client_id}",
        "Changes a merchant; its tokens and orders live on",
        &[(200, json::<merchants::MerchantView>())],
        merchants::patch,
    )
    .takes(of::<merchants::MerchantChange>),
    row(
        "DELETE",
        "/merchants/{client_id}",
        "Deletes a merchant with everything that belongs to it",
        &[(204, Body::Nothing)],
        merchants::remove,
    ),
    row(
        "POST",
        "/merchants/{client_id}/reset",
        "Resets a merchant: tokens, orders, customers, journal, faults, clock, dialect",
        &[(204, Body::Nothing)],
        merchants::post_reset,
    )
    .aside(),
    row(
        "GET",
        "/merchants/{client_id}/clock",
        "Shows the merchant's clock",
        &[(200, json::<clock::ClockView>())],
        clock::get,
    ),
    row(
        "PUT",
        "/merchants/{client_id}/clock",
        "Freezes, sets or advances the merchant's clock",
        &[(200, json::<clock::ClockView>())],
        clock::put,
    )
    .takes(of::<clock::ClockChange>),
    row(
        "GET",
        "/merchants/{client_id}/dialect",
        "Shows the merchant's dialect, every answer spelled out",
        &[(200, json::<dialect::DialectView>())],
        dialect::get,
    ),
    row(
        "PUT",
        "/merchants/{client_id}/dialect",
        "Changes the dialect from the next request on: a name, or a complete dialect",
        &[(200, json::<dialect::DialectView>())],
        dialect::put,
    )
    .aside()
    .takes(of::<dialect::DialectChange>),
    row(
        "GET",
        "/merchants/{client_id}/faults",
        "Shows the fault plan, and the requests that each fault was injected into",
        &[(200, json::<crate::fault::FaultPlanView>())],
        faults::get,
    ),
    row(
        "PUT",
        "/merchants/{client_id}/faults",
        "Replaces the fault plan; a plan with a mistake is refused as a whole",
        &[(200, json::<crate::fault::FaultPlanView>())],
        faults::put,
    )
    .aside()
    .takes(of::<crate::fault::FaultPlan>),
    row(
        "PATCH",
        "/merchants/{client_id}/faults",
        "Adds or removes one fault; the counts of the others stay",
        &[(200, json::<crate::fault::FaultPlanView>())],
        faults::patch,
    )
    .aside()
    .takes(of::<crate::fault::FaultPlanChange>),
    row(
        "DELETE",
        "/merchants/{client_id}/faults",
        "Removes all faults",
        &[(204, Body::Nothing)],
        faults::delete,
    ),
    row(
        "GET",
        "/merchants/{client_id}/lint",
        "Lists what a reviewer would object to in the requests of the merchant's shop",
        &[(200, json::<lint::Lint>())],
        lint::get,
    )
    .aside(),
    row(
        "GET",
        "/requests",
        "Lists exchanges of the journal; with `Accept: application/har+json` as an HTTP archive",
        &[(200, json::<requests::Requests>())],
        requests::get_all,
    )
    .aside()
    .query(crate::journal::FILTERS),
    row(
        "GET",
        "/requests/{id}",
        "Shows an exchange with its answer, and a command that sends the request again",
        &[(200, json::<crate::journal::ExchangeView>())],
        requests::get,
    )
    .aside(),
    row(
        "POST",
        "/requests/{id}/again",
        "Answers a request of the journal once more, as if it came now",
        &[(200, json::<requests::SentAgain>())],
        requests::post_again,
    ),
    row(
        "POST",
        "/requests/verify",
        "Verifies that the requests are as a test expects",
        &[
            (200, json::<requests::Verified>()),
            (422, json::<Failure>()),
        ],
        requests::post_verify,
    )
    .aside()
    .takes(of::<Expected>),
    row(
        "GET",
        "/orders",
        "Lists orders, newest first",
        &[(200, json::<orders::OrderList>())],
        orders::get_all,
    )
    .aside()
    .query(&[CLIENT_ID]),
    row(
        "GET",
        "/orders/{id}",
        "Shows an order",
        &[(200, json::<orders::OrderView>())],
        orders::get,
    ),
    row(
        "POST",
        "/orders/{id}/complete",
        "Moves an order as its customer would",
        &[(200, json::<orders::Completed>())],
        orders::post_complete,
    )
    .takes(of::<orders::Complete>),
    row(
        "GET",
        "/events",
        "Streams server-sent events: `request`, `change`, `missed`",
        &[(200, Body::Media("text/event-stream"))],
        server::get_events,
    )
    .query(&[
        CLIENT_ID,
        ("after", "Only exchanges after the one with this id."),
    ]),
    row(
        "GET",
        "/metrics",
        "Metrics in Prometheus's text format",
        &[(200, Body::Media(crate::telemetry::metrics::MEDIA_TYPE))],
        server::get_metrics,
    )
    .aside(),
    row(
        "GET",
        "/openapi.json",
        "The contract and this API as OpenAPI 3.1",
        &[(200, Body::Media("application/json"))],
        get_openapi,
    )
    .aside(),
];

/// The operations by path.
static PATHS: LazyLock<matchit::Router<Vec<&'static Operation>>> = LazyLock::new(|| {
    let mut paths = matchit::Router::new();
    for operations in OPERATIONS.chunk_by(|one, next| one.path == next.path) {
        #[expect(clippy::expect_used, reason = "a test looks that every path is found")]
        paths
            .insert(operations[0].path, operations.iter().collect())
            .expect("the paths of the table do not conflict");
    }
    paths
});

/// The operation for a path below `/__admin`, and the value of the path's parameter.
pub fn find(rest: &str, method: &str) -> Result<(&'static Operation, String), Problem> {
    let found = PATHS.at(rest);
    let found = found.map_err(|_| {
        let message = format!("nothing at {ADMIN}{rest}");
        problem(StatusCode::NOT_FOUND, message)
    })?;
    let id = found.params.iter().next();
    let id = id.map_or(String::new(), |(_, id)| decode_segment(id));
    let asked = if method == "HEAD" { "GET" } else { method };
    let operations = found.value;
    if let Some(operation) = operations.iter().find(|o| o.method == asked) {
        return Ok((operation, id));
    }
    let methods: Vec<&str> = operations.iter().map(|o| o.method).collect();
    let allow = methods.join(", ");
    Err(Problem {
        allow: Some(allow.clone()),
        ..problem(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("this path takes {allow}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_under_its_path() {
        for row in OPERATIONS {
            let (found, _) = find(row.path, row.method).unwrap();
            assert!(std::ptr::eq(found, row), "{} {}", row.method, row.path);
        }
    }

    #[test]
    fn every_call_is_in_the_openapi_document_with_its_shapes() {
        let contract = flexiti_contract::Contract::shipped();
        let dialect = contract.dialect("documented").unwrap();
        let rulebook = Rulebook::compile(contract, dialect).unwrap();
        let document = openapi_document(&rulebook, "http://127.0.0.1:4359");
        let compiles = |schema: &Value| {
            let mut whole = schema.clone();
            whole["components"] = document["components"].clone();
            jsonschema::validator_for(&whole).is_ok()
        };
        let served = document["servers"][0]["url"].as_str().unwrap();
        for operation in OPERATIONS {
            let path = format!("{ADMIN}{}", operation.path);
            let item = &document["paths"][path.trim_end_matches('/')];
            // The emulated API and the admin API have different base URLs.
            let own = item["servers"][0]["url"].as_str().unwrap();
            assert_eq!(served, format!("{own}/flexiti/online-api"));
            let described = &item[operation.method.to_ascii_lowercase()];
            assert_eq!(described["summary"], operation.summary);
            assert_eq!(described["tags"], serde_json::json!(["admin"]));
            let takes = &described["requestBody"]["content"]["application/json"]["schema"];
            assert_eq!(takes.is_object(), operation.takes.is_some());
            for (status, body) in operation.gives {
                let content = &described["responses"][status.to_string()]["content"];
                match body {
                    Body::Nothing => assert!(content.is_null()),
                    Body::Json(_) => assert!(compiles(&content["application/json"]["schema"])),
                    Body::Media(media) => assert!(content[*media].is_object()),
                }
            }
        }
        let paths = document["paths"].as_object().unwrap();
        let admin = paths.keys().filter(|path| path.starts_with(ADMIN));
        let mut known: Vec<&str> = OPERATIONS.iter().map(|o| o.path).collect();
        known.dedup();
        assert_eq!(admin.count(), known.len());
    }
}
