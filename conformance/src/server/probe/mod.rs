//! Finds out how a server answers the open questions, with harmless calls: first what everything
//! else depends on, then the rest. The orders that it opens are abandoned.

mod answers;
mod buyer;
mod foothold;
mod fullest_request;
mod heard;
mod prober;
mod questions;
mod words;

pub use answers::{KnobAnswer, Probed};

use crate::server::wire::{Session, Stopped};
use flexiti_contract::{Contract, Dialect, LoadError};
use prober::Prober;
use questions::{
    admin, amounts, auth, bodies, identity, messaging, notification, refusals, token, values,
};

/// Asks a server every question that calls can answer. If something stops it early, the result says
/// what.
pub fn probe(
    session: &mut Session<'_>,
    contract: &'static Contract,
    yardstick: &Dialect,
) -> Result<Probed, LoadError> {
    let mut prober = Prober::new(session, contract, yardstick);
    let asked = ask_everything(&mut prober).and_then(|()| prober.confirm());
    let stopped = asked.err();
    let stopped = stopped.map(|stopped| match stopped {
        Stopped::Ended(end) => end.because(),
        Stopped::NotTestable(why) | Stopped::Inconclusive(why) => why,
    });
    Ok(Probed {
        stopped,
        ..prober.finish()?
    })
}

fn ask_everything(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    if !token::first(prober)? {
        return Ok(());
    }
    auth::first(prober)?;
    token::questions(prober)?;
    messaging::questions(prober)?;
    if !foothold::find(prober)? {
        return Ok(());
    }
    bodies::questions(prober)?;
    values::questions(prober)?;
    amounts::questions(prober)?;
    identity::questions(prober)?;
    auth::questions(prober)?;
    notification::questions(prober)?;
    admin::questions(prober)?;
    refusals::questions(prober)
}
