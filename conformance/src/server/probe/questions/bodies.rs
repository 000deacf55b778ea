//! The questions about init's paths and bodies.

use crate::server::case::requests::request_to;
use crate::server::case::{Encoding, FORM, Params, Payload, RequestTemplate, encode};
use crate::server::plan::JsonTypes;
use crate::server::probe::heard::Heard;
use crate::server::probe::prober::Prober;
use crate::server::wire::Stopped;
use flexiti_contract::{Endpoint, Flow};
use serde_json::{Value, json};

pub fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let text_for = if prober.encodings.contains(&Encoding::Json) {
        text_for(prober)?
    } else {
        None
    };
    paths(prober)?;
    let wrong = wrong_inputs(prober)?;
    success(prober)?;
    if let Some(wrong) = &wrong {
        shape(prober, wrong);
    }
    listed(prober)?;
    declared(prober, wrong.as_ref())?;
    empty(prober)?;
    if prober.form().is_some() {
        forms(prober, wrong.as_ref())?;
    }
    if prober.encodings.contains(&Encoding::Json) {
        let scalars = json(prober)?;
        // If only text is accepted, this knob has no meaning.
        let text_for = text_for.filter(|_| scalars != Some("text_only"));
        if let Some((answer, heard)) = text_for {
            prober.note("json_text_for", answer, &heard);
        }
    }
    Ok(())
}

/// Which paths exist, for which flows, and which parameters are optional on them.
fn paths(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let works = |endpoint| prober.granted.iter().any(|(e, _, _)| *e == endpoint);
    let answer = match (works(Endpoint::InitV2), works(Endpoint::InitPlain)) {
        (true, true) => "both",
        (true, false) => "v2",
        (false, true) => "plain",
        (false, false) => return Ok(()),
    };
    let has = |endpoint, flow| {
        let mut granted = prober.granted.iter();
        granted.any(|(e, f, _)| *e == endpoint && *f == flow)
    };
    let apply_on_v2 = has(Endpoint::InitV2, Flow::Apply);
    let buy_on_plain = has(Endpoint::InitPlain, Flow::Buy);
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(());
    };
    let other = match foothold.endpoint {
        Endpoint::InitV2 => Endpoint::InitPlain,
        _ => Endpoint::InitV2,
    };
    let heard = prober.init_at(other, foothold.encoding, &foothold.params)?;
    prober.note("init_paths", answer, &heard);
    match (answer, apply_on_v2, buy_on_plain) {
        ("both", true, true) | ("v2", true, _) | ("plain", _, true) => {
            prober.note("flow_paths", "any", &heard);
        }
        ("both", false, false) | ("v2", false, _) | ("plain", _, false) => {
            prober.note("flow_paths", "by_flow", &heard);
        }
        // A path for one flow only, and another for all: no dialect has that.
        _ => {}
    }
    let plain = prober.granted.iter();
    let plain = plain.filter(|(e, _, _)| *e == Endpoint::InitPlain);
    let Some((endpoint, _, params)) = plain.min_by_key(|(_, _, params)| params.len()).cloned()
    else {
        return Ok(());
    };
    let mut optional = true;
    let mut shown = None;
    for name in ["lang", "flow", "amount_requested"] {
        let less = crate::server::plan::replaced(&params, name, &Value::Null);
        let request = request_to(endpoint, &less, foothold.encoding);
        let Some(request) = request else { continue };
        let heard = prober.defect(endpoint, less, request)?;
        optional &= heard.granted();
        shown = Some(heard);
    }
    if let Some(heard) = shown {
        prober.note("plain_path_defaults", optional, &heard);
    }
    Ok(())
}

/// The refusal for one wrong value, to recognize others by.
fn wrong_inputs(prober: &mut Prober<'_, '_>) -> Result<Option<Heard>, Stopped> {
    let params = prober.base_with("amount_requested", json!("0"));
    let (Some(params), Some(foothold)) = (params, prober.foothold.clone()) else {
        return Ok(None);
    };
    let Some(request) = request_to(foothold.endpoint, &params, foothold.encoding) else {
        return Ok(None);
    };
    let heard = prober.defect(foothold.endpoint, params, request)?;
    Ok(heard.refused().then_some(heard))
}

/// The status, ids and members of a granted request.
fn success(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let base = prober.foothold.as_ref().map(|f| f.params.clone());
    let heard = prober.init(&base.unwrap_or_default())?;
    if !heard.granted() {
        return Ok(());
    }
    prober.note("init_success_status", heard.status(), &heard);
    match &heard.json()["online_order_id"] {
        Value::Number(_) => prober.note("ids_as", "integer", &heard),
        Value::String(_) => prober.note("ids_as", "string", &heard),
        _ => {}
    }
    Ok(())
}

/// The JSON shape of a refusal.
fn shape(prober: &mut Prober<'_, '_>, wrong: &Heard) {
    let body = wrong.json();
    let has = |name: &str| !body[name].is_null();
    let shape = match (has("code"), has("error_description"), has("message")) {
        (true, true, true) => Some("union"),
        (true, true, false) => Some("doc"),
        (false, _, true) => Some("pos"),
        (false, true, false) => Some("oauth2"),
        _ => None,
    };
    if let Some(shape) = shape {
        prober.note("error_shape", shape, wrong);
    }
    if let Some((name, _)) = wrong.fields() {
        prober.note("field_errors_name", name, wrong);
    }
}

/// Whether a refusal lists all wrong parameters.
fn listed(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(params) = prober.base_with("amount_requested", json!("0")) else {
        return Ok(());
    };
    let params = crate::server::plan::replaced(&params, "is_guest", &json!("vrai"));
    let params = crate::server::plan::replaced(&params, "flow", &json!("both"));
    let heard = prober.init(&params)?;
    if let (true, Some((_, fields))) = (heard.refused(), heard.fields()) {
        let answer = if fields.len() > 1 { "all" } else { "first" };
        prober.note("field_errors_listed", answer, &heard);
    }
    Ok(())
}

/// The usual request with these bytes as its body.
fn bytes(
    prober: &Prober<'_, '_>,
    body: Vec<u8>,
    media_type: Option<&str>,
) -> Option<RequestTemplate> {
    let foothold = prober.foothold.as_ref()?;
    let request = request_to(foothold.endpoint, &foothold.params, foothold.encoding)?;
    let request = RequestTemplate {
        payload: Payload::Bytes(body),
        ..request
    };
    Some(match media_type {
        Some(media_type) => request.header("content-type", media_type),
        None => request,
    })
}

/// A form as bytes, with the placeholders filled in.
fn form(prober: &Prober<'_, '_>, params: &Params) -> Vec<u8> {
    let pairs: Params = params
        .iter()
        .filter(|(name, _)| name != "merchant_orderid")
        .cloned()
        .collect();
    let encoding = prober.form().unwrap_or(Encoding::FormDotted);
    match encode(&pairs, encoding) {
        Some(Payload::Form(pairs)) => serde_urlencoded::to_string(pairs)
            .unwrap_or_default()
            .into(),
        _ => Vec::new(),
    }
}

fn is_like(heard: &Heard, wrong: Option<&Heard>) -> bool {
    wrong.is_some_and(|wrong| heard.status() == wrong.status() && heard.word() == wrong.word())
}

/// Bodies declared with another media type, or an unknown one.
fn declared(prober: &mut Prober<'_, '_>, wrong: Option<&Heard>) -> Result<(), Stopped> {
    let params = prober.foothold.as_ref().map(|f| f.params.clone());
    let params: Params = params
        .unwrap_or_default()
        .into_iter()
        .filter(|(name, _)| name != "merchant_orderid")
        .collect();
    let json = prober.json_body(&params);
    // Only a server that reads both can mistake one for the other.
    let both = prober.form().is_some() && prober.encodings.contains(&Encoding::Json);
    if both && let Some(request) = bytes(prober, json.clone(), Some(FORM)) {
        let heard = prober.ask(request)?;
        let answer = match heard.outcome() {
            Some(true) => Some("accept"),
            Some(false) if is_like(&heard, wrong) => Some("form"),
            Some(false) => Some("refuse"),
            None => None,
        };
        if let Some(answer) = answer {
            prober.note("json_under_form_type", answer, &heard);
        }
        if answer == Some("refuse") {
            prober.answers.refused("json_declared_as_form", &heard);
        }
    }
    if let Some(request) = bytes(prober, form(prober, &params), Some("text/plain")) {
        let heard = prober.ask(request)?;
        if let Some(granted) = heard.outcome() {
            let answer = if granted { "form" } else { "refuse" };
            prober.note("other_media_types", answer, &heard);
            if !granted {
                prober.answers.refused("unknown_media_type", &heard);
            }
        }
    }
    let cut = json.get(..json.len().saturating_sub(1)).unwrap_or_default();
    if prober.encodings.contains(&Encoding::Json)
        && let Some(request) = bytes(prober, cut.to_vec(), Some("application/json"))
    {
        let heard = prober.ask(request)?;
        if heard.refused() {
            prober.answers.refused("bad_json", &heard);
        }
    }
    Ok(())
}

/// How an empty value is read.
fn empty(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let in_json = prober.foothold.as_ref().map(|f| f.encoding) == Some(Encoding::Json);
    if in_json && prober.json.booleans {
        // Text has the wrong type.
        return Ok(());
    }
    let empty = prober.base_with("is_guest", json!(""));
    let heard = prober.init(&empty.unwrap_or_default())?;
    if let Some(granted) = heard.outcome() {
        prober.note(
            "empty_value",
            if granted { "absent" } else { "value" },
            &heard,
        );
    }
    Ok(())
}

/// What a form may contain.
fn forms(prober: &mut Prober<'_, '_>, wrong: Option<&Heard>) -> Result<(), Stopped> {
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(());
    };
    let without = |name: &str| crate::server::plan::replaced(&foothold.params, name, &Value::Null);
    let ending = |prober: &Prober<'_, '_>, name: &str, end: &[u8]| {
        [&form(prober, &without(name))[..], end].concat()
    };
    if let Some(request) = bytes(
        prober,
        ending(prober, "address_1", b"&address_1=100%+Main+St"),
        Some(FORM),
    ) {
        let heard = prober.ask(request)?;
        if let Some(granted) = heard.outcome() {
            let answer = if granted { "literal" } else { "refuse" };
            prober.note("bad_percent_encoding", answer, &heard);
            if !granted {
                prober.answers.refused("bad_percent_encoding", &heard);
            }
        }
    }
    // An unknown parameter, so that no other rule refuses its text.
    if let Some(request) = bytes(prober, ending(prober, "", b"&note=%E9"), Some(FORM)) {
        let heard = prober.ask(request)?;
        if let Some(granted) = heard.outcome() {
            let answer = if granted { "replace" } else { "refuse" };
            prober.note("bad_utf8", answer, &heard);
            if !granted {
                prober.answers.refused("unreadable_text", &heard);
            }
        }
    }
    let granted = foothold.amount();
    let right = format!("&amount_requested={granted}").into_bytes();
    let right = right.as_slice();
    let bad: &[u8] = b"&amount_requested=0";
    let mut twice = Vec::new();
    for parts in [[bad, right], [right, bad]] {
        let body = ending(prober, "amount_requested", &parts.concat());
        let Some(request) = bytes(prober, body, Some(FORM)) else {
            return Ok(());
        };
        twice.push(prober.ask(request)?);
    }
    let [first, second] = twice.as_slice() else {
        return Ok(());
    };
    match (first.outcome(), second.outcome()) {
        (Some(true), Some(false)) => prober.note("repeated_parameters", "last", first),
        (Some(false), Some(true)) => prober.note("repeated_parameters", "first", second),
        (Some(false), Some(false)) => {
            let same = is_like(first, wrong);
            let answer = if same { "refuse" } else { "invalid_request" };
            prober.note("repeated_parameters", answer, first);
        }
        _ => {}
    }
    Ok(())
}

/// What JSON may contain. Returns the answer to `json_scalars`.
fn json(prober: &mut Prober<'_, '_>) -> Result<Option<&'static str>, Stopped> {
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(None);
    };
    let ask = |prober: &mut Prober<'_, '_>, name: &str, value: Value| {
        let mut params = foothold.params.clone();
        params.retain(|(known, _)| known != name);
        params.push((name.to_owned(), value));
        prober.init_at(foothold.endpoint, Encoding::Json, &params)
    };
    let null = ask(prober, "email", Value::Null)?;
    if let Some(granted) = null.outcome() {
        prober.note(
            "json_null",
            if granted { "absent" } else { "wrong_type" },
            &null,
        );
    }
    let name = ask(prober, "fname", json!(7))?;
    let id = ask(prober, "customer_id", json!(1_293_836))?;
    let amount = ask(prober, "amount_requested", json!(5000))?;
    let guest = ask(prober, "is_guest", json!(true))?;
    let answer = match (
        name.outcome(),
        id.outcome(),
        amount.outcome(),
        guest.outcome(),
    ) {
        (Some(true), Some(true), _, _) => Some("any"),
        (Some(false), Some(true), _, _) => Some("ids_too"),
        (Some(false), Some(false), Some(true), Some(true)) => Some("own_type"),
        (Some(false), Some(false), Some(false), Some(false)) => Some("text_only"),
        _ => None,
    };
    if let Some(answer) = answer {
        let shown = if answer == "any" { &name } else { &id };
        prober.note("json_scalars", answer, shown);
    }
    Ok(answer)
}

/// Which numbers and booleans may be text in JSON: retypes as few as possible until the request is
/// granted.
fn text_for(prober: &mut Prober<'_, '_>) -> Result<Option<(&'static str, Heard)>, Stopped> {
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(None);
    };
    let has = |name: &str| foothold.params.iter().any(|(known, _)| known == name);
    let known = prober.json;
    // An amount is a number here only if its text was refused.
    let types = [(false, false), (true, false), (false, true), (true, true)];
    for (numbers, booleans) in types
        .into_iter()
        .filter(|(numbers, _)| *numbers || !known.numbers)
    {
        prober.json = JsonTypes { numbers, booleans };
        let heard = prober.init_at(foothold.endpoint, Encoding::Json, &foothold.params)?;
        if heard.granted() {
            let told = has("amount_requested") && has("is_guest");
            return Ok(told.then(|| (prober.json.text_for(), heard)));
        }
    }
    prober.json = known;
    Ok(None)
}
