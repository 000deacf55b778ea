//! `POST /online[/v2]/client-id/{clientId}/systems/init`: opens an order and gives the URL of
//! its hosted pages.

use crate::app::App;
use crate::auth::Caller;
use crate::body::{Json, dotted};
use crate::document::Document;
use crate::journal::Note;
use crate::order::Life;
use crate::orders::Order;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::request::Request;
use crate::route::CHECKOUT;
use crate::state::Merchant;
use crate::token::{REFERENCE_ID, form_pairs};
use flexiti_contract::dialect::InitEncodings;
use flexiti_contract::{Endpoint, Flow, Lang, Msg, Rule, Rulebook};
use serde_json::{Value, json};
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
    let parameters = read(rulebook, endpoint, request, body, note)?;
    let mut state = app.state();
    let Some(merchant) = state.merchants.get(&caller.client_id) else {
        return Err(Rejection::new(Rule::BearerKnown, "token_unknown"));
    };
    let shared = rulebook.enforces(Rule::MerchantOrderUnique);
    if let Some((param, id)) = merchant_order_id(&parameters)
        && shared
        && !state
            .orders
            .by_merchant_id(&merchant.client_id, id)
            .is_empty()
    {
        let rule = Rule::MerchantOrderUnique;
        let violation = rulebook.violation_of(rule, param.into(), Msg::Invalid, Some(id.into()));
        return Err(
            Rejection::of(vec![violation]).unwrap_or_else(|| Rejection::new(rule, "wrong_inputs"))
        );
    }
    let kept = note.params.clone().unwrap_or_else(|| "{}".into());
    let v2 = endpoint == Endpoint::InitV2;
    let order = order(rulebook, merchant, &parameters, kept, caller, v2);
    let reused = rulebook.taken_away(Rule::InitFresh);
    let earlier = state.orders.iter().find(|o| o.client_id == order.client_id);
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
    let reply = reply(rulebook, &app.origin, &order);
    state.orders.insert(order);
    Ok(reply)
}

/// The merchant's own id for the order: both spellings are in use.
fn merchant_order_id(parameters: &Value) -> Option<(&'static str, &str)> {
    ["merchant_orderid", "merchant_order_id"]
        .into_iter()
        .find_map(|name| Some((name, parameters.get(name)?.as_str()?)))
}

/// The order that these parameters ask for, without id and session.
fn order(
    rulebook: &Rulebook,
    merchant: &Merchant,
    parameters: &Value,
    kept: Arc<str>,
    caller: &Caller,
    v2: bool,
) -> Order {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let lang = text("lang").or(merchant.account.lang.as_deref());
    let flow = text("flow")
        .and_then(|flow| rulebook.flow(flow))
        .unwrap_or(Flow::Apply);
    Order {
        id: 0,
        session: String::new(),
        client_id: Arc::clone(&merchant.client_id),
        opened: caller.now,
        flow,
        life: Life::new(flow),
        v2,
        token: caller.token.clone(),
        merchant_order_id: merchant_order_id(parameters).map(|(_, id)| id.into()),
        ended: None,
        settles: None,
        customer_id: None,
        visit: None,
        lang: lang.map_or(Lang::En, Lang::of),
        parameters: kept,
    }
}

/// The parameters of a request, flat and valid.
fn read(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    request: &Request,
    body: &[u8],
    note: &mut Note,
) -> Result<Value, Rejection> {
    let mut document = Document::new(endpoint, rulebook);
    if let Some(value) = request.header(&REFERENCE_ID) {
        document.header(REFERENCE_ID.as_str(), value);
    }
    if is_json(rulebook, request, body)? {
        read_json(rulebook, body, &mut document)?;
    } else {
        for (name, value) in form_pairs(rulebook, body)? {
            let bracketed = name.ends_with(']');
            let unread = if bracketed {
                Rule::FormBrackets
            } else {
                Rule::FormDotted
            };
            if rulebook.taken_away(unread) && (bracketed || name.contains('.')) {
                continue;
            }
            document.text(&dotted(&name), &value);
        }
    }
    let Document {
        parameters,
        repeated,
        nulls,
        ..
    } = document;
    let parameters = Value::Object(parameters);
    let mut violations = rulebook.check(endpoint, &parameters);
    let mut also = |rule, param: String, msg| {
        let value = parameters.get(&param).cloned();
        violations.retain(|violation| violation.param != param);
        violations.push(rulebook.violation_of(rule, param, msg, value));
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
    note.params = Some(parameters.to_string().into());
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
    document: &mut Document<'_>,
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

fn reply(rulebook: &Rulebook, origin: &str, order: &Order) -> Reply {
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
        url.push_str(&order.token);
    }
    let as_string = (knobs.ids_as == "string") != rulebook.taken_away(Rule::ResponseOrderId);
    let id = if as_string {
        json!(order.id.to_string())
    } else {
        json!(order.id)
    };
    Reply::json(200, &json!({"online_order_id": id, "redirection_url": url}))
}
