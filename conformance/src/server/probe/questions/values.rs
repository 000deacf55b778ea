//! The questions about values: which of the contract's samples a parameter accepts, and which known
//! answer explains that.

use crate::server::case::Encoding;
use crate::server::case::requests::REFERENCE_ID;
use crate::server::plan::agreeing;
use crate::server::probe::heard::Heard;
use crate::server::probe::prober::Prober;
use crate::server::wire::Stopped;
use flexiti_contract::{Contract, Endpoint, Flow};
use regex::Regex;
use serde_json::{Value, json};

/// A value, whether it was accepted, and the exchange that shows it.
pub type Seen = (String, bool, Heard);

/// Whether an answer to a pattern knob accepts a value; null accepts all.
fn accepts(answer: &Value, value: &str) -> Option<bool> {
    match answer {
        Value::Null => Some(true),
        Value::String(pattern) => Some(Regex::new(pattern).ok()?.is_match(value)),
        _ => None,
    }
}

/// Records the known answer that explains the observations; otherwise, a pattern of the values that
/// were accepted.
pub fn fit(prober: &mut Prober<'_, '_>, knob: &str, seen: &[Seen]) {
    if let Some((answer, heard)) = fitting(prober, knob, seen) {
        prober.note(knob, answer, &heard);
    }
}

fn fitting(prober: &Prober<'_, '_>, knob: &str, seen: &[Seen]) -> Option<(Value, Heard)> {
    let row = prober.contract.knob(knob)?;
    let expected = &prober.yardstick.answers[knob];
    let known: Vec<&Value> = row.alternatives.iter().map(|known| &known.answer).collect();
    let explains = |answer: &&Value| {
        let mut seen = seen.iter();
        seen.all(|(value, granted, _)| accepts(answer, value) == Some(*granted))
    };
    let surprising = seen
        .iter()
        .find(|(value, granted, _)| accepts(expected, value) != Some(*granted));
    let heard = surprising
        .or(seen.first())
        .map(|(_, _, heard)| heard.clone())?;
    let fits = [expected]
        .into_iter()
        .chain(known.iter().copied())
        .find(explains);
    let answer = match fits {
        Some(answer) => answer.clone(),
        None => json!(union(&known, seen)?),
    };
    Some((answer, heard))
}

/// A pattern of the known answers that accept nothing that was refused, plus the values that none
/// of them accepts. `None` if no value was accepted.
fn union(known: &[&Value], seen: &[Seen]) -> Option<String> {
    let whole = known.iter().filter_map(|answer| {
        let pattern = answer.as_str()?.strip_prefix('^')?.strip_suffix('$')?;
        let mut refused = seen.iter().filter(|(_, granted, _)| !granted);
        let fair = refused.all(|(value, _, _)| accepts(answer, value) == Some(false));
        let mut granted = seen.iter().filter(|(_, granted, _)| *granted);
        let useful = granted.any(|(value, _, _)| accepts(answer, value) == Some(true));
        (fair && useful).then_some((*answer, pattern))
    });
    let whole: Vec<(&Value, &str)> = whole.collect();
    let rest = seen.iter().filter(|(value, granted, _)| {
        let covered = |(answer, _): &(&Value, &str)| accepts(answer, value) == Some(true);
        *granted && !whole.iter().any(covered)
    });
    let mut parts: Vec<String> = whole.iter().map(|(_, part)| (*part).to_owned()).collect();
    parts.extend(rest.map(|(value, _, _)| regex::escape(value)));
    (!parts.is_empty()).then(|| format!("^(?:{})$", parts.join("|")))
}

/// The knobs that are patterns, each with a parameter to test.
const PATTERNS: [(&str, &str); 9] = [
    ("boolean_values", "is_guest"),
    ("lang_values", "lang"),
    ("salutation_values", "salutation"),
    ("email_pattern", "email"),
    ("province_values", "province"),
    ("postal_code_pattern", "postal_code"),
    ("customer_id_pattern", "customer_id"),
    ("dob_format", "dob"),
    ("flow_values", "flow"),
];

pub fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    text(prober)?;
    lengths(prober)?;
    let in_json = prober.foothold.as_ref().map(|f| f.encoding) == Some(Encoding::Json);
    for (knob, param) in PATTERNS {
        if in_json && prober.json.wants(param) {
            // Text has the wrong type.
            continue;
        }
        let seen = samples(prober, knob, param)?;
        match knob {
            "dob_format" => date(prober, &seen),
            "flow_values" => flows(prober, &seen),
            _ => fit(prober, knob, &seen),
        }
    }
    samples(prober, "least_amount", "amount_requested")?;
    let without = prober.base_with(REFERENCE_ID, Value::Null);
    let without = one(prober, without)?;
    // One of the two endpoints that require it is enough: the other violates its clause.
    if without.refused() {
        prober.note("reference_id_required", true, &without);
    }
    let previous = prober.base_with("has_previous_purchase", json!("vrai"));
    one(prober, previous)?;
    let long = json!("01234567-89ab-cdef-0123-456789abcdef-01234567");
    let long = prober.base_with(REFERENCE_ID, long);
    one(prober, long)?;
    Ok(())
}

/// Sends init with one value that may be a defect.
pub fn one(
    prober: &mut Prober<'_, '_>,
    params: Option<crate::server::case::Params>,
) -> Result<Heard, Stopped> {
    let (Some(params), Some(foothold)) = (params, prober.foothold.clone()) else {
        return Ok(Heard::nothing());
    };
    let request =
        crate::server::case::requests::request_to(foothold.endpoint, &params, foothold.encoding);
    match request {
        Some(request) => prober.defect(foothold.endpoint, params, request),
        None => prober.init(&params),
    }
}

/// Not a date, as 2001 was not a leap year.
const NO_DATE: &str = "2001-02-29";

/// Whether no known answer to a pattern knob accepts a value: sending one such value is enough.
fn nobody_takes(contract: &Contract, knob: &str, value: &str) -> bool {
    let known = contract.knob(knob).map(|row| row.alternatives.iter());
    let mut known = known.into_iter().flatten().peekable();
    let takes = |answer: &Value| match answer {
        Value::Object(by_flow) => by_flow
            .values()
            .any(|answer| accepts(answer, value) == Some(true)),
        answer => accepts(answer, value) != Some(false),
    };
    known.peek().is_some() && !known.any(|known| takes(&known.answer))
}

/// The invalid amounts that reveal the wording of refusals.
const AMOUNTS: [&str; 4] = ["10,50", "1.000.50", "abc", "-1"];

/// Sends init with each sample of a parameter that no other question decides.
fn samples(prober: &mut Prober<'_, '_>, knob: &str, param: &str) -> Result<Vec<Seen>, Stopped> {
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(Vec::new());
    };
    let row = prober.contract.param(foothold.endpoint, param);
    let limit = match prober.longest_lang {
        Some(longest) if param == "lang" => Some(longest),
        _ => prober.limit(param),
    };
    let ascii = prober
        .answers
        .answer("text_pattern")
        .is_some_and(Value::is_string)
        || prober
            .answers
            .answer("id_pattern")
            .is_some_and(Value::is_string);
    let mut seen = Vec::new();
    let told = |sample: &&String| match param {
        "amount_requested" => AMOUNTS.contains(&sample.as_str()),
        // Formatted like a date, but not one.
        "dob" => *sample == NO_DATE,
        _ => true,
    };
    let samples = row.map_or(&[][..], |row| &row.samples);
    let refused = |sample: &&String| nobody_takes(prober.contract, knob, sample);
    let hopeless: Vec<&String> = samples.iter().filter(refused).skip(1).collect();
    let told = samples.iter().filter(told);
    for sample in told.filter(|sample| !hopeless.contains(sample)) {
        let too_long = limit.is_some_and(|limit| sample.chars().count() > limit);
        if too_long || (ascii && !sample.is_ascii()) {
            continue;
        }
        let mut params = prober.base_with(param, json!(sample));
        if param == "flow" && sample.eq_ignore_ascii_case("apply") {
            params = params.map(|params| prober.without_refused(&params));
        }
        let mut heard = one(prober, params.clone())?;
        let agreeing = Some(agreeing(&foothold.params, param, &json!(sample)));
        if heard.refused() && agreeing != prober.base_with(param, json!(sample)) {
            heard = one(prober, agreeing.clone())?;
            params = agreeing;
            if heard.granted() {
                prober.samples.agreeing.insert(param.to_owned());
            }
        }
        let by_flow = prober.answers.answer("flow_paths") == Some(&json!("by_flow"));
        let mut granted = prober.granted.iter();
        let applies_here =
            granted.any(|(path, flow, _)| (*path, *flow) == (foothold.endpoint, Flow::Apply));
        let applies_elsewhere = !applies_here && sample.eq_ignore_ascii_case("apply");
        if param == "flow" && (by_flow || applies_elsewhere) && heard.refused() {
            // A path may accept only some flows.
            let other = match foothold.endpoint {
                Endpoint::InitV2 => Endpoint::InitPlain,
                _ => Endpoint::InitV2,
            };
            if let Some(params) = params {
                let there = prober.init_at(other, foothold.encoding, &params)?;
                // The refusal here says more than that of a path that does not exist.
                if by_flow || there.granted() {
                    heard = there;
                }
            }
        }
        if let Some(granted) = heard.outcome() {
            seen.push((sample.clone(), granted, heard));
        }
    }
    Ok(seen)
}

/// `date` or any text.
fn date(prober: &mut Prober<'_, '_>, seen: &[Seen]) {
    let wrong = seen.iter().find(|(value, _, _)| value == NO_DATE);
    if let Some((_, granted, heard)) = wrong {
        let answer = if *granted { Value::Null } else { json!("date") };
        prober.note("dob_format", answer, heard);
    }
}

/// The spelling of the three flows: the known answer that explains what was accepted.
fn flows(prober: &mut Prober<'_, '_>, seen: &[Seen]) {
    let Some(row) = prober.contract.knob("flow_values") else {
        return;
    };
    let expected = &prober.yardstick.answers["flow_values"];
    let known = row.alternatives.iter().map(|known| &known.answer);
    let takes = |answer: &Value, value: &str| {
        ["apply", "buy", "apply_buy"]
            .iter()
            .any(|flow| accepts(&answer[*flow], value) == Some(true))
    };
    let explains = |answer: &&Value| {
        seen.iter()
            .all(|(value, granted, _)| takes(answer, value) == *granted)
    };
    let Some((_, _, heard)) = seen.first() else {
        return;
    };
    let fits = [expected].into_iter().chain(known).find(explains).cloned();
    let answer = fits.unwrap_or_else(|| {
        // Other spellings, by the samples' meaning.
        let of = |flow: &str| {
            let spelled = seen.iter().filter(|(value, granted, _)| {
                *granted && accepts(&expected[flow], value) == Some(true)
            });
            let spelled: Vec<String> = spelled.map(|(value, _, _)| regex::escape(value)).collect();
            if spelled.is_empty() {
                expected[flow].clone()
            } else {
                json!(format!("^(?:{})$", spelled.join("|")))
            }
        };
        json!({"apply": of("apply"), "buy": of("buy"), "apply_buy": of("apply_buy")})
    });
    let heard = heard.clone();
    prober.note("flow_values", answer, &heard);
}

const ASCII: &str = "^[\\x20-\\x7e]*$";

/// Whether texts and ids may go beyond ASCII.
fn text(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let name = prober.base_with("fname", json!("Zoé"));
    let name = one(prober, name)?;
    let Some(granted) = name.outcome() else {
        return Ok(());
    };
    let city = prober.base_with("city", json!("Québec"));
    let city = one(prober, city)?;
    let taken = granted || city.granted();
    let answer = if taken { Value::Null } else { json!(ASCII) };
    prober.note("text_pattern", answer, &name);
    if taken {
        let id = prober.base_with("merchant_orderid", json!("été-{{unique}}"));
        let id = one(prober, id)?;
        if let Some(granted) = id.outcome() {
            let answer = if granted { Value::Null } else { json!(ASCII) };
            prober.note("id_pattern", answer, &id);
        }
    }
    Ok(())
}

/// The maximum lengths that a page gives, each confirmed at the limit and above it.
const LIMITS: [(&str, usize, char); 5] = [
    ("customer_id", 20, '1'),
    ("vcc", 16, '4'),
    ("fname", 35, 'a'),
    ("lname", 50, 'a'),
    ("dob", 10, '1'),
];

fn lengths(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    for (param, limit, letter) in LIMITS {
        let text = |length: usize| json!(letter.to_string().repeat(length));
        let past = prober.base_with(param, text(limit + 1));
        let past = one(prober, past)?;
        if past.granted() {
            prober.answers.note_entry("max_lengths", param, None, &past);
            continue;
        }
        if says_length(&past) {
            let limit = Some(json!(limit));
            prober
                .answers
                .note_entry("max_lengths", param, limit, &past);
            continue;
        }
        let at = prober.base_with(param, text(limit));
        let at = prober.init(&at.unwrap_or_default())?;
        if past.refused() && at.granted() {
            prober
                .answers
                .note_entry("max_lengths", param, Some(json!(limit)), &past);
        }
    }
    // A language tag of more than five characters, as some browsers send.
    let long = prober.base_with("lang", json!("zh-Hans-CN"));
    let long = one(prober, long)?;
    if long.granted() {
        prober
            .answers
            .note_entry("max_lengths", "lang", None, &long);
    } else if says_length(&long) {
        prober
            .answers
            .note_entry("max_lengths", "lang", Some(json!(5)), &long);
    } else {
        // It may be too long, or not a language; longer ones do not show which.
        prober.longest_lang = Some(5);
    }
    Ok(())
}

/// Whether a refusal says that the value is too long.
fn says_length(heard: &Heard) -> bool {
    let fields = heard.fields().map(|(_, fields)| fields);
    matches!(fields.as_deref(), Some([(_, msg)]) if msg == "length")
}
