//! The pages of an order as HTML.

use crate::app::App;
use crate::checkout::bar::Bar;
use crate::checkout::form::{self, ADDRESS, CONSENT, Field, PERSON};
use crate::checkout::offer::{Offer, offers};
use crate::checkout::screen::Screen;
use crate::checkout::steps::Errors;
use crate::checkout::words::{PROVINCES, Words};
use crate::http::route::CHECKOUT;
use crate::model::callback_url;
use crate::model::customer::Refused;
use crate::model::lifecycle::{Decision, Outcome, Stage};
use crate::model::money::money;
use crate::model::order::Order;
use crate::model::visit::Visit;
use crate::state::Merchant;
use askama::Template;
use flexiti_contract::{Flow, Lang};
use serde_json::{Map, Value};

/// What every page of an order has.
struct Frame {
    words: &'static Words,
    title: &'static str,
    /// What is wrong, in the order of the page: the field, and the text.
    problems: Vec<(&'static str, String)>,
    steps: Vec<Step>,
    order: u64,
    turn: u32,
    /// What stands before every path in the browser.
    prefix: String,
    action: String,
    amount: String,
    shop: String,
    merchant_order: Option<String>,
    can_cancel: bool,
    bar: Option<Bar>,
}

struct Step {
    name: &'static str,
    now: bool,
    done: bool,
}

struct Input {
    name: &'static str,
    kind: &'static str,
    mode: Option<&'static str>,
    autocomplete: &'static str,
    optional: bool,
    label: &'static str,
    hint: Option<&'static str>,
    value: String,
    error: Option<String>,
    described: String,
    options: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "checkout/choice.html")]
struct Choice {
    frame: Frame,
    applies: bool,
    buys: bool,
}

#[derive(Template)]
#[template(path = "checkout/form.html")]
struct Form<'a> {
    frame: Frame,
    person: Vec<Input>,
    address: Vec<Input>,
    agreed: bool,
    errors: &'a Errors,
}

#[derive(Template)]
#[template(path = "checkout/ask.html")]
struct Ask {
    frame: Frame,
    step: &'static str,
    help: &'static str,
    tries_left: Option<u8>,
    inputs: Vec<Input>,
}

#[derive(Template)]
#[template(path = "checkout/plan.html")]
struct Plans {
    frame: Frame,
    offers: Vec<Offer>,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "checkout/confirm.html")]
struct Confirm<'a> {
    frame: Frame,
    /// Whether there is another plan to change to.
    has_others: bool,
    offer: Option<Offer>,
    errors: &'a Errors,
}

#[derive(Template)]
#[template(path = "checkout/end.html")]
struct End {
    frame: Frame,
    texts: Vec<&'static str>,
    account: Option<(String, String)>,
    button: Option<(&'static str, &'static str)>,
    back: bool,
    closed: bool,
}

/// The page of an order, with what is wrong with what was typed.
pub fn page(
    app: &App,
    merchant: &Merchant,
    order: &Order,
    errors: &Errors,
    prefix: &str,
) -> String {
    let rulebook = &*merchant.rulebook;
    let nothing = Visit::default();
    let visit = order.visit.as_deref().unwrap_or(&nothing);
    let screen = Screen::of(order);
    let mut frame = frame(app, merchant, order, screen, errors);
    frame.action.insert_str(0, prefix);
    prefix.clone_into(&mut frame.prefix);
    let words = frame.words;
    let input = |name, label, hint, autocomplete| {
        let error = errors.get(name).map(|wrong| Words::beside(wrong));
        Input {
            name,
            kind: "text",
            mode: Some("numeric"),
            autocomplete,
            optional: false,
            label,
            hint,
            value: match name {
                "card" => visit.typed.get(name).cloned().unwrap_or_default(),
                _ => String::new(),
            },
            described: described(name, hint.is_some(), error.is_some()),
            error,
            options: Vec::new(),
        }
    };
    match screen {
        Screen::Choice => {
            // One choice is none.
            frame.title = match order.flow {
                Flow::Apply => words.form_title,
                Flow::Buy => words.choice_buy,
                Flow::ApplyBuy => words.choice_title,
            };
            render(&Choice {
                frame,
                applies: order.flow != Flow::Buy,
                buys: order.flow != Flow::Apply,
            })
        }
        Screen::Form => {
            let sent = order.parameters();
            let inputs = |fields: &'static [Field]| {
                let one = |field| field_input(field, words, visit, &sent, errors);
                fields.iter().map(one).collect()
            };
            render(&Form {
                frame,
                person: inputs(PERSON),
                address: inputs(ADDRESS),
                // Who sends another application agrees anew.
                agreed: !errors.is_empty() && visit.typed.contains_key(CONSENT),
                errors,
            })
        }
        Screen::Pin => render(&Ask {
            step: "pin",
            help: words.pin_help,
            tries_left: (visit.wrong_pins > 0)
                .then(|| rulebook.knobs().pin_tries.saturating_sub(visit.wrong_pins)),
            inputs: vec![input("pin", words.pin, None, "one-time-code")],
            frame,
        }),
        Screen::Identify => render(&Ask {
            step: "identify",
            help: "",
            tries_left: None,
            inputs: vec![input(
                "card",
                words.card,
                Some(words.card_hint),
                "cc-number",
            )],
            frame,
        }),
        Screen::Plan => {
            let offers = offers(app, rulebook, order);
            if offers.len() == 1 {
                frame.title = words.plan_title_one;
            }
            let error = errors.get("plan").map(|wrong| Words::beside(wrong));
            render(&Plans {
                frame,
                offers,
                error,
            })
        }
        Screen::Confirm => {
            let offers = offers(app, rulebook, order);
            render(&Confirm {
                frame,
                has_others: offers.len() > 1,
                offer: offers
                    .into_iter()
                    .find(|offer| Some(offer.at) == visit.plan),
                errors,
            })
        }
        Screen::Approved => render(&end(merchant, order, visit, Outcome::Approved, frame)),
        Screen::End(outcome) => render(&end(merchant, order, visit, outcome, frame)),
    }
}

fn end(merchant: &Merchant, order: &Order, visit: &Visit, outcome: Outcome, frame: Frame) -> End {
    let words = frame.words;
    let mut texts: Vec<_> = match outcome {
        // The title says it.
        Outcome::Approved => None,
        Outcome::Pending => Some(words.pending),
        Outcome::Declined => Some(words.declined),
        Outcome::Retry => Some(words.retry),
        Outcome::Purchased => Some(words.purchased),
        Outcome::Refused => Some(words.refused),
        Outcome::Cancelled => Some(words.cancelled),
        Outcome::Abandoned => Some(words.abandoned),
        Outcome::Expired => Some(words.expired),
    }
    .into_iter()
    .collect();
    if let Some(refused) = visit.refused {
        let why = match refused {
            Refused::CreditExceeded => words.credit_exceeded,
            Refused::UserNotAbleToPurchase => words.user_not_able_to_purchase,
            Refused::TriesExceed => words.tries_exceed,
        };
        texts.insert(0, why);
    }
    let button = match order.life.stage {
        Stage::Approved if order.flow == Flow::ApplyBuy => {
            texts.push(words.approved_buy);
            Some(("buy", words.go_on))
        }
        Stage::Retry => Some(("apply", words.again)),
        _ => None,
    };
    let account = (outcome == Outcome::Approved)
        .then(|| {
            let customer = merchant
                .customers
                .find(order.customer_id.as_deref(), None)?;
            let limit = money(&customer.available_credit.to_string(), order.lang);
            Some((limit, in_fours(&customer.vcc)))
        })
        .flatten();
    let back = callback_url::url(&merchant.account, &merchant.rulebook, order).is_some();
    End {
        closed: order.life.outcome.is_some() && button.is_none(),
        texts,
        account,
        button,
        back,
        frame,
    }
}

fn frame(app: &App, merchant: &Merchant, order: &Order, screen: Screen, errors: &Errors) -> Frame {
    let words = Words::of(order.lang);
    Frame {
        words,
        title: title(words, screen),
        problems: problems(words, errors),
        steps: steps(words, order, screen),
        order: order.id,
        turn: order.visit.as_ref().map_or(0, |visit| visit.turn),
        prefix: String::new(),
        action: format!("{CHECKOUT}/{}", order.session),
        amount: money(order.amount_text().as_deref().unwrap_or("0"), order.lang),
        shop: shop(merchant, order.lang),
        merchant_order: order.merchant_order_id.as_deref().map(str::to_owned),
        can_cancel: !order.life.is_over(),
        bar: app
            .sandbox_bar
            .then(|| Bar::of(merchant, order, screen, words)),
    }
}

/// What is wrong, in the order of the form's fields; what is in no form stands last.
fn problems(words: &Words, errors: &Errors) -> Vec<(&'static str, String)> {
    let place = |name: &str| form::names().position(|field| field == name);
    let mut problems: Vec<_> = errors
        .iter()
        .map(|(name, wrong)| (*name, words.problem(form::label(name, words), wrong)))
        .collect();
    problems.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
    problems
}

/// What the customer knows the merchant by: its name, or the host of the shop.
fn shop(merchant: &Merchant, lang: Lang) -> String {
    let account = &merchant.account;
    let french = account.name_fr.as_ref().filter(|_| lang == Lang::Fr);
    if let Some(name) = french.or(account.name.as_ref()) {
        return name.clone();
    }
    let url = account.trust_url.as_ref().or(account.success_url.as_ref());
    let host = url.and_then(|url| url.split('/').nth(2));
    host.unwrap_or(&account.client_id).to_owned()
}

fn title(words: &Words, screen: Screen) -> &'static str {
    match screen {
        Screen::Choice => words.choice_title,
        Screen::Form => words.form_title,
        Screen::Pin => words.pin_title,
        Screen::Approved | Screen::End(Outcome::Approved) => words.approved_title,
        Screen::Identify => words.identify_title,
        Screen::Plan => words.plan_title,
        Screen::Confirm => words.confirm_title,
        Screen::End(Outcome::Pending) => words.pending_title,
        Screen::End(Outcome::Declined) => words.declined_title,
        Screen::End(Outcome::Retry) => words.retry_title,
        Screen::End(Outcome::Purchased) => words.purchased_title,
        Screen::End(Outcome::Refused) => words.refused_title,
        Screen::End(Outcome::Cancelled) => words.cancelled_title,
        Screen::End(Outcome::Abandoned) => words.abandoned_title,
        Screen::End(Outcome::Expired) => words.expired_title,
    }
}

/// The steps of the part that the customer is in; none where there is nothing to walk. A step that
/// did not happen is not done, whatever follows on it: outcomes can be forced.
fn steps(words: &Words, order: &Order, screen: Screen) -> Vec<Step> {
    let nothing = Visit::default();
    let visit = order.visit.as_deref().unwrap_or(&nothing);
    let applying = [
        (words.step_apply, visit.application.is_some()),
        (words.step_confirm, visit.verified),
        (words.step_decision, false),
    ];
    let buying = [
        (words.step_sign_in, visit.verified),
        (words.step_plan, visit.plan.is_some()),
        (words.step_review, false),
    ];
    // Who has just been approved does not sign in.
    let has_applied = order.life.decision == Some(Decision::Approved);
    let buying = &buying[usize::from(has_applied)..];
    let (steps, now) = match (screen, order.life.stage) {
        (Screen::Form, _) => (&applying[..], words.step_apply),
        (Screen::Pin, Stage::Applying) => (&applying[..], words.step_confirm),
        (Screen::Approved, _) => (&applying[..], words.step_decision),
        (Screen::Identify | Screen::Pin, _) => (buying, words.step_sign_in),
        (Screen::Plan, _) => (buying, words.step_plan),
        (Screen::Confirm, _) => (buying, words.step_review),
        _ => return Vec::new(),
    };
    let step = |(name, done): &(&'static str, bool)| Step {
        name,
        now: *name == now,
        done: *done && *name != now,
    };
    steps.iter().map(step).collect()
}

fn field_input(
    field: &'static Field,
    words: &'static Words,
    visit: &Visit,
    sent: &Map<String, Value>,
    errors: &Errors,
) -> Input {
    let typed = visit.typed.get(field.name).cloned();
    let prefilled = || {
        let value = sent.get(field.name).and_then(Value::as_str)?;
        Some(if field.name == "province" {
            value.to_ascii_uppercase()
        } else {
            value.to_owned()
        })
    };
    let hint = field.hint.map(|hint| hint(words));
    let error = errors.get(field.name).map(|wrong| Words::beside(wrong));
    let name_of = |(code, english, french): &(&'static str, &'static str, &'static str)| {
        (
            *code,
            if words.lang == Lang::Fr {
                *french
            } else {
                *english
            },
        )
    };
    Input {
        name: field.name,
        kind: field.input,
        mode: None,
        autocomplete: field.autocomplete,
        optional: field.optional,
        label: (field.label)(words),
        hint,
        value: typed.or_else(prefilled).unwrap_or_default(),
        described: described(field.name, hint.is_some(), error.is_some()),
        error,
        options: if field.input == "select" {
            PROVINCES.iter().map(name_of).collect()
        } else {
            Vec::new()
        },
    }
}

/// A card's number as it is printed on cards.
fn in_fours(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// The elements that describe an input.
fn described(name: &str, hint: bool, error: bool) -> String {
    let mut ids = Vec::new();
    if hint {
        ids.push(format!("{name}-hint"));
    }
    if error {
        ids.push(format!("{name}-error"));
    }
    ids.join(" ")
}

/// A page as text.
pub fn render(page: &impl Template) -> String {
    // Rendering writes to a string and calls no code that fails.
    page.render().unwrap_or_default()
}
