//! What surrounds every page of an order: title, problems, steps, summary.

use crate::app::App;
use crate::checkout::bar::Bar;
use crate::checkout::form;
use crate::checkout::screen::Screen;
use crate::checkout::steps::Errors;
use crate::checkout::words::Words;
use crate::http::route::CHECKOUT;
use crate::model::lifecycle::{Decision, Outcome, Stage};
use crate::model::money::money;
use crate::model::order::Order;
use crate::model::visit::Visit;
use crate::state::Merchant;
use flexiti_contract::Lang;

/// What every page of an order contains.
pub(super) struct Frame {
    pub(super) words: &'static Words,
    pub(super) title: &'static str,
    /// The problems in page order: the field and the message.
    pub(super) problems: Vec<(&'static str, String)>,
    pub(super) steps: Vec<Step>,
    pub(super) order: u64,
    pub(super) turn: u32,
    /// The prefix of every path in the browser.
    pub(super) prefix: String,
    pub(super) action: String,
    pub(super) amount: String,
    pub(super) shop: String,
    pub(super) merchant_order: Option<String>,
    pub(super) can_cancel: bool,
    pub(super) bar: Option<Bar>,
}

pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) now: bool,
    pub(super) done: bool,
}

pub(super) fn frame(
    app: &App,
    merchant: &Merchant,
    order: &Order,
    screen: Screen,
    errors: &Errors,
) -> Frame {
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

/// The problems in the order of the form's fields; those of other fields come last.
fn problems(words: &Words, errors: &Errors) -> Vec<(&'static str, String)> {
    let place = |name: &str| form::names().position(|field| field == name);
    let mut problems: Vec<_> = errors
        .iter()
        .map(|(name, wrong)| (*name, words.problem(form::label(name, words), wrong)))
        .collect();
    problems.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
    problems
}

/// The shop's name for the customer: the merchant's name, or the host of the shop.
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

/// The steps of the current part; none if it has no steps. Because outcomes can be forced, a step
/// that was skipped does not count as done.
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
    // A customer who has just been approved does not sign in.
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
