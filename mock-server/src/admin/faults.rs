//! A merchant's fault plan.

use crate::admin::ask::{AdminRequest, with_empty_lists_as_objects};
use crate::admin::merchants::with;
use crate::admin::problem::{Answer, Problem, problem};
use crate::app::App;
use crate::clock::Millis;
use crate::events::What;
use crate::fault::{FaultPlan, FaultPlanChange, FaultPlanView, Faults};
use crate::http::reply::Reply;
use hyper::StatusCode;
use std::sync::Arc;

/// Shows the plan, and which requests each fault struck.
pub fn show(app: &App, id: &str) -> Result<FaultPlanView, Problem> {
    with(app, id, |merchant| merchant.faults.view())
}

/// Replaces the plan and its counts. A mistake refuses the whole plan, and so does a fault that
/// could never strike one of this merchant's requests.
pub fn put_plan(
    app: &App,
    id: &str,
    plan: FaultPlan,
    machine: Millis,
) -> Result<FaultPlanView, Problem> {
    let random = app.random_of(id);
    let (rulebook, now) = with(app, id, |merchant| {
        (Arc::clone(&merchant.rulebook), merchant.clock.at(machine))
    })?;
    // Checking a long plan takes long, so do it without the lock.
    let faults = Faults::new(plan, random, &rulebook, now)
        .map_err(|what| problem(StatusCode::UNPROCESSABLE_ENTITY, what))?;
    let view = with(app, id, |merchant| {
        merchant.faults = faults;
        merchant.faults.view()
    })?;
    app.changed(What::Faults, Some(id));
    Ok(view)
}

/// Adds or removes one fault; the history of the others is kept.
pub fn change(
    app: &App,
    id: &str,
    change: FaultPlanChange,
    machine: Millis,
) -> Result<FaultPlanView, Problem> {
    let view = with(app, id, |merchant| {
        let now = merchant.clock.at(machine);
        merchant.faults.change(change, &merchant.rulebook, now)?;
        Ok(merchant.faults.view())
    })?;
    let view = view.map_err(|what: String| problem(StatusCode::UNPROCESSABLE_ENTITY, what))?;
    app.changed(What::Faults, Some(id));
    Ok(view)
}

/// Removes all faults.
pub fn clear(app: &App, id: &str) -> Result<(), Problem> {
    let none = Faults::none(app.random_of(id));
    with(app, id, |merchant| merchant.faults = none)?;
    app.changed(What::Faults, Some(id));
    Ok(())
}

pub(super) fn get(call: &AdminRequest<'_>) -> Answer {
    Ok(Reply::json(StatusCode::OK, &show(call.app, call.id)?))
}

pub(super) fn put(call: &AdminRequest<'_>) -> Answer {
    let plan = with_empty_lists_as_objects(&call.body()?, FaultPlan::read)
        .map_err(|what| problem(StatusCode::UNPROCESSABLE_ENTITY, what))?;
    Ok(Reply::json(
        StatusCode::OK,
        &put_plan(call.app, call.id, plan, call.now)?,
    ))
}

pub(super) fn patch(call: &AdminRequest<'_>) -> Answer {
    Ok(Reply::json(
        StatusCode::OK,
        &change(call.app, call.id, call.body()?, call.now)?,
    ))
}

pub(super) fn delete(call: &AdminRequest<'_>) -> Answer {
    clear(call.app, call.id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
