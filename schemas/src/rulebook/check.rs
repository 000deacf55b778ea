//! Judging requests and answers against the schemas.

use crate::body::Body;
use crate::endpoint::Endpoint;
use crate::parameters::Parameters;
use crate::parameters::node::{Flat, FlatNode};
use crate::resolve;
use crate::rulebook::Rulebook;
use crate::vocabulary::Violation;
use jsonschema::error::ValidationErrorKind;
use jsonschema::json::{Json as _, Node as _, Object as _};
use serde_json::Value;

impl Rulebook {
    /// The constraints that a request violates: at most one for each parameter, in the contract's
    /// order.
    /// `request` is the flat object that `bodies/*.request.json` describe.
    pub fn check(&self, endpoint: Endpoint, request: &Value) -> Vec<Violation> {
        self.check_node(endpoint, FlatNode::Json(request))
    }

    /// Like [`Rulebook::check`], for parameters that were read from a request.
    pub fn check_parameters(
        &self,
        endpoint: Endpoint,
        parameters: &Parameters<'_>,
    ) -> Vec<Violation> {
        self.check_node(endpoint, FlatNode::Parameters(parameters))
    }

    fn check_node(&self, endpoint: Endpoint, request: FlatNode<'_>) -> Vec<Violation> {
        let Some(body) = self.requests.get(&endpoint) else {
            return Vec::new();
        };
        if body.validator().is_valid(request) {
            return Vec::new();
        }
        let mut found: Vec<Violation> = body
            .validator()
            .iter_errors(request)
            .filter_map(|error| self.violation(body, request, &error))
            .collect();
        self.sort(endpoint, &mut found);
        found.dedup_by(|later, earlier| later.param == earlier.param);
        found
    }

    /// Sorts violations in the contract's order: by parameter, then by clause.
    pub fn sort(&self, endpoint: Endpoint, violations: &mut [Violation]) {
        let ranks = self.requests.get(&endpoint).map(|body| &body.ranks);
        violations.sort_by_key(|violation| {
            let param = ranks.and_then(|ranks| ranks.get(&violation.param));
            (param.copied(), violation.rank)
        });
    }

    fn violation(
        &self,
        body: &Body,
        request: FlatNode<'_>,
        error: &jsonschema::ValidationError<'_>,
    ) -> Option<Violation> {
        let tag = resolve::clause_at(&body.schema, error.schema_path().as_str())?;
        let rank = self.contract.clauses.iter().position(|c| c.id == tag)?;
        let clause = &self.contract.clauses[rank];
        let param = if let ValidationErrorKind::Required { property } = error.kind() {
            property.as_str()?.to_owned()
        } else {
            let path = error.instance_path().as_str().trim_start_matches('/');
            path.split('/')
                .next()?
                .replace("~1", "/")
                .replace("~0", "~")
        };
        let object = request.as_object();
        let value = object.and_then(|object| object.get(&Flat::prepare_key(&param)));
        Some(Violation {
            clause: &clause.id,
            msg: self.msg_of(&clause.id),
            value: value.map(|value| value.to_value().into_owned()),
            error: self.error_id(clause)?,
            rank,
            param,
        })
    }

    /// The violation that decides the answer: the one whose clause comes first in the contract.
    pub fn decisive(violations: &[Violation]) -> Option<&Violation> {
        violations.iter().min_by_key(|violation| violation.rank)
    }

    /// The clauses that an answer breaks, each with an explanation.
    pub fn check_response(
        &self,
        endpoint: Endpoint,
        answer: &Value,
    ) -> Vec<(&'static str, String)> {
        let Some(body) = self.responses.get(&endpoint) else {
            return Vec::new();
        };
        body.validator()
            .iter_errors(FlatNode::Json(answer))
            .filter_map(|error| {
                let tag = resolve::clause_at(&body.schema, error.schema_path().as_str())?;
                let clause = self.contract.clause(tag)?;
                Some((clause.id.as_str(), error.to_string()))
            })
            .collect()
    }

    /// Why a refusal's body does not have the dialect's shape; `None` if it does.
    pub fn check_error_body(&self, answer: &Value) -> Option<String> {
        let error = self
            .error_body
            .validator()
            .iter_errors(FlatNode::Json(answer))
            .next()?;
        Some(error.to_string())
    }
}
