//! What happened in a scenario, in sentences.

use crate::merchant::trace::{ExchangeView, Happened, Page};
use flexiti_contract::scenario::{Belief, By, To};

/// A step's result as a sentence.
pub fn told(happened: &Happened) -> String {
    match happened {
        Happened::Started {
            by,
            times,
            order,
            page,
            trouble,
            ..
        } => {
            let tries = if *times > 1 {
                " for the second time"
            } else {
                ""
            };
            let came = match (order, page, trouble) {
                (Some(order), ..) => format!("and came to Flexiti's page of order {order}"),
                (None, Some(page), _) => format!("and saw {}", seen(page)),
                (None, None, trouble) => {
                    format!(
                        "and saw nothing: {}",
                        trouble.as_deref().unwrap_or("no answer")
                    )
                }
            };
            format!("{} started to pay{tries} {came}", who(*by))
        }
        Happened::Browsed { trouble: None } => {
            "the customer filled the cart, and another one in the shop's other language".to_owned()
        }
        Happened::Browsed { trouble: Some(why) } => {
            format!("one of two carts could not be filled: {why}")
        }
        Happened::Failing => "from then on Flexiti failed as planned".to_owned(),
        Happened::Completed(outcome) => format!("at Flexiti the order came to `{outcome}`"),
        Happened::Returned {
            to,
            by,
            page,
            trouble,
        } => {
            let what = match page {
                Some(page) => seen(page),
                None => format!("nothing: {}", trouble.as_deref().unwrap_or("no answer")),
            };
            format!("{} requested {} and saw {what}", who(*by), callback(*to))
        }
        Happened::Crowded { pages, troubles } => format!(
            "{} windows came back at once; {} saw no page",
            pages.len() + troubles.len(),
            troubles.len()
        ),
        Happened::SentAgain { orders, pages, .. } => {
            let ids: Vec<String> = orders.iter().map(u64::to_string).collect();
            format!(
                "the checkout was sent again {} times, which led to order {}",
                pages.len(),
                ids.join(", ")
            )
        }
        Happened::Believed {
            belief,
            said,
            waited_ms,
            ..
        } => {
            let word = match belief {
                Some(Belief::Paid) => "paid",
                Some(Belief::Pending) => "pending",
                Some(Belief::Failed) => "failed",
                None => "nothing that the driver file knows",
            };
            // Leave out waits of less than a second.
            let waited = waited_ms
                .map(|ms| ms / 1_000)
                .filter(|seconds| *seconds > 0);
            let waited = waited.map_or_else(String::new, |s| format!(", after {s} seconds"));
            format!("the shop said `{said}` of the order: {word}{waited}")
        }
        Happened::Advanced(ms) => format!("{} seconds passed", ms / 1_000),
        Happened::NotAsked => "the driver file does not say where the order's status is".to_owned(),
        Happened::Skipped => "nothing: no order was open".to_owned(),
        Happened::Failed { why } => format!("this step could not be carried out: {why}"),
    }
}

fn callback(to: To) -> &'static str {
    match to {
        To::Own => "the callback that Flexiti named",
        To::Success => "the success URL",
        To::Known => "the success URL with the order's id",
        To::Told => "the success URL with a made-up status",
        To::Foreign => "the success URL with somebody else's order id",
        To::Error => "the error URL",
        To::Unknown => "the success URL with an unknown order id",
        To::Malformed => "the success URL with mark-up for an id",
        To::Token => "the success URL with a made-up token",
        To::Status => "the page that tells the customer of the order",
    }
}

fn seen(page: &Page) -> String {
    let lang = page.lang.as_ref();
    let lang = lang.map_or_else(String::new, |lang| format!(" in `{lang}`"));
    format!("{} with status {}{lang}", page.url, page.status)
}

/// A call on one line: when, what, the answer, and the reason for a refusal.
pub fn call(call: &ExchangeView, first: &ExchangeView) -> String {
    let since = call.row.at.as_millisecond() - first.row.at.as_millisecond();
    let row = &call.row;
    let fault = row.fault.as_ref();
    let fault = fault.map_or_else(String::new, |fault| format!(" (planned: {fault})"));
    let refused: Vec<String> = row
        .violations
        .iter()
        .map(|reason| {
            let param = reason.param.as_deref().unwrap_or_default();
            format!("; {param} {}: {}", reason.clause, reason.remedy)
        })
        .collect();
    format!(
        "{:>4} +{}.{:03} s {} {} -> {}{fault}{}",
        row.id,
        since / 1_000,
        since % 1_000,
        row.method,
        row.path,
        row.status,
        refused.concat()
    )
}

fn who(by: By) -> &'static str {
    match by {
        By::Customer => "the customer",
        By::Stranger => "someone without the customer's cookies",
        By::Other => "the other customer",
    }
}
