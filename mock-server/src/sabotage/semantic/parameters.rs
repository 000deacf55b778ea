//! Bugs in how init reads and validates its parameters.

use super::bug::Bug;
use crate::http::json::any;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::sabotage::rewrite::{
    body, edited, endpoint, looks_like_json, with_body, with_param, without_pairs,
};
use flexiti_contract::Endpoint;
use hyper::StatusCode;
use serde_json::{Map, Value};

pub(super) const BUGS: &[Bug] = &[
    Bug::new(
        "JSON loses the e-mail address",
        "init.email.format",
        |service, request| lost(service, request, "email", Some(true)),
    ),
    Bug::new(
        "forms lose the date of birth",
        "init.dob.format",
        |service, request| lost(service, request, "dob", Some(false)),
    ),
    Bug::new(
        "JSON loses the salutation's neighbour",
        "init.postal_code.format",
        |service, request| lost(service, request, "postal_code", Some(true)),
    ),
    Bug::new(
        "brackets lose the shipping postal code",
        "init.encoding.form_brackets",
        |service, request| {
            if !is_init(service, request) || looks_like_json(request) {
                return service.handle(request);
            }
            let lost = |name: &str| name == "shipping_information[postal_code]";
            service.handle(&with_body(request, without_pairs(body(request), lost)))
        },
    ),
    Bug::new(
        "the billing address is read from the shipping address",
        "init.billing_information.required",
        |service, request| {
            copied(
                service,
                request,
                "shipping_information",
                "billing_information",
            )
        },
    ),
    Bug::new(
        "the shipping address is read from the billing address",
        "init.shipping_information.required",
        |service, request| {
            copied(
                service,
                request,
                "billing_information",
                "shipping_information",
            )
        },
    ),
    Bug::new(
        "only Apply/Buy needs the shipping address",
        "init.shipping_information.required",
        |service, request| {
            let buys = text(request, "flow").is_some_and(|flow| flow.eq_ignore_ascii_case("buy"));
            if is_init(service, request) && buys {
                return copied(
                    service,
                    request,
                    "billing_information",
                    "shipping_information",
                );
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "only JSON needs an amount",
        "init.amount_requested.required",
        |service, request| {
            let missing = text(request, "amount_requested").is_none();
            if is_init(service, request) && !looks_like_json(request) && missing {
                return service.handle(&with_param(request, "amount_requested", "100"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "an amount below one dollar is nothing",
        "init.amount_requested.separator",
        |service, request| {
            let amount = text(request, "amount_requested").and_then(|a| a.parse::<f64>().ok());
            let small = amount.is_some_and(|amount| amount > 0.0 && amount < 1.0);
            if is_init(service, request) && small {
                return service.handle(&with_param(request, "amount_requested", "0"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the sign of the amount is lost",
        "init.amount_requested.positive",
        |service, request| {
            let amount = text(request, "amount_requested").unwrap_or_default();
            match amount.strip_prefix('-') {
                Some(rest) if is_init(service, request) => {
                    service.handle(&with_param(request, "amount_requested", rest))
                }
                _ => service.handle(request),
            }
        },
    ),
    Bug::new(
        "a comma in the amount is dropped",
        "init.amount_requested.separator",
        |service, request| {
            let amount = text(request, "amount_requested").unwrap_or_default();
            if is_init(service, request) && amount.contains(',') {
                let amount = amount.replace(',', "");
                return service.handle(&with_param(request, "amount_requested", &amount));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "a customer id of 21 characters is cut",
        "init.customer_id.length",
        |service, request| {
            let id = text(request, "customer_id").unwrap_or_default();
            if is_init(service, request) && id.chars().count() == 21 {
                let cut: String = id.chars().take(20).collect();
                return service.handle(&with_param(request, "customer_id", &cut));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "a customer id of 20 characters is too long",
        "init.customer_id.length",
        |service, request| {
            let id = text(request, "customer_id").unwrap_or_default();
            if is_init(service, request) && id.chars().count() == 20 {
                let long = format!("{id}0");
                return service.handle(&with_param(request, "customer_id", &long));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "a customer id of 21 characters passes in JSON",
        "init.customer_id.length",
        |service, request| {
            let id = text(request, "customer_id").unwrap_or_default();
            let long = looks_like_json(request) && id.chars().count() > 20;
            if is_init(service, request) && long {
                return service.handle(&with_param(request, "customer_id", "123456"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "Buy always needs a customer id",
        "init.buy.identity",
        |service, request| {
            let flow = text(request, "flow").unwrap_or_default();
            let only_vcc = text(request, "customer_id").is_none() && text(request, "vcc").is_some();
            if is_init(service, request) && flow.eq_ignore_ascii_case("buy") && only_vcc {
                return lost(service, request, "vcc", None);
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "a flow in capitals is refused",
        "init.flow.type",
        |service, request| {
            let flow = text(request, "flow").unwrap_or_default();
            let capitals = !flow.is_empty() && flow == flow.to_ascii_uppercase();
            if is_init(service, request) && capitals {
                return service.handle(&with_param(request, "flow", "none"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "an unknown flow is Apply",
        "init.flow.values",
        |service, request| {
            let flow = text(request, "flow")
                .unwrap_or_default()
                .to_ascii_lowercase();
            let known = ["", "apply", "buy", "apply/buy", "applybuy", "apply_buy"];
            if is_init(service, request) && !known.contains(&&*flow) {
                return service.handle(&with_param(request, "flow", "apply"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "an unknown language is English",
        "init.lang.values",
        |service, request| {
            let lang = text(request, "lang")
                .unwrap_or_default()
                .to_ascii_lowercase();
            let known = lang.is_empty() || lang.starts_with("en") || lang.starts_with("fr");
            if is_init(service, request) && !known {
                return service.handle(&with_param(request, "lang", "en"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "an empty language is English",
        "init.lang.required",
        |service, request| {
            let empty = text(request, "lang").is_some_and(|lang| lang.is_empty());
            if is_init(service, request) && empty {
                return service.handle(&with_param(request, "lang", "en"));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "the order of the parameters matters",
        "init.encoding.form_dotted",
        |service, request| {
            let first = body(request).split(|byte| *byte == b'=').next();
            let known: [&[u8]; 5] = [
                b"lang",
                b"flow",
                b"merchant_orderid",
                b"is_guest",
                b"customer_id",
            ];
            let odd = first.is_some_and(|first| !first.is_empty() && !known.contains(&first));
            if is_init(service, request) && !looks_like_json(request) && odd {
                let other = without_pairs(body(request), |name| name == "lang");
                return service.handle(&with_body(request, other));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "lower-case percent escapes are not read",
        "init.encoding.form_dotted",
        |service, request| {
            let text = String::from_utf8_lossy(body(request)).into_owned();
            if is_init(service, request) && !looks_like_json(request) && text.contains("%2f") {
                return service.handle(&with_body(request, text.replace("%2f", "%252f")));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "escapes in JSON text are not read",
        "init.encoding.json",
        |service, request| {
            let text = String::from_utf8_lossy(body(request)).into_owned();
            if is_init(service, request) && looks_like_json(request) && text.contains("\\u00") {
                return service.handle(&with_body(request, text.replace("\\u00", "u00")));
            }
            service.handle(request)
        },
    ),
    Bug::new(
        "only one of several faults is named",
        "http.error.listed",
        |service, request| {
            let reply = service.handle(request);
            if !is_init(service, request) || !reply.status.is_client_error() {
                return reply;
            }
            edited(reply, |members| {
                for name in ["field_errors", "error_fields"] {
                    if let Some(Value::Array(list)) = members.get_mut(name) {
                        list.truncate(1);
                    }
                }
            })
        },
    ),
    Bug::new(
        "a wrong e-mail address is refused without its name",
        "init.email.format",
        |service, request| {
            let reply = service.handle(request);
            if !is_init(service, request) || !reply.status.is_client_error() {
                return reply;
            }
            edited(reply, |members| {
                for name in ["field_errors", "error_fields"] {
                    if let Some(Value::Array(list)) = members.get_mut(name) {
                        for item in list.iter_mut().filter_map(Value::as_object_mut) {
                            let text = Value::Object(item.clone()).to_string();
                            if text.contains("\"email\"") {
                                *item = Map::from_iter([("name".to_owned(), "".into())]);
                            }
                        }
                    }
                }
            })
        },
    ),
    Bug::new(
        "a wrong postal code is refused with 200",
        "http.error.shape",
        |service, request| {
            let mut reply = service.handle(request);
            let named = String::from_utf8_lossy(&reply.body).contains("billing_information.postal");
            if is_init(service, request) && reply.status.is_client_error() && named {
                reply.status = StatusCode::OK;
            }
            reply
        },
    ),
    Bug::new(
        "an apostrophe crashes",
        "http.robust",
        |service, request| {
            crash(service, request, |text| {
                text.contains('\'') || text.contains("%27")
            })
        },
    ),
    Bug::new("an emoji crashes", "http.robust", |service, request| {
        crash(service, request, |text| {
            text.contains("%F0%9F") || text.chars().any(|c| c > '\u{ffff}')
        })
    }),
    Bug::new("a long name crashes", "http.robust", |service, request| {
        crash(service, request, |text| {
            let long = |part: &str| part.len() > 255;
            text.split(['&', ',']).any(long)
        })
    }),
    Bug::new(
        "a huge number crashes",
        "http.robust",
        |service, request| {
            crash(service, request, |text| {
                text.contains("1e400") || text.contains("99999999999999999999999")
            })
        },
    ),
    Bug::new("deep JSON crashes", "http.robust", |service, request| {
        crash(service, request, |text| text.contains("[[[[[[[["))
    }),
    Bug::new(
        "an empty body crashes",
        "http.robust",
        |service, request| crash(service, request, str::is_empty),
    ),
];

fn is_init(service: &Service, request: &Request) -> bool {
    let found = endpoint(service, request);
    found.is_some_and(|found| [Endpoint::InitV2, Endpoint::InitPlain].contains(&found))
}

/// A parameter as text.
fn text(request: &Request, name: &str) -> Option<String> {
    match any(body(request)).remove(name)? {
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// Ignores a parameter: in JSON, in forms, or in both.
fn lost(service: &Service, request: &Request, name: &str, json: Option<bool>) -> Reply {
    let is_json = looks_like_json(request);
    if !is_init(service, request) || json.is_some_and(|json| json != is_json) {
        return service.handle(request);
    }
    if is_json {
        let mut members = any(body(request));
        members.shift_remove(name);
        let body = Value::Object(members).to_string();
        return service.handle(&with_body(request, body));
    }
    let kept = without_pairs(body(request), |other| other == name);
    service.handle(&with_body(request, kept))
}

/// Fills in what one address block lacks from the other.
fn copied(service: &Service, request: &Request, from: &str, to: &str) -> Reply {
    if !is_init(service, request) {
        return service.handle(request);
    }
    let members = any(body(request));
    if looks_like_json(request) {
        let mut members = members;
        let source = members.get(from).and_then(Value::as_object).cloned();
        if let (Some(source), Some(Value::Object(block))) = (source, members.get_mut(to)) {
            for (name, value) in source {
                block.entry(name).or_insert(value);
            }
        }
        let body = Value::Object(members).to_string();
        return service.handle(&with_body(request, body));
    }
    let mut request = request.clone();
    for (name, value) in &members {
        let other = name.replacen(from, to, 1);
        let Some(value) = value.as_str().filter(|_| other != *name) else {
            continue;
        };
        if !members.contains_key(&other) {
            request = with_param(&request, &other, value);
        }
    }
    service.handle(&request)
}

/// Crashes on such a body.
fn crash(service: &Service, request: &Request, is_too_much: impl Fn(&str) -> bool) -> Reply {
    let text = String::from_utf8_lossy(body(request)).into_owned();
    if is_init(service, request) && request.method == hyper::Method::POST && is_too_much(&text) {
        return Reply::empty(StatusCode::INTERNAL_SERVER_ERROR);
    }
    service.handle(request)
}
