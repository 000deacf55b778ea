//! The checkout's pages over HTTP: what no customer does, and what a browser would not send.

mod input;
mod shown;
mod steps;

use crate::browser::walk::{self, Opened};
use crate::shop::path_of;
use crate::wire::{Answer, Call};
use flexiti_mock::Mock;

const STEPS: [&str; 10] = [
    "begin",
    "application",
    "pin",
    "identify",
    "plan",
    "change",
    "confirm",
    "cancel",
    "fill",
    "force",
];

/// The address of an order's page, without a query.
fn page(order: &Opened) -> String {
    let path = path_of(&order.url);
    path.split('?').next().unwrap().to_owned()
}

pub fn look(mock: &Mock, order: &Opened) -> Answer {
    Call::get(&page(order)).send(mock.address())
}

pub fn open(mock: &Mock, flow: &str, v2: bool) -> Opened {
    walk::init(mock, v2, &walk::parameters(flow, "en", &[]))
}

fn path(order: &Opened, step: &str) -> String {
    format!("{}/{step}", page(order))
}

/// The number that the page's forms carry; a page at the end has no form.
fn turn(mock: &Mock, order: &Opened) -> Option<String> {
    let page = look(mock, order).text();
    let (_, from) = page.split_once("name=\"turn\" value=\"")?;
    from.split('"').next().map(str::to_owned)
}

/// Sends a form; at the end with whatever number is not from before.
pub fn send(mock: &Mock, order: &Opened, step: &str, typed: &[(&str, &str)]) -> Answer {
    let id = order.id.to_string();
    let with = |turn: &str| {
        let own = [("order", id.as_str()), ("turn", turn)];
        Call::post(&path(order, step))
            .form(&[&own[..], typed].concat())
            .send(mock.address())
    };
    if let Some(turn) = turn(mock, order) {
        return with(&turn);
    }
    let mut answers = (0..20).map(|turn| with(&turn.to_string()));
    let answer = answers.find(|answer| answer.status != 303);
    answer.expect("one of the numbers is that of the page")
}

/// Sends a form that the page takes.
pub fn take(mock: &Mock, order: &Opened, step: &str, typed: &[(&str, &str)]) {
    let answer = send(mock, order, step, typed);
    assert_eq!(answer.status, 303, "{step}: {}", answer.text());
    assert_eq!(answer.header("location"), Some(page(order).as_str()));
}

/// An application that is right.
pub const APPLICATION: [(&str, &str); 10] = [
    ("fname", "Zoé"),
    ("lname", "Côté"),
    ("dob", "1988-07-24"),
    ("email", "zoe@example.com"),
    ("phone_number", "5145550123"),
    ("address_1", "1 rue Notre-Dame"),
    ("city", "Montréal"),
    ("province", "QC"),
    ("postal_code", "H2Y 1C6"),
    ("consent", "yes"),
];

/// Brings an order of apply/buy to each of its pages.
fn places(mock: &Mock) -> Vec<(&'static str, Opened)> {
    let pin = |order: &Opened| {
        let order = walk::order(mock, order.id);
        order["pin"].as_str().unwrap().to_owned()
    };
    let to = |place: usize| {
        let order = open(mock, "apply/buy", true);
        look(mock, &order);
        let steps: [&dyn Fn(); 6] = [
            &|| take(mock, &order, "begin", &[("way", "apply")]),
            &|| take(mock, &order, "application", &APPLICATION),
            &|| take(mock, &order, "pin", &[("pin", &pin(&order))]),
            &|| take(mock, &order, "begin", &[("way", "buy")]),
            &|| take(mock, &order, "plan", &[("plan", "0")]),
            &|| take(mock, &order, "confirm", &[("agree", "yes")]),
        ];
        for step in &steps[..place] {
            step();
        }
        order
    };
    let names = [
        "choice", "form", "code", "approved", "plan", "confirm", "end",
    ];
    let mut places: Vec<_> = (0..7).map(|at| (names[at], to(at))).collect();
    let card = open(mock, "apply/buy", true);
    take(mock, &card, "begin", &[("way", "buy")]);
    places.push(("card", card));
    for (name, outcome) in [
        ("retry", "retry"),
        ("declined", "declined"),
        ("refused", "refused"),
        ("cancelled", "cancelled"),
        ("abandoned", "abandoned"),
        ("expired", "expired"),
    ] {
        let order = open(mock, "apply/buy", true);
        take(mock, &order, "force", &[("outcome", outcome)]);
        places.push((name, order));
    }
    places
}
