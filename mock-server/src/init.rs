//! `POST /online[/v2]/client-id/{clientId}/systems/init`: opens an order and gives the URL of
//! its hosted pages.

use crate::app::App;
use crate::auth::Caller;
use crate::body::{Form, Json};
use crate::clock::Millis;
use crate::document::Document;
use crate::journal::Note;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::request::Request;
use crate::route::CHECKOUT;
use crate::state::{Merchant, Order};
use crate::token::{REFERENCE_ID, form};
use flexiti_contract::dialect::InitEncodings;
use flexiti_contract::{Endpoint, Flow, Given, Lang, Msg, Parameters, Rule, Rulebook};
use serde_json::json;
use std::sync::Arc;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Answers an init request of an authenticated merchant.
pub fn handle(
    app: &App,
    rulebook: &Rulebook,
    endpoint: Endpoint,
    caller: &Caller,
    request: &Request,
    body: &[u8],
    note: &mut Note,
) -> Result<Reply, Rejection> {
    let accepted = match endpoint {
        Endpoint::InitPlain => Rule::PlainAccepted,
        _ => Rule::V2Accepted,
    };
    if !rulebook.enforces(accepted) {
        return Err(Rejection::new(Rule::PathKnown, "not_found"));
    }
    let mut form = Form::default();
    let parameters = read(rulebook, endpoint, request, body, &mut form, note)?;
    let mut state = app.state();
    let Some(merchant) = state.merchants.get(&caller.client_id) else {
        return Err(Rejection::new(Rule::BearerKnown, "token_unknown"));
    };
    let kept = note.params.clone().unwrap_or_else(|| "{}".into());
    let order = order(rulebook, merchant, &parameters, kept, caller.now);
    let reused = rulebook.taken_away(Rule::InitFresh);
    let earlier = state
        .orders
        .values()
        .find(|o| o.client_id == order.client_id);
    let id = match earlier {
        Some(earlier) if reused => earlier.id,
        _ => state.next_order_id(),
    };
    let session = state.random.hex::<20>();
    let order = Order {
        id,
        session,
        ..order
    };
    note.order_id = Some(id);
    let reply = reply(rulebook, &app.origin, &order, &caller.token);
    state.orders.insert(order.session.clone(), order);
    Ok(reply)
}

/// The order that these parameters ask for, without id and session.
fn order(
    rulebook: &Rulebook,
    merchant: &Merchant,
    parameters: &Parameters<'_>,
    kept: Arc<str>,
    now: Millis,
) -> Order {
    let lang = parameters.text("lang").or(merchant.account.lang.as_deref());
    Order {
        id: 0,
        session: String::new(),
        client_id: Arc::clone(&merchant.client_id),
        opened: now,
        flow: parameters
            .text("flow")
            .and_then(|flow| rulebook.flow(flow))
            .unwrap_or(Flow::Apply),
        lang: lang.map_or(Lang::En, Lang::of),
        parameters: kept,
    }
}

/// The parameters of a request, flat and valid; those of a form are parts of `decoded`.
fn read<'t>(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    request: &'t Request,
    body: &[u8],
    decoded: &'t mut Form,
    note: &mut Note,
) -> Result<Parameters<'t>, Rejection> {
    let mut document = Document::new(endpoint, rulebook);
    if let Some(value) = request.header(&REFERENCE_ID) {
        document.header(REFERENCE_ID.as_str(), value);
    }
    if is_json(rulebook, request, body)? {
        read_json(rulebook, body, &mut document)?;
    } else {
        *decoded = form(rulebook, body)?;
        for (name, value) in decoded.pairs() {
            let bracketed = name.ends_with(']');
            let unread = if bracketed {
                Rule::FormBrackets
            } else {
                Rule::FormDotted
            };
            if rulebook.taken_away(unread) && (bracketed || name.contains('.')) {
                continue;
            }
            document.field(name, value);
        }
    }
    let Document {
        parameters,
        repeated,
        nulls,
        ..
    } = document;
    let mut violations = rulebook.check_parameters(endpoint, &parameters);
    let mut also = |rule, param: &str, msg| {
        let value = parameters.get(param).map(Given::to_value);
        violations.retain(|violation| violation.param != param);
        violations.push(rulebook.violation_of(rule, param.to_owned(), msg, value));
    };
    if rulebook.enforces(Rule::InitRepeated) {
        for param in repeated {
            also(Rule::InitRepeated, param, Msg::Invalid);
        }
    }
    if rulebook.enforces(Rule::NullRefused) || rulebook.taken_away(Rule::NullAbsent) {
        for param in nulls {
            also(Rule::NullRefused, param, Msg::Type);
        }
    }
    rulebook.sort(endpoint, &mut violations);
    note.keep(&parameters);
    match Rejection::of(violations) {
        Some(rejection) => Err(rejection),
        None => Ok(parameters),
    }
}

/// Whether a body is JSON; a body of neither kind is refused.
fn is_json(rulebook: &Rulebook, request: &Request, body: &[u8]) -> Result<bool, Rejection> {
    let refused = || Rejection::new(Rule::MediaType, "unknown_media_type");
    let encodings = rulebook.knobs().init_encodings;
    match request.media_type().as_deref() {
        Some(JSON) if rulebook.enforces(Rule::JsonBody) => Ok(true),
        Some(FORM) if looks_like_json(body) && rulebook.enforces(Rule::JsonDeclared) => {
            Err(Rejection::new(Rule::JsonDeclared, "json_declared_as_form"))
        }
        Some(FORM) if looks_like_json(body) && rulebook.enforces(Rule::JsonAsForm) => Ok(true),
        Some(FORM) if encodings != InitEncodings::Json => Ok(false),
        Some(JSON | FORM) => Err(refused()),
        _ if rulebook.enforces(Rule::MediaType) => Err(refused()),
        _ => Ok(looks_like_json(body)),
    }
}

fn looks_like_json(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}

fn read_json(
    rulebook: &Rulebook,
    body: &[u8],
    document: &mut Document<'_, '_>,
) -> Result<(), Rejection> {
    let lossy;
    let body = if rulebook.taken_away(Rule::BodyUtf8) {
        lossy = String::from_utf8_lossy(body).into_owned();
        lossy.as_bytes()
    } else if std::str::from_utf8(body).is_err() {
        return Err(Rejection::new(Rule::BodyUtf8, "unreadable_text"));
    } else {
        body
    };
    let refused = |why: String| Rejection::new(Rule::JsonReadable, "bad_json").because(why);
    match serde_json::from_slice(body) {
        Ok(Json::Object(members)) => document.members("", members),
        _ if rulebook.taken_away(Rule::JsonReadable) => {}
        Ok(Json::Value(_)) => return Err(refused("another JSON value".into())),
        Err(error) => return Err(refused(error.to_string())),
    }
    Ok(())
}

fn reply(rulebook: &Rulebook, origin: &str, order: &Order, token: &str) -> Reply {
    let knobs = rulebook.knobs();
    let origin = if rulebook.taken_away(Rule::ResponseRedirectionUrl) {
        ""
    } else {
        origin
    };
    let mut url = knobs
        .redirect_url_template
        .replace(
            "{checkout}",
            &format!("{origin}{CHECKOUT}/{}", order.session),
        )
        .replace("{lang}", order.lang.code())
        .replace("{order_id}", &order.id.to_string())
        .replace("{client_id}", &order.client_id);
    if rulebook.taken_away(Rule::RedirectNoCredentials) {
        url.push_str("&token=");
        url.push_str(token);
    }
    let as_string = (knobs.ids_as == "string") != rulebook.taken_away(Rule::ResponseOrderId);
    let id = if as_string {
        json!(order.id.to_string())
    } else {
        json!(order.id)
    };
    Reply::json(200, &json!({"online_order_id": id, "redirection_url": url}))
}
