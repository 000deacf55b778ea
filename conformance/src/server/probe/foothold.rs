//! Finds an init request that the server grants. All other questions change one thing in it.

use super::buyer::Asked;
use super::heard::Heard;
use super::prober::{Foothold, Prober};
use crate::server::case::{Encoding, Params};
use crate::server::plan::{self, INIT, replaced};
use crate::server::probe::fullest_request;
use crate::server::wire::Stopped;
use flexiti_contract::{Endpoint, Flow};
use serde_json::json;

/// Spellings of the flows, most likely first.
const FLOWS: [(Flow, &[&str]); 3] = [
    (Flow::Apply, &["apply", "Apply"]),
    // Before Buy, which needs a customer known to the server.
    (Flow::ApplyBuy, &["apply/buy", "Apply/Buy", "apply_buy"]),
    (Flow::Buy, &["buy", "Buy"]),
];

/// Languages, most likely first.
const LANGS: [&str; 4] = ["fr", "En-CA", "en", "en-FR"];

/// Encodings, most likely first.
const ENCODINGS: [Encoding; 3] = [Encoding::FormDotted, Encoding::Json, Encoding::FormBrackets];

/// Amounts: a store may have a minimum that no page gives.
const AMOUNTS: [&str; 3] = ["499.99", "1250", "5000.00"];

/// How many times to fix a refused request by what the refusal names.
const MENDS: usize = 6;

/// An init request that the server grants: its encoding and parameters.
struct First {
    encoding: Encoding,
    lang: &'static str,
    amount: &'static str,
}

impl First {
    /// Records the values that differ from the contract's first samples.
    fn remember(&self, prober: &mut Prober<'_, '_>) {
        let values = [
            ("lang", self.lang, LANGS[0]),
            ("amount_requested", self.amount, AMOUNTS[0]),
        ];
        for (name, value, _) in values.iter().filter(|(_, value, usual)| value != usual) {
            for endpoint in INIT {
                let key = (endpoint, (*name).to_owned());
                prober.samples.values.insert(key, Some((*value).to_owned()));
            }
        }
    }
}

/// Finds the paths, encodings, flows and values that work. False if nothing does.
pub(super) fn find(prober: &mut Prober<'_, '_>) -> Result<bool, Stopped> {
    let Some(mut first) = first(prober)? else {
        return Ok(false);
    };
    first.remember(prober);
    prober.encodings = vec![first.encoding];
    open_flows(prober, &first)?;
    // Each encoding spells the names of addresses differently.
    let nested = |prober: &Prober<'_, '_>| {
        let mut granted = prober.granted.iter();
        granted.any(|(_, flow, _)| *flow != Flow::Apply)
    };
    let mut encoding = first.encoding;
    for other in ENCODINGS {
        if !nested(prober) && other != encoding {
            first.encoding = other;
            open_flows(prober, &first)?;
            if nested(prober) {
                encoding = other;
            }
        }
    }
    let granted = prober.granted.iter();
    prober.samples.granted = Some(granted.map(|(path, flow, _)| (*path, *flow)).collect());
    let preferred = [Flow::ApplyBuy, Flow::Buy, Flow::Apply];
    let fullest = preferred.iter().find_map(|flow| {
        let found = prober.granted.iter().find(|(_, f, _)| f == flow);
        found.cloned()
    });
    let Some((endpoint, _, params)) = fullest else {
        return Ok(false);
    };
    prober.foothold = Some(Foothold {
        endpoint,
        encoding,
        params,
    });
    fullest_request::find(prober)?;
    Ok(true)
}

/// The smallest request that the pages describe, trying amounts, languages and encodings until one
/// is granted.
fn first(prober: &mut Prober<'_, '_>) -> Result<Option<First>, Stopped> {
    let flows = [
        (Endpoint::InitPlain, Flow::Apply),
        (Endpoint::InitV2, Flow::ApplyBuy),
    ];
    'amounts: for amount in AMOUNTS {
        for lang in LANGS {
            for encoding in ENCODINGS {
                let first = First {
                    encoding,
                    lang,
                    amount,
                };
                for (endpoint, flow) in flows {
                    let spelled = FLOWS.iter().find(|(known, _)| *known == flow);
                    for spelling in spelled.map_or(&[][..], |(_, spellings)| *spellings) {
                        let params = smallest(prober, flow, spelling, &first);
                        let heard = asked_in_json(prober, endpoint, encoding, &params)?;
                        if heard.granted() {
                            return Ok(Some(first));
                        }
                        if names_amount(&heard) {
                            continue 'amounts;
                        }
                    }
                }
            }
        }
    }
    Ok(None)
}

fn names_amount(heard: &Heard) -> bool {
    let named = heard.fields().map(|(_, fields)| fields);
    let mut named = named.into_iter().flatten();
    named.any(|(param, _)| param == "amount_requested")
}

/// Sends init; if JSON is refused with the amount as text, retries with a number.
fn asked_in_json(
    prober: &mut Prober<'_, '_>,
    endpoint: Endpoint,
    encoding: Encoding,
    params: &Params,
) -> Result<Heard, Stopped> {
    let heard = prober.init_at(endpoint, encoding, params)?;
    if encoding != Encoding::Json || heard.granted() {
        return Ok(heard);
    }
    prober.json.numbers = true;
    let typed = prober.init_at(endpoint, encoding, params)?;
    // A remaining refusal for another reason says more than the type.
    if typed.granted() || (names_amount(&heard) && !names_amount(&typed)) {
        return Ok(typed);
    }
    prober.json.numbers = false;
    Ok(heard)
}

/// Finds a granted request for each path and flow.
fn open_flows(prober: &mut Prober<'_, '_>, first: &First) -> Result<(), Stopped> {
    for endpoint in INIT {
        for (flow, spellings) in FLOWS {
            let known =
                |(path, known, _): &(Endpoint, Flow, Params)| (*path, *known) == (endpoint, flow);
            if prober.granted.iter().any(known) {
                continue;
            }
            if let Some(params) = opened(prober, endpoint, flow, spellings, first)? {
                prober.granted.push((endpoint, flow, params));
            }
        }
    }
    Ok(())
}

/// The parameters that the pages require for a flow.
fn smallest(prober: &Prober<'_, '_>, flow: Flow, spelling: &str, first: &First) -> Params {
    let mut params: Params = [
        ("lang", first.lang),
        ("flow", spelling),
        ("amount_requested", first.amount),
    ]
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .into();
    if flow == Flow::Apply {
        return params;
    }
    for param in prober.contract.params(Endpoint::InitV2) {
        let wanted = param.name == "customer_id" || param.name.contains('.');
        let known = prober.samples.of(Endpoint::InitV2, param);
        if let Some(sample) = known.filter(|_| wanted && !param.group) {
            params.push((param.name.clone(), json!(sample)));
        }
    }
    params
}

/// A granted request of this flow on this path, if there is one: tries each spelling, and fixes the
/// values that refusals name.
fn opened(
    prober: &mut Prober<'_, '_>,
    endpoint: Endpoint,
    flow: Flow,
    spellings: &[&str],
    first: &First,
) -> Result<Option<Params>, Stopped> {
    // Undo values that did not help.
    let before = prober.samples.values.clone();
    for spelling in spellings {
        prober.samples.values.clone_from(&before);
        let mut params = smallest(prober, flow, spelling, first);
        for mends in (0..MENDS).rev() {
            let heard = prober.init_at(endpoint, first.encoding, &params)?;
            if heard.granted() {
                let known = prober.samples.flows.entry(flow);
                known.or_insert_with(|| (*spelling).to_owned());
                prober.samples.nobody_known.remove(&(endpoint, flow));
                return Ok(Some(params));
            }
            let named = heard.fields().map(|(_, fields)| fields).unwrap_or_default();
            let named = named.into_iter().map(|(param, _)| param);
            let Some(mended) = named
                .filter(|param| !["lang", "flow", "amount_requested"].contains(&param.as_str()))
                .find_map(|param| mended(prober, endpoint, &params, &param))
                .filter(|_| mends > 0)
            else {
                let mut asked = Asked {
                    prober,
                    endpoint,
                    encoding: first.encoding,
                    flow,
                };
                if flow != Flow::Apply && asked.is_unknown(&params, &heard)? {
                    asked.prober.samples.values = before;
                    return asked.otherwise(&params);
                }
                break;
            };
            params = mended;
        }
    }
    prober.samples.values = before;
    Ok(None)
}

/// The request with the next sample of a parameter that the server names.
fn mended(
    prober: &mut Prober<'_, '_>,
    endpoint: Endpoint,
    params: &Params,
    named: &str,
) -> Option<Params> {
    let row = prober.contract.param(endpoint, named)?;
    let sent = params.iter().find(|(name, _)| name == named);
    let sent = sent.and_then(|(_, value)| value.as_str());
    let after = match sent {
        None => 0,
        Some(sent) => row.samples.iter().position(|known| known == sent)? + 1,
    };
    let next = row.samples.get(after)?.clone();
    for endpoint in INIT {
        let key = (endpoint, named.to_owned());
        prober.samples.values.insert(key, Some(next.clone()));
    }
    Some(replaced(params, named, &json!(next)))
}

/// The usual request to an endpoint that depends on init.
pub(super) fn path(endpoint: Endpoint) -> Option<crate::server::case::RequestTemplate> {
    crate::server::case::requests::request_to(endpoint, &Params::new(), Encoding::FormDotted)
        .filter(|_| plan::RESTING.contains(&endpoint))
}
