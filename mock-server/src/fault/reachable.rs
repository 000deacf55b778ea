//! Faults that can never strike: their endpoint is not served in the merchant's dialect, no request
//! has their parameters, their time is over, or an earlier fault takes all their requests.

use crate::call_kind::CallKind;
use crate::clock::Millis;
use crate::fault::mistake::Wrong;
use crate::fault::plan::{Action, Fault};
use flexiti_contract::{Contract, Endpoint, Rulebook};
use jiff::Timestamp;

/// The client id in the path, which is the same in all of a merchant's requests.
const CLIENT: &str = "clientId";

/// Checks that a fault that comes after `earlier` ones can strike. The error says where the mistake
/// is, and why it cannot.
pub fn fault(
    earlier: &[Fault],
    fault: &Fault,
    rulebook: &Rulebook,
    now: Millis,
) -> Result<(), Wrong> {
    let reached = reached(fault, rulebook)?;
    params(fault, &reached, rulebook.contract())?;
    in_time(fault, now)?;
    let Some(shadowing) = shadows(earlier, fault, &reached) else {
        return Ok(());
    };
    let names: Vec<String> = shadowing.iter().map(|at| format!("faults[{at}]")).collect();
    let names = names.join(" and ");
    let what = format!(
        "can never strike: {names} before it takes all that it is for; \
         put it first, or give the other `times`"
    );
    Err((String::new(), what))
}

/// The kinds of call that the fault can strike in this dialect.
fn reached(fault: &Fault, rulebook: &Rulebook) -> Result<Vec<CallKind>, Wrong> {
    let serves = |place: &CallKind| match place {
        CallKind::Api(endpoint) => rulebook.serves(*endpoint),
        CallKind::Callback => true,
    };
    let reached: Vec<CallKind> = fault.places().into_iter().filter(serves).collect();
    if !reached.is_empty() {
        return Ok(reached);
    }
    let asked = fault.places();
    let there = listed(CallKind::all().filter(serves).map(CallKind::name));
    let what = format!(
        "dialect `{}` does not serve {}; it serves {there}",
        rulebook.dialect().name,
        listed(asked.into_iter().map(CallKind::name)),
    );
    Err(("match.endpoint".to_owned(), what))
}

/// Checks that a call of one of these kinds can have the parameters.
fn params(fault: &Fault, places: &[CallKind], contract: &Contract) -> Result<(), Wrong> {
    let wanted = &fault.matching.params;
    if wanted.contains_key(CLIENT) {
        let what = "is the merchant's own in every request, and a plan is for one merchant";
        return Err((format!("match.params.{CLIENT}"), what.to_owned()));
    }
    let said = fault.matching.endpoint.is_some();
    let wanted: Vec<&str> = wanted.keys().map(String::as_str).collect();
    names(contract, said, places, &wanted)
}

/// Checks that a call of one of these kinds can have parameters with all these names. `said` tells
/// whether the fault names its endpoint, which matters for the endpoint that takes any parameter.
pub fn names(
    contract: &Contract,
    said: bool,
    places: &[CallKind],
    wanted: &[&str],
) -> Result<(), Wrong> {
    // No copy of the reference shows this endpoint's parameters (R-cur), so it takes any. If no
    // endpoint is named, however, an unknown name is more likely misspelt than meant for it.
    let takes_any = |place: CallKind| said && place == CallKind::Api(Endpoint::Availability);
    let has = |place: CallKind, name: &str| {
        takes_any(place) || known(contract, place).any(|known| known == name)
    };
    for name in wanted {
        let key = format!("match.params.{name}");
        if !places.iter().any(|place| has(*place, name)) {
            let what = match group(contract, places, name) {
                Some(member) => format!("is a group; name one of its members, such as {member}"),
                None => format!(
                    "no such parameter of {}; there are {}",
                    listed(places.iter().map(|place| place.name())),
                    listed(all_known(contract, places).into_iter()),
                ),
            };
            return Err((key, what));
        }
    }
    // Each may exist on some endpoint without any endpoint having them all.
    let has_all = |place: &CallKind| wanted.iter().all(|name| has(*place, name));
    if !places.iter().any(has_all) {
        let what = "no endpoint has all of these parameters";
        return Err(("match.params".to_owned(), what.to_owned()));
    }
    Ok(())
}

/// The parameters that a call of this kind can have: those of the contract except groups, the ids
/// in the path, and the order's id; for a callback, those of its order.
fn known(contract: &Contract, place: CallKind) -> Box<dyn Iterator<Item = &str> + '_> {
    let CallKind::Api(endpoint) = place else {
        return Box::new(["orderId", "merchantOrderId"].into_iter());
    };
    let params = contract.params(endpoint).iter();
    let params = params.filter(|param| !param.group);
    let params = params.map(|param| param.name.as_str());
    let ids = path_ids(contract, endpoint);
    // Whichever id identifies the order.
    let order = (endpoint == Endpoint::NotificationMerchantOrder).then_some("orderId");
    Box::new(
        params
            .chain(order)
            .chain(ids)
            .filter(|name| *name != CLIENT),
    )
}

/// The names of the ids in an endpoint's path.
fn path_ids(contract: &Contract, endpoint: Endpoint) -> impl Iterator<Item = &str> {
    let parts = contract.endpoint(endpoint).path.split('/');
    parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn all_known<'c>(contract: &'c Contract, places: &[CallKind]) -> Vec<&'c str> {
    let mut names = Vec::new();
    for name in places.iter().flat_map(|place| known(contract, *place)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A member of the group called `name`, if it is one.
fn group<'c>(contract: &'c Contract, places: &[CallKind], name: &str) -> Option<&'c str> {
    let names = all_known(contract, places).into_iter();
    let mut members = names.filter(|member| {
        let rest = member.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with('.'))
    });
    members.next()
}

/// Names for people; `none` if there are none.
fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}

fn in_time(fault: &Fault, now: Millis) -> Result<(), Wrong> {
    match fault.action {
        Action::Maintenance { until, .. } if until.as_millisecond() <= now => {
            let now = Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX);
            let what = format!("it is {now} by the merchant's clock: the window is over");
            Err(("action.until".to_owned(), what))
        }
        _ => Ok(()),
    }
}

/// The earlier faults that always strike before this fault can, if there are any.
fn shadows(earlier: &[Fault], fault: &Fault, reached: &[CallKind]) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    for place in reached {
        let at = earlier
            .iter()
            .position(|other| takes_all(other, fault) && other.places().contains(place))?;
        if !found.contains(&at) {
            found.push(at);
        }
    }
    found.sort_unstable();
    Some(found)
}

/// Whether the earlier fault strikes every call that the later one matches, where they share a
/// kind.
fn takes_all(earlier: &Fault, later: &Fault) -> bool {
    let always = earlier.times() == 0
        && earlier.matching.nth.is_none()
        && earlier
            .matching
            .probability
            .is_none_or(|share| share >= 1.0);
    let mut wanted = earlier.matching.params.iter();
    let whenever = match (&earlier.action, &later.action) {
        (
            Action::Maintenance { from, until },
            Action::Maintenance {
                from: later_from,
                until: later_until,
            },
        ) => from <= later_from && later_until <= until,
        (Action::Maintenance { .. }, _) => false,
        _ => true,
    };
    let params = &later.matching.params;
    always && whenever && wanted.all(|(name, value)| params.get(name) == Some(value))
}
