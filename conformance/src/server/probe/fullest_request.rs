//! What else a granted init request may contain, and which encodings it may use.

use super::heard::Heard;
use super::prober::{Foothold, Prober};
use crate::server::case::{Encoding, Params};
use crate::server::plan::{IDENTITY, INIT, replaced};
use crate::server::wire::Stopped;
use flexiti_contract::Flow;
use serde_json::{Value, json};

/// Finds the encodings, and the fullest request of each flow.
pub(super) fn find(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    encodings(prober)?;
    grow(prober)?;
    leave_out(prober)
}

/// Which encodings init reads, by sending the same request in each.
fn encodings(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(());
    };
    let mut read = Vec::new();
    let mut last = None;
    for encoding in Encoding::ALL {
        let mut heard = prober.init_at(foothold.endpoint, encoding, &foothold.params)?;
        if encoding == Encoding::Json && heard.refused() && !prober.json.numbers {
            // It may accept the amount only as a number.
            prober.json.numbers = true;
            let typed = prober.init_at(foothold.endpoint, encoding, &foothold.params)?;
            prober.json.numbers = typed.granted();
            if typed.granted() {
                heard = typed;
            }
        }
        if heard.granted() {
            read.push(encoding);
        }
        last = Some(heard);
    }
    let json = read.contains(&Encoding::Json);
    let form = read.iter().any(|encoding| *encoding != Encoding::Json);
    let answer = match (form, json) {
        (true, true) => Some("any"),
        (true, false) => Some("form"),
        (false, true) => Some("json"),
        (false, false) => None,
    };
    if let (Some(answer), Some(heard)) = (answer, last) {
        prober.note("init_encodings", answer, &heard);
        form_names(prober, &foothold, &read, &heard);
        prober.encodings = read;
    }
    Ok(())
}

/// How forms name the members of addresses, if the request has any.
fn form_names(prober: &mut Prober<'_, '_>, foothold: &Foothold, read: &[Encoding], heard: &Heard) {
    let names = |encoding| read.contains(&encoding);
    let answer = match (names(Encoding::FormDotted), names(Encoding::FormBrackets)) {
        (true, true) => "any",
        (true, false) => "dotted",
        (false, true) => "brackets",
        (false, false) => return,
    };
    if foothold.params.iter().any(|(name, _)| name.contains('.')) {
        prober.note("form_names", answer, heard);
    }
}

/// Adds the optional parameters: all at once, or else one by one, each with the first sample that
/// the server accepts.
fn grow(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(mut foothold) = prober.foothold.clone() else {
        return Ok(());
    };
    let left_out = ["vcc", "merchant_order_id"];
    let optional: Vec<(String, Vec<String>)> = prober
        .contract
        .params(foothold.endpoint)
        .iter()
        .filter(|param| !param.header && !param.group && !left_out.contains(&param.name.as_str()))
        .filter(|param| !foothold.params.iter().any(|(name, _)| *name == param.name))
        .map(|param| match param.name.as_str() {
            "merchant_orderid" => (param.name.clone(), vec!["C-{{unique}}".to_owned()]),
            _ => (param.name.clone(), param.samples.clone()),
        })
        .collect();
    let first = |(name, samples): &(String, Vec<String>)| {
        Some((name.clone(), Value::from(samples.first()?.clone())))
    };
    let mut all = foothold.params.clone();
    all.extend(optional.iter().filter_map(first));
    let mut taken = prober.init_at(foothold.endpoint, foothold.encoding, &all)?;
    if !taken.granted() && foothold.encoding == Encoding::Json {
        prober.json.booleans = true;
        taken = prober.init_at(foothold.endpoint, foothold.encoding, &all)?;
        prober.json.booleans = taken.granted();
    }
    if taken.granted() {
        foothold.params = all;
    } else {
        for (name, samples) in optional {
            let is_taken = add(prober, &mut foothold, &name, samples)?;
            let names_buyer = foothold.params.iter().any(|(name, _)| name == "vcc");
            if name == "customer_id" && !is_taken && !names_buyer {
                // A server that knows no customer may know cards; or the flow accepts neither.
                let cards = prober.contract.param(foothold.endpoint, "vcc");
                let cards = cards.map_or_else(Vec::new, |row| row.samples.clone());
                add(prober, &mut foothold, "vcc", cards)?;
            }
        }
    }
    prober.foothold = Some(foothold);
    Ok(())
}

/// Adds a parameter with the first sample that the server accepts. False if it accepts none: later
/// requests then leave the parameter out.
fn add(
    prober: &mut Prober<'_, '_>,
    foothold: &mut Foothold,
    name: &str,
    samples: Vec<String>,
) -> Result<bool, Stopped> {
    let mut taken = None;
    for sample in samples {
        let with = replaced(&foothold.params, name, &json!(sample));
        if optional_is_taken(prober, foothold, &with)? {
            foothold.params = with;
            taken = Some(sample);
            break;
        }
    }
    let is_taken = taken.is_some();
    // Which customers a server knows may depend on the flow.
    if !is_taken
        && IDENTITY.contains(&name)
        && let Some(flow) = flow_of(prober, &foothold.params)
    {
        let left_out = prober.samples.left_out.entry(flow).or_default();
        left_out.insert(name.to_owned());
        return Ok(false);
    }
    for endpoint in INIT {
        let key = (endpoint, name.to_owned());
        prober.samples.values.insert(key, taken.clone());
    }
    Ok(is_taken)
}

/// The flow of a request, by the spelling known to be granted.
fn flow_of(prober: &Prober<'_, '_>, params: &Params) -> Option<Flow> {
    let (_, spelled) = params.iter().find(|(name, _)| name == "flow")?;
    let mut flows = prober.samples.flows.iter();
    let known = flows.find(|(_, own)| spelled.as_str() == Some(own.as_str()));
    known.map(|(flow, _)| *flow)
}

/// Whether a request with one more parameter is granted, as is or with JSON booleans.
fn optional_is_taken(
    prober: &mut Prober<'_, '_>,
    foothold: &Foothold,
    with: &Params,
) -> Result<bool, Stopped> {
    let ask = |prober: &mut Prober<'_, '_>| {
        let heard = prober.init_at(foothold.endpoint, foothold.encoding, with);
        heard.map(|heard| heard.granted())
    };
    if ask(prober)? {
        return Ok(true);
    }
    let is_boolean =
        |(_, value): &(String, Value)| matches!(value.as_str(), Some("true" | "false"));
    if foothold.encoding != Encoding::Json
        || prober.json.booleans
        || !with.last().is_some_and(is_boolean)
    {
        return Ok(false);
    }
    prober.json.booleans = true;
    let taken = ask(prober)?;
    prober.json.booleans = taken;
    Ok(taken)
}

/// Which parameters of the other flows Apply refuses: the buyer, and the addresses, which it does
/// not need (R-seed).
fn leave_out(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(());
    };
    let spelled = |params: &Params| params.iter().find(|(name, _)| name == "flow").cloned();
    let apply = prober
        .granted
        .iter()
        .find(|(_, flow, _)| *flow == Flow::Apply);
    let Some((endpoint, _, bare)) = apply.cloned() else {
        return Ok(());
    };
    let Some((_, flow)) = spelled(&bare) else {
        return Ok(());
    };
    if spelled(&foothold.params) == spelled(&bare) {
        return Ok(());
    }
    let identity = |name: &str| IDENTITY.contains(&name);
    let mut full = replaced(&foothold.params, "flow", &flow);
    // The foothold's flow may omit a customer whom others name.
    let buyer = prober.contract.param(endpoint, "customer_id");
    let buyer = buyer.and_then(|param| prober.samples.of(endpoint, param));
    if let Some(buyer) = buyer.filter(|_| !full.iter().any(|(name, _)| identity(name))) {
        full.push(("customer_id".to_owned(), json!(buyer)));
    }
    let address = |name: &str| name.contains('.');
    let own = |name: &str| bare.iter().any(|(known, _)| known == name);
    let nothing: &dyn Fn(&str) -> bool = &|_| false;
    let both = |name: &str| identity(name) || address(name);
    let holds = |kind: &dyn Fn(&str) -> bool| full.iter().any(|(name, _)| kind(name));
    // A customer that no flow accepted may be refused as unknown.
    let mut granted = prober.granted.iter();
    let is_taken = foothold.params.iter().any(|(name, _)| identity(name))
        || granted.any(|(_, _, params)| params.iter().any(|(name, _)| identity(name)));
    let is_whole = holds(&identity) && holds(&address) && is_taken;
    for (answer, goes) in [
        (Some("nothing"), nothing),
        (Some("identity"), &identity),
        (Some("addresses"), &address),
        (Some("identity_and_addresses"), &both),
        (None, &|name| !own(name)),
    ] {
        let (out, kept): (Params, Params) = full.iter().cloned().partition(|(name, _)| goes(name));
        let heard = prober.init_at(endpoint, foothold.encoding, &kept)?;
        if heard.granted() {
            if let Some(answer) = answer.filter(|_| is_whole) {
                prober.note("apply_refuses", answer, &heard);
            }
            let left_out = prober.samples.left_out.entry(Flow::Apply).or_default();
            left_out.extend(out.into_iter().map(|(name, _)| name));
            break;
        }
    }
    Ok(())
}
