//! The plan of faults of a merchant.

use super::{Answer, body, merchant, problem, unknown};
use crate::app::App;
use crate::fault::Faults;
use crate::reply::Reply;
use crate::request::Request;
use serde_json::Value;

/// `GET merchants/{client_id}/faults`: the plan, and which requests each fault struck.
pub fn show(app: &App, id: &str) -> Answer {
    merchant(app, id, |merchant| merchant.faults.to_json())
}

/// `PUT merchants/{client_id}/faults`: a new plan in place of the old one.
pub fn put(app: &App, id: &str, request: &Request) -> Answer {
    let plan: Value = body(request)?;
    let faults = Faults::read(&plan, app.random_of(id)).map_err(|what| problem(422, what))?;
    let mut state = app.state();
    let merchant = state.merchants.get_mut(id).ok_or_else(|| unknown(id))?;
    merchant.faults = faults;
    Ok(Reply::json(200, &merchant.faults.to_json()))
}

/// `DELETE merchants/{client_id}/faults`.
pub fn delete(app: &App, id: &str) -> Answer {
    let none = Faults::none(app.random_of(id));
    let mut state = app.state();
    let merchant = state.merchants.get_mut(id).ok_or_else(|| unknown(id))?;
    merchant.faults = none;
    Ok(Reply::empty(204))
}
