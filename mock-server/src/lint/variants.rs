//! Requests that were accepted here, but would be refused under another reading of the
//! documentation.

use crate::http::form::MEDIA_TYPE as FORM;
use crate::lint::call::Call;
use crate::lint::finding::{Found, listed};
use crate::lint::history::History;
use crate::lint::parameters::ASCII;
use flexiti_contract::dialect::{Alias, Lax};
use flexiti_contract::{Endpoint, Msg, Parameters, Rule, Rulebook, StoredParameters};
use std::collections::{BTreeMap, BTreeSet};

/// A feature of a request that some dialect may refuse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Variant {
    clause: &'static str,
    param: Option<String>,
    what: &'static str,
}

/// The requests with each variant, and the dialects that refuse it.
type Variants<'h> = BTreeMap<Variant, (BTreeSet<u64>, BTreeSet<&'h str>)>;

/// Accepted requests that another shipped dialect refuses: one finding for each clause and
/// parameter.
pub fn variant_spelling(history: &History<'_>) -> Vec<Found> {
    let mut variants = Variants::new();
    for call in history.calls.iter().filter(|call| call.accepted()) {
        let parameters = call.params.as_ref().map(StoredParameters::parameters);
        for other in history.others {
            let mut refuse = |variant: Variant| {
                let (requests, dialects) = variants.entry(variant).or_default();
                requests.insert(call.id);
                dialects.insert(&other.dialect().name);
            };
            if let Some(parameters) = &parameters {
                check(call.endpoint, parameters, other, &mut refuse);
            }
            features(call, other, &mut refuse);
        }
    }
    let found = variants.into_iter().map(|(variant, (requests, dialects))| {
        let Variant {
            clause,
            param,
            what,
        } = &variant;
        let param = param.as_deref();
        let param = param.map_or(String::new(), |param| format!("`{param}` "));
        let dialects = listed(dialects.into_iter().map(|name| format!("`{name}`")));
        let message = format!("accepted here, but not by dialect {dialects}: {param}{what}");
        Found::new(message, requests).of_clause(clause)
    });
    found.collect()
}

/// Reports parameters that a dialect refuses, except those that have a rule of their own.
fn check(
    endpoint: Endpoint,
    parameters: &Parameters<'_>,
    other: &Rulebook,
    refuse: &mut impl FnMut(Variant),
) {
    for violation in other.check_parameters(endpoint, parameters) {
        let clause = violation.clause;
        let has_rule = clause.ends_with(ASCII)
            || clause.ends_with(".reference_id.required")
            || clause == "init.v2.flow";
        if has_rule {
            continue;
        }
        let what = match violation.msg {
            _ if violation.value.is_none() => "being absent",
            Some(Msg::Length) => "being so long",
            _ => "as it is spelled",
        };
        refuse(Variant {
            clause,
            param: Some(violation.param),
            what,
        });
    }
}

/// Reports other features of a request that a dialect refuses or ignores.
fn features(call: &Call, other: &Rulebook, refuse: &mut impl FnMut(Variant)) {
    let holds = |rule| other.enforces(rule);
    let mut does = |does: bool, rule: Rule, what: &'static str| {
        if does {
            refuse(Variant {
                clause: rule.id(),
                param: None,
                what,
            });
        }
    };
    let endpoint = call.endpoint;
    let served = endpoint.foundation();
    does(!other.serves(endpoint), served, "this path");
    let exact = other.knobs().bearer_scheme == Lax::Exact;
    let scheme = call.bearer.is_some() && !call.bearer_spelled && exact;
    let what = "an authorization scheme that is not spelled `Bearer`";
    does(scheme, Rule::BearerScheme, what);
    let quotes = call.quoted && !holds(Rule::PathQuotes);
    let what = "the client id of the path in double quotes";
    does(quotes, Rule::PathQuotes, what);
    let percent = call.sent.broken_percent && holds(Rule::PercentEncoding);
    let what = "a percent sign that stands for itself";
    does(percent, Rule::PercentEncoding, what);
    let media_type = call.media_type.as_deref();
    if endpoint == Endpoint::Token {
        let no_form = media_type != Some(FORM) && holds(Rule::TokenEncoding);
        let what = "a token request that is no form";
        does(no_form, Rule::TokenEncoding, what);
        let basic = call.basic && call.param("client_id").is_some() && !holds(Rule::Basic);
        does(basic, Rule::Basic, "keys in the Basic scheme");
    }
    if !call.is_init() {
        return;
    }
    let as_form = call.sent.json && media_type == Some(FORM) && holds(Rule::JsonDeclared);
    let what = "JSON declared as a form";
    does(as_form, Rule::JsonDeclared, what);
    let mut about = |does: bool, rule: Rule, param: &str, what: &'static str| {
        if does {
            refuse(Variant {
                clause: rule.id(),
                param: Some(param.to_owned()),
                what,
            });
        }
    };
    for param in &call.sent.repeated {
        let what = "given more than once";
        about(holds(Rule::InitRepeated), Rule::InitRepeated, param, what);
    }
    for param in &call.sent.nulls {
        let what = "being a JSON null";
        about(holds(Rule::NullRefused), Rule::NullRefused, param, what);
    }
    let ignored = other.knobs().merchant_order_id_alias == Alias::Ignore;
    if ignored && call.param("merchant_order_id").is_some() {
        refuse(Variant {
            clause: "init.merchant_order_id.type",
            param: Some("merchant_order_id".to_owned()),
            what: "in the place of `merchant_orderid`",
        });
    }
}
