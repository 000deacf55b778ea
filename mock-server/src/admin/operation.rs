//! A row of the admin API's table.

use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, Refused};
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
    /// It may take long: others are answered meanwhile.
    pub aside: bool,
    /// What carries it out.
    pub run: fn(&AdminRequest<'_>) -> Answer,
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

/// A row without query parameters that takes nothing and asks for the token.
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
