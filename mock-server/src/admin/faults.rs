//! The plan of faults of a merchant.

use super::merchants::with;
use super::problem::{Answer, Problem, problem};
use super::{Ask, Reply};
use crate::app::App;
use crate::events::What;
use crate::fault::{Faults, Plan, PlanChange, PlanView};

/// The plan, and which requests each fault struck.
pub fn show(app: &App, id: &str) -> Result<PlanView, Problem> {
    with(app, id, |merchant| merchant.faults.view())
}

/// A new plan in place of the old one; a mistake refuses it whole.
pub fn put_plan(app: &App, id: &str, plan: Plan) -> Result<PlanView, Problem> {
    let faults = Faults::new(plan, app.random_of(id)).map_err(|what| problem(422, what))?;
    let view = with(app, id, |merchant| {
        merchant.faults = faults;
        merchant.faults.view()
    })?;
    app.changed(What::Faults, Some(id));
    Ok(view)
}

/// One fault more or less; what became of the others stays known.
pub fn change(app: &App, id: &str, change: PlanChange) -> Result<PlanView, Problem> {
    let view = with(app, id, |merchant| {
        merchant.faults.change(change)?;
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
    Ok(Reply::json(200, &put_plan(ask.app, ask.id, plan)?))
}

pub(super) fn patch(ask: &Ask<'_>) -> Answer {
    Ok(Reply::json(200, &change(ask.app, ask.id, ask.body()?)?))
}

pub(super) fn delete(ask: &Ask<'_>) -> Answer {
    clear(ask.app, ask.id)?;
    Ok(Reply::empty(204))
}
