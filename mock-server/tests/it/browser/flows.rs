//! Every flow in both languages on both paths, to every end that a customer can reach.

use super::driver::{Browser, browse};
use super::store::Store;
use super::walk::{self, FROZEN, JOHN, POOR};
use flexiti_mock::Mock;
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy)]
enum Do {
    Apply(&'static str),
    Again,
    Continue,
    Card(&'static str),
    Code,
    WrongCode,
    Plan,
    Confirm,
    Cancel,
}
use Do::{Again, Apply, Cancel, Card, Code, Confirm, Continue, Plan, WrongCode};

/// What a customer does, and what comes of it.
struct Way {
    more: &'static [(&'static str, &'static str)],
    steps: &'static [Do],
    lands: &'static str,
    apply: Option<&'static str>,
    purchase: Option<&'static str>,
    refused: Option<&'static str>,
}

const fn way(steps: &'static [Do], lands: &'static str) -> Way {
    Way {
        more: &[],
        steps,
        lands,
        apply: None,
        purchase: None,
        refused: None,
    }
}

const fn applied(steps: &'static [Do], lands: &'static str, word: &'static str) -> Way {
    Way {
        apply: Some(word),
        ..way(steps, lands)
    }
}

const fn bought(steps: &'static [Do], lands: &'static str, word: &'static str) -> Way {
    Way {
        purchase: Some(word),
        ..way(steps, lands)
    }
}

const RETRY: &str = "D-EMAIL_DBL_TIMEOUT";
const THRICE: &str = "tries_exceed";

const APPLY: &[Way] = &[
    applied(&[Apply("A-RR_L"), Code], "/thanks", "SUCCESS"),
    applied(&[Apply("P-CREDIT"), Code], "/sorry", "PENDING"),
    applied(&[Apply("D-NO_HIT"), Code], "/sorry", "DECLINED"),
    applied(&[Apply(RETRY), Code], "/sorry", "RETRY"),
    applied(
        &[Apply(RETRY), Code, Again, Apply("A-RR_L"), Code],
        "/thanks",
        "SUCCESS",
    ),
    applied(&[Apply(RETRY), Code, Again, Cancel], "/sorry", "CANCELLED"),
    applied(&[Cancel], "/sorry", "CANCELLED"),
    Way {
        refused: Some(THRICE),
        ..applied(
            &[Apply("A-RR_L"), WrongCode, WrongCode, WrongCode],
            "/sorry",
            "DECLINED",
        )
    },
];

const APPLY_BUY: &[Way] = &[
    Way {
        apply: Some("SUCCESS"),
        ..bought(
            &[Apply("A-RR_M"), Code, Continue, Plan, Confirm],
            "/thanks",
            "Success",
        )
    },
    applied(&[Apply("P-CREDIT"), Code], "/sorry", "PENDING"),
    applied(&[Apply("D-NO_HIT"), Code], "/sorry", "DECLINED"),
    Way {
        apply: Some("SUCCESS"),
        ..bought(
            &[
                Apply(RETRY),
                Code,
                Again,
                Apply("A-RR_H"),
                WrongCode,
                Code,
                Continue,
                Plan,
                Confirm,
            ],
            "/thanks",
            "Success",
        )
    },
    Way {
        apply: Some("SUCCESS"),
        ..bought(
            &[Apply("A-RR_L"), Code, Continue, Cancel],
            "/sorry",
            "Cancelled",
        )
    },
    applied(&[Cancel], "/sorry", "CANCELLED"),
    Way {
        more: &[("amount_requested", "15000.00")],
        apply: Some("SUCCESS"),
        refused: Some("credit_exceeded"),
        ..bought(
            &[Apply("A-RR_L"), Code, Continue, Plan, Confirm],
            "/sorry",
            "Failed",
        )
    },
];

/// With `/v2` who has a card may sign in.
const SIGN_IN: &[Way] = &[
    bought(&[Card(JOHN.1), Code, Plan, Confirm], "/thanks", "Success"),
    Way {
        refused: Some("user_not_able_to_purchase"),
        ..bought(&[Card(FROZEN.1), Code, Plan, Confirm], "/sorry", "Failed")
    },
];

const BUY: &[Way] = &[
    bought(&[Code, Plan, Confirm], "/thanks", "Success"),
    Way {
        more: &[("customer_id", "unknown")],
        ..bought(
            &[Card("1070 0152 1036 7982"), WrongCode, Code, Plan, Confirm],
            "/thanks",
            "Success",
        )
    },
    Way {
        more: &[("customer_id", POOR.0)],
        refused: Some("credit_exceeded"),
        ..bought(&[Code, Plan, Confirm], "/sorry", "Failed")
    },
    Way {
        more: &[("customer_id", FROZEN.0)],
        refused: Some("user_not_able_to_purchase"),
        ..bought(&[Code, Plan, Confirm], "/sorry", "Failed")
    },
    Way {
        refused: Some(THRICE),
        ..bought(&[WrongCode, WrongCode, WrongCode], "/sorry", "Failed")
    },
    bought(&[Code, Plan, Cancel], "/sorry", "Cancelled"),
];

/// Walks a way in English and in French, with `/v2` or without.
async fn walk(browser: &Browser, mock: &Mock, store: &Store, flow: &str, v2: [bool; 2], way: &Way) {
    for (lang, v2) in ["en", "fr"].into_iter().zip(v2) {
        let what = format!("{flow} {lang} v2={v2} {:?}", way.steps);
        let mut asked = walk::parameters(flow, lang, way.more);
        if !v2 && flow != "buy" {
            // The shop knows its customer, who has little left to type.
            asked.extend(walk::known_to_the_shop());
        }
        let opened = walk::init(mock, v2, &asked);
        browser.go(&opened.url).await;
        let page = browser.js("return document.documentElement.lang").await;
        assert_eq!(page, lang, "{what}");
        let applies = flow != "buy" && !matches!(way.steps[0], Card(_));
        let choices = browser.count("button[name='way']").await;
        assert_eq!(choices > 0, v2, "with /v2 there is a choice first: {what}");
        if v2 && !matches!(way.steps[0], Cancel) {
            walk::choose(browser, if applies { "apply" } else { "buy" }).await;
        }
        for step in way.steps {
            match *step {
                Apply(key) => walk::apply(browser, key).await,
                Again => {
                    walk::choose(browser, "apply").await;
                    assert_eq!(browser.value("#fname").await, "Zoé", "kept: {what}");
                }
                Continue => walk::choose(browser, "buy").await,
                Card(number) => walk::card(browser, number).await,
                Code => walk::code(browser).await,
                WrongCode => walk::wrong_code(browser).await,
                Plan => walk::step(browser, "plan").await,
                Confirm => walk::confirm(browser).await,
                Cancel => walk::step(browser, "cancel").await,
            }
        }
        store.visits();
        walk::return_to(browser, store, way.lands).await;
        assert_eq!(store.visits(), [way.lands], "{what}");
        check(mock, opened.id, way, &what);
    }
}

fn check(mock: &Mock, id: u64, way: &Way, what: &str) {
    let told = walk::notification(mock, id);
    assert_eq!(told["transaction_id"], id, "{what}");
    let word = |word: Option<&str>| word.map_or(Value::Null, |word| json!(word));
    assert_eq!(
        told["apply"]["apply_status"],
        word(way.apply),
        "{what}: {told}"
    );
    assert_eq!(
        told["purchase"]["status"],
        word(way.purchase),
        "{what}: {told}"
    );
    let order = walk::order(mock, id);
    assert_eq!(order["stage"], "returned", "{what}: {order}");
    assert_eq!(order["refused"], word(way.refused), "{what}: {order}");
}

/// Walks the ways of `both` on either path, which change places between the languages, and
/// those of `v2` on the path with `/v2`.
fn walk_all(flow: &'static str, both: &'static [Way], v2: &'static [Way]) {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        for (at, way) in both.iter().enumerate() {
            let english = at % 2 == 0;
            walk(browser, &mock, &store, flow, [english, !english], way).await;
        }
        for way in v2 {
            walk(browser, &mock, &store, flow, [true, true], way).await;
        }
    });
}

#[test]
fn a_customer_applies() {
    walk_all("apply", APPLY, &[]);
}

#[test]
fn a_customer_applies_and_buys() {
    walk_all("apply/buy", APPLY_BUY, SIGN_IN);
}

#[test]
fn a_customer_buys() {
    walk_all("buy", BUY, &[]);
}
