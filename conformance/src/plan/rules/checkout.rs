//! The hosted checkout as a merchant notices it: what decides, when it closes, and where its
//! customers land.

use crate::case::{Account, Callback, Carried, Expect, Is, Kind, Sight, Step};
use crate::plan::rules::build::{Ask, Cases, complete};
use crate::plan::rules::init::opened;
use crate::target::{ERROR_URL, SUCCESS_URL};
use flexiti_contract::dialect::{CallbackParams, Destination};
use flexiti_contract::{Flow, Lang, Rule};
use serde_json::json;

/// What the callback must be of an order of this flow with this outcome. The account is one
/// whose URLs are known.
fn calls_back(c: Cases, ask: &Ask<'_>, flow: Flow, outcome: &str, asked: Callback) -> Cases {
    match ask.order(flow) {
        Some(order) => c
            .shows(
                &format!("{flow:?} {outcome}"),
                vec![order, complete(outcome)],
                Expect::Callback(asked),
            )
            .on(Account::New),
        None => c,
    }
}

fn leads_to(c: Cases, ask: &Ask<'_>, ways: &[(Flow, &str)], to: Destination) -> Cases {
    let url = match to {
        Destination::Success => SUCCESS_URL,
        Destination::Error => ERROR_URL,
    };
    ways.iter().fold(c, |c, (flow, outcome)| {
        calls_back(c, ask, *flow, outcome, Callback::LeadsTo(url.to_owned()))
    })
}

pub(super) fn success(c: Cases, ask: &Ask<'_>) -> Cases {
    let ways = [
        (Flow::Apply, "approved"),
        (Flow::Buy, "purchased"),
        (Flow::ApplyBuy, "purchased"),
    ];
    leads_to(c, ask, &ways, Destination::Success)
}

pub(super) fn cancelled(c: Cases, ask: &Ask<'_>) -> Cases {
    let ways = [Flow::Apply, Flow::Buy, Flow::ApplyBuy].map(|flow| (flow, "cancelled"));
    leads_to(c, ask, &ways, Destination::Error)
}

pub(super) fn declined(c: Cases, ask: &Ask<'_>) -> Cases {
    let ways = [(Flow::Apply, "declined"), (Flow::ApplyBuy, "refused")];
    leads_to(c, ask, &ways, ask.rulebook.knobs().declined_goes_to)
}

pub(super) fn pending(c: Cases, ask: &Ask<'_>) -> Cases {
    let ways = [(Flow::Apply, "pending"), (Flow::Apply, "retry")];
    leads_to(c, ask, &ways, ask.rulebook.knobs().pending_goes_to)
}

pub(super) fn parameters(c: Cases, ask: &Ask<'_>) -> Cases {
    let knobs = ask.rulebook.knobs();
    let mut carried = Vec::new();
    if knobs.callback_params != CallbackParams::None {
        carried.push(("orderId".to_owned(), Carried::OrderOf(0)));
    }
    if knobs.callback_params == CallbackParams::OrderIdAndAuthToken {
        carried.push(("auth_token".to_owned(), Carried::Token));
    }
    if knobs.callback_lang {
        let lang = ask.base.iter().find(|(name, _)| name == "lang");
        let lang = Lang::of(lang.and_then(|(_, lang)| lang.as_str()).unwrap_or_default());
        carried.push(("lang".to_owned(), Carried::Text(lang.code().to_owned())));
    }
    let asked = || Callback::Carries(carried.clone());
    let c = calls_back(c, ask, Flow::Apply, "approved", asked());
    let c = calls_back(c, ask, Flow::ApplyBuy, "purchased", asked());
    calls_back(c, ask, Flow::Buy, "cancelled", asked())
}

pub(super) fn no_credentials(c: Cases, ask: &Ask<'_>) -> Cases {
    let c = calls_back(c, ask, Flow::Apply, "approved", Callback::NoSecrets);
    let c = calls_back(c, ask, Flow::ApplyBuy, "purchased", Callback::NoSecrets);
    calls_back(c, ask, Flow::Buy, "cancelled", Callback::NoSecrets)
}

/// Each middle name of the contract that decides, or each about which the dialect says how.
pub(super) fn response_keys(c: Cases, ask: &Ask<'_>, open: bool) -> Cases {
    let keys = &ask.rulebook.contract().response_keys;
    keys.iter()
        .filter(|key| key.is_open() == open)
        .fold(c, |c, key| {
            let name = key.middle_name.as_str();
            let (Some(order), Some(decision)) = (
                ask.order_with(Flow::Apply, &[("mname", name)]),
                key.decides(ask.rulebook.dialect()),
            ) else {
                return c;
            };
            let sight = Sight {
                at: "/order/decision".to_owned(),
                is: Is::Value(json!(decision)),
            };
            let steps = vec![Step::Send(order), complete("as_applied")];
            c.shows(name, steps, Expect::Shows(vec![sight]))
        })
}

pub(super) fn time_out(c: Cases, ask: &Ask<'_>) -> Cases {
    let open = u64::from(ask.rulebook.knobs().checkout_ttl);
    let order = || Step::Send(ask.init());
    c.keeps("two seconds before the end", opened())
        .after([order(), Step::Advance(open.saturating_sub(2))])
        .on(Account::New)
        .blaming(Rule::RedirectPage)
        .add(Kind::Negative, "at the end", opened(), Expect::Closed)
        .after([order(), Step::Send(opened()), Step::Advance(open)])
        .on(Account::New)
}
