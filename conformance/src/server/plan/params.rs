//! Valid request parameters, and changes to them.

use super::made::Base;
use super::working::{Samples, Working};
use crate::server::case::Params;
use crate::server::case::requests::{REFERENCE_ID, token_params};
use flexiti_contract::{Endpoint, Flow, Rulebook, Violation};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Valid requests to an endpoint, fullest first.
pub fn bases(rulebook: &Rulebook, working: &Working, endpoint: Endpoint) -> Vec<Params> {
    let made = made(rulebook, working, endpoint);
    made.iter().map(|base| base.full.clone()).collect()
}

/// The fullest valid request to an endpoint that may have this parameter.
pub fn base_with(
    rulebook: &Rulebook,
    working: &Working,
    endpoint: Endpoint,
    param: &str,
) -> Option<Params> {
    let takes = |base: &Params| {
        let flow = base.iter().find(|(name, _)| name == "flow");
        let flow = flow.and_then(|(_, flow)| rulebook.flow(flow.as_str()?));
        flow.is_none_or(|flow| !is_left_out(rulebook, &working.samples, flow, param))
    };
    bases(rulebook, working, endpoint).into_iter().find(takes)
}

/// The valid sets of parameters of an endpoint, each also reduced to what is required. Built once,
/// since every defect is tried in them.
pub fn made(rulebook: &Rulebook, working: &Working, endpoint: Endpoint) -> Arc<[Base]> {
    working.made.bases(rulebook, endpoint, || {
        let valid = |params: &Params| violations(rulebook, endpoint, params).is_empty();
        let full = full_bases(rulebook, working, endpoint).into_iter();
        full.map(|full| Base {
            bare: minimal(&full, valid),
            full,
        })
        .collect()
    })
}

fn full_bases(rulebook: &Rulebook, working: &Working, endpoint: Endpoint) -> Vec<Params> {
    let candidates: Vec<Params> = if endpoint == Endpoint::Token {
        let grant = |grant: &str, more: &[(&str, &str)]| {
            let mut params = with(&token_params(), "grant_type", json!(grant));
            params.extend(
                more.iter()
                    .map(|(name, value)| ((*name).to_owned(), json!(value))),
            );
            params
        };
        vec![
            token_params(),
            grant("refresh_token", &[("refresh_token", "{{0/refresh_token}}")]),
            grant(
                "password",
                &[("username", "{{username}}"), ("password", "{{password}}")],
            ),
        ]
    } else if endpoint == Endpoint::Calculator {
        let own = ("clientId".to_owned(), json!("{{client_id}}"));
        let samples = rulebook
            .contract()
            .params(endpoint)
            .iter()
            .filter_map(|param| {
                let sample = working.samples.of(endpoint, param)?;
                Some((param.name.clone(), json!(sample)))
            });
        return vec![replaced(&samples.collect(), &own.0, &own.1)];
    } else {
        [Flow::ApplyBuy, Flow::Buy, Flow::Apply]
            .into_iter()
            .filter_map(|flow| base_params(rulebook, working, endpoint, flow))
            .collect()
    };
    candidates
        .into_iter()
        .map(|params| without_refused(rulebook, endpoint, params))
        .filter(|params| violations(rulebook, endpoint, params).is_empty())
        .collect()
}

/// The parameters without those whose samples this dialect rejects: a server may accept a value
/// that no answer to the open questions allows.
fn without_refused(rulebook: &Rulebook, endpoint: Endpoint, params: Params) -> Params {
    let found = violations(rulebook, endpoint, &params);
    let refused = |name: &str| found.iter().any(|one| one.param == name);
    let kept = params.into_iter().filter(|(name, _)| !refused(name));
    kept.collect()
}

/// The parameters that identify the customer.
pub const IDENTITY: [&str; 2] = ["customer_id", "vcc"];

/// A full init request for a flow, unless the server is known to refuse the flow on this path.
pub fn base_params(
    rulebook: &Rulebook,
    working: &Working,
    endpoint: Endpoint,
    flow: Flow,
) -> Option<Params> {
    let known = working.samples.granted.as_ref();
    let refused = known.is_some_and(|granted| !granted.contains(&(endpoint, flow)));
    let init = [Endpoint::InitV2, Endpoint::InitPlain].contains(&endpoint);
    if init && refused {
        return None;
    }
    any_params(rulebook, working, endpoint, flow)
}

/// Whether a flow leaves out a parameter: the dialect says so, or the server refused it.
fn is_left_out(rulebook: &Rulebook, samples: &Samples, flow: Flow, param: &str) -> bool {
    const REFUSED: [&str; 2] = ["init.apply.no_identity", "init.apply.no_addresses"];
    let by_dialect = flow == Flow::Apply
        && REFUSED.iter().any(|clause| {
            let mut sites = rulebook.sites(clause).iter();
            sites.any(|site| site.param == param)
        });
    let by_server = samples.left_out.get(&flow);
    by_dialect || by_server.is_some_and(|names| names.contains(param))
}

/// A full init request for a flow: a sample of every parameter that the server is known to accept.
pub fn any_params(
    rulebook: &Rulebook,
    working: &Working,
    endpoint: Endpoint,
    flow: Flow,
) -> Option<Params> {
    let contract = rulebook.contract();
    let samples = &working.samples;
    let spelled = samples.flow(rulebook, endpoint, flow)?;
    let by_flow = |name: &str| is_left_out(rulebook, samples, flow, name);
    // One identity is enough.
    let known = contract.param(endpoint, "customer_id");
    let known = known.is_some_and(|param| samples.of(endpoint, param).is_some());
    let known = known && !by_flow("customer_id");
    let left_out =
        |name: &str| name == "merchant_order_id" || (name == "vcc" && known) || by_flow(name);
    let params = contract
        .params(endpoint)
        .iter()
        .filter(|param| !param.header && !param.group && !left_out(&param.name))
        .filter_map(|param| {
            let sample = match param.name.as_str() {
                "flow" => spelled.clone(),
                // A server may require order numbers to be unique.
                "merchant_orderid" => {
                    samples.of(endpoint, param)?;
                    "C-{{unique}}".to_owned()
                }
                _ => samples.of(endpoint, param)?.to_owned(),
            };
            Some((param.name.clone(), json!(sample)))
        })
        .collect();
    Some(params)
}

/// A parameter's value. Order ids get a unique suffix, of digits if the id is all digits, as a
/// server may require them to be unique.
pub(crate) fn once(name: &str, value: &str) -> Value {
    if ["merchant_orderid", "merchant_order_id"].contains(&name) {
        let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
        let ending = if is_number { "unique|digits" } else { "unique" };
        return json!(format!("{value}{{{{{ending}}}}}"));
    }
    json!(value)
}

pub(crate) fn with(params: &Params, name: &str, value: Value) -> Params {
    let mut params = params.clone();
    match params.iter_mut().find(|(param, _)| param == name) {
        Some((_, old)) => *old = value,
        None => params.push((name.to_owned(), value)),
    }
    params
}

pub(crate) fn without(params: &Params, name: &str) -> Params {
    params
        .iter()
        .filter(|(param, _)| param != name)
        .cloned()
        .collect()
}

/// What a request with these parameters violates.
pub(crate) fn violations(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    params: &Params,
) -> Vec<Violation> {
    rulebook.check(endpoint, &flat(rulebook, endpoint, params))
}

/// The flat object that the contract's schemas describe, placeholders included.
fn flat(rulebook: &Rulebook, endpoint: Endpoint, params: &Params) -> Value {
    let mut object: Map<String, Value> = Map::new();
    object.insert(
        REFERENCE_ID.to_owned(),
        json!("0123456789abcdef0123456789abcdef"),
    );
    for (name, value) in params {
        if value.is_null() {
            object.shift_remove(name);
        } else {
            object.insert(name.clone(), canonical(rulebook, endpoint, name, value));
        }
    }
    Value::Object(object)
}

/// A JSON number or boolean as text, if the dialect reads it that way.
fn canonical(rulebook: &Rulebook, endpoint: Endpoint, name: &str, value: &Value) -> Value {
    let param = rulebook.contract().param(endpoint, name);
    let read = param.is_some_and(|param| rulebook.reads(param, value));
    match value {
        Value::Bool(_) | Value::Number(_) if read => value.to_string().into(),
        _ => value.clone(),
    }
}

/// The parameters with one value replaced; null removes it.
pub fn replaced(params: &Params, name: &str, value: &Value) -> Params {
    match value {
        Value::Null if name == REFERENCE_ID => with(params, name, Value::Null),
        Value::Null => without(params, name),
        value => with(params, name, value.clone()),
    }
}

/// A first letter of each province's postal codes (Canada Post).
const POSTAL: [(&str, &str); 13] = [
    ("AB", "T"),
    ("BC", "V"),
    ("MB", "R"),
    ("NB", "E"),
    ("NL", "A"),
    ("NS", "B"),
    ("NT", "X"),
    ("NU", "X"),
    ("ON", "M"),
    ("PE", "C"),
    ("QC", "H"),
    ("SK", "S"),
    ("YT", "Y"),
];

/// The parameters with one value replaced, and without what would contradict it, as a server may
/// check both: a postal code of another province, or a guest who is a known customer.
pub fn agreeing(params: &Params, name: &str, value: &Value) -> Params {
    let params = replaced(params, name, value);
    let text = value.as_str().unwrap_or_default();
    if let Some(block) = name.strip_suffix("province") {
        let code = format!("{block}postal_code");
        let letter = POSTAL
            .iter()
            .find(|(province, _)| text.eq_ignore_ascii_case(province));
        let sent = params.iter().find(|(name, _)| *name == code);
        let sent = sent.and_then(|(_, sent)| sent.as_str()?.get(1..));
        if let (Some((_, letter)), Some(rest)) = (letter, sent) {
            return replaced(&params, &code, &format!("{letter}{rest}").into());
        }
    }
    if name == "is_guest" && text.eq_ignore_ascii_case("true") {
        let bought = "has_previous_purchase";
        let who = ["customer_id", "vcc"];
        let params = who
            .iter()
            .fold(params, |params, name| without(&params, name));
        let says = params.iter().any(|(name, _)| name == bought);
        if says {
            return replaced(&params, bought, &"false".into());
        }
        return params;
    }
    params
}

/// The parameters without those that `keep` drops; `about` always stays.
pub fn thinned(params: &Params, about: &str, keep: &[bool]) -> Params {
    params
        .iter()
        .zip(keep.iter().chain(std::iter::repeat(&true)))
        .filter(|((name, _), keep)| **keep || name == about)
        .map(|(param, _)| param.clone())
        .collect()
}

/// Drops every parameter that is not needed for `still` to hold, most of them at once if possible.
pub(crate) fn minimal(params: &Params, still: impl Fn(&Params) -> bool) -> Params {
    let names: Vec<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
    let mut kept = params.clone();
    drop_each(&mut kept, &names, &still);
    kept
}

fn drop_each(kept: &mut Params, names: &[&str], still: &impl Fn(&Params) -> bool) {
    let goes = |name: &String| names.contains(&name.as_str());
    let less: Params = kept
        .iter()
        .filter(|(name, _)| !goes(name))
        .cloned()
        .collect();
    if less.len() == kept.len() {
        return;
    }
    if still(&less) {
        *kept = less;
    } else if names.len() > 1 {
        let (first, second) = names.split_at(names.len() / 2);
        drop_each(kept, first, still);
        drop_each(kept, second, still);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_goes_without_what_contradicts_it() {
        let base: Params = [
            ("is_guest", "false"),
            ("customer_id", "1293836"),
            ("has_previous_purchase", "true"),
            ("province", "QC"),
            ("postal_code", "H2Y1C6"),
            ("billing_information.province", "QC"),
            ("billing_information.postal_code", "H2Y1C6"),
        ]
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .into();
        let read = |params: &Params, name: &str| {
            let found = params.iter().find(|(known, _)| known == name);
            found.and_then(|(_, value)| value.as_str().map(str::to_owned))
        };
        let moved = agreeing(&base, "billing_information.province", &json!("on"));
        let code = read(&moved, "billing_information.postal_code");
        assert_eq!(code.as_deref(), Some("M2Y1C6"));
        assert_eq!(read(&moved, "postal_code").as_deref(), Some("H2Y1C6"));
        let nowhere = agreeing(&base, "province", &json!("XX"));
        assert_eq!(read(&nowhere, "postal_code").as_deref(), Some("H2Y1C6"));
        let guest = agreeing(&base, "is_guest", &json!("true"));
        assert_eq!(read(&guest, "customer_id"), None);
        let bought = read(&guest, "has_previous_purchase");
        assert_eq!(bought.as_deref(), Some("false"));
        let known = agreeing(&base, "is_guest", &json!("false"));
        assert_eq!(read(&known, "customer_id").as_deref(), Some("1293836"));
    }
}
