//! `POST /online[/v2]/client-id/{clientId}/systems/init`: opens an order and gives the URL of
//! its hosted pages.

use crate::app::App;
use crate::auth::Caller;
use crate::body::{Form, Json};
use crate::document::Document;
use crate::journal::Note;
use crate::order::Life;
use crate::orders::Order;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::request::Request;
use crate::route::CHECKOUT;
use crate::state::{Merchant, State};
use crate::token::{REFERENCE_ID, form};
use flexiti_contract::dialect::InitEncodings;
use flexiti_contract::{
    Endpoint, Flow, Given, Kept, Lang, Msg, Parameters, Rule, Rulebook, Violation,
};
use serde::Serialize;
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
    let mut form = Form::default();
    let (parameters, violations) = read(rulebook, endpoint, request, body, &mut form)?;
    let kept = Kept::new(rulebook.contract().params(endpoint), &parameters);
    note.params = Some(kept.clone().into());
    if let Some(rejection) = Rejection::of(violations) {
        return Err(rejection);
    }
    let mut state = app.state();
    let Some(merchant) = state.merchants.get(&*caller.client_id) else {
        return Err(Rejection::new(Rule::BearerKnown, "token_unknown"));
    };
    if rulebook.enforces(Rule::MerchantOrderUnique)
        && let Some((param, id)) = merchant_order_id(&parameters)
        && state
            .orders
            .by_merchant_id(&merchant.client_id, id)
            .is_some()
    {
        let rule = Rule::MerchantOrderUnique;
        let violation = rulebook.violation_of(rule, param.into(), Msg::Invalid, Some(id.into()));
        return Err(
            Rejection::of(vec![violation]).unwrap_or_else(|| Rejection::new(rule, "wrong_inputs"))
        );
    }
    let v2 = endpoint == Endpoint::InitV2;
    let order = order(rulebook, merchant, &parameters, kept, caller, v2);
    let id = match reused_id(rulebook, &state, &order.client_id) {
        Some(id) => id,
        None => state.next_order_id(rulebook.knobs().first_order_id),
    };
    let session = state.random.hex::<20>().into();
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
fn merchant_order_id<'p>(parameters: &'p Parameters<'_>) -> Option<(&'static str, &'p str)> {
    ["merchant_orderid", "merchant_order_id"]
        .into_iter()
        .find_map(|name| Some((name, parameters.text(name)?)))
}

/// The id of an earlier order, on a server that gives it out again.
fn reused_id(rulebook: &Rulebook, state: &State, client_id: &str) -> Option<u64> {
    if !rulebook.taken_away(Rule::InitFresh) {
        return None;
    }
    let mut orders = state.orders.iter();
    let earlier = orders.find(|order| &*order.client_id == client_id);
    earlier.map(|order| order.id)
}

/// The order that these parameters ask for, without id and session.
fn order(
    rulebook: &Rulebook,
    merchant: &Merchant,
    parameters: &Parameters<'_>,
    kept: Kept,
    caller: &Caller,
    v2: bool,
) -> Order {
    let lang = parameters.text("lang").or(merchant.account.lang.as_deref());
    let flow = parameters
        .text("flow")
        .and_then(|flow| rulebook.flow(flow))
        .unwrap_or(Flow::Apply);
    Order {
        id: 0,
        session: "".into(),
        client_id: Arc::clone(&merchant.client_id),
        opened: caller.now,
        flow,
        life: Life::new(flow),
        v2,
        token: Arc::clone(&caller.token),
        merchant_order_id: merchant_order_id(parameters).map(|(_, id)| id.into()),
        ended: None,
        settles: None,
        customer_id: None,
        visit: None,
        lang: lang.map_or(Lang::En, Lang::of),
        parameters: kept,
    }
}

/// The parameters of a request, and what is wrong with them. Those of a form are parts of
/// `decoded`.
fn read<'t>(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    request: &'t Request,
    body: &[u8],
    decoded: &'t mut Form,
) -> Result<(Parameters<'t>, Vec<Violation>), Rejection> {
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
    Ok((parameters, violations))
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

#[derive(Serialize)]
struct Answer {
    online_order_id: OrderId,
    redirection_url: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OrderId {
    Number(u64),
    Text(String),
}

fn reply(rulebook: &Rulebook, origin: &str, order: &Order) -> Reply {
    let knobs = rulebook.knobs();
    let origin = if rulebook.taken_away(Rule::ResponseRedirectionUrl) {
        ""
    } else {
        origin
    };
    let mut url = filled(&knobs.redirect_url_template, |name, url| {
        match name {
            "checkout" => url.extend([origin, CHECKOUT, "/", &order.session]),
            "lang" => url.push_str(order.lang.code()),
            "order_id" => url.push_str(&order.id.to_string()),
            "client_id" => url.push_str(&order.client_id),
            _ => return false,
        }
        true
    });
    if rulebook.taken_away(Rule::RedirectNoCredentials) {
        url.push_str("&token=");
        url.push_str(&order.token);
    }
    let as_string = (knobs.ids_as == "string") != rulebook.taken_away(Rule::ResponseOrderId);
    let online_order_id = if as_string {
        OrderId::Text(order.id.to_string())
    } else {
        OrderId::Number(order.id)
    };
    let answer = Answer {
        online_order_id,
        redirection_url: url,
    };
    Reply::json(200, &answer)
}

/// A template with what it names in braces filled in; `add` says whether it knows the name.
fn filled(template: &str, add: impl Fn(&str, &mut String) -> bool) -> String {
    let mut text = String::with_capacity(160);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.split_once('}') {
            Some((name, end)) if add(name, &mut text) => rest = end,
            _ => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn a_template_is_filled_where_it_names_something() {
        let add = |name: &str, text: &mut String| {
            text.push_str(if name == "lang" { "fr" } else { "" });
            name == "lang"
        };
        for (template, text) in [
            ("/{lang}?l={lang}", "/fr?l=fr"),
            ("{{lang}}", "{fr}"),
            ("{flow}{lang", "{flow}{lang"),
            ("{flow {lang}", "{flow fr"),
            ("", ""),
        ] {
            assert_eq!(filled(template, add), text);
        }
    }
}
