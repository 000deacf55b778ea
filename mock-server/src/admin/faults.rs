//! The plan of faults of a merchant.

use super::merchants::with;
use super::problem::{Answer, Problem, problem};
use super::{Ask, Reply};
use crate::app::App;
use crate::clock::Millis;
use crate::events::What;
use crate::fault::{Faults, Plan, PlanChange, PlanView};

/// The plan, and which requests each fault struck.
pub fn show(app: &App, id: &str) -> Result<PlanView, Problem> {
    with(app, id, |merchant| merchant.faults.view())
}

/// A new plan in place of the old one, counted from now. A mistake refuses it whole, and so does
/// a fault that could never strike this merchant's requests.
pub fn put_plan(app: &App, id: &str, plan: Plan, machine: Millis) -> Result<PlanView, Problem> {
    let random = app.random_of(id);
    let view = with(app, id, |merchant| {
        let now = merchant.clock.at(machine);
        merchant.faults = Faults::new(plan, random, &merchant.rulebook, now)?;
        Ok(merchant.faults.view())
    })?;
    let view = view.map_err(|what: String| problem(422, what))?;
    app.changed(What::Faults, Some(id));
    Ok(view)
}

/// One fault more or less; what became of the others stays known.
pub fn change(
    app: &App,
    id: &str,
    change: PlanChange,
    machine: Millis,
) -> Result<PlanView, Problem> {
    let view = with(app, id, |merchant| {
        let now = merchant.clock.at(machine);
        merchant.faults.change(change, &merchant.rulebook, now)?;
        Ok(merchant.faults.view())
    })?;
    let view = view.map_err(|what: String| problem(422, what))?;
    app.changed(What::Faults, Some(id));
    Ok(view)
}

/// No faults any more.
pub fn clear(app: &App, id: &str) -> Result<(), Problem> {
    let none = Faults::none(app.random_of(id));
    with(app, id, |merchant| merchant.faults = none)?;
    app.changed(What::Faults, Some(id));
    Ok(())
}

pub(super) fn get(ask: &Ask<'_>) -> Answer {
    Ok(Reply::json(200, &show(ask.app, ask.id)?))
}

pub(super) fn put(ask: &Ask<'_>) -> Answer {
    let plan = Plan::read(ask.body()?).map_err(|what| problem(422, what))?;
    Ok(Reply::json(200, &put_plan(ask.app, ask.id, plan, ask.now)?))
}

pub(super) fn patch(ask: &Ask<'_>) -> Answer {
    Ok(Reply::json(
        200,
        &change(ask.app, ask.id, ask.body()?, ask.now)?,
    ))
}

pub(super) fn delete(ask: &Ask<'_>) -> Answer {
    clear(ask.app, ask.id)?;
    Ok(Reply::empty(204))
}
