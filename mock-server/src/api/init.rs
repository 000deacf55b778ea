//! `POST /online[/v2]/client-id/{clientId}/systems/init`: opens an order and returns the URL of its
//! hosted pages.

use crate::api::auth::Caller;
use crate::api::call::Call;
use crate::api::parameters::{Document, form, json_text};
use crate::api::rejection::Rejection;
use crate::http::form::{Form, MEDIA_TYPE as FORM};
use crate::http::json::Json;
use crate::http::reply::Reply;
use crate::http::request::{REFERENCE_ID, Request};
use crate::http::route::CHECKOUT;
use crate::journal::Note;
use crate::model::lifecycle::Life;
use crate::model::order::{self, Order};
use crate::model::redirection_url;
use flexiti_contract::dialect::{IdsAs, InitEncodings};
use flexiti_contract::{
    Endpoint, ErrorId, Flow, Given, Lang, Parameters, Rule, Rulebook, StoredParameters, Violation,
};
use serde::Serialize;
use std::sync::Arc;

const JSON: &str = "application/json";

/// Answers an authenticated init request.
pub fn handle(
    call: &Call<'_>,
    caller: &Caller,
    body: &[u8],
    note: &mut Note,
) -> Result<Reply, Rejection> {
    let Call {
        rulebook, endpoint, ..
    } = *call;
    let mut form = Form::default();
    let (parameters, violations) = read(call, body, &mut form)?;
    let stored = StoredParameters::new(rulebook.contract().params(endpoint), &parameters);
    note.params = Some(stored.clone().into());
    if let Some(rejection) = Rejection::of(violations) {
        return Err(rejection);
    }
    // Others wait for the state, so do whatever does not need it before or after.
    let pages = format!("{}{CHECKOUT}", call.app.origin_for(call.request));
    let mut state = call.app.state();
    let Some(merchant) = state.merchants.get(&caller.client_id) else {
        return Err(Rejection::new(Rule::BearerKnown, ErrorId::TokenUnknown));
    };
    let merchant_order = merchant_order_id(&parameters);
    let own_id = merchant_order.map(|(_, id)| order::comparable(rulebook, id));
    if rulebook.enforces(Rule::MerchantOrderUnique)
        && let (Some((param, id)), Some(own_id)) = (merchant_order, &own_id)
        && state
            .orders
            .by_merchant_id(&merchant.client_id, own_id)
            .is_some()
    {
        let rule = Rule::MerchantOrderUnique;
        let violation = rulebook.violation_of(rule, param.into(), Some(id.into()));
        return Err(Rejection::one(violation));
    }
    let flow = parameters.text("flow").and_then(|flow| rulebook.flow(flow));
    let flow = flow.unwrap_or(Flow::Apply);
    let lang = parameters.text("lang").or(merchant.account.lang.as_deref());
    let lang = lang.map_or(Lang::En, Lang::of);
    let client_id = Arc::clone(&merchant.client_id);
    let order = Order {
        id: state.next_order_id(rulebook.knobs().first_order_id),
        session: state.random.hex::<20>().into(),
        client_id,
        opened: caller.now,
        flow,
        life: Life::new(flow),
        v2: endpoint == Endpoint::InitV2,
        token: Arc::clone(&caller.token),
        merchant_order_id: own_id.map(|id| id.as_ref().into()),
        ended: None,
        settles: None,
        customer_id: None,
        visit: None,
        lang,
        parameters: stored,
    };
    let id = order.id;
    note.order_id = Some(id);
    let url = redirection_url::url(rulebook, &pages, &order);
    let gone = state.orders.insert(order);
    drop(state);
    drop(gone);
    Ok(reply(call, id, url))
}

/// The merchant's own order id. Both spellings are in use.
fn merchant_order_id<'p>(parameters: &'p Parameters<'_>) -> Option<(&'static str, &'p str)> {
    ["merchant_orderid", "merchant_order_id"]
        .into_iter()
        .find_map(|name| Some((name, parameters.text(name)?)))
}

/// The parameters of a request, and what is wrong with them. Those of a form borrow from `decoded`.
fn read<'t>(
    call: &Call<'t>,
    body: &[u8],
    decoded: &'t mut Form,
) -> Result<(Parameters<'t>, Vec<Violation>), Rejection> {
    let Call {
        rulebook,
        endpoint,
        request,
        ..
    } = *call;
    let mut document = Document::new(endpoint, rulebook);
    if let Some(value) = request.header(&REFERENCE_ID) {
        document.header(REFERENCE_ID.as_str(), value);
    }
    if is_json(rulebook, request, body)? {
        read_json(rulebook, body, &mut document)?;
    } else {
        *decoded = form(rulebook, body)?;
        for (name, value) in decoded.pairs() {
            document.field(name, value);
        }
    }
    let Document {
        parameters,
        repeated,
        nulls,
        texts,
        ..
    } = document;
    let mut violations = rulebook.check_parameters(endpoint, &parameters);
    let mut also = |rule, param: &str| {
        let value = parameters.get(param).map(Given::to_value);
        violations.retain(|violation| violation.param != param);
        violations.push(rulebook.violation_of(rule, param.to_owned(), value));
    };
    if rulebook.enforces(Rule::InitRepeated) {
        for param in repeated {
            also(Rule::InitRepeated, param);
        }
    }
    if rulebook.enforces(Rule::NullRefused) {
        for param in nulls {
            also(Rule::NullRefused, param);
        }
    }
    for param in texts {
        also(Rule::OwnType, param);
    }
    rulebook.sort(endpoint, &mut violations);
    Ok((parameters, violations))
}

/// Whether a body is JSON rather than a form; any other media type is refused.
fn is_json(rulebook: &Rulebook, request: &Request, body: &[u8]) -> Result<bool, Rejection> {
    let refused = || Rejection::new(Rule::MediaType, ErrorId::UnknownMediaType);
    let encodings = rulebook.knobs().init_encodings;
    match request.media_type().as_deref() {
        Some(JSON) if rulebook.enforces(Rule::JsonBody) => Ok(true),
        Some(FORM) if looks_like_json(body) && rulebook.enforces(Rule::JsonDeclared) => Err(
            Rejection::new(Rule::JsonDeclared, ErrorId::JsonDeclaredAsForm),
        ),
        Some(FORM) if looks_like_json(body) && rulebook.enforces(Rule::JsonAsForm) => Ok(true),
        Some(FORM) if encodings != InitEncodings::Json => Ok(false),
        Some(JSON | FORM) => Err(refused()),
        _ if rulebook.enforces(Rule::MediaType) => Err(refused()),
        _ => Ok(false),
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
    let text = json_text(rulebook, body)?;
    let refused = |why: String| Rejection::new(Rule::JsonReadable, ErrorId::BadJson).because(why);
    match serde_json::from_str(&text) {
        Ok(Json::Object(members)) => document.members("", members),
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

fn reply(call: &Call<'_>, id: u64, redirection_url: String) -> Reply {
    let as_string = call.rulebook.knobs().ids_as == IdsAs::String;
    let online_order_id = if as_string {
        OrderId::Text(id.to_string())
    } else {
        OrderId::Number(id)
    };
    let answer = Answer {
        online_order_id,
        redirection_url,
    };
    Reply::json(call.rulebook.success_status(call.endpoint), &answer)
}
