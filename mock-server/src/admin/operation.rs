//! A row in the table of admin operations.

use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, Refused};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A call to the admin API.
#[derive(Debug)]
pub struct Operation {
    /// HTTP method; HEAD is answered as GET.
    pub method: &'static str,
    /// The path below `/__admin`.
    pub path: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Query parameters and their descriptions.
    pub query: &'static [(&'static str, &'static str)],
    /// The schema of its JSON body.
    pub takes: Option<Shape>,
    /// Status and body of each answer, success first.
    pub gives: &'static [(u16, Body)],
    /// It does not require the admin token.
    pub open: bool,
    /// It may take long, so it must not block other requests.
    pub aside: bool,
    /// The function that carries it out.
    pub run: fn(&AdminRequest<'_>) -> Answer,
}

/// Generates the schema of a type.
pub type Shape = fn(&mut SchemaGenerator) -> Schema;

/// The body of an answer.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// No body.
    Nothing,
    /// JSON of this shape.
    Json(Shape),
    /// Another media type.
    Media(&'static str),
}

pub(super) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

pub(super) const fn json<T: JsonSchema>() -> Body {
    Body::Json(of::<T>)
}

impl Operation {
    pub(super) const fn takes(mut self, shape: Shape) -> Self {
        self.takes = Some(shape);
        self
    }

    pub(super) const fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    pub(super) const fn aside(mut self) -> Self {
        self.aside = true;
        self
    }

    pub(super) const fn open(mut self) -> Self {
        self.open = true;
        self
    }
}

/// A row without query parameters and body that requires the token.
pub(super) const fn row(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    gives: &'static [(u16, Body)],
    run: fn(&AdminRequest<'_>) -> Answer,
) -> Operation {
    Operation {
        method,
        path,
        summary,
        query: &[],
        takes: None,
        gives,
        open: false,
        aside: false,
        run,
    }
}

/// The schema of every refusal.
pub(super) fn refused(generator: &mut SchemaGenerator) -> Schema {
    of::<Refused>(generator)
}
