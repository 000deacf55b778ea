//! Every call of the admin API: one table, from which requests are routed, paths are refused
//! and the OpenAPI document is made.

use super::problem::{Answer, Problem, Refused, problem};
use super::{Ask, clock, dashboard, dialect, faults, lint, merchants, orders, requests, server};
use crate::route::{ADMIN, decode};
use crate::verify::{Expected, Failure};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A call of the admin API.
#[derive(Debug)]
pub struct Operation {
    /// HTTP method; HEAD is answered as GET.
    pub method: &'static str,
    /// The path below `/__admin`.
    pub path: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Query parameters with what they mean.
    pub query: &'static [(&'static str, &'static str)],
    /// The JSON that it takes.
    pub takes: Option<Shape>,
    /// What it answers, the success first.
    pub gives: &'static [(u16, Body)],
    /// It never asks for the token.
    pub open: bool,
    /// What carries it out.
    pub run: fn(&Ask<'_>) -> Answer,
}

/// Makes the schema of a type.
pub type Shape = fn(&mut SchemaGenerator) -> Schema;

/// The body of an answer.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// None.
    Nothing,
    /// JSON of this shape.
    Json(Shape),
    /// Another media type.
    Media(&'static str),
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn json<T: JsonSchema>() -> Body {
    Body::Json(of::<T>)
}

const NONE: &[(&str, &str)] = &[];
const CLIENT_ID: (&str, &str) = ("client_id", "Whose; everybody's if absent.");

/// A row without query parameters that takes nothing and asks for the token.
const fn row(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    gives: &'static [(u16, Body)],
    run: fn(&Ask<'_>) -> Answer,
) -> Operation {
    Operation {
        method,
        path,
        summary,
        query: NONE,
        takes: None,
        gives,
        open: false,
        run,
    }
}

impl Operation {
    const fn takes(mut self, shape: Shape) -> Self {
        self.takes = Some(shape);
        self
    }

    const fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    const fn open(mut self) -> Self {
        self.open = true;
        self
    }
}

/// The calls, those of one path together.
pub static OPERATIONS: &[Operation] = &[
    row(
        "GET",
        "/",
        "The dashboard, for people",
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
        "/health",
        "Whether the server is well",
        &[(200, json::<server::Health>())],
        server::get_health,
    )
    .open(),
    row(
        "POST",
        "/reset",
        "Back to the start: the merchants it was started with, and nothing else",
        &[(204, Body::Nothing)],
        server::post_reset,
    ),
    row(
        "GET",
        "/dialects",
        "The dialects that a merchant can have by name",
        &[(200, json::<dialect::DialectList>())],
        dialect::get_all,
    ),
    row(
        "GET",
        "/merchants",
        "All merchants",
        &[(200, json::<merchants::MerchantList>())],
        merchants::get_all,
    ),
    row(
        "POST",
        "/merchants",
        "Adds a merchant: the unit of isolation, one for each test",
        &[(201, json::<merchants::MerchantView>())],
        merchants::post,
    )
    .takes(of::<merchants::NewMerchant>),
    row(
        "GET",
        "/merchants/{client_id}",
        "A merchant with its keys",
        &[(200, json::<merchants::MerchantView>())],
        merchants::get,
    ),
    row(
        "PATCH",
        "/merchants/{client_id}",
        "Changes what may change while tokens and orders live on",
        &[(200, json::<merchants::MerchantView>())],
        merchants::patch,
    )
    .takes(of::<merchants::MerchantChange>),
    row(
        "DELETE",
        "/merchants/{client_id}",
        "Removes a merchant with all that belongs to it",
        &[(204, Body::Nothing)],
        merchants::remove,
    ),
    row(
        "POST",
        "/merchants/{client_id}/reset",
        "A merchant back to its start: tokens, orders, customers, journal, faults, clock, dialect",
        &[(204, Body::Nothing)],
        merchants::post_reset,
    ),
    row(
        "GET",
        "/merchants/{client_id}/clock",
        "The merchant's clock",
        &[(200, json::<clock::ClockView>())],
        clock::get,
    ),
    row(
        "PUT",
        "/merchants/{client_id}/clock",
        "Freezes, sets or advances it",
        &[(200, json::<clock::ClockView>())],
        clock::put,
    )
    .takes(of::<clock::ClockChange>),
    row(
        "GET",
        "/merchants/{client_id}/dialect",
        "The merchant's dialect, every answer spelled out",
        &[(200, json::<dialect::DialectView>())],
        dialect::get,
    ),
    row(
        "PUT",
        "/merchants/{client_id}/dialect",
        "Another dialect from the next request on: a name alone, or a whole one",
        &[(200, json::<dialect::DialectView>())],
        dialect::put,
    )
    .takes(of::<dialect::DialectChange>),
    row(
        "GET",
        "/merchants/{client_id}/faults",
        "The plan of faults, and which requests each has struck",
        &[(200, json::<crate::fault::PlanView>())],
        faults::get,
    ),
    row(
        "PUT",
        "/merchants/{client_id}/faults",
        "A new plan of faults; one with a mistake is refused whole",
        &[(200, json::<crate::fault::PlanView>())],
        faults::put,
    )
    .takes(of::<crate::fault::Plan>),
    row(
        "PATCH",
        "/merchants/{client_id}/faults",
        "One fault more or less; what became of the others stays known",
        &[(200, json::<crate::fault::PlanView>())],
        faults::patch,
    )
    .takes(of::<crate::fault::PlanChange>),
    row(
        "DELETE",
        "/merchants/{client_id}/faults",
        "No faults any more",
        &[(204, Body::Nothing)],
        faults::delete,
    ),
    row(
        "GET",
        "/merchants/{client_id}/lint",
        "What a reviewer would say over what the merchant's shop has sent",
        &[(200, json::<lint::Lint>())],
        lint::get,
    ),
    row(
        "GET",
        "/requests",
        "The journal; with `Accept: application/har+json` as an HTTP archive",
        &[(200, json::<requests::Requests>())],
        requests::get_all,
    )
    .query(crate::journal::FILTERS),
    row(
        "GET",
        "/requests/{id}",
        "One exchange with its answer, and a command that sends it again",
        &[(200, json::<crate::journal::Exchange>())],
        requests::get,
    ),
    row(
        "POST",
        "/requests/verify",
        "Whether what came is what a test expects",
        &[
            (200, json::<requests::Verified>()),
            (422, json::<Failure>()),
        ],
        requests::post_verify,
    )
    .takes(of::<Expected>),
    row(
        "GET",
        "/orders",
        "Orders, the newest first",
        &[(200, json::<orders::OrderList>())],
        orders::get_all,
    )
    .query(&[CLIENT_ID]),
    row(
        "GET",
        "/orders/{id}",
        "An order",
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
        "What happens, as server-sent events: `request`, `change`, `missed`",
        &[(200, Body::Media("text/event-stream"))],
        server::get_events,
    )
    .query(&[
        CLIENT_ID,
        ("after", "Begins with the exchange that follows on this id."),
    ]),
    row(
        "GET",
        "/metrics",
        "Figures in Prometheus's text format",
        &[(200, Body::Media(crate::metrics::MEDIA_TYPE))],
        server::get_metrics,
    ),
    row(
        "GET",
        "/openapi.json",
        "This document",
        &[(200, Body::Media("application/json"))],
        server::get_openapi,
    ),
];

/// The schema of every refusal.
pub(super) fn refused(generator: &mut SchemaGenerator) -> Schema {
    of::<Refused>(generator)
}

/// The table, ready to be matched.
#[derive(Debug)]
pub struct Routes {
    paths: matchit::Router<Vec<&'static Operation>>,
}

impl Routes {
    /// The routes of the table.
    pub fn new() -> anyhow::Result<Self> {
        let mut paths = matchit::Router::new();
        for operations in OPERATIONS.chunk_by(|one, next| one.path == next.path) {
            paths.insert(operations[0].path, operations.iter().collect())?;
        }
        Ok(Self { paths })
    }

    /// The operation of a path below `/__admin`, and what the path names in braces.
    pub fn find(&self, rest: &str, method: &str) -> Result<(&'static Operation, String), Problem> {
        let found = self.paths.at(rest);
        let found = found.map_err(|_| problem(404, format!("nothing at {ADMIN}{rest}")))?;
        let id = found.params.iter().next();
        let id = id.map_or(String::new(), |(_, id)| decode(id));
        let asked = if method == "HEAD" { "GET" } else { method };
        let operations = found.value;
        if let Some(operation) = operations.iter().find(|o| o.method == asked) {
            return Ok((operation, id));
        }
        let methods: Vec<&str> = operations.iter().map(|o| o.method).collect();
        let allow = methods.join(", ");
        Err(Problem {
            allow: Some(allow.clone()),
            ..problem(405, format!("this path takes {allow}"))
        })
    }
}
