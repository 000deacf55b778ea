//! The pages of an order as HTML.

use crate::app::App;
use crate::checkout::form::{ADDRESS, CONSENT, Field, PERSON};
use crate::checkout::frame::{Frame, frame};
use crate::checkout::input::Input;
use crate::checkout::offer::{Offer, offers};
use crate::checkout::screen::Screen;
use crate::checkout::steps::Errors;
use crate::checkout::words::Words;
use crate::model::callback_url;
use crate::model::customer::Refused;
use crate::model::lifecycle::{Outcome, Stage};
use crate::model::money::money;
use crate::model::order::Order;
use crate::model::visit::Visit;
use crate::state::Merchant;
use askama::Template;
use flexiti_contract::Flow;

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
    /// Whether there are other plans to change to.
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

/// The page of an order, with the errors in the customer's input.
pub fn page(
    app: &App,
    merchant: &Merchant,
    order: &Order,
    errors: &Errors,
    prefix: &str,
) -> String {
    let nothing = Visit::default();
    let visit = order.visit.as_deref().unwrap_or(&nothing);
    let screen = Screen::of(order);
    let mut frame = frame(app, merchant, order, screen, errors);
    frame.action.insert_str(0, prefix);
    prefix.clone_into(&mut frame.prefix);
    match screen {
        Screen::Choice => render(&choice(order, frame)),
        Screen::Form => render(&application(order, visit, errors, frame)),
        Screen::Pin => render(&pin(merchant, visit, errors, frame)),
        Screen::Identify => render(&identify(visit, errors, frame)),
        Screen::Plan => render(&plans(app, merchant, order, errors, frame)),
        Screen::Confirm => {
            let offers = offers(app, &merchant.rulebook, order);
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

fn choice(order: &Order, mut frame: Frame) -> Choice {
    // If there is nothing to choose, the title names the only way.
    frame.title = match order.flow {
        Flow::Apply => frame.words.form_title,
        Flow::Buy => frame.words.choice_buy,
        Flow::ApplyBuy => frame.words.choice_title,
    };
    Choice {
        frame,
        applies: order.flow != Flow::Buy,
        buys: order.flow != Flow::Apply,
    }
}

fn application<'e>(order: &Order, visit: &Visit, errors: &'e Errors, frame: Frame) -> Form<'e> {
    let sent = order.parameters();
    let inputs = |fields: &'static [Field]| {
        let one = |field| Input::of_field(field, frame.words, visit, &sent, errors);
        fields.iter().map(one).collect()
    };
    Form {
        person: inputs(PERSON),
        address: inputs(ADDRESS),
        agreed: visit.typed.contains_key(CONSENT),
        errors,
        frame,
    }
}

fn pin(merchant: &Merchant, visit: &Visit, errors: &Errors, frame: Frame) -> Ask {
    let tries = merchant.rulebook.knobs().pin_tries;
    let label = frame.words.pin;
    Ask {
        step: "pin",
        help: frame.words.pin_help,
        tries_left: (visit.wrong_pins > 0).then(|| tries.saturating_sub(visit.wrong_pins)),
        inputs: vec![Input::of_number(
            "pin",
            label,
            "one-time-code",
            None,
            errors,
        )],
        frame,
    }
}

fn identify(visit: &Visit, errors: &Errors, frame: Frame) -> Ask {
    let (label, hint) = (frame.words.card, Some(frame.words.card_hint));
    let input = Input::of_number("card", label, "cc-number", hint, errors);
    Ask {
        step: "identify",
        help: "",
        tries_left: None,
        inputs: vec![Input {
            value: visit.typed.get("card").cloned().unwrap_or_default(),
            ..input
        }],
        frame,
    }
}

fn plans(
    app: &App,
    merchant: &Merchant,
    order: &Order,
    errors: &Errors,
    mut frame: Frame,
) -> Plans {
    let offers = offers(app, &merchant.rulebook, order);
    if offers.len() == 1 {
        frame.title = frame.words.plan_title_one;
    }
    Plans {
        frame,
        offers,
        error: errors.get("plan").map(|wrong| Words::beside(wrong)),
    }
}

fn end(merchant: &Merchant, order: &Order, visit: &Visit, outcome: Outcome, frame: Frame) -> End {
    let words = frame.words;
    let mut texts: Vec<_> = match outcome {
        // The title says enough.
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

/// Formats a card number in groups of four digits.
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

/// Renders a page.
pub fn render(page: &impl Template) -> String {
    // Rendering writes to a string and calls nothing that can fail.
    page.render().unwrap_or_default()
}
